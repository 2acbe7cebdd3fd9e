"""Every number that a comparison shows, computed once more in another way from the same files."""

from __future__ import annotations

import collections
import html
import json
import math
import re
import statistics

import naive
import numpy as np
import pytest
from comparisons import ANALOGIES, ONE, OPTIONS, SIMILARITY, VARIANTS
from html_elements import Elements

from w2v.compare import __main__ as command
from w2v.compare import summary
from w2v.compare.__main__ import parse_variant
from w2v.config import TrainConfig
from w2v.corpus import read_corpus
from w2v.evaluate.scoring import evaluate_analogies, evaluate_similarity
from w2v.held_out import _fresh_noise, held_out_pairs, split_corpus
from w2v.train.api import make_run, resolve

SEEDS = (1, 2)
T_ONE_DEGREE = 12.7062047  # 97.5th percentile of Student's t with one degree of freedom


# --- naive twins --------------------------------------------------------------------------------


def naive_analogies(words, vectors):
    """Fraction of the questions with known words that are answered correctly."""
    questions = [line.split() for line in ANALOGIES.splitlines() if not line.startswith(":")]
    right, asked = naive.analogy_accuracy(words, vectors.tolist(), questions)
    return right / asked


def naive_rho(words, vectors):
    pairs = [line.split() for line in SIMILARITY.splitlines()]
    return naive.similarity_rho(words, vectors.tolist(), pairs)


def naive_quantile(numbers, level):
    """Linear between the order statistics, the first being level 0 and the last level 1."""
    ordered = sorted(numbers)
    place = level * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def naive_figures(run, held_out, train):
    """The figures of a run, pair by pair in float64."""
    config, trainer = run.config, run.trainer
    centers, contexts, bias = (
        None if each is None else each.astype(float) for each in trainer.vectors()
    )
    noise = trainer.scorer().noise_test
    ids, _ = _fresh_noise(held_out, noise)
    counts = train.vocabulary.counts.astype(float)
    q = counts**0.75 / (counts**0.75).sum()
    all_nats, raw, log_z, right_pairs, right_noise, hits = [], [], [], [], [], []
    for i, center in enumerate(held_out.centers):
        scores = contexts @ centers[center]
        if bias is not None:
            scores += bias
        if config.loss == "negative-sampling":
            scores += np.log(config.negative * q)
        if config.learn_normaliser:
            scores -= trainer.parameters()["log_normalisers"][center]
        z = math.fsum(math.exp(score) for score in scores)
        for pair in range(held_out.starts[i], held_out.starts[i + 1]):
            word = held_out.contexts[pair]
            all_nats.append(-math.log(math.exp(scores[word]) / z))
            raw.append(-scores[word])
            log_z.append(math.log(z))
            if noise is not None:
                threshold = np.log(config.negative * q)
                right_pairs.append(scores[word] > threshold[word])
                right_noise += [scores[other] < threshold[other] for other in ids[pair]]
                hits += [other == word for other in ids[pair]]
    figures = {
        "pairs": all_nats,
        "held-out": statistics.fmean(all_nats),
        "raw": statistics.fmean(raw),
        "ln Z": statistics.fmean(log_z),
        "sd ln Z": statistics.pstdev(log_z),
        "quantiles": [naive_quantile(log_z, level) for level in (0.05, 0.25, 0.5, 0.75, 0.95)],
        "analogies": naive_analogies(train.vocabulary.words, centers),
        "similarity": naive_rho(train.vocabulary.words, centers),
        "epochs": 2,
        "training loss": run.epoch_losses,
    }
    if noise is not None:
        figures |= {
            "classifier": statistics.fmean([*right_pairs, *right_noise]),
            "on pairs": statistics.fmean(right_pairs),
            "on noise": statistics.fmean(right_noise),
            "hits": statistics.fmean(hits),
        }
    return figures


