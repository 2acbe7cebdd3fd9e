"""A folder in the layout of the Hugging Face Hub, which sentence-transformers loads.

The vector of a text is the mean of the vectors of its words, weighted by smooth inverse frequency
as in `w2v.embeddings.Embeddings.encode`: the rows of the stored matrix are weighted vectors. Row 0
represents all unknown words and is zero: they change the length of the mean, but not its direction.
Writing needs neither sentence-transformers nor tokenizers; their file formats are documented.

Source: sentence_transformers, ``StaticEmbedding.load``; https://huggingface.co/docs/tokenizers.
"""

from __future__ import annotations

import json
import re
from argparse import SUPPRESS, BooleanOptionalAction
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import w2v
from w2v.embeddings import Embeddings
from w2v.embeddings.sentence_vectors import SMOOTHING, word_weights
from w2v.evaluate.__main__ import default_files
from w2v.evaluate.questions import Analogies, Similarities, read_analogies, read_similarity
from w2v.evaluate.scoring import (
    AnalogyResult,
    SimilarityResult,
    evaluate_analogies,
    evaluate_similarity,
)
from w2v.export.base import Export, Written
from w2v.formats.safetensors_file import write_tensors
from w2v.util.command_line import ArgumentParser
from w2v.util.files import atomic_write, make_folder
from w2v.util.text import DELIMITER, INNER_CHARACTERS, TOKENIZERS, split

WEIGHTS, TOKENIZER, CARD = "model.safetensors", "tokenizer.json", "README.md"
MODULES, SETTINGS = "modules.json", "config_sentence_transformers.json"
FILES = (WEIGHTS, TOKENIZER, MODULES, SETTINGS, CARD)

_LETTER = r"[\p{L}\p{M}\p{N}]"
_WORDS = f"{_LETTER}+(?:[{re.escape(INNER_CHARACTERS)}]{_LETTER}+)*"
"""The words of `w2v.util.text.split`, as a regular expression of the tokenizers library."""

_MODULE = "sentence_transformers.models.StaticEmbedding"
"""Name of the class since sentence-transformers 3.2; later versions still accept it."""

Result = AnalogyResult | SimilarityResult


class Preparation(NamedTuple):
    """What is done to a text before its words are looked up.

    Attributes:
        lowercase: whether it is converted to lower case.
        tokenizer: one of `w2v.util.text.TOKENIZERS`.
    """

    lowercase: bool
    tokenizer: str

    def __str__(self) -> str:
        """Describe the preparation, for example "split at whitespace"."""
        split = {
            "words": "split into words without punctuation", "whitespace": "split at whitespace",
        }[self.tokenizer]  # fmt: skip
        return f"{'lower-cased and ' * self.lowercase}{split}"


def find_preparation(
    wv: Embeddings, lowercase: bool | None = None, tokenizer: str | None = None
) -> Preparation:
    """Find the preparation by which most words of a text are found in the vocabulary.

    If the vectors record that their training text was prepared in some way, texts are prepared in
    the same way. Otherwise (a .bin records nothing), it depends on the vocabulary: texts are
    converted to lower case if all words are lower case, and split into words without punctuation if
    no word contains any.

    Args:
        wv: the vectors.
        lowercase: set `Preparation.lowercase` to this value; None to infer it.
        tokenizer: set `Preparation.tokenizer` to this value; None to infer it.
    """
    config = wv.training_options
    if lowercase is None:
        lowercase = bool(config.get("lowercase")) or all(word == word.lower() for word in wv)
    if tokenizer is None:
        has_words = config.get("tokenize") == "words" or all(map(_is_word, wv))
        tokenizer = "words" if has_words else "whitespace"
    return Preparation(lowercase, tokenizer)


def _is_word(word: str) -> bool:
    """Whether `w2v.util.text.split` leaves this word, or each word of this phrase, whole."""
    return all(split(part, "words") == [part] for part in word.split(DELIMITER))


