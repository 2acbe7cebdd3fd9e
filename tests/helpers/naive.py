"""Slow twins of the fast code: plain loops in float64, written from the papers.

Nothing here imports the package. Where the package draws random numbers, these take them as
arguments or return the probabilities that the draws must follow.
"""

import itertools
import math
import statistics
import struct
import unicodedata
from collections import Counter


def read_sentences(text, max_words, tokenize="whitespace"):
    """Split text into lists of words, one per line; only newlines end a line, long ones are cut."""
    sentences = []
    for line in text.removeprefix("\ufeff").split("\n"):
        words = line.split() if tokenize == "whitespace" else words_in(line)
        sentences += [words[i : i + max_words] for i in range(0, len(words), max_words)]
    return sentences


def words_in(line):
    """Runs of letters, marks and numbers, by Unicode's categories.

    An apostrophe, a hyphen or a joiner between two of these belongs to the word.
    """

    def is_letter(character):
        return unicodedata.category(character)[0] in "LMN"

    words, word = [], ""
    for character, after in zip(line, (line + " ")[1:], strict=True):
        inner = character in "'\u2019-\u2010\u2011\u200c\u200d" and word and is_letter(after)
        if is_letter(character) or inner:
            word += character
        elif word:
            words.append(word)
            word = ""
    return [*words, word] if word else words


def join_phrases(sentences, passes, scoring, threshold, min_count):
    """Join pairs of neighbours with a high score into one word, from left to right.

    The score is that of Mikolov et al. 2013, section 4, with a discount, times the number of
    tokens; or normalised pointwise mutual information.
    """
    for _ in range(passes):
        words = Counter(word for sentence in sentences for word in sentence)
        pairs = Counter(pair for s in sentences for pair in itertools.pairwise(s))
        n = sum(words.values())
        joined = []
        for sentence in sentences:
            new, i = [], 0
            while i < len(sentence):
                pair = tuple(sentence[i : i + 2])
                if (
                    len(pair) == 2
                    and phrase_score(
                        scoring, pairs[pair], words[pair[0]], words[pair[1]], n, min_count
                    )
                    > threshold
                ):
                    new.append("_".join(pair))
                    i += 2
                else:
                    new.append(sentence[i])
                    i += 1
            joined.append(new)
        sentences = joined
    return sentences


def phrase_score(scoring, n_ab, n_a, n_b, n, min_count):
    if min(n_a, n_b, n_ab) < min_count:
        return -math.inf
    if scoring == "word2phrase":
        return (n_ab - min_count) / (n_a * n_b) * n
    if n_ab == n:  # the pair is the whole text, and both logarithms are 0
        return -math.inf
    return math.log((n_ab / n) / (n_a / n * n_b / n)) / -math.log(n_ab / n)


def build_vocabulary(sentences, min_count, max_vocab=None):
    """(word, count) by descending count, then by first appearance."""
    counts = Counter(word for sentence in sentences for word in sentence)
    kept = [(word, n) for word, n in counts.items() if n >= min_count]
    kept.sort(key=lambda item: -item[1])  # stable, and Counter keeps the order of appearance
    return kept[:max_vocab]


def encode(sentences, vocabulary):
    """Sentences as lists of ids, without unknown words and without sentences left empty."""
    ids = {word: i for i, (word, _) in enumerate(vocabulary)}
    encoded = ([ids[w] for w in sentence if w in ids] for sentence in sentences)
    return [sentence for sentence in encoded if sentence]


def read_binary(content):
    """word2vec's binary format: words, and vectors as lists of float32."""
    header, _, rest = content.partition(b"\n")
    rows, size = map(int, header.split())
    words, vectors = [], []
    for _ in range(rows):
        word, _, rest = rest.removeprefix(b"\n").partition(b" ")
        words.append(word.decode())
        vectors.append(list(struct.unpack(f"<{size}f", rest[: 4 * size])))
        rest = rest[4 * size :]
    return words, vectors


def keep_prob(count, total, t):
    """word2vec.c: (sqrt(f / t) + 1) * t / f with f = count / total, at most 1."""
    if t == 0:
        return 1.0
    f = count / total
    return min(1.0, (math.sqrt(f / t) + 1) * t / f)


def noise_probs(counts, exponent):
    """Mikolov et al. 2013, section 2.2: U(w) ** (3/4) / Z."""
    weights = [count**exponent for count in counts]
    return [weight / sum(weights) for weight in weights]


