"""Queries that `w2v.query` and the explorer page must read alike."""

SIGNS_AS_WORDS = [
    ("-", ["-"], []),
    ("+ - man", ["+"], ["man"]),
    ("king - - + +", ["king", "+"], ["-"]),
    ("- - man", ["-"], ["man"]),
    ("- man", [], ["man"]),
    ("king -man +woman", ["king", "woman"], ["man"]),
    ("king − man", ["king"], ["man"]),
    ("king-man+woman", ["king", "woman"], ["man"]),
    ("king -man+woman", ["king", "woman"], ["man"]),
    ("-man", ["-man"], []),
    ("king - -man", ["king"], ["-man"]),
    ("new york - king", None, None),
    ("king - - man", None, None),
    ("king - man -", None, None),
]
"""(text, positive, negative) where the words +, -, -man and "new york" exist; None: refused."""
LONG_TEXTS = [
    ("-" * 1000, ["-"] * 1000),
    ("-".join(["king"] * 600), ["king", *["-", "king"] * 599]),
    ("ha-" * 100 + "xyz", ["ha-" * 100 + "xyz"]),
    ("ha-" * 100 + "ha", ["ha-ha", "-"] * 50 + ["ha"]),
]
"""(text, words and signs) where king, ha and ha-ha are known."""