def write(
    folder: Path,
    wv: Embeddings,
    name: str,
    results: Sequence[Result],
    preparation: Preparation,
    smoothing: float | None = SMOOTHING,
) -> None:
    """Write `FILES` into a folder.

    Args:
        folder: an existing folder.
        wv: the vectors.
        name: name of the model in its card.
        results: evaluation results for the card.
        preparation: what is done to texts.
        smoothing: a of smooth inverse frequency; None for the plain mean.

    Raises:
        OutputError: a file cannot be written.
    """
    weights = word_weights(len(wv), wv.counts, smoothing)
    rows = np.vstack([np.zeros((1, wv.vector_size), np.float32), weights[:, None] * wv.vectors])
    write_tensors(folder / WEIGHTS, {"embedding.weight": rows}, {"format": "pt"})
    _write_json(folder / TOKENIZER, _tokenizer(wv, preparation))
    _write_json(folder / MODULES, [{"idx": 0, "name": "0", "path": "", "type": _MODULE}])
    _write_json(folder / SETTINGS, {"prompts": {}, "similarity_fn_name": "cosine"})
    with atomic_write(folder / CARD, "w") as stream:
        stream.write(model_card(wv, name, results, preparation, smoothing))


def _write_json(path: Path, content: object) -> None:
    with atomic_write(path, "w") as stream:
        json.dump(content, stream, ensure_ascii=False, indent=1)
        stream.write("\n")


def _tokenizer(wv: Embeddings, preparation: Preparation) -> dict[str, Any]:
    """A tokenizer that looks up whole words, as the JSON of the tokenizers library."""
    unknown = "[UNK]"
    while unknown in wv:
        unknown = f"[{unknown}]"
    vocabulary = {unknown: 0} | {word: row for row, word in enumerate(wv, start=1)}
    only_words = {
        "type": "Split", "pattern": {"Regex": _WORDS}, "behavior": "Removed", "invert": True,
    }  # fmt: skip
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {"type": "Lowercase"} if preparation.lowercase else None,
        "pre_tokenizer": only_words
        if preparation.tokenizer == "words"
        else {"type": "WhitespaceSplit"},
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": unknown},
    }


# --- the model card -------------------------------------------------------------------------------


def model_card(
    wv: Embeddings,
    name: str,
    results: Sequence[Result],
    preparation: Preparation,
    smoothing: float | None = SMOOTHING,
) -> str:
    """The model card: Markdown with YAML front matter.

    It says what the vectors are, how they were trained, and how they scored. See `write` for the
    arguments.
    """
    phrases = sum(DELIMITER in word.strip(DELIMITER) for word in wv)
    split = sum(word.split() != [word] for word in wv)
    mean = "the plain mean of its words' vectors"
    if smoothing is not None:
        counts = "the counts of the corpus" if wv.counts is not None else "ranks (Zipf's law)"
        mean = (
            "the mean of its words' vectors weighted by smooth inverse frequency, "
            f"a / (a + p(w)) with a = {smoothing:g} and p(w) from {counts}"
        )
    parts = [
        _head(name, results),
        f"# {_markdown(name)}\n",
        f"{len(wv):,} word vectors of {wv.vector_size} dimensions, trained with w2v "
        f"{_markdown(wv.metadata.get('w2v_version', w2v.__version__))}. A text is {preparation}. "
        f"Its vector is {mean}; unknown words count as zero.\n",
        _USAGE,
    ]
    if split:
        parts.append(f"{split:,} of the words contain whitespace, so that no text matches them.\n")
    if phrases and preparation.tokenizer == "words":
        parts.append(
            f"{phrases:,} of the words are joined with `_`, such as phrases; a text matches them "
            "only as `encode` of w2v joins them.\n"
        )
    parts += ["## Training\n", _training_text(wv), "## Evaluation\n"]
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
Each word has one vector, whatever it means in a text, and word order is ignored. The vectors
reproduce the associations of the text they were trained on, including its prejudices.
"""


def _head(name: str, results: Sequence[Result]) -> str:
    """YAML front matter. JSON strings are valid YAML, so names need no other escaping."""
    lines = [
        "library_name: sentence-transformers",
        "pipeline_tag: sentence-similarity",
        "tags: [sentence-transformers, feature-extraction, static-embeddings, word2vec]",
    ]
    scores = [(result, _score(result)) for result in results]
    if any(score is not None for _, score in scores):
        lines += ["model-index:", f"- name: {_yaml(name)}", "  results:"]
        for result, score in scores:
            if score is None:
                continue
            kind, metric = _kind(result)
            file = _yaml(Path(result.path).name)
            lines += [
                f"  - task: {{type: {kind}}}",
                f"    dataset: {{type: file, name: {file}}}",
                f"    metrics: [{{type: {metric}, value: {score:.4f}}}]",
            ]
    return "\n".join(["---", *lines, "---\n"])


def _yaml(text: str) -> str:
    """A YAML string, without the escapes of JSON, which for some characters differ from YAML's."""
    return json.dumps(text, ensure_ascii=False)


