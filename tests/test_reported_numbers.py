"""Every number that the commands for training, evaluation and queries print, computed a second time
in another way from the same files."""

from __future__ import annotations

import json
import math
import re
import time
from functools import cache

import naive
import numpy as np
import pytest
import twins
from ways import WAYS, flags_of, twin_of, whole

import w2v
from w2v.evaluate.__main__ import main as evaluate
from w2v.query import main as query
from w2v.train import progress
from w2v.train.__main__ import main as train

# --- training -------------------------------------------------------------------------------------


def numbers(line):
    """The numbers in a line of text, percentages as such."""
    found = re.findall(r"(?<![\w.])-?[0-9][0-9,]*\.?[0-9]*", line)
    return [float(text.replace(",", "")) for text in found]


@pytest.fixture(params=WAYS, ids=lambda way: way.name)
def run(request, write, tmp_path, monkeypatch, capsys):
    """A run with all its lines of progress: what it printed, and its twin."""
    way = request.param
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(progress, "LOG_SECONDS", 0.0)
    options = {**way.base(), "max_vocab": 12, "epochs": 2}
    if not way.in_rounds:
        options["validate"] = 0.25
    path = write("corpus.txt", way.content)
    started = time.perf_counter()
    assert train([path.name, *flags_of(options), "-o", "v.safetensors"]) == 0
    seconds = time.perf_counter() - started
    out, err = capsys.readouterr()
    return Run(way, options, out.splitlines(), err.splitlines(), seconds)


class Run:
    def __init__(self, way, options, out, err, seconds):
        self.way, self.options, self.out, self.err = way, options, out, err
        self.seconds = seconds
        self.record = w2v.load("v.safetensors").training
        self.twin = twin_of(way.content, options)

    def line(self, start):
        """What follows the beginning of a line of the summary."""
        (found,) = [line for line in self.out if line.startswith(start)]
        return found.removeprefix(start).strip()


def test_the_summary_of_training(run):
    twin, record = run.twin, run.record
    kept = 1 - twin.words_kept / twin.words_trained
    assert run.line("vocabulary ") == "12 words"
    assert run.line("trained ") == (
        f"{twin.words_trained:,} words (2 epochs; {kept:.0%} skipped by subsampling)"
    )
    loss, *_, name = re.split(r"[ ()]+", run.line("loss ").rstrip(")"))
    assert float(loss) == pytest.approx(twin.epoch_losses[-1], abs=1e-4)
    assert name == run.options["loss"]
    assert run.line("vectors ") == "v.safetensors"
    assert run.line("next ") == f"python -m w2v.query v.safetensors {twin.words[0]}"
    reading, training, writing = numbers(run.line("seconds "))
    assert reading == round(record["read_seconds"], 1)
    assert training == round(record["train_seconds"], 1)
    assert 0 < record["train_seconds"] < run.seconds
    assert 0 < record["read_seconds"] < run.seconds
    assert reading + training + writing < run.seconds + 0.15
    (speed,) = numbers(run.line("speed "))
    assert speed == round(twin.words_trained / record["train_seconds"])


def test_the_held_out_loss(run):
    if run.way.in_rounds:
        assert not any("held" in line for line in run.out + run.err)
        return
    nats = []
    for epoch in (1, 2):
        after = twin_of(run.way.content, run.options, stop_after=epoch)
        nats.append(twins.held_out_nats(run.way.content, whole(run.options), after))
        (line,) = [line for line in run.err if line.startswith(f"epoch {epoch}: held-out loss ")]
        assert numbers(line)[-1] == pytest.approx(nats[-1], abs=1e-4)
        assert ("lowest so far" in line) == (nats[-1] == min(nats))
    shown, epoch = numbers(run.line("held out "))
    assert (shown, epoch) == (pytest.approx(nats[1], abs=1e-4), 2)


def test_what_is_said_of_the_corpus(run):
    sentences = naive.read_sentences(run.way.content.decode(), 10_000)
    words = [word for sentence in sentences for word in sentence]
    counts = {word: words.count(word) for word in set(words)}
    rare = sum(n for n in counts.values() if n < 2)
    kept = sum(run.twin.counts)
    reading = [line for line in run.err if line.startswith("reading: ")]
    size = len(run.way.content)
    text = f"{size} B" if size < 1_000 else f"{size / 1_000:.0f} kB"
    assert reading[-1] == f"reading: {text} of {text}"
    said = run.err[len(reading) :]
    assert said[0] == (
        f"corpus: {len(words):,} words in {run.way.content.count(10):,} lines; "
        f"{len(counts)} different"
    )
    assert said[1] == (
        f"vocabulary: 12 words; dropped {rare:,} occurrences of words rarer than 2, "
        f"{len(words) - rare - kept:,} of words beyond the first 12"
    )
    epochs, threads, memory, *_ = numbers(said[2])
    assert (epochs, threads) == (2, 1)
    unit = {"B": 1, "kB": 1e3, "MB": 1e6}[re.search(r"[0-9] (B|kB|MB) of memory", said[2])[1]]
    matrices_and_tokens = 2 * 12 * 5 * 4 + 4 * run.twin.words_trained // 2
    assert memory * unit > matrices_and_tokens - unit / 2


