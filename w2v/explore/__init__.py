"""A page to look at vectors in: `python -m w2v.explore`."""
