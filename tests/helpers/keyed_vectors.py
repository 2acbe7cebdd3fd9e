"""Public names of gensim's KeyedVectors in Embeddings: the same, or left out on purpose.

python tests/helpers/keyed_vectors.py        writes docs/reference/keyedvectors.md
"""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).parent.parent.parent / "docs" / "reference" / "keyedvectors.md"

SAME = {
    "similarity": "",
    "distance": "",
    "distances": "",
    "most_similar": "`clip_start`, `clip_end` and `indexer` are left out; `topn=0` is an error",
    "most_similar_cosmul": "the lengths of vectors do not matter, and `restrict_vocab` works",
    "similar_by_word": "",
    "similar_by_vector": "",
    "doesnt_match": "unknown words are logged and left out",
    "n_similarity": "",
    "closer_than": "in the order of rows",
    "rank": "",
    "get_vector": "also by row: `wv.get_vector(3)`",
    "get_index": "",
    "has_index_for": "or `word in wv`",
    "get_mean_vector": "",
    "get_normed_vectors": "or `wv.unit_vectors`",
    "evaluate_word_pairs": "returns a `SimilarityResult`, without p-values",
    "evaluate_word_analogies": "returns an `AnalogyResult`; uses the first `restrict_vocab` words",
    "save_word2vec_format": '`path` and `binary` only; or `wv.save("vectors.bin")`',
}
"""Methods with the same name and meaning, and what differs."""

INSTEAD = {
    "load": "`w2v.load(path)`",
    "load_word2vec_format": "`w2v.load(path)`, with `limit=` and `lenient=`",
    "save": "`wv.save(path)`: .safetensors holds everything, and is not a pickle",
    "get_vecattr": "`wv.counts[wv.get_index(word)]`",
    "similar_by_key": "`similar_by_word`",
    "words_closer_than": "`closer_than`",
    "word_vec": "`get_vector`",
    "rank_by_centrality": "`wv.unit_vectors` and its mean",
    "most_similar_to_given": "`max(words, key=lambda word: wv.similarity(given, word))`",
    "relative_cosine_similarity": "`wv.similarity(a, b) / sum(c for _, c in wv.most_similar(a))`",
    "cosine_similarities": "`1 - wv.distances(vector)`",
    "vectors_for_all": "`Embeddings(words, wv[words])`",
    "sort_by_descending_frequency": "files already list frequent words first",
    "fill_norms": "unit vectors are computed when they are first used",
    "init_sims": "the same",
    "unit_normalize_all": "`Embeddings(wv.words, wv.unit_vectors)`",
    "add_vector": "`Embeddings(words, vectors)`: nothing is changed in place",
    "add_vectors": "the same",
    "set_vecattr": "`Embeddings(words, vectors, counts=counts)`",
    "allocate_vecattrs": "the same",
    "resize_vectors": "the same",
    "intersect_word2vec_format": "`w2v.train_embeddings(corpus, init=wv)`",
    "wmdistance": "`wv.to_gensim().wmdistance(a, b)`",
    "index2word": "`wv.index_to_key`, or `wv.words`",
    "index2entity": "the same",
    "vocab": "`wv.key_to_index`",
    "vectors_norm": "`wv.unit_vectors`",
}
"""Names that are left out, and what to use instead."""

INTERNAL = {
    "add_lifecycle_event", "log_accuracy", "log_evaluate_word_pairs", "similarity_unseen_docs",
}  # fmt: skip
"""gensim's internal helpers."""

_HEAD = """\
# gensim's KeyedVectors

`Embeddings` has the methods of gensim's `KeyedVectors` under the same names. This page tells users
of gensim what differs, and what to use instead of the methods that were left out.

`Embeddings.from_gensim(model)` and `wv.to_gensim()` convert in memory. Attributes of the same name:
`vectors`, `vector_size`, `index_to_key`, `key_to_index`. Only `Embeddings` has `counts`,
`context_vectors`, `unit_vectors`, `most_similar_many`, `encode` and `first`.

| method | what differs |
|---|---|
"""
_LEFT_OUT = """
Left out on purpose:

| gensim | use |
|---|---|
"""


def page() -> str:
    """The page, as Markdown."""
    same = "".join(f"| `{name}` | {note} |\n".replace("|  |", "| |") for name, note in SAME.items())
    instead = "".join(f"| `{name}` | {use} |\n" for name, use in INSTEAD.items())
    return _HEAD + same + _LEFT_OUT + instead


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
