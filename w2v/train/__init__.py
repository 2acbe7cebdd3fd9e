"""Training: `python -m w2v.train`, and `w2v.train_embeddings` in Python."""