def test_the_lines_of_progress(run):
    """The last one of each epoch: its loss, and the rate at its end."""
    lines = [line for line in run.err if re.match(r"training: [0-9]+%", line)]
    first = twin_of(run.way.content, run.options, stop_after=1)
    for epoch, twin in ((1, first), (2, run.twin)):
        of_epoch = [line for line in lines if f"epoch {epoch}," in line]
        part, number, speed, loss, lr, *_ = numbers(of_epoch[-1])
        assert part == 50 * epoch
        assert number == epoch
        assert speed > twin.words_trained / run.seconds
        lr_end = run.options["lr"] + (run.options["min_lr"] - run.options["lr"]) * epoch / 2
        assert lr == pytest.approx(lr_end, abs=1e-4)
        if run.way.loss.family == "sampled" and len(of_epoch) == 1:  # else the newest part's
            assert loss == pytest.approx(twin.epoch_losses[-1], abs=1e-3)
        if epoch == 2:
            assert of_epoch[-1].endswith("1 s left")


# --- evaluation -----------------------------------------------------------------------------------

SECTIONS = {
    "capitals": ["v1 v2 v3 v4", "V5 V6 V7 V8", "v9 v10 v11 nowhere", "v12 v13 v14 v15"],
    "far away": ["v100 v2000 v3000 v20000", "v5 v7 v29999 v29998", "v5 v7 v30000 v30001"],
    "nearest is asked": ["v35 v36 v37 v38", "v45 v46 v47 v48"],  # that is b, or c
    "gram1-plural": ["v21 v22 v23 v24", "v25 v26 v27 v28", "v31 v32 v33 v34"],
}
PAIRS = [
    ("v1", "v2", 3.5), ("v3", "V4", 1.0), ("v9", "v10", 3.5), ("v40000", "v7", 9.0),
    ("v5", "nowhere", 2.0), ("v11", "v12", 0.5), ("v13", "v14", 7.25),
]  # fmt: skip


@pytest.fixture(scope="module")
def vectors(tmp_path_factory):
    """45,000 words, of which 30,000 are asked; some questions are right by construction."""
    rng = np.random.default_rng(5)
    matrix = rng.normal(size=(45_000, 6)).astype(np.float32)
    unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    for a, b, c, d in (
        (1, 2, 3, 4),
        (100, 2000, 3000, 20000),
        (5, 7, 30000, 30001),
        (21, 22, 23, 24),
    ):
        matrix[d] = 2 * (unit[b] - unit[a] + unit[c])
    matrix[37], matrix[46] = 1.01 * matrix[35], 1.01 * matrix[45]
    matrix[38] = 3 * matrix[36] + 0.05 * matrix[39]
    matrix[48] = 3 * matrix[47] + 0.05 * matrix[49]
    folder = tmp_path_factory.mktemp("reported")
    wv = w2v.Embeddings([f"v{n}" for n in range(len(matrix))], matrix)
    wv.save(folder / "vectors.bin")
    questions = [line for name, rows in SECTIONS.items() for line in (f": {name}", *rows)]
    (folder / "questions.txt").write_text("\n".join(questions) + "\n")
    pairs = ["\t".join(map(str, pair)) for pair in PAIRS]
    (folder / "pairs.tsv").write_text("\n".join(pairs) + "\n")
    return folder


def cosine(matrix, a, b):
    x, y = matrix[a].astype(float), matrix[b].astype(float)
    return float(x @ y / math.sqrt((x @ x) * (y @ y)))


@cache
def read(folder):
    """The words' numbers and vectors, by the layout of word2vec's binary files."""
    content = (folder / "vectors.bin").read_bytes()
    begin = content.index(b"\n") + 1
    rows, columns = map(int, content[:begin].split())
    words, vectors = [], []
    for _ in range(rows):
        end = content.index(b" ", begin)
        words.append(content[begin:end].strip().decode())
        vectors.append(np.frombuffer(content, "<f4", columns, end + 1))
        begin = end + 1 + 4 * columns
    return {word: n for n, word in enumerate(words)}, np.array(vectors)


def naive_scores(folder, top_words, case_sensitive):
    """(section, correct, found, total) of each section."""
    ids, matrix = read(folder)
    unit = matrix[:top_words] / np.linalg.norm(matrix[:top_words], axis=1, keepdims=True)
    scores = []
    for name, rows in SECTIONS.items():
        correct = found = 0
        for row in rows:
            asked = [word if case_sensitive else word.lower() for word in row.split()]
            if all(ids.get(word, top_words) < top_words for word in asked):
                a, b, c, d = (ids[word] for word in asked)
                order = np.argsort(-(unit @ (unit[b] - unit[a] + unit[c])))
                found += 1
                correct += next(n for n in order if n not in (a, b, c)) == d
        scores.append((name, int(correct), found, len(rows)))
    return scores


