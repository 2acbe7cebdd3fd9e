"""Comparisons with gensim, and with PyTorch for the full softmax."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.measuring import Job, Row, Skipped, at_least, in_turns, run_python, timed

OURS = """
import json, sys, w2v
o = json.loads(sys.argv[1])
wv = w2v.train_embeddings(
    o["corpus"], vector_size=o["vector_size"], window=5, negative=5, sample=1e-4, min_count=5,
    epochs=o["epochs"], workers=o["workers"], lr=o["lr"])
wv.save(o["output"])
record = json.loads(wv.metadata["training"])
print(json.dumps({"training": record["train_seconds"], "reading": record["read_seconds"]}))
"""

GENSIM = """
import json, sys, time
from gensim.models import Word2Vec
o = json.loads(sys.argv[1])
m = Word2Vec(
    vector_size=o["vector_size"], window=5, negative=5, sample=1e-4, min_count=5, sg=1, hs=0,
    epochs=o["epochs"], workers=o["workers"], alpha=0.025)
start = time.perf_counter()
m.build_vocab(corpus_file=o["corpus"])
built = time.perf_counter()
m.train(corpus_file=o["corpus"], total_words=m.corpus_total_words, epochs=o["epochs"])
trained = time.perf_counter()
m.wv.save_word2vec_format(o["output"], binary=True)
print(json.dumps({"training": trained - built, "reading": built - start}))
"""


def _options(job: Job, who: str, **options: Any) -> dict[str, Any]:
    if not find_spec("gensim"):
        raise Skipped("gensim is not installed")
    return {
        "corpus": str(job.corpus), "output": str(job.folder / f"{who}.bin"), "lr": 0.025,
        "vector_size": 100, "epochs": 1, "workers": 1, **options,
    }  # fmt: skip


def training(job: Job) -> Iterator[Row]:
    """Time of one epoch, one thread each; gensim reads with its fast `corpus_file`."""
    for size, target in ((100, 17.0), (300, 9.5)):
        options = _options(job, "vectors", vector_size=size)
        run_python(OURS, options)  # compiles, once
        runs = in_turns(
            job.rounds,
            {"ours": lambda o=options: run_python(OURS, o),
             "gensim": lambda o=options: run_python(GENSIM, o)},
        )  # fmt: skip
        seconds = [statistics.median(run[side]["training"] for run in runs)
                   for side in ("ours", "gensim")]  # fmt: skip
        yield at_least(
            f"training against gensim, D = {size}, one thread", target,
            [run["gensim"]["training"] / run["ours"]["training"] for run in runs],
            more=f"; an epoch in {seconds[0]:.1f} s and {seconds[1]:.1f} s",
        )  # fmt: skip


def whole_command(job: Job) -> Iterator[Row]:
    """From a text file to vectors on disk, for the whole process."""
    if job.quick:
        raise Skipped("--full only")
    sides = {"ours": OURS, "gensim": GENSIM}
    options = {side: _options(job, side, epochs=5, workers=2) for side in sides}
    run_python(OURS, {**options["ours"], "epochs": 1})
    runs = in_turns(
        max(1, job.rounds - 1),
        {side: lambda s=side: run_python(sides[s], options[s]) for side in sides},
    )
    job.gensim_seconds = statistics.median(run["gensim"]["training"] for run in runs)
    seconds = [statistics.median(run[side]["whole"] for run in runs) for side in sides]
    yield at_least(
        "whole command against gensim, 5 epochs, two threads", 16,
        [run["gensim"]["whole"] / run["ours"]["whole"] for run in runs],
        more=f"; {seconds[0]:.1f} s and {seconds[1]:.1f} s",
    )  # fmt: skip


def time_to_quality(job: Job) -> Iterator[Row]:
    """Seconds of training until analogies and similarity reach gensim's after 5 epochs."""
    analogies, similarity = job.questions
    if job.quick or analogies is None or similarity is None:
        raise Skipped("needs --full, a CORPUS, --analogies and --similarity")
    theirs = _options(job, "gensim", epochs=5, workers=2)
    if job.gensim_seconds is None:
        job.gensim_seconds = run_python(GENSIM, theirs)["training"]
    target = _quality(theirs["output"], analogies, similarity)
    tried = []
    for epochs, lr in ((1, 0.08), (2, 0.06), (3, 0.05), (4, 0.045), (5, 0.04)):
        ours = _options(job, "ours", epochs=epochs, workers=2, lr=lr)
        seconds = run_python(OURS, ours)["training"]
        quality = _quality(ours["output"], analogies, similarity)
        tried.append(f"{epochs} at {lr:g}: {quality[0]:.3f}, {quality[1]:.3f}")
        if quality[0] >= target[0] and quality[1] >= target[1]:
            yield at_least(
                "time to gensim's quality, two threads", 30, [job.gensim_seconds / seconds],
                more=f"; gensim {target[0]:.3f}, {target[1]:.3f} after {job.gensim_seconds:.0f} s; "
                f"ours after {seconds:.1f} s (epochs at a rate: {'; '.join(tried)})",
            )  # fmt: skip
            return
    yield Row(
        "time to gensim's quality, two threads", ">= 25x",
        f"not reached: gensim {target[0]:.3f}, {target[1]:.3f}; {'; '.join(tried)}", False,
    )  # fmt: skip


