"""Slow twins of whole training runs: from a text and options to vectors, in float64.

Plain loops, written from the papers and the documentation of the options. Of the package they use
only the alias table, whose order follows from no formula; its probabilities are checked. All random
numbers are drawn anew here.
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass, field

import naive
import numpy as np

from w2v.noise import NoiseSampler

MASK = 2**64 - 1
GAMMA, MIX_1, MIX_2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
INIT, PAIRS, NOISE, ORDER, SPLIT, HELD_OUT_PAIRS, THINNING = 0, 1, 2, 3, 16, 17, 18
"""Purposes of random streams, as w2v/numerics/random.py numbers them."""

CURVATURE = 10.0
"""The adaptive merge takes the learning rate times this."""
GROUP = 4, 2
"""Positions that share their noise words, and noise words for each of the K of a pair."""
DEFAULT_ROUNDS, MIN_ROUND_WORDS = 200, 1_000


@dataclass
class Twin:
    """The expected result of a run.

    Attributes:
        words, counts: the vocabulary.
        centers, contexts: (V, D) float64.
        bias: (V,), or None if the model has none.
        epoch_losses: mean loss of a pair, for each epoch.
        pairs: summed weights of the pairs trained, for each epoch.
        words_trained, words_kept: words before and after subsampling, over all epochs.
        lr: learning rate of the last block, round or step.
    """

    words: list[str]
    counts: list[int]
    centers: np.ndarray
    contexts: np.ndarray
    bias: np.ndarray | None = None
    epoch_losses: list[float] = field(default_factory=list)
    pairs: list[int] = field(default_factory=list)
    words_trained: int = 0
    words_kept: int = 0
    lr: float = math.nan


# --- random numbers -------------------------------------------------------------------------------


def key_of(*parts):
    """SplitMix64 over the parts of a key: Steele, Lea and Flood 2014, figure 16."""
    key = 0
    for part in parts:
        key = draw((key ^ part) & MASK, 1)
    return key


def draw(key, n):
    z = (key + n * GAMMA) & MASK
    z = ((z ^ (z >> 30)) * MIX_1) & MASK
    z = ((z ^ (z >> 27)) * MIX_2) & MASK
    return z ^ (z >> 31)


def below(bits, bound):
    """Map the high half of 64 random bits to 0..bound - 1."""
    return ((bits >> 32) * bound) >> 32


def initial_centers(seed, size, columns):
    """Uniform in +-0.5 / D, as in word2vec.c."""
    key, width = key_of(seed, INIT), 1.0 / columns
    numbers = [(draw(key, n) >> 11) / 2**53 * width - width / 2 for n in range(size * columns)]
    return np.array(numbers).reshape(size, columns)


class Noise:
    """Noise words drawn from random streams, in proportion to count ** exponent."""

    def __init__(self, counts, exponent):
        self.probs = np.array(naive.noise_probs(counts, exponent))
        sampler = NoiseSampler(np.array(counts), exponent)
        np.testing.assert_allclose(sampler.probs, self.probs, atol=1e-8)
        self.table = sampler.table.tolist()

    def words(self, key, first, n):
        """The noise words of draws first..first + n - 1 of a stream."""
        found = []
        for number in range(first, first + n):
            bits = draw(key, number)
            bucket = below(bits, len(self.table))
            threshold, alias = self.table[bucket]
            found.append(bucket if bits & 0xFFFFFFFF < threshold else alias)
        return found


# --- the corpus -----------------------------------------------------------------------------------


def sentences_of(content, options):
    text = content.decode(options["encoding"], options["encoding_errors"])
    if options["text_column"] is not None:
        header, *rows = csv.reader(io.StringIO(text, newline=""))
        column = header.index(options["text_column"])
        text = "\n".join(row[column] for row in rows)
    text = text.lower() if options["lowercase"] else text
    sentences = naive.read_sentences(text, 10_000, options["tokenize"])
    threshold = options["phrase_threshold"]
    if threshold is None:
        threshold = {"word2phrase": 100, "npmi": 0.5}[options["phrase_scoring"]]
    return naive.join_phrases(
        sentences, options["phrases"], options["phrase_scoring"], threshold,
        options["phrase_min_count"],
    )  # fmt: skip


def split(sentences, fraction, seed):
    """Sentences to train on, and those that `validate` holds out."""
    if not fraction:
        return sentences, []
    n = min(max(1, round(fraction * len(sentences))), len(sentences) - 1)
    generator = np.random.Generator(np.random.PCG64(key_of(seed, SPLIT)))
    chosen = set(generator.choice(len(sentences), n, replace=False).tolist())
    parts = [], []
    for number, sentence in enumerate(sentences):
        parts[number in chosen].append(sentence)
    return parts


def shards_of(content, count):
    """Split a text into `count` byte ranges of equal size; each has the lines that begin in it."""
    lines = content.splitlines(keepends=True)
    total, begin = sum(map(len, lines)), 0
    shards = [[] for _ in range(count)]
    bounds = [total * n // count for n in range(count + 1)]
    for line in lines:
        shards[max(k for k in range(count) if bounds[k] <= begin)].append(line)
        begin += len(line)
    return [b"".join(shard) for shard in shards]


def sides(options):
    """Words to the left and to the right of a center word."""
    window = options["window"]
    return (window, window) if isinstance(window, int) else window


def pair_weight(center, context, radius, options):
    """The weight of a pair of positions, one of which has drawn `radius`; 0 if it is no pair."""
    left, right = sides(options)
    distance = abs(center - context)
    largest = min(radius, left if context < center else right)
    if not 0 < distance <= largest:
        return 0
    return 1 / distance if options["distance_weights"] == "harmonic" else 1


def kept_positions(sentences, keep, options, key):
    """The kept words of each sentence of two or more, each with its radius; and how many in all."""
    found, n_kept, position = [], 0, 0
    largest, shrink = max(sides(options)), options["distance_weights"] == "draw"
    for sentence in sentences:
        kept, radii = [], []
        for word in sentence:
            bits = draw(key, position)
            position += 1
            # Up to rounding: floor(p * 2 ** 32) of the 2 ** 32 numbers keep the word.
            if bits & 0xFFFFFFFF < max(1, math.floor(keep[word] * 2**32)):
                kept.append(word)
                radii.append(below(bits, largest) + 1 if shrink else largest)
        n_kept += len(kept)
        if len(kept) > 1:
            found.append((kept, radii))
    return found, n_kept


# --- the sampled losses ---------------------------------------------------------------------------


class SampledModel:
    """Parameters of a sampled loss, its training steps, and how many of them updated each row.

    Attributes:
        vectors: center and context vectors, (V, D) each.
        scalars: (V,) each, ln Z of the center words and biases of the context words.
        update_counts: number of steps that updated each row, of both matrices.
        frozen: ids of words whose center vectors are frozen.
    """

    def __init__(self, loss, options, noise, counts, keep, frozen=()):
        self.loss, self.options, self.noise, self.frozen = loss, options, noise, frozen
        self.corrected = loss != "negative-sampling"
        size, columns = len(counts), options["vector_size"]
        bias = np.zeros(size)
        if self.corrected and options["output_bias"]:
            kept = np.array(counts) * np.array(keep)
            bias = np.log(kept / kept.sum())
        elif self.corrected:
            bias -= math.log(size)
        centers = initial_centers(options["seed"], size, columns)
        self.vectors = [centers, np.zeros((size, columns))]
        self.scalars = [np.zeros(size), bias]
        self.ln_kq = np.log(options["negative"] * noise.probs) * self.corrected
        self.update_counts = [np.zeros(size, int), np.zeros(size, int)]

    def copy(self):
        other = object.__new__(SampledModel)
        other.__dict__.update(self.__dict__)
        other.vectors = [array.copy() for array in self.vectors]
        other.scalars = [array.copy() for array in self.scalars]
        other.update_counts = [np.zeros_like(array) for array in self.update_counts]
        return other

    def train(self, positions, lr, noise_key):
        """All steps of a block; returns (summed loss, pairs)."""
        shared, per_k = GROUP
        per_group = per_k * self.options["negative"]
        loss, pairs, groups = 0.0, 0, 0
        for kept, radii in positions:
            for first in range(0, len(kept), shared):
                words = self.noise.words(noise_key, groups * per_group, per_group)
                last = min(first + shared, len(kept))
                of_group = self.step(kept, radii, first, last, words, lr, 1 / per_k)
                loss, pairs, groups = loss + of_group[0], pairs + of_group[1], groups + 1
        return loss, pairs

    def step(self, kept, radii, first, last, noise, lr, weight):
        """One step on the pairs of the positions first..last - 1, which share their noise."""
        left, right = sides(self.options)  # of center words; for context words they are swapped
        begin = max(0, min(p - min(radii[p], right) for p in range(first, last)))
        end = min(len(kept), max(p + min(radii[p], left) + 1 for p in range(first, last)))
        for word in kept[begin:end]:
            self.update_counts[0][word] += 1
        for word in [*noise, *kept[first:last]]:
            self.update_counts[1][word] += 1
        total, terms, n_pairs = 0.0, [], 0
        for p in range(first, last):
            for s in range(len(kept)):
                of_pair = pair_weight(s, p, radii[p], self.options)
                if of_pair:
                    loss, dlogits = self.pair(kept[s], kept[p], noise, weight)
                    total += of_pair * loss
                    n_pairs += of_pair
                    terms += [(kept[s], word, of_pair * d) for word, d in dlogits]
        centers, contexts = (matrix.copy() for matrix in self.vectors)
        for center, word, d in terms:
            if center not in self.frozen:
                self.vectors[0][center] -= lr * d * contexts[word]
            self.vectors[1][word] -= lr * d * centers[center]
            if self.options["learn_normaliser"]:
                self.scalars[0][center] += lr * d
            if self.options["output_bias"]:
                self.scalars[1][word] -= lr * d
        return total, n_pairs

    def pair(self, center, context, noise, weight):
        """The loss of a pair in nats, and [(context word, d(loss)/d(logit))]."""
        if self.loss == "negative-sampling":  # a noise word that hits the true one is left out
            noise = [word for word in noise if word != context]
        words = [context, *noise]
        offsets = self.scalars[1] - self.ln_kq
        v = self.vectors[0][center].tolist()
        rows = self.vectors[1]
        ln_z = self.scalars[0][center]
        logits = [naive.dot(rows[w].tolist(), v) + float(offsets[w]) - ln_z for w in words]
        if self.loss == "sampled-softmax":
            largest = max(logits)
            ln_sum = largest + math.log(math.fsum(math.exp(x - largest) for x in logits))
            probs = [math.exp(x - ln_sum) for x in logits]
            parts, loss = [1.0] * len(words), ln_sum - logits[0]
        else:
            probs = [naive.sigmoid(x) for x in logits]
            parts = [1.0] + [weight] * len(noise)
            loss = -naive.log_sigmoid(logits[0])
            loss -= weight * sum(naive.log_sigmoid(-x) for x in logits[1:])
        labels = [1.0] + [0.0] * len(noise)
        dlogits = [part * (p - y) for part, p, y in zip(parts, probs, labels, strict=True)]
        return loss, list(zip(words, dlogits, strict=True))

    def rows(self, side):
        """(V, D + 1): the rows of a matrix, each followed by its scalar."""
        return np.column_stack([self.vectors[side], self.scalars[side]])


def train_blocks(model, sentences, keep, options, twin):
    """Train in threads; one is enough, because so small a text is a single block."""
    n_words = sum(map(len, sentences))
    assert n_words < 10_000
    for epoch in range(options["stop_after"]):
        twin.lr = rate(epoch * n_words, n_words, options)
        key = key_of(options["seed"], PAIRS, epoch, 0)
        positions, n_kept = kept_positions(sentences, keep, options, key)
        noise_key = key_of(options["seed"], NOISE, epoch, 0)
        loss, pairs = model.train(positions, twin.lr, noise_key)
        note_epoch(twin, loss, pairs, n_words, n_kept)


def train_rounds(model, shards, keep, options, twin):
    """Train in rounds: each trains a part of each shard on a copy, and merges the copies."""
    n_words = sum(len(sentence) for shard in shards for sentence in shard)
    rounds = n_rounds(n_words, options)
    for epoch in range(options["stop_after"]):
        loss = pairs = n_kept = 0
        for number in range(rounds):
            ends = [epoch * n_words + edge(n_words, epoch, n, rounds) for n in (number, number + 1)]
            lr, lr_end = (rate(end, n_words, options) for end in ends)
            assert lr_end <= lr
            twin.lr = lr
            copies = [model.copy() for _ in shards]
            for k, (copy, shard) in enumerate(zip(copies, shards, strict=True)):
                bounds = [
                    edge(sum(map(len, shard)), epoch, n, rounds) for n in (number, number + 1)
                ]
                part = between(shard, *bounds)
                assert sum(map(len, part)) < 10_000  # one block: `lr_end` is never reached
                key = key_of(options["seed"], PAIRS, epoch, number, k, 0)
                positions, words = kept_positions(part, keep, options, key)
                key = key_of(options["seed"], NOISE, epoch, number, k, 0)
                of_part = copy.train(positions, lr, key)
                loss, pairs = loss + of_part[0], pairs + of_part[1]
                n_kept += words
            for side in range(2):
                deltas = [changed(copy, side, model.rows(side)) for copy in copies]
                whole = model.rows(side)
                for row, (delta, _) in merged(deltas, lr).items():
                    whole[row] += delta
                model.vectors[side], model.scalars[side] = whole[:, :-1], whole[:, -1]
        note_epoch(twin, loss, pairs, n_words, n_kept)


def n_rounds(n_words, options):
    a_shard = n_words / options["shards"]
    if options["round_words"] is None:
        return max(1, min(DEFAULT_ROUNDS, int(a_shard / MIN_ROUND_WORDS)))
    return max(1, round(a_shard / options["round_words"]))


def edge(words, epoch, number, rounds):
    """The word at which a round begins; in the first epoch, with the fourth power of its number."""
    return words * number**4 // rounds**4 if epoch == 0 else words * number // rounds


def between(shard, first, last):
    """The sentences of a shard that begin at its words first..last - 1."""
    part, begin = [], 0
    for sentence in shard:
        if first <= begin < last:
            part.append(sentence)
        begin += len(sentence)
    return part


def changed(copy, side, old):
    """{row: (delta, updates)} of the rows that a copy has updated."""
    new, counts = copy.rows(side), copy.update_counts[side]
    return {r: ((new[r] - old[r]).tolist(), int(counts[r])) for r in np.flatnonzero(counts)}


def merged(deltas, lr):
    """Merge deltas in a binary tree of neighbours."""
    while len(deltas) > 1:
        pairs = [deltas[k : k + 2] for k in range(0, len(deltas), 2)]
        deltas = [
            pair[0] if len(pair) == 1 else naive.merged_rows(lr * CURVATURE, *pair)
            for pair in pairs
        ]
    return deltas[0]


# --- the full softmax -----------------------------------------------------------------------------


def train_full(arrays, sentences, keep, options, twin, frozen=()):
    """Train by row-wise AdaGrad on exact gradients of batches.

    `arrays` are centers, contexts and bias, changed in place; centers of `frozen` words stay as
    they are.
    """
    n_words = sum(map(len, sentences))
    squares = [np.zeros(len(arrays[2])) for _ in arrays]
    for epoch in range(options["stop_after"]):
        drawn = 0 if options["targets"] == "corpus" else epoch  # drawn once, for all epochs
        key = key_of(options["seed"], PAIRS, drawn, 0)
        positions, n_kept = kept_positions(sentences, keep, options, key)
        examples = examples_of(positions, options["targets"], options)
        if options["targets"] == "corpus":
            key = key_of(options["seed"], ORDER, epoch)
            order = np.random.Generator(np.random.PCG64(key)).permutation(len(examples))
            examples = [examples[n] for n in order]
        loss, pairs, done = 0.0, 0, 0
        for first in range(0, len(examples), options["batch_size"]):
            twin.lr = rate(epoch * n_words + done, n_words, options)
            batch = examples[first : first + options["batch_size"]]
            loss += full_step(arrays, squares, batch, twin.lr, options["output_bias"], frozen)
            pairs += sum(weight for *_, weight in batch)
            done = n_words * (first + len(batch)) // len(examples)
        note_epoch(twin, loss, pairs, n_words, n_kept)


def examples_of(positions, targets, options):
    """Examples (center word, {context word: label}, summed weights of its pairs)."""
    windows = []
    for kept, radii in positions:
        for t in range(len(kept)):
            weights = [pair_weight(t, s, radii[t], options) for s in range(len(kept))]
            pairs = [(word, w) for word, w in zip(kept, weights, strict=True) if w]
            windows += [(kept[t], pairs)] if pairs else []
    if targets == "split":
        return [(center, {word: 1.0}, w) for center, pairs in windows for word, w in pairs]
    if targets == "corpus":
        met = {}
        for center, pairs in windows:
            met.setdefault(center, []).extend(pairs)
        windows = sorted(met.items())
    examples = []
    for center, pairs in windows:
        total, label = sum(w for _, w in pairs), {}
        for word, w in pairs:
            label[word] = label.get(word, 0) + w / total
        examples.append((center, label, total))
    return examples


def full_step(arrays, squares, batch, lr, learn_bias, frozen):
    """One step of AdaGrad (Duchi et al. 2011), one sum of squares per row; returns the loss."""
    centers, contexts, bias = arrays
    kept = centers[list(frozen)]
    ids = [center for center, *_ in batch]
    weights = np.array([weight for *_, weight in batch], dtype=float)
    labels = np.zeros((len(batch), len(bias)))
    for row, (_, label, _) in enumerate(batch):
        labels[row, list(label)] = list(label.values())
    scores = centers[ids] @ contexts.T + bias
    largest = scores.max(axis=1)
    ln_z = largest + np.log(np.exp(scores - largest[:, None]).sum(axis=1))
    loss = float(weights @ (ln_z - (labels * scores).sum(axis=1)))
    dlogits = weights[:, None] * (np.exp(scores - ln_z[:, None]) - labels)
    d_centers = np.zeros_like(centers)
    np.add.at(d_centers, ids, dlogits @ contexts)
    gradients = [d_centers, dlogits.T @ centers[ids], dlogits.sum(axis=0)]
    for array, gradient, square in zip(arrays, gradients, squares, strict=True):
        if array.ndim == 1 and not learn_bias:
            continue
        gradient = gradient.reshape(len(gradient), -1)
        square += (gradient**2).mean(axis=1)
        step = np.divide(
            gradient, np.sqrt(square)[:, None], where=square[:, None] > 0,
            out=np.zeros_like(gradient),
        )  # fmt: skip
        array -= lr * step.reshape(array.shape)
    centers[list(frozen)] = kept
    return loss


# --- a whole run ----------------------------------------------------------------------------------


def rate(words, n_words, options):
    """Linear decay over the words of all epochs, times the factor that back-offs have left."""
    done = words / (n_words * options["epochs"])
    planned = options["lr"] + (options["min_lr"] - options["lr"]) * done
    factors = options.get("lr_factors", [1.0])
    return planned * factors[min(words // n_words, len(factors) - 1)]


def note_epoch(twin, loss, pairs, n_words, n_kept):
    twin.epoch_losses.append(loss / pairs)
    twin.pairs.append(pairs)
    twin.words_trained += n_words
    twin.words_kept += n_kept


def trained(content, options, stop_after=None, start=None, frozen=()):
    """The run of a whole set of `options` on a text with one sentence per line.

    Args:
        content: the text, as bytes.
        options: by their names in `TrainConfig`; and `lr_factors` of each epoch, after back-offs.
        stop_after: number of epochs to train, out of those that the options ask for.
        start: center and context vectors to start from, in the order of the vocabulary.
        frozen: words whose center vectors are frozen.
    """
    options = {**options, "stop_after": stop_after or options["epochs"]}
    sentences = sentences_of(content, options)
    vocabulary = naive.build_vocabulary(sentences, options["min_count"], options["max_vocab"])
    words, counts = (list(column) for column in zip(*vocabulary, strict=True))
    keep = [naive.keep_prob(n, sum(counts), options["sample"]) for n in counts]
    twin = Twin(words, counts, np.empty(0), np.empty(0))
    loss = options["loss"]
    ours, _ = split(naive.encode(sentences, vocabulary), options["validate"], options["seed"])
    frozen = [words.index(word) for word in frozen]
    if loss == "softmax":
        shape = len(words), options["vector_size"]
        kept = np.array(counts) * np.array(keep)
        bias = np.log(kept / kept.sum()) if options["output_bias"] else np.zeros(len(words))
        arrays = [initial_centers(options["seed"], *shape), np.zeros(shape), bias]
        if start is not None:
            arrays[:2] = [array.astype(float) for array in start]
        train_full(arrays, ours, keep, options, twin, frozen)
        twin.centers, twin.contexts, twin.bias = arrays
        return twin
    noise = Noise(counts, options["noise_exponent"])
    model = SampledModel(loss, options, noise, counts, keep, frozen)
    if start is not None:
        model.vectors = [array.astype(float) for array in start]
    if options["deterministic"]:
        texts = shards_of(content, options["shards"])
        shards = [naive.encode(sentences_of(part, options), vocabulary) for part in texts]
        train_rounds(model, shards, keep, options, twin)
    else:
        train_blocks(model, ours, keep, options, twin)
    twin.centers, twin.contexts = model.vectors
    twin.bias = model.scalars[1] if model.corrected or options["output_bias"] else None
    return twin


def held_out_nats(content, options, twin):
    """Held-out loss of `validate`: mean of -ln p(w | c) over the pairs of held-out sentences."""
    sentences = naive.encode(
        sentences_of(content, options), list(zip(twin.words, twin.counts, strict=True))
    )
    _, ours = split(sentences, options["validate"], options["seed"])
    keep = [naive.keep_prob(n, sum(twin.counts), options["sample"]) for n in twin.counts]
    key = key_of(options["seed"], HELD_OUT_PAIRS, 0, 0)
    positions, _ = kept_positions(ours, keep, options, key)
    offsets = np.zeros(len(twin.words)) if twin.bias is None else twin.bias
    if options["loss"] == "negative-sampling":  # whose logits are ln p - ln(K q)
        q = naive.noise_probs(twin.counts, options["noise_exponent"])
        offsets = offsets + np.log(options["negative"] * np.array(q))
    scores = twin.centers @ twin.contexts.T + offsets
    ln_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    examples = examples_of(positions, "split", options)
    generator = np.random.Generator(np.random.PCG64(key_of(options["seed"], THINNING, 0, 0)))
    fresh = generator.random(len(examples))
    kept = [pair for pair, x in zip(examples, fresh, strict=True) if x < pair[2]]
    return -float(np.mean([ln_p[c, w] for c, label, _ in kept for w in label]))