@pytest.fixture(scope="module")
def twins(folder):
    """(variant, seed): its figures, of a run of our own on the same files."""
    found = {}
    for variant in VARIANTS:
        options = {**OPTIONS, "epochs": 2, **parse_variant(variant).options}
        first = resolve(TrainConfig(**options, seed=1))
        train, rest = split_corpus(read_corpus([folder / "corpus.txt"], min_count=1), 0.05, 1)
        held_out = held_out_pairs(rest, first)
        for seed in SEEDS:
            run = make_run(train, resolve(TrainConfig(**options, seed=seed)))
            run.train()
            found[variant, seed] = naive_figures(run, held_out, train)
    return found


def over_seeds(twins, variant, title):
    """Mean and half width of the 95% interval over the two seeds; None without a figure."""
    numbers = [twins[variant, seed].get(title) for seed in SEEDS]
    if None in numbers:
        return None
    half = T_ONE_DEGREE * abs(numbers[0] - numbers[1]) / math.sqrt(2) / math.sqrt(2)
    return sum(numbers) / 2, half


PATHS = {
    "held-out": ("measure", "nats"), "raw": ("measure", "raw_nats"),
    "ln Z": ("measure", "log_z_mean"), "sd ln Z": ("measure", "log_z_sd"),
    "quantiles": ("measure", "log_z_quantiles"), "analogies": ("analogies",),
    "similarity": ("similarity",), "epochs": ("epochs",),
    "classifier": ("measure", "noise", "accuracy"),
    "on pairs": ("measure", "noise", "true_accuracy"),
    "on noise": ("measure", "noise", "noise_accuracy"),
    "hits": ("measure", "noise", "accidental_hits"),
}  # fmt: skip
DECIMALS = {"held-out": 4, "raw": 4, "epochs": 0, "hits": 4, "seconds": 2}


# --- results.json -------------------------------------------------------------------------------


def test_the_results(document, twins):
    for run in document["runs"]:
        twin = twins[run["variant"], run["seed"]]
        for title, path in PATHS.items():
            value = run
            for key in path:
                value = None if value is None else value[key]
            expected = twin.get(title)
            assert value == (None if expected is None else pytest.approx(expected, abs=2e-5)), title
        for epoch, point in enumerate(run["curve"]):
            assert point["training_loss"] == pytest.approx(twin["training loss"][epoch])
        last = run["curve"][-1]
        assert last["nats"] == pytest.approx(twin["held-out"], abs=2e-5)
        assert last["analogies"] == twin["analogies"]
        assert last["similarity"] == pytest.approx(twin["similarity"])
        assert last["seconds"] == pytest.approx(run["seconds"])
        words = 2 * document["corpus"]["trained_on"]
        assert run["million_words_per_second"] == pytest.approx(words / run["seconds"] / 1e6)
    # The figures tell the runs apart: a wrong one would be seen.
    assert len({round(twin["analogies"], 6) for twin in twins.values()}) > 1
    assert len({round(twin["similarity"], 6) for twin in twins.values()}) > 2
    assert any(twin["similarity"] < -0.1 or twin["similarity"] > 0.1 for twin in twins.values())


def test_questions_count_as_known_as_they_are_scored(here, write):
    """Words of questions are prepared as the text was."""
    write("phrases.txt", (here / "corpus.txt").read_text().replace("a1 ", "New York, "))
    write("s.tsv", "New York\ta2\t9\nnew york,\tb1\t1\nYork,\ta2\t3\nb1\tb2\t5\n")
    write("a.txt", "york, b1 a2 b2\na2, b2. a3 b3\n")
    options = ["--phrases", "1", "--phrase-threshold", "1", "--tokenize", "words", "--lowercase"]
    arguments = ["phrases.txt", *ONE, *options, "--similarity", "s.tsv", "--analogies", "a.txt"]
    request = command._request(command._parser().parse_args(arguments))
    document, train, _ = command._start(request)
    assert "new_york" in train.vocabulary.words
    wv = make_run(train, next(iter(request.configs.values()))).embeddings()
    similarity = evaluate_similarity(wv, "s.tsv")
    assert document["questions"]["similarity"]["found"] == similarity.found
    assert similarity.found >= 3
    analogies = evaluate_analogies(wv, "a.txt").total
    assert document["questions"]["analogies"]["found"] == analogies.found


