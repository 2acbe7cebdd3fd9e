"""Comparison of losses on one corpus: `python -m w2v.compare`."""