def _kind(result: Result) -> tuple[str, str]:
    if isinstance(result, AnalogyResult):
        return "word-analogy", "accuracy"
    return "word-similarity", "spearman"


def _score(result: Result) -> float | None:
    return result.total.accuracy if isinstance(result, AnalogyResult) else result.rho


def _training_text(wv: Embeddings) -> str:
    options, record = wv.training_options, wv.training
    if not options:
        return "Not recorded.\n"
    known = {key: record[key] for key in _RECORDED if record.get(key) is not None}
    rows = [(f"`{key}`", value) for key, value in (*options.items(), *known.items())]
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
    """Escape a text for Markdown, including cells of tables."""
    text = " ".join(str(content).split())
    for sign, escape in (("&", "&amp;"), ("<", "&lt;"), ("|", "\\|"), ("[", "\\[")):
        text = text.replace(sign, escape)
    return text


class HuggingFaceExport(Export):
    """A folder for sentence-transformers; see the module's docstring."""

    summary = "a folder that sentence-transformers loads, with a model card"
    files = FILES
    options = ("lowercase", "tokenize", "plain_mean", "analogies", "similarity")

    @staticmethod
    def add_options(parser: ArgumentParser) -> None:
        """See `Export`."""
        group = parser.add_argument_group("huggingface")
        group.add_argument(
            "--lowercase", action=BooleanOptionalAction, default=SUPPRESS,
            help="convert texts to lower case (default: if the training text was converted, or if "
            "all words are lower case)",
        )  # fmt: skip
        group.add_argument(
            "--tokenize", choices=TOKENIZERS, default=SUPPRESS,
            help="split texts into words without punctuation, or at whitespace (default: words if "
            "the training text was split into words, or if no word of the vocabulary contains "
            "punctuation)",
        )  # fmt: skip
        group.add_argument(
            "--plain-mean", action="store_true", default=SUPPRESS,
            help="do not weight words by smooth inverse frequency, a / (a + p(w)) with "
            f"a = {SMOOTHING:g}",
        )  # fmt: skip
        group.add_argument(
            "--analogies", nargs="+", metavar="FILE", default=SUPPRESS,
            help="analogy questions to score for the model card (default: the bundled ones)",
        )  # fmt: skip
        group.add_argument(
            "--similarity", nargs="+", metavar="FILE", default=SUPPRESS,
            help="word pairs with similarity scores, for the model card (default: the bundled "
            "ones)",
        )  # fmt: skip

    def prepare(self, output: str, given: Mapping[str, Any]) -> None:
        """See `Export`."""
        self.lowercase: bool | None = given.get("lowercase")
        self.tokenizer: str | None = given.get("tokenize")
        self.smoothing = None if "plain_mean" in given else SMOOTHING
        super().prepare(output, given)
        self.analogies, self.similarity = _questions(
            given.get("analogies"), given.get("similarity")
        )

    def write(self, output: Path, wv: Embeddings, name: str) -> Written:
        """See `Export`."""
        results: list[Result] = [
            *(evaluate_analogies(wv, file, questions=read) for file, read in self.analogies),
            *(evaluate_similarity(wv, file, pairs=read) for file, read in self.similarity),
        ]
        preparation = find_preparation(wv, self.lowercase, self.tokenizer)
        make_folder(output)
        write(output, wv, name, results, preparation, self.smoothing)
        return Written(f"SentenceTransformer({str(output)!r}) in Python", self._notes(preparation))

    def _notes(self, preparation: Preparation) -> list[str]:
        """Lines that say how texts are prepared, and what this means for looking up words."""
        notes = [f"texts    {preparation}"]
        if self.lowercase is None and not preparation.lowercase:
            notes.append(
                "         (some words contain capital letters, so case matters; --lowercase "
                "ignores it)"
            )
        if self.tokenizer is None and preparation.tokenizer == "whitespace":
            notes.append(
                "         (some words contain punctuation, so a word followed by a comma is a "
                "different word; --tokenize words removes punctuation)"
            )
        return notes


def _questions(
    analogies: list[str] | None, similarity: list[str] | None
) -> tuple[list[tuple[str, Analogies]], list[tuple[str, Similarities]]]:
    """Read files of analogies and of similarities: (name, content) of each.

    If neither is given, the bundled files are read.
    """
    if analogies is None and similarity is None:
        analogies, similarity = default_files("analogies"), default_files("similarity")
    return (
        [(file, read_analogies(file)) for file in analogies or []],
        [(file, read_similarity(file)) for file in similarity or []],
    )


EXPORT = HuggingFaceExport