def window_pairs(sentence, radii):
    """(center, context) of every position t and each word at most radii[t] from it.

    As in word2vec.c the word in the window is the center (the input) and the word at t is the
    context (the output).
    """
    pairs = []
    for t, context in enumerate(sentence):
        for s in range(max(0, t - radii[t]), min(len(sentence), t + radii[t] + 1)):
            if s != t:
                pairs.append((sentence[s], context))
    return pairs


def dot(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


def log_sigmoid(x):
    return -math.log1p(math.exp(-x)) if x > -700 else x


def sigmoid(x):
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


def negative_sampling_loss(centers, contexts, pairs, negatives, weight=1.0):
    """Minus equation 4 of Mikolov et al. 2013, summed over pairs; accidental hits are skipped.

    Each negative has the weight `weight`: 1 for the K of the equation, K / N if a pair has N.
    """
    loss = 0.0
    for center, context in pairs:
        loss -= log_sigmoid(dot(contexts[context], centers[center]))
        for word in negatives:
            if word != context:
                loss -= weight * log_sigmoid(-dot(contexts[word], centers[center]))
    return loss


def negative_sampling_gradient(centers, contexts, pairs, negatives, weight=1.0):
    """d(loss)/d(centers), d(loss)/d(contexts), by the chain rule, one pair at a time."""
    d_centers = [[0.0] * len(row) for row in centers]
    d_contexts = [[0.0] * len(row) for row in contexts]
    for center, context in pairs:
        v = centers[center]
        noise = [(w, 0.0, weight) for w in negatives if w != context]
        for word, label, part in [(context, 1.0, 1.0), *noise]:
            error = part * (sigmoid(dot(contexts[word], v)) - label)
            for d in range(len(v)):
                d_centers[center][d] += error * contexts[word][d]
                d_contexts[word][d] += error * v[d]
    return d_centers, d_contexts


def sampled_step(loss, centers, contexts, bias, ln_kq, pairs, negatives, lr, weight=1.0):
    """One step of gradient descent on the summed loss of pairs that share their noise.

    Changes the lists in place, and returns the loss in nats. In the classifiers, each noise word
    has the weight `weight`. `loss` is one of

    - negative-sampling: logits s = u . v, noise words equal to the true one are left out;
    - nce (Mnih and Teh 2012): the same classifier on s + b - ln(k q), such noise words stay;
    - sampled-softmax (Jean et al. 2015): cross-entropy over the candidates' s + b - ln(k q).
    """
    total, terms = 0.0, []
    corrected = loss != "negative-sampling"
    for center, context in pairs:
        noise = negatives if corrected else [w for w in negatives if w != context]
        words = [context, *noise]
        logits = [
            dot(contexts[w], centers[center]) + (bias[w] - ln_kq[w] if corrected else 0.0)
            for w in words
        ]
        if loss == "sampled-softmax":
            ln_z = math.log(math.fsum(math.exp(x) for x in logits))
            total += ln_z - logits[0]
            probs = [math.exp(x - ln_z) for x in logits]
            parts = [1.0] * len(words)
        else:
            parts = [1.0] + [weight] * len(noise)
            total -= log_sigmoid(logits[0]) + weight * sum(log_sigmoid(-x) for x in logits[1:])
            probs = [sigmoid(x) for x in logits]
        terms += [
            (center, w, part * (p - (j == 0)))
            for j, (w, p, part) in enumerate(zip(words, probs, parts, strict=True))
        ]
    old_centers, old_contexts = ([row[:] for row in rows] for rows in (centers, contexts))
    for center, word, error in terms:
        for d in range(len(centers[center])):
            centers[center][d] -= lr * error * old_contexts[word][d]
            contexts[word][d] -= lr * error * old_centers[center][d]
        if corrected:
            bias[word] -= lr * error
    return total


def merged_rows(rate, first, second):
    """Merge two shards' {row: (delta, updates)} by the formula of w2v/kernels/merge_shards.py.

    `rate` is the r of the formula.
    """
    merged = {}
    for row in sorted({*first, *second}):
        if row not in first or row not in second:
            merged[row] = first.get(row) or second.get(row)
            continue
        (g, n), (h, m) = first[row], second[row]
        parts = [1 - math.exp(-updates * rate) for updates in (n + m, n, m)]
        s = 2 - 2 * parts[0] / (parts[1] + parts[2]) if rate else 0.0
        h_on_g = dot(g, h) / dot(g, g) if any(g) else 0.0
        g_on_h = dot(g, h) / dot(h, h) if any(h) else 0.0
        delta = [x + y - s * (h_on_g * x + g_on_h * y) / 2 for x, y in zip(g, h, strict=True)]
        merged[row] = delta, n + m
    return merged


def full_softmax_gradient(centers, contexts, bias, examples):
    """Summed loss in nats of the examples (center, {word: label}, weight), and its gradients.

    Returns loss, {center: d_row}, d_contexts, d_bias.
    """
    size, columns = len(contexts), range(len(contexts[0]))
    loss, d_centers = 0.0, {}
    d_contexts, d_bias = [[0.0] * len(columns) for _ in contexts], [0.0] * size
    for center, label, weight in examples:
        scores = [dot(contexts[w], centers[center]) + bias[w] for w in range(size)]
        ln_z = math.log(math.fsum(math.exp(x) for x in scores))
        loss += weight * sum(part * (ln_z - scores[w]) for w, part in label.items())
        d_row = d_centers.setdefault(center, [0.0] * len(columns))
        for w in range(size):
            error = weight * (math.exp(scores[w] - ln_z) - label.get(w, 0.0))
            d_bias[w] += error
            for d in columns:
                d_row[d] += error * contexts[w][d]
                d_contexts[w][d] += error * centers[center][d]
    return loss, d_centers, d_contexts, d_bias


def adagrad(row, gradient, squares, lr):
    """Duchi et al. 2011 with one sum of squares per row; updates the row, returns the new sum."""
    squares += sum(g * g for g in gradient) / len(gradient)
    for d, g in enumerate(gradient):
        row[d] -= lr * g / math.sqrt(squares) if g else 0.0
    return squares


def cosine_analogy(vectors, a, b, c):
    """3CosAdd (Mikolov et al. 2013): argmax over w not in {a, b, c} of cos(w, b - a + c)."""
    unit = [[x / math.sqrt(dot(v, v)) for x in v] for v in vectors]
    target = [y - x + z for x, y, z in zip(unit[a], unit[b], unit[c], strict=True)]
    scores = [dot(v, target) if i not in (a, b, c) else -math.inf for i, v in enumerate(unit)]
    return max(range(len(scores)), key=scores.__getitem__)


def recall_at_10(exact, approximate):
    """Mean fraction of a row's ten nearest by cosine that another matrix finds; unit rows."""
    shares = []
    for row in range(len(exact)):
        tens = []
        for matrix in (exact, approximate):
            others = [i for i in range(len(matrix)) if i != row]
            tens.append(sorted(others, key=lambda i: -float(matrix[i] @ matrix[row]))[:10])
        shares.append(len(set(tens[0]) & set(tens[1])) / 10)
    return sum(shares) / len(shares)


def overlap_at_10(first, second, shared, word):
    """How many of a word's ten nearest among `shared` words two embeddings have in common."""
    tens = []
    for wv in (first, second):
        near = [other for other, _ in wv.most_similar(word, topn=len(wv)) if other in shared]
        tens.append(set(near[:10]))
    return len(tens[0] & tens[1])


def analogy_accuracy(words, vectors, questions):
    """(right, asked) of (a, b, c, d) with known words: right if d is the nearest to b - a + c."""
    units = {}
    for word, vector in zip(words, vectors, strict=True):
        length = math.sqrt(dot(vector, vector))
        units[word] = [float(x) / length for x in vector]
    right = asked = 0
    for a, b, c, d in questions:
        if not {a, b, c, d} <= units.keys():
            continue
        target = [y - x + z for x, y, z in zip(units[a], units[b], units[c], strict=True)]
        others = {word: dot(unit, target) for word, unit in units.items() if word not in (a, b, c)}
        asked += 1
        right += max(others, key=others.get) == d
    return right, asked


def ranks(numbers):
    """Ranks from 1; equal numbers share their mean rank."""
    return [sum(y < x for y in numbers) + (sum(y == x for y in numbers) + 1) / 2 for x in numbers]


def similarity_rho(words, vectors, pairs):
    """Pearson's correlation of the ranks of cosines and scores, over (a, b, score)."""
    row = dict(zip(words, vectors, strict=True))
    cosines, scores = [], []
    for a, b, score in pairs:
        if a in row and b in row:
            u, v = row[a], row[b]
            cosines.append(dot(u, v) / math.sqrt(dot(u, u) * dot(v, v)))
            scores.append(float(score))
    return statistics.correlation(ranks(cosines), ranks(scores))