def test_the_corpus_and_the_questions(document, folder):
    lines = (folder / "corpus.txt").read_text(encoding="utf-8").splitlines()
    counts = collections.Counter(word for line in lines for word in line.split())
    report = (folder / "out" / "report.html").read_text(encoding="utf-8")
    corpus = document["corpus"]
    assert corpus["words"] == counts.total()
    assert corpus["vocabulary"] == len(counts)
    held_out_lines = round(0.05 * len(lines))
    assert corpus["trained_on"] == counts.total() - 6 * held_out_lines  # six words a line
    config = resolve(TrainConfig(**OPTIONS))
    whole = read_corpus([folder / "corpus.txt"], min_count=1)
    held_out = held_out_pairs(split_corpus(whole, 0.05, 1)[1], config)
    assert corpus["held_out_pairs"] == len(held_out.contexts)
    words = [whole.vocabulary.words[i] for i in held_out.contexts]
    nats = statistics.fmean(-math.log(counts[word] / counts.total()) for word in words)
    assert corpus["unigram_nats"] == pytest.approx(nats)
    for kind, content in (("analogies", ANALOGIES), ("similarity", SIMILARITY)):
        asked = [line.split() for line in content.splitlines() if not line.startswith(":")]
        known = [
            each for each in asked if set(each[: 4 if kind == "analogies" else 2]) <= set(counts)
        ]
        questions = document["questions"][kind]
        assert (questions["found"], questions["of"]) == (len(known), len(asked))
        assert len(known) < len(asked)
        assert f"{kind.capitalize()}: {len(known)} of the {len(asked)} questions in " in report


# --- the console and the report -----------------------------------------------------------------


def check_cell(cell, twins, variant, title):
    expected = over_seeds(twins, variant, title)
    if expected is None:
        assert cell == "-"
        return
    numbers = [float(number) for number in re.findall(r"-?[\d.]+", cell)]
    decimals = DECIMALS.get(title, 3)
    tolerance = 1.01 * 10.0**-decimals + 1e-3 * expected[1]
    assert numbers[0] == pytest.approx(expected[0], abs=tolerance), (title, variant)
    if round(expected[1], decimals + 1):
        assert numbers[1] == pytest.approx(expected[1], abs=20 * tolerance), (title, variant)


def test_the_table_of_the_console(document, twins):
    lines = summary.table(document).splitlines()
    variants = lines[0].split()
    for line in lines[1 : lines.index("")]:
        title, *cells = re.split("  +", line)
        if title in ("seconds", "M words/s"):
            continue
        for variant, cell in zip(variants, cells, strict=True):
            check_cell(cell, twins, variant, title)


def test_the_table_of_the_report(folder, twins):
    report = (folder / "out" / "report.html").read_text(encoding="utf-8")
    table = report.split('id="figures"')[1].split("</table>")[0]
    titles = []
    for row in table.split("<tr>")[2:]:
        title = html.unescape(re.search(r'<th scope="row">(.*?)</th>', row).group(1))
        titles.append(title)
        cells = [re.sub(r"<.*?>", "", cell) for cell in re.findall(r"<td>(.*?)</td>", row)]
        for variant, cell in zip(VARIANTS, cells, strict=True):
            if title not in ("seconds", "M words/s"):
                check_cell(cell, twins, variant, title)
    assert titles == [column.title for column in summary.COLUMNS]


def test_times_are_means(document, folder):
    report = (folder / "out" / "report.html").read_text(encoding="utf-8")
    for title, key, decimals in (
        ("seconds", "seconds", 2),
        ("M words/s", "million_words_per_second", 3),
    ):
        row = report.split(f'<th scope="row">{title}</th>')[1].split("</tr>")[0]
        cells = [float(cell) for cell in re.findall(r"<td>(.*?)</td>", row)]
        means = [
            statistics.fmean(run[key] for run in document["runs"] if run["variant"] == variant)
            for variant in VARIANTS
        ]
        assert cells == pytest.approx(means, abs=0.51 * 10**-decimals)
    means = {
        variant: statistics.fmean(
            run["seconds"] for run in document["runs"] if run["variant"] == variant
        )
        for variant in VARIANTS
    }
    least = re.search(
        r"Least training time: <strong>(.*?)</strong>, (.*?) s \((.*?): (.*?) s\)", report
    )
    assert least.group(1) == min(means, key=means.get)
    assert least.group(3) == max(means, key=means.get)
    assert float(least.group(2)) == pytest.approx(min(means.values()), rel=6e-3)