def naive_correlations(folder, case_sensitive):
    """Spearman's rho, with ranks by counting the smaller and half of the equals; Pearson's r."""
    ids, matrix = read(folder)
    both = []
    for *words, score in PAIRS:
        a, b = (word if case_sensitive else word.lower() for word in words)
        if a in ids and b in ids:
            both.append((cosine(matrix, ids[a], ids[b]), score))
    ranks = [
        [1 + sum(y < x for y in column) + (column.count(x) - 1) / 2 for x in column]
        for column in zip(*both, strict=True)
    ]
    return *(float(np.corrcoef(each)[0, 1]) for each in (ranks, np.transpose(both))), len(both)


@pytest.mark.parametrize("top_words", [None, 25_000])
@pytest.mark.parametrize("case_sensitive", [False, True])
def test_evaluation(vectors, top_words, case_sensitive, capsys):
    argv = [str(vectors / "vectors.bin"), "--analogies", str(vectors / "questions.txt")]
    argv += ["--similarity", str(vectors / "pairs.tsv")]
    argv += ["--top-words", str(top_words)] if top_words else []
    argv += ["--case-sensitive"] if case_sensitive else []
    sections = naive_scores(vectors, top_words or 30_000, case_sensitive)
    assert len({correct / found for _, correct, found, _ in sections}) > 1
    assert sections[2][1:] == (2, 2, 2)
    groups = {"semantic": sections[:3], "syntactic": sections[3:], "total": sections}
    sums = [
        (name, *(sum(column) for column in list(zip(*rows, strict=True))[1:]))
        for name, rows in groups.items()
    ]
    rho, pearson, n_pairs = naive_correlations(vectors, case_sensitive)
    assert abs(rho) > 0.1

    assert evaluate([*argv, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["words"], answer["vector_size"]) == (45_000, 6)
    (analogies,) = answer["analogies"]
    got = [*analogies["sections"], *(analogies[name] for name in groups)]
    for score, (name, correct, found, total) in zip(got, [*sections, *sums], strict=True):
        assert score == {
            "name": name, "correct": correct, "found": found, "total": total,
            "accuracy": pytest.approx(correct / found),
        }  # fmt: skip
    (similarity,) = answer["similarity"]
    assert similarity == {
        "path": str(vectors / "pairs.tsv"), "rho": pytest.approx(rho, abs=1e-6),
        "pearson": pytest.approx(pearson, abs=1e-6),
        "found": n_pairs, "total": len(PAIRS),
    }  # fmt: skip

    assert evaluate(argv) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("vectors.bin: 45000 words, 6 dimensions")
    for name, correct, found, total in [*sections, *sums]:
        (line,) = [line for line in lines if line.strip().startswith(name + " ")]
        got = line.strip().removeprefix(name).split()
        assert got == [
            f"{correct / found:.3f}", str(correct), str(found), str(total),
            f"{100 * found / total:.1f}%",
        ]  # fmt: skip
    assert lines[-1].split()[-4:] == [
        f"{rho:.3f}", str(n_pairs), str(len(PAIRS)), f"{100 * n_pairs / len(PAIRS):.1f}%",
    ]  # fmt: skip


# --- queries --------------------------------------------------------------------------------------


@pytest.mark.parametrize("topn", [None, 3])
@pytest.mark.parametrize(
    ("asked", "plus", "minus"),
    [("v1", ["v1"], []), ("v2 - v1 + v3", ["v2", "v3"], ["v1"]), ("v44000", ["v44000"], [])],
)
def test_queries(vectors, asked, plus, minus, topn, capsys):
    ids, matrix = read(vectors)
    unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    target = sum(unit[ids[word]] for word in plus) - sum(unit[ids[word]] for word in minus)
    cosines = unit @ (target / np.linalg.norm(target))
    given = {ids[word] for word in plus + minus}
    order = [n for n in np.argsort(-cosines).tolist() if n not in given][: topn or 10]
    expected = [(f"v{n}", cosines[n]) for n in order]
    argv = [str(vectors / "vectors.bin"), *asked.split()]
    argv += ["--topn", str(topn)] if topn else []
    assert query([*argv, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["positive"], answer["negative"]) == (plus, minus)
    assert [each["word"] for each in answer["neighbors"]] == [word for word, _ in expected]
    assert [each["cosine"] for each in answer["neighbors"]] == pytest.approx(
        [value for _, value in expected], abs=1e-6
    )
    assert query(argv) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [(int(rank), word) for rank, word, _ in rows] == [
        (rank, word) for rank, (word, _) in enumerate(expected, start=1)
    ]
    shown = [float(value) for _, _, value in rows]
    assert shown == pytest.approx([value for _, value in expected], abs=6e-5)
