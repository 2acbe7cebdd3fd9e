"""A folder as on the Hugging Face Hub, which sentence-transformers loads as static embeddings.

A text is split at whitespace and becomes the mean of its words' vectors. Row 0 of the matrix is
the vector of all unknown words, zero: cosines do not see it. Needs neither sentence-transformers
nor tokenizers to write: both files are described formats.
Source: sentence_transformers, ``StaticEmbedding.load``; https://huggingface.co/docs/tokenizers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import w2v
from w2v.embeddings import Embeddings
from w2v.evaluate.scoring import AnalogyResult, SimilarityResult
from w2v.formats.tensor_file import write_tensors
from w2v.util.files import atomic_write

WEIGHTS, TOKENIZER, CARD = "model.safetensors", "tokenizer.json", "README.md"
MODULES, SETTINGS = "modules.json", "config_sentence_transformers.json"
FILES = (WEIGHTS, TOKENIZER, MODULES, SETTINGS, CARD)

_MODULE = "sentence_transformers.models.StaticEmbedding"
"""The name since 3.2; later versions know it too."""

Result = AnalogyResult | SimilarityResult


def write(folder: Path, wv: Embeddings, name: str, results: Sequence[Result]) -> None:
    """Write `FILES` into a folder.

    Args:
        folder: an existing folder.
        wv: the vectors.
        name: what the model card calls them.
        results: evaluations for the model card.

    Raises:
        OutputError: a file cannot be written.
    """
    config = wv.training.get("config")
    lowercase = isinstance(config, dict) and bool(config.get("lowercase"))
    weights = np.vstack([np.zeros((1, wv.vector_size), np.float32), wv.vectors])
    write_tensors(folder / WEIGHTS, {"embedding.weight": weights}, {"format": "pt"})
    _write_json(folder / TOKENIZER, _tokenizer(wv, lowercase))
    _write_json(folder / MODULES, [{"idx": 0, "name": "0", "path": "", "type": _MODULE}])
    _write_json(folder / SETTINGS, {"prompts": {}, "similarity_fn_name": "cosine"})
    with atomic_write(folder / CARD, "w") as stream:
        stream.write(model_card(wv, name, results))


def _write_json(path: Path, content: object) -> None:
    with atomic_write(path, "w") as stream:
        json.dump(content, stream, ensure_ascii=False, indent=1)
        stream.write("\n")


def _tokenizer(wv: Embeddings, lowercase: bool) -> dict[str, Any]:
    """Words at whitespace, looked up whole, as the corpus was split."""
    unknown = "[UNK]"
    while unknown in wv:
        unknown = f"[{unknown}]"
    vocabulary = {unknown: 0} | {word: row for row, word in enumerate(wv, start=1)}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {"type": "Lowercase"} if lowercase else None,
        "pre_tokenizer": {"type": "WhitespaceSplit"},
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": unknown},
    }


# --- the model card -------------------------------------------------------------------------------


def model_card(wv: Embeddings, name: str, results: Sequence[Result]) -> str:
    """Markdown with a YAML head: what the vectors are, how they were trained, how good they are."""
    split = [word for word in wv if word.split() != [word]]
    parts = [
        _head(name, results),
        f"# {_markdown(name)}\n",
        f"{len(wv):,} word vectors of {wv.vector_size} numbers, trained with w2v "
        f"{_markdown(wv.metadata.get('w2v_version', w2v.__version__))}. A text is split at "
        "whitespace and becomes the mean of its words' vectors; unknown words count as zero.\n",
        _USAGE,
    ]
    if split:
        parts.append(
            f"{len(split):,} of the words hold whitespace, so that no text can be split into "
            "them.\n"
        )
    parts += ["## Training\n", _training_text(wv.training), "## Evaluation\n"]
    parts.append(_results_table(results) if results else "Not evaluated.\n")
    parts += ["## Limits\n", _LIMITS]
    return "\n".join(parts)


_USAGE = """\
```python
from sentence_transformers import SentenceTransformer

model = SentenceTransformer("path/to/this/folder", device="cpu")
model.similarity(model.encode("king"), model.encode("queen"))
```
"""

_LIMITS = """\
One vector a word, whatever its meaning in a text; the order of words is not seen. The vectors
repeat the associations of the text that they were trained on, prejudices included.
"""


def _head(name: str, results: Sequence[Result]) -> str:
    """YAML; JSON texts are YAML texts, so that no name needs another escape."""
    lines = [
        "library_name: sentence-transformers",
        "pipeline_tag: sentence-similarity",
        "tags: [sentence-transformers, feature-extraction, static-embeddings, word2vec]",
    ]
    scores = [(result, _score(result)) for result in results]
    if any(score is not None for _, score in scores):
        lines += ["model-index:", f"- name: {json.dumps(name)}", "  results:"]
        for result, score in scores:
            if score is None:
                continue
            kind, metric = _kind(result)
            file = json.dumps(Path(result.path).name)
            lines += [
                f"  - task: {{type: {kind}}}",
                f"    dataset: {{type: file, name: {file}}}",
                f"    metrics: [{{type: {metric}, value: {score:.4f}}}]",
            ]
    return "\n".join(["---", *lines, "---\n"])


def _kind(result: Result) -> tuple[str, str]:
    if isinstance(result, AnalogyResult):
        return "word-analogy", "accuracy"
    return "word-similarity", "spearman"


def _score(result: Result) -> float | None:
    return result.total.accuracy if isinstance(result, AnalogyResult) else result.rho


def _training_text(training: dict[str, Any]) -> str:
    config = training.get("config")
    if not isinstance(config, dict) or not config:
        return "The file of vectors says nothing of it.\n"
    known = {key: training[key] for key in _RECORDED if training.get(key) is not None}
    rows = [(f"`{key}`", value) for key, value in (*config.items(), *known.items())]
    return _table(("option", "value"), rows)


_RECORDED = ("epochs_trained", "words_trained", "words_after_subsampling", "train_seconds")


def _results_table(results: Sequence[Result]) -> str:
    rows = []
    for result in results:
        kind, metric = _kind(result)
        score = _score(result)
        found, total = (
            (result.total.found, result.total.total)
            if isinstance(result, AnalogyResult)
            else (result.found, result.total)
        )
        rows.append(
            (
                Path(result.path).name,
                f"{kind}, {metric}",
                "-" if score is None else f"{score:.4f}",
                f"{found:,} of {total:,}",
            )
        )
    return _table(("questions", "measure", "score", "with known words"), rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(
        "| " + " | ".join(_markdown("-" if cell is None else cell) for cell in line) + " |\n"
        for line in lines
    )


def _markdown(content: object) -> str:
    """Text that Markdown shows as it is, in a cell of a table too."""
    text = " ".join(str(content).split())
    for sign, escape in (("&", "&amp;"), ("<", "&lt;"), ("|", "\\|"), ("[", "\\[")):
        text = text.replace(sign, escape)
    return text