def test_the_headline(document, folder, twins):
    """Who is best, by how much, and how many times the probability: over pairs of both models."""
    mean = {variant: over_seeds(twins, variant, "held-out")[0] for variant in VARIANTS}
    best, second = sorted(VARIANTS, key=mean.get)[:2]
    ratios = [
        theirs - ours  # of ln p, at each pair
        for seed in SEEDS
        for ours, theirs in zip(
            twins[best, seed]["pairs"], twins[second, seed]["pairs"], strict=True
        )
    ]
    times = math.exp(statistics.fmean(ratios))
    assert times > 1.0005
    report = (folder / "out" / "report.html").read_text(encoding="utf-8")
    for text in (html.unescape(report), summary.table(document)):
        said = re.search(
            r"([^\s>]+) has the lowest held-out loss, ([\d.]+).*?The next, (\S+), is ([\d.]+)"
            r".*? above it: (\S+) gives the true context word ([\d.]+) times",
            text.replace("\n", " "),
        )
        assert (said.group(1), said.group(3), said.group(5)) == (best, second, best)
        assert float(said.group(2)) == pytest.approx(mean[best], abs=1e-4)
        assert float(said.group(4)) == pytest.approx(mean[second] - mean[best], abs=1e-4)
        assert float(said.group(6)) == pytest.approx(times, abs=5e-3)
        unigram = document["corpus"]["unigram_nats"]
        assert re.search(rf"center word has {unigram:.4f}", text)


def test_the_plots(folder, twins):
    report = (folder / "out" / "report.html").read_text(encoding="utf-8")
    plots = {plot["id"]: plot for plot in json.loads(Elements(report).scripts["plots"])["plots"]}
    for number, box in enumerate(plots["log-z"]["data"]):
        drawn = [box[key][0] for key in ("lowerfence", "q1", "median", "q3", "upperfence")]
        quantiles = [twins[VARIANTS[number], seed]["quantiles"] for seed in SEEDS]
        assert drawn == pytest.approx(np.mean(quantiles, axis=0), abs=2e-5)
    for figure, title in (
        ("nats-1", "held-out"), ("nats-0", "held-out"), ("analogies-1", "analogies"),
        ("similarity-1", "similarity"),
    ):  # fmt: skip
        lines = {trace["name"]: trace for trace in plots[figure]["data"] if "name" in trace}
        for variant in VARIANTS:
            mean, _ = over_seeds(twins, variant, title)
            assert lines[variant]["y"][-1] == pytest.approx(mean, abs=2e-5)
    for trace in plots["ranks"]["data"]:
        if "name" in trace:
            mean, half = over_seeds(twins, trace["name"], "held-out")
            assert trace["x"] == [pytest.approx(mean, abs=2e-5)]
            assert trace["error_x"]["array"] == [pytest.approx(half, rel=1e-3, abs=5e-4)]


# --- Student's t --------------------------------------------------------------------------------


def naive_t_cdf(t, degrees):
    """Integral of the density up to t > 0, by Simpson's rule."""
    scale = math.exp(math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2))
    scale /= math.sqrt(degrees * math.pi)

    def density(x):
        return scale * (1 + x * x / degrees) ** (-(degrees + 1) / 2)

    steps = 400
    h = t / steps
    total = density(0) + density(t)
    total += sum((4 if i % 2 else 2) * density(i * h) for i in range(1, steps))
    return 0.5 + total * h / 3


@pytest.mark.parametrize("seeds", [*range(2, 40), 60, 100, 1000])
def test_the_quantile_of_t_at_every_number_of_seeds(seeds):
    assert naive_t_cdf(summary.t_975(seeds - 1), seeds - 1) == pytest.approx(0.975, abs=4e-5)
