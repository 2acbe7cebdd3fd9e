"""Word vectors in memory: lookup, neighbours, analogies, sentence vectors, saving.

    wv = load("vectors.bin")
    wv["king"]                                      # (D,) float32
    wv.most_similar("king")                         # [("queen", 0.72), ...]
    wv.analogy("man", "king", "woman")              # man is to king as woman is to ...
    wv.encode(["The king rules.", "A queen."])      # (2, D) float32
    wv.save("vectors.txt")                          # in the format of the extension

Names follow gensim's KeyedVectors. `w2v.train` trains vectors, and `w2v.evaluate` evaluates them.
"""

from w2v.embeddings.word_vectors import Embeddings, Neighbors, load

__all__ = ["Embeddings", "Neighbors", "load"]
