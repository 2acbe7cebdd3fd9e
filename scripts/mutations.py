"""Break the code on purpose, one place at a time, and see that a test goes red each time.

    python scripts/mutations.py [--only TEXT]

Works on a copy of the project in a temporary folder. Prints a line for each mutation with the
first test that failed; exits with 1 if a mutation survived. Takes some minutes.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
TESTS = [
    "tests/test_losses.py", "tests/test_sampled_kernel.py", "tests/test_noise.py",
    "tests/test_pairs.py", "tests/test_trainer.py", "tests/test_gradcheck.py",
    "tests/test_activations.py", "tests/test_dense.py", "tests/test_yardstick.py",
]  # fmt: skip


class Mutation(NamedTuple):
    """In `path`, `old` (which occurs once) becomes `new`."""

    path: str
    old: str
    new: str


MUTATIONS = (
    # the losses
    Mutation("losses/negative_sampling.py", "out[i] = t * p", "out[i] = p"),
    Mutation("losses/negative_sampling.py", "loss += softplus", "loss -= softplus"),
    Mutation("losses/sampled_softmax.py", "dlogits[i, 0] -= logits.dtype.type(1)", "pass"),
    Mutation("losses/sampled_softmax.py", "- logits[i, 0]", "+ logits[i, 0]"),
    Mutation("losses/sampled_softmax.py", 'accidental_hits="keep"', 'accidental_hits="skip"'),
    Mutation("losses/sampled_softmax.py", "corrects_by_noise=True", "corrects_by_noise=False"),
    Mutation("losses/nce.py", "corrects_by_noise=True", "corrects_by_noise=False"),
    Mutation("losses/nce.py", 'accidental_hits="keep"', 'accidental_hits="skip"'),
    Mutation("losses/softmax.py", "row[ids[k]] -= weights[r] * probs[k]",
             "row[ids[k]] -= probs[k]"),
    Mutation("losses/softmax.py", "- expected", "+ expected"),
    Mutation("losses/softmax.py", "largest = max(largest, row[w])", "pass"),
    # the fused kernels
    Mutation("kernels/sampled.py", "np.log(num_negatives * noise_probs)", "np.log(noise_probs)"),
    Mutation("kernels/sampled.py", "_add_combination(contexts, output_ids[j], -lr,",
             "_add_combination(contexts, output_ids[j], lr,"),
    Mutation("kernels/sampled.py", "centers, scratch.center_ids[i], -lr, dlogits",
             "centers, scratch.center_ids[i], -lr * 0.99, dlogits"),
    Mutation("kernels/sampled.py", "model.logit_offsets[output_ids[j]] -= lr",
             "model.logit_offsets[output_ids[j]] += lr"),
    Mutation("kernels/sampled.py", "model.log_normalisers[scratch.center_ids[i]] += lr",
             "model.log_normalisers[scratch.center_ids[i]] -= lr"),
    Mutation("kernels/sampled.py", "and word == context", "and word != context"),
    Mutation("kernels/full.py", "np.matmul(logits.T, centers, out=target)",
             "np.matmul(logits.T, -centers, out=target)"),
    Mutation("kernels/full.py", "self._d_contexts += self._more", "pass"),
    Mutation("kernels/full.py", "params[word, d] -= rate", "params[word, d] += rate"),
    Mutation("kernels/full.py", "squares[word] += total", "squares[word] = total"),
    # sampling and pairs
    Mutation("noise.py", "dtype=np.float64) ** exponent", "dtype=np.float64) * exponent"),
    Mutation("noise.py", "if low_half(bits) < np.uint64(table[bucket, 0])", "if True"),
    Mutation("pairs.py", "np.sqrt(ratio) + ratio", "np.sqrt(ratio)"),
    Mutation("cooccurrence.py", "np.repeat((1 / sizes)", "np.repeat((2 / sizes)"),
    Mutation("cooccurrence.py", "counts[at - 1] += 1", "counts[at - 1] += 2"),
    # the schedule and the streams
    Mutation("run.py", "start + (end - start) * done", "start"),
    Mutation("hogwild.py", "before = epoch * len(training.corpus.tokens)", "before = 0"),
    Mutation("hogwild.py", "stream_key(seed, STREAM_NOISE, epoch, block)",
             "stream_key(seed, STREAM_NOISE, 0, 0)"),
    Mutation("hogwild.py", "if not loss <= MAX_MEAN_LOSS * max(pairs, 1)", "if False"),
    # the derivatives of the dense networks
    Mutation("activations.py", "return (1.0 - a) * (1.0 + a)",
             "return 1.0 - math.tanh(a) ** 2"),
    # the yardstick
    Mutation("yardstick.py", "offsets = offsets + np.log(run.config.negative * run.noise.probs)",
             "pass"),
)  # fmt: skip


def first_failure(folder: Path) -> str | None:
    """The first test that fails in a copy of the project, or None."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *TESTS],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if result.returncode == 0:
        return None
    found = re.search(r"^(?:FAILED|ERROR) (\S+)", result.stdout, re.MULTILINE)
    return found.group(1) if found else result.stdout.strip().splitlines()[-1]


def main() -> int:
    """Try every mutation."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", default="", help="only mutations of files with this in the name")
    args = parser.parse_args()
    survivors = 0
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / "project"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".*", "__pycache__"))
        if (broken := first_failure(copy)) is not None:
            sys.exit(f"expected the tests to pass before any mutation, got {broken}")
        for mutation in MUTATIONS:
            if args.only not in mutation.path:
                continue
            path = copy / "w2v" / mutation.path
            original = path.read_text(encoding="utf-8")
            if original.count(mutation.old) != 1:
                sys.exit(f"{mutation.path}: expected {mutation.old!r} once")
            path.write_text(original.replace(mutation.old, mutation.new), encoding="utf-8")
            failure = first_failure(copy)
            path.write_text(original, encoding="utf-8")
            survivors += failure is None
            change = f"{mutation.old.strip()} -> {mutation.new.strip() or '(nothing)'}"
            print(f"{failure or 'SURVIVED'}\n    w2v/{mutation.path}: {change}", flush=True)
    print(f"{survivors} survived")
    return min(survivors, 1)


if __name__ == "__main__":
    sys.exit(main())