def _quality(vectors: str, analogies: Path, similarity: Path) -> tuple[float, float]:
    from w2v import load
    from w2v.evaluate.scoring import evaluate_analogies, evaluate_similarity

    wv = load(vectors)
    return (
        evaluate_analogies(wv, str(analogies)).total.accuracy,
        evaluate_similarity(wv, str(similarity)).rho,
    )


def softmax_in_pytorch(job: Job) -> Iterator[Row]:
    """Rows per second of the full softmax: logits, log-softmax and gradients on each side."""
    if not find_spec("torch"):
        raise Skipped("PyTorch is not installed")
    import numpy as np
    import torch
    from threadpoolctl import threadpool_limits

    from benchmarks.kernels import encoded
    from w2v.config import TrainConfig
    from w2v.train.api import make_trainer, resolve
    from w2v.train.softmax import SoftmaxTrainer

    corpus, workers = encoded(job), 2
    config = TrainConfig(loss="softmax", min_count=5, workers=workers)
    run = make_trainer(corpus, resolve(config))
    assert isinstance(run, SoftmaxTrainer)
    torch.set_num_threads(workers)
    with run.prepared():
        batch = run.block_rows(0, 0).take(0, run.config.batch_size)
        x = torch.from_numpy(run.model.center_vectors[batch.centers].copy()).requires_grad_()
        y = torch.from_numpy(run.model.context_vectors.copy()).requires_grad_()
        bias = torch.from_numpy(run.model.bias.copy()).requires_grad_()
        rows = torch.from_numpy(np.repeat(np.arange(len(batch.centers)), np.diff(batch.starts)))
        contexts = torch.from_numpy(batch.contexts.astype(np.int64))
        weights = torch.from_numpy(batch.pairs.astype(np.float32))[rows]
        parts = torch.from_numpy(batch.probs) * weights

        def theirs() -> float:
            for parameter in (x, y, bias):
                parameter.grad = None
            started = time.perf_counter()
            log_probs = torch.log_softmax(torch.addmm(bias, x, y.T), dim=1)
            (-(parts * log_probs[rows, contexts]).sum()).backward()
            return time.perf_counter() - started

        def ours() -> float:
            with threadpool_limits(1, "blas"):
                return timed(lambda: run.softmax.gradients(batch, batch.pairs))

        ours(), theirs()
        runs = in_turns(3 * job.rounds, {"ours": ours, "torch": theirs})
    rate = len(batch.centers) / statistics.median(run_["ours"] for run_ in runs)
    yield at_least(
        "full softmax rows against PyTorch, two threads", 2,
        [run_["torch"] / run_["ours"] for run_ in runs],
        more=f"; {rate:,.0f} rows/s over {len(corpus.vocabulary):,} words",
    )  # fmt: skip
