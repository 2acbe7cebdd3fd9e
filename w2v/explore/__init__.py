"""The explorer, a page for looking at vectors: `python -m w2v.explore`."""
