"""The kernel that trains the sampled losses on an NVIDIA GPU: the steps of `w2v.kernels.sampled`.

A thread block trains one block of the corpus, group after group, with the draws, groups and weights
of the CPU kernel: for one block at a time, the results are the same within rounding. Many thread
blocks train at once, and add their updates to the shared matrices atomically. A thread block takes
each group through four phases; between them its threads wait for each other:

    gather    rows of inputs and candidates are copied from global to shared memory
    dots      each warp takes a few inputs: 8 lanes share the columns, 4 the candidates
    loss      each thread takes one entry of the tile of logits
    update    each warp takes 4 rows of either matrix: sums over the group's other rows grow in
              registers and are added to global memory, one atomic addition for each number

Keeping rows on the chip while they are in use, and sharing noise words between positions, are ideas
of FULL-W2V (Randall et al. 2023, arXiv 2312.07743). There, a few warps walk a sentence, and
thousands of sentences are in flight. Here, all threads of a block work on one group, which takes a
few microseconds, so that a few groups in flight keep the GPU busy. There must be few, because all
groups in flight update the row of a frequent word from the same old values: with too many, its
updates overshoot and diverge (docs/explanation/gpu.md).

The kernel also runs in Numba's CUDA simulator (NUMBA_ENABLE_CUDASIM=1), which the tests use.
"""

from __future__ import annotations

import hashlib
import math
import types
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numba.cuda
import numpy as np
from numba import float32, float64, int32, int64, uint32, uint64
from numba.core.dispatcher import Dispatcher

from w2v.errors import ConfigError
from w2v.kernels.sampled import GROUP_NOISE, GROUP_POSITIONS
from w2v.losses.base import SampledLoss
from w2v.noise import sample
from w2v.numerics.aligned_memory import padded
from w2v.numerics.jit import cache_folder, fingerprint, numba_config, numba_setting
from w2v.numerics.random import below, draw, low_half
from w2v.numerics.scalar_functions import exp, log1p_unit

cuda: Any = numba.cuda

SIMULATED = bool(numba_config.ENABLE_CUDASIM)
"""Whether kernels run in Numba's simulator, which runs a Python thread for each GPU thread."""

WARP = 32
"""Threads that run in lockstep."""

WARPS = 1 if SIMULATED else 8
"""Warps in a thread block."""

DOT_ROWS = 2
"""Inputs whose dot products a warp computes at once."""

DOT_LANES = 8
"""Lanes of a warp that share a dot product; the other lanes work on other candidates."""

CANDIDATE_LANES = WARP // DOT_LANES

BLOCKS_A_MULTIPROCESSOR = 2
"""Thread blocks whose registers fit on a multiprocessor together."""

RESERVED_SHARED_BYTES = 1024
"""Shared memory that the driver reserves for each thread block."""

MOST_GATHERED = 64
"""Maximum count of numbers that a thread requests from global memory before it waits for any."""

UPDATE_ROWS = 4
"""Rows of a matrix that a warp updates at once."""

UPDATE_SOURCES = 2
"""Source rows that it adds to them at once."""

MOST_UNROLLED = 8
"""Maximum number of unrolled steps of a dot product, between two branches."""

MOST_PIECES = 5
"""Maximum count of numbers of each such row that a thread sums at once, `WARP` columns apart."""

MOST_CANDIDATES = 128
"""Maximum number of candidates in a group: each lane has registers for a share of them."""

BATCH_GROUPS = 256
"""Groups arranged at once."""

# Rows of a block's scratch: the words that subsampling keeps; for each, how far before and after it
# its center words may be; for each word of the block, how many words before it are kept; for each
# group, its first position, the end of its positions, its first input and the end of its inputs.
KEPT_IDS, BEFORE, BEHIND, KEPT_BEFORE, FIRST, LAST, BEGIN, END, SCRATCH_ROWS = range(9)

REALS: dict[Any, Any] = {np.float32: float32, np.float64: float64}
"""Numba's types of real numbers, by NumPy's."""

_u = np.uint64
"""For indices: if one may be negative, Numba adds code to count from the end of the array."""


# --- data -----------------------------------------------------------------------------------------


class Layout(NamedTuple):
    """Compile-time sizes of a kernel, and the offsets of its arrays in shared memory.

    Offsets are in units of the array's own type.

    Attributes:
        warps: warps in a thread block.
        batch_groups: groups arranged at once.
        positions: positions in a group.
        noise: N, the number of noise words that the pairs of a group share.
        candidates: C = noise + positions.
        tile_rows, tile_columns: shape of a tile, at least the inputs and candidates of a group.
        size: D, numbers in a vector.
        stride: numbers in a row of the model's matrices.
        pitch: numbers in a row of x and y.
        pieces, parts: the columns are divided into `parts` of `pieces` * `WARP` columns.
        unrolled, dot_branches: unrolled steps of a dot product between two branches, and the number
            of branches.
        x, y: offsets of the copied rows, (tile_rows, pitch) and (tile_columns, pitch).
        logits, dlogits, weights: offsets of tiles.
        labels: offset of a (tile_columns,) array.
        partial: offset of the parts of dot products that the lanes compute.
        totals: offset of a (threads,) float64 array.
        records: offset of a (2, record_size) int32 array, for this group and the next.
        record_size: numbers in the record of a group, see `_make_arrange`.
        input_ids, pair_bits, candidate_ids, hit_bits: offsets in a record.
        counts: offset of a (threads,) int32 array.
        next_block: offset of a (1,) int32 array.
        shared_bytes: total size in shared memory.
    """

    warps: int
    batch_groups: int
    positions: int
    noise: int
    candidates: int
    tile_rows: int
    tile_columns: int
    size: int
    stride: int
    pitch: int
    pieces: int
    parts: int
    unrolled: int
    dot_branches: int
    x: int
    y: int
    logits: int
    dlogits: int
    weights: int
    labels: int
    partial: int
    totals: int
    records: int
    record_size: int
    input_ids: int
    pair_bits: int
    candidate_ids: int
    hit_bits: int
    counts: int
    next_block: int
    shared_bytes: int


def fitting_layout(
    vector_size: int, num_negatives: int, window: int, dtype: Any = np.float32, warps: int = WARPS
) -> Layout:
    """The layout for a shape.

    Raises:
        ConfigError: the shape does not fit the kernel or the GPU.
    """
    layout = _make_layout(vector_size, num_negatives, window, np.dtype(dtype).itemsize, warps)
    if layout.candidates > MOST_CANDIDATES:
        most = (MOST_CANDIDATES - GROUP_POSITIONS) // GROUP_NOISE
        raise ConfigError(f"negative={num_negatives}, but device=cuda takes at most {most}")
    most = _most_shared_bytes()
    if layout.shared_bytes > most:
        raise ConfigError(
            f"vector_size={vector_size} with window={window} and negative={num_negatives} takes "
            f"{layout.shared_bytes:,} bytes of the GPU's shared memory, which has {most:,}"
        )
    return layout


def _make_layout(
    vector_size: int, num_negatives: int, window: int, itemsize: int, warps: int
) -> Layout:
    positions, noise = GROUP_POSITIONS, GROUP_NOISE * num_negatives
    candidates = noise + positions
    tile_rows = _rounded(positions + 2 * window, max(UPDATE_ROWS, UPDATE_SOURCES, DOT_ROWS))
    tile_columns = _rounded(candidates, max(UPDATE_ROWS, UPDATE_SOURCES, CANDIDATE_LANES))
    # Rows that lanes read at once begin 8 or 24 banks of 32 apart, so that their reads do not
    # collide.
    dot_steps = -(-vector_size // DOT_LANES)
    dot_branches = -(-dot_steps // MOST_UNROLLED)
    unrolled = -(-dot_steps // dot_branches)
    pitch = _rounded(dot_branches * unrolled * DOT_LANES + 8, 16) - 8
    all_pieces = -(-vector_size // WARP)
    parts = -(-all_pieces // MOST_PIECES)
    tile = tile_rows * tile_columns
    # x and y come first: where a part of the columns extends past the last row, what follows is
    # read but not used.
    reals = {
        "x": tile_rows * pitch,
        "y": tile_columns * pitch,
        "logits": tile,
        "dlogits": tile,
        "weights": tile,
        "labels": tile_columns,
        "partial": max(
            warps * DOT_ROWS * tile_columns * (DOT_LANES + 1), (all_pieces + MOST_PIECES) * WARP
        ),
    }
    record_size = 2 + 2 * tile_rows + 2 * candidates
    integers = {"records": 2 * record_size, "counts": warps * WARP, "next_block": 1}
    places = {}
    used = 0
    for name, size in reals.items():
        places[name] = used
        used += _rounded(size, 4)
    used = _rounded(used * itemsize, 8)
    places["totals"] = used // 8
    used += warps * WARP * 8
    for name, size in integers.items():
        places[name] = used // 4
        used += size * 4
    return Layout(
        warps=warps,
        batch_groups=BATCH_GROUPS,
        positions=positions,
        noise=noise,
        candidates=candidates,
        tile_rows=tile_rows,
        tile_columns=tile_columns,
        size=vector_size,
        stride=padded(vector_size),
        pitch=pitch,
        pieces=-(-all_pieces // parts),
        parts=parts,
        unrolled=unrolled,
        dot_branches=dot_branches,
        record_size=record_size,
        input_ids=2,
        pair_bits=2 + tile_rows,
        candidate_ids=2 + 2 * tile_rows,
        hit_bits=2 + 2 * tile_rows + candidates,
        shared_bytes=used,
        **places,
    )


def _rounded(size: int, multiple: int) -> int:
    return -(-size // multiple) * multiple


# --- compiling ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CudaKernel:
    """The kernel for one loss and shape.

    Attributes:
        train: see `_make_train`; launched by `launcher`.
        layout: its sizes.
    """

    train: Any
    layout: Layout

    @property
    def threads(self) -> int:
        """Threads in a thread block."""
        return self.layout.warps * WARP

    @property
    def blocks_a_multiprocessor(self) -> int:
        """Thread blocks that fit on a multiprocessor at once."""
        shared_bytes = self.layout.shared_bytes + RESERVED_SHARED_BYTES
        return max(1, min(BLOCKS_A_MULTIPROCESSOR, _all_shared_bytes() // shared_bytes))

    def launcher(self, blocks: int, stream: Any) -> Any:
        """A function that launches `train` with this many thread blocks.

        Without Numba's warning that they are few: there must be few, see the module's docstring.
        """
        shape = blocks, self.threads, stream, self.layout.shared_bytes
        if SIMULATED:
            return self.train[shape]
        from numba.cuda.core import config

        with numba_setting(config, "CUDA_LOW_OCCUPANCY_WARNINGS", 0):
            return self.train[shape]


def cuda_kernel(
    loss: SampledLoss,
    vector_size: int,
    num_negatives: int,
    window: int,
    *,
    learn_bias: bool = False,
    learn_normalisers: bool = False,
    dtype: Any = np.float32,
    warps: int = WARPS,
) -> CudaKernel:
    """The kernel for `loss` with sizes as compile-time constants, compiled for the current GPU.

    Args:
        loss, vector_size, num_negatives, learn_bias, learn_normalisers: see `sampled_kernels`.
        window: the largest window radius.
        dtype: precision of the model, float32 or float64.
        warps: warps in a thread block.

    Raises:
        ConfigError: the sizes do not fit the kernel or the GPU.
    """
    assert loss.entry is not None
    layout = fitting_layout(vector_size, num_negatives, window, dtype, warps)
    use_offsets = loss.corrects_by_noise or learn_bias
    skip_hits = loss.accidental_hits == "skip"
    flags = Flags(use_offsets, learn_bias, learn_normalisers, skip_hits)
    return _cuda_kernel(layout, REALS[dtype], loss.entry, flags)


class Flags(NamedTuple):
    """Further compile-time constants of a kernel; see `w2v.kernels.sampled.Frozen`."""

    use_offsets: bool
    learn_bias: bool
    learn_normalisers: bool
    skip_hits: bool


@lru_cache(maxsize=16)
def _cuda_kernel(layout: Layout, real: Any, entry: Any, flags: Flags) -> CudaKernel:
    """Compile a kernel, or return the one that this process has compiled before."""
    train = _make_train(
        layout,
        real,
        subsample=_make_subsample(layout),
        plan=_make_plan(layout),
        arrange=_make_arrange(layout),
        gather=_make_gather(layout, real),
        dots=_make_dots(layout, real, flags),
        losses=_make_losses(layout, entry),
        update=_make_update(layout, real),
        update_scalars=_make_update_scalars(layout, real, flags),
    )
    if SIMULATED:
        return CudaKernel(cuda.jit(train), layout)
    constants = f"{layout} {real} {fingerprint(entry)} {flags} {BLOCKS_A_MULTIPROCESSOR}"
    threads = layout.warps * WARP
    kernel = _jit_kernel(train, constants, launch_bounds=(threads, BLOCKS_A_MULTIPROCESSOR))
    _compile(kernel, real, layout.shared_bytes)
    return CudaKernel(kernel, layout)


def _jit_kernel(function: Any, constants: str, launch_bounds: tuple[int, int]) -> Any:
    """A kernel cached on disk, under a name that encodes what it closes over.

    Done for the same reason as in `w2v.numerics.jit.jit`.
    """
    from numba.cuda.core import config
    from numba.cuda.dispatcher import CUDACache

    digest = hashlib.sha256(constants.encode()).hexdigest()
    function.__qualname__ += f"-{digest[:32]}"

    class KernelCache(CUDACache):
        def _index_key(self, sig: Any, codegen: Any) -> Any:
            return sig, codegen.magic_tuple(), function.__qualname__

    kernel = cuda.jit(launch_bounds=launch_bounds)(function)
    folder = cache_folder(function)
    if folder is not None:
        with numba_setting(config, "CACHE_DIR", str(folder)):
            kernel._cache = KernelCache(function)  # type: ignore[no-untyped-call]
    return kernel


def _device(function: Callable[..., Any]) -> Any:
    """A function that kernels call, compiled into them."""
    options = {} if SIMULATED else {"forceinline": True}
    return cuda.jit(device=True, **options)(function)


_CARD_FUNCTIONS = {exp: math.exp, log1p_unit: math.log1p}
"""Functions that the GPU provides; ours are written for the vector registers of a CPU."""


def _on_card(function: Any) -> Any:
    """Compile a function of the CPU, and everything that it calls, for the GPU."""
    if SIMULATED:
        return function
    plain = function.py_func
    names = dict(plain.__globals__)
    for name in plain.__code__.co_names:
        value = names.get(name)
        if isinstance(value, Dispatcher):
            names[name] = _on_card(value)
        elif isinstance(value, types.FunctionType) and value in _CARD_FUNCTIONS:
            names[name] = _CARD_FUNCTIONS[value]
    return _device(types.FunctionType(plain.__code__, names, plain.__name__))


def _simulated_load(array: Any, i: Any) -> Any:
    return array[i]


_load = _simulated_load if SIMULATED else cuda.ldcg
"""Reads a number through the cache that all multiprocessors share.

What one multiprocessor writes does not reach the private caches of the others.
"""


def _simulated_sample(table: Any, key: Any, n: Any) -> Any:
    return sample(np.positive(table), key, n)  # the simulator's array as NumPy's


_sample = _simulated_sample if SIMULATED else _on_card(sample)
_draw, _below, _low_half = _on_card(draw), _on_card(below), _on_card(low_half)


@_device
def _place(word: Any, stride: Any) -> Any:
    """Where a word's row begins; cast so that the compiler sees that it is not negative."""
    return np.int64(np.uint32(word)) * stride


@_device
def _sync_warp() -> None:
    """Make the threads of a warp wait for each other; all warps must call this equally often."""
    if SIMULATED:
        cuda.syncthreads()  # the simulator has no warps
    else:
        cuda.syncwarp()


def why_no_gpu() -> str | None:
    """Why no kernel can run here, on one line; None if one can."""
    if SIMULATED or cuda.is_available():
        return None
    try:
        cuda.current_context()
    except Exception as error:  # of Numba or of the driver
        return "no NVIDIA GPU can be used: " + " ".join(str(error).split()).rstrip(" :")
    return "no NVIDIA GPU can be used"


def multiprocessors() -> int:
    """Multiprocessors of the GPU; 1 in the simulator, which runs one thread block at a time."""
    if SIMULATED:
        return 1
    count: int = cuda.get_current_device().MULTIPROCESSOR_COUNT
    return count


def _most_shared_bytes() -> int:
    """Maximum shared memory of a thread block in bytes; 227 KiB on Hopper."""
    if SIMULATED:
        return 227 * 1024
    most: int = cuda.get_current_device().MAX_SHARED_MEMORY_PER_BLOCK_OPTIN
    return most


def _all_shared_bytes() -> int:
    """Shared memory of a multiprocessor in bytes."""
    if SIMULATED:
        return 228 * 1024
    size: int = cuda.get_current_device().MAX_SHARED_MEMORY_PER_MULTIPROCESSOR
    return size


def _signature(real: Any) -> Any:
    """The types of `train`'s arguments."""
    return (
        real[::1], real[::1], real[::1], real[::1], int32[::1], int64, int64[::1], int64[::1],
        uint32[::1], uint32[:, ::1], int64, int64, int64, real[::1], uint64[::1], uint64[::1],
        int32[:, :, ::1], int32[:, :, ::1], int64[::1], float64[::1], int64[::1], int64[::1],
    )  # fmt: skip


def _compile(train: Any, real: Any, shared_bytes: int) -> None:
    """Compile for the current GPU, and allow the kernel more than 48 KiB of shared memory."""
    from cuda.bindings import driver

    function = train.compile(_signature(real))._codelibrary.get_cufunc()
    attribute = driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
    device = cuda.get_current_device()
    (error,) = driver.cuKernelSetAttribute(attribute, shared_bytes, function.handle, device.id)
    if error != driver.CUresult.CUDA_SUCCESS:
        raise RuntimeError(f"cuKernelSetAttribute: {error.name}")


# --- the kernel -----------------------------------------------------------------------------------


def _make_train(
    layout: Layout, real: Any, subsample: Any, plan: Any, arrange: Any, gather: Any, dots: Any,
    losses: Any, update: Any, update_scalars: Any,
) -> Any:  # fmt: skip
    """See `train`."""
    warps, threads, parts = layout.warps, layout.warps * WARP, layout.parts
    batch_groups = layout.batch_groups
    noise, candidates, columns = layout.noise, layout.candidates, layout.tile_columns
    X, Y, LABELS, TOTALS, PARTIAL = layout.x, layout.y, layout.labels, layout.totals, layout.partial
    RECORDS, COUNTS, NEXT_BLOCK = layout.records, layout.counts, layout.next_block
    INPUT_IDS, CANDIDATE_IDS = layout.input_ids, layout.candidate_ids
    record_size = layout.record_size
    candidate_quads = -(-candidates // UPDATE_ROWS)

    def train(
        centers: Any, contexts: Any, logit_offsets: Any, log_normalisers: Any, tokens: Any,
        origin: Any, starts: Any, edges: Any, thresholds: Any, alias_table: Any, left: Any,
        right: Any, shrink: Any, rates: Any, pair_keys: Any, noise_keys: Any, scratches: Any,
        batches: Any, next_block: Any, block_losses: Any, pair_counts: Any, word_counts: Any,
    ) -> None:  # fmt: skip
        """Take blocks and train them until none are left.

        Args:
            centers, contexts: the matrices, flat.
            logit_offsets, log_normalisers: see `w2v.kernels.sampled.Model`.
            tokens: ids of a part of the corpus that contains these blocks.
            origin: the position in the corpus at which that part begins.
            starts: (S + 1,) int64, the positions in the corpus at which sentences begin.
            edges: (B + 1,) int64, the sentences at which blocks begin.
            thresholds, alias_table: see `w2v.kernels.sampled`.
            left, right, shrink: see `w2v.corpus.windows.Window`.
            rates: (B,), learning rates.
            pair_keys, noise_keys: (B,) uint64, the blocks' random streams.
            scratches: (thread blocks, `SCRATCH_ROWS`, words of a block + 1) int32.
            batches: (thread blocks, batch_groups, record_size) int32.
            next_block: (1,) int64, the next block to take, 0 at first.
            block_losses: (B,) float64, filled with the summed loss of each block in nats.
            pair_counts, word_counts: (B,) int64, filled with its numbers of pairs and of words that
                subsampling kept.
        """
        shared = cuda.shared.array(0, real)
        integers = cuda.shared.array(0, int32)
        doubles = cuda.shared.array(0, float64)
        thread = cuda.threadIdx.x
        warp = thread >> 5
        lane = thread & (WARP - 1)
        scratch = scratches[cuda.blockIdx.x]
        batch = batches[cuda.blockIdx.x]
        for k in range(thread, PARTIAL, threads):
            shared[_u(k)] = 0  # numbers past the last are read, and multiplied by 0
        cuda.syncthreads()
        for j in range(thread, columns, threads):
            shared[_u(LABELS + j)] = real(1) if noise <= j and j < candidates else real(0)
        while True:
            cuda.syncthreads()
            if thread == 0:
                integers[NEXT_BLOCK] = cuda.atomic.add(next_block, 0, 1)
            cuda.syncthreads()
            block = np.int64(integers[NEXT_BLOCK])
            if block >= block_losses.size:
                return
            begin = starts[_u(edges[_u(block)])]
            end = starts[_u(edges[_u(block + 1)])]
            lr = rates[_u(block)]
            words = subsample(
                integers, tokens[begin - origin :], end - begin, thresholds, left, right, shrink,
                pair_keys[_u(block)], scratch,
            )  # fmt: skip
            n_groups = plan(integers, starts, edges[_u(block)], edges[_u(block + 1)], scratch)
            loss = 0.0
            pairs = 0
            for first in range(0, n_groups, batch_groups):
                n = min(batch_groups, n_groups - first)
                pairs += arrange(scratch, batch, first, n, alias_table, noise_keys[_u(block)])
                for k in range(thread, record_size, threads):
                    integers[_u(RECORDS + k)] = batch[0, _u(k)]
                cuda.syncthreads()
                for group in range(n):
                    record = RECORDS + (group & 1) * record_size
                    inputs = record + INPUT_IDS
                    ids = record + CANDIDATE_IDS
                    n_inputs = integers[_u(record)]
                    gather(shared, integers, inputs, ids, centers, contexts, n_inputs)
                    cuda.syncthreads()
                    dots(shared, integers, record, logit_offsets, log_normalisers, n_inputs)
                    if warp == warps - 1 and group + 1 < n:  # the warp with the fewest dots
                        upcoming = RECORDS + ((group + 1) & 1) * record_size
                        for k in range(lane, record_size, WARP):
                            integers[_u(upcoming + k)] = batch[_u(group + 1), _u(k)]
                    cuda.syncthreads()
                    loss += losses(shared, n_inputs, integers[_u(record + 1)], lr)
                    cuda.syncthreads()
                    tasks = (candidate_quads + integers[_u(record + 1)]) * parts
                    task = warp
                    while task < tasks:  # here and below: `range` would count steps first
                        quad = task // parts
                        part = task - quad * parts
                        if quad < candidate_quads:
                            update(
                                shared, integers, contexts, ids, candidates, quad, part, 1,
                                columns, X, n_inputs,
                            )  # fmt: skip
                        else:
                            update(
                                shared, integers, centers, inputs, n_inputs,
                                quad - candidate_quads, part, columns, 1, Y, candidates,
                            )  # fmt: skip
                        task += warps
                    update_scalars(
                        shared, integers, inputs, ids, logit_offsets, log_normalisers, n_inputs
                    )
                    cuda.syncthreads()
            doubles[_u(TOTALS + thread)] = loss
            integers[_u(COUNTS + thread)] = pairs
            cuda.syncthreads()
            if thread == 0:
                for t in range(1, threads):
                    loss += doubles[_u(TOTALS + t)]
                    pairs += integers[_u(COUNTS + t)]
                block_losses[_u(block)] = loss
                pair_counts[_u(block)] = pairs
                word_counts[_u(block)] = words

    return train


def _make_subsample(layout: Layout) -> Any:
    """See `subsample`."""
    threads, COUNTS = layout.warps * WARP, layout.counts

    def subsample(
        integers: Any, tokens: Any, n: Any, thresholds: Any, left: Any, right: Any, shrink: Any,
        key: Any, scratch: Any,
    ) -> Any:  # fmt: skip
        """`w2v.corpus.subsampling.subsample` for n words of a block; returns how many are kept."""
        thread = cuda.threadIdx.x
        total = 0
        for begin in range(0, n, threads):
            position = begin + thread
            keep: Any = 0
            word = 0
            radius = max(left, right)
            if position < n:
                word = tokens[_u(position)]
                bits = _u(_draw(key, _u(position)))  # the simulator makes it an int
                keep = np.int64(_low_half(bits) <= _u(thresholds[_u(word)]))
                if shrink:
                    radius = np.int64(_below(bits, _u(radius))) + 1
            integers[_u(COUNTS + thread)] = keep
            kept = cuda.syncthreads_count(keep)
            rank = total
            for t in range(thread):
                rank += integers[_u(COUNTS + t)]
            if position < n:
                scratch[KEPT_BEFORE, _u(position)] = rank
                if keep == 1:
                    scratch[KEPT_IDS, _u(rank)] = word
                    # Seen from the context word, its center words are on the other side.
                    scratch[BEFORE, _u(rank)] = min(radius, right)
                    scratch[BEHIND, _u(rank)] = min(radius, left)
            total += kept
            cuda.syncthreads()
        scratch[KEPT_BEFORE, _u(n)] = total
        cuda.syncthreads()
        return total

    return _device(subsample)


def _make_plan(layout: Layout) -> Any:
    """See `plan`."""
    threads, positions, COUNTS = layout.warps * WARP, layout.positions, layout.counts

    def plan(
        integers: Any, starts: Any, first_sentence: Any, last_sentence: Any, scratch: Any
    ) -> Any:
        """Divide the sentences of a block into groups; returns the number of groups."""
        thread = cuda.threadIdx.x
        total = 0
        origin = starts[_u(first_sentence)]
        for sentences in range(first_sentence, last_sentence, threads):
            sentence = sentences + thread
            sentence_begin = 0
            sentence_end = 0
            n = 0
            if sentence < last_sentence:
                sentence_begin = scratch[KEPT_BEFORE, _u(starts[_u(sentence)] - origin)]
                sentence_end = scratch[KEPT_BEFORE, _u(starts[_u(sentence + 1)] - origin)]
                if sentence_end - sentence_begin > 1:  # otherwise it has no pairs
                    n = (sentence_end - sentence_begin + positions - 1) // positions
            integers[_u(COUNTS + thread)] = n
            cuda.syncthreads()
            group = total
            for t in range(threads):
                if t < thread:
                    group += integers[_u(COUNTS + t)]
                total += integers[_u(COUNTS + t)]
            for g in range(n):
                first = sentence_begin + g * positions
                last = min(first + positions, sentence_end)
                begin = first
                end = last
                for p in range(first, last):
                    begin = min(begin, p - scratch[BEFORE, _u(p)])
                    end = max(end, p + scratch[BEHIND, _u(p)] + 1)
                scratch[FIRST, _u(group + g)] = first
                scratch[LAST, _u(group + g)] = last
                scratch[BEGIN, _u(group + g)] = max(begin, sentence_begin)
                scratch[END, _u(group + g)] = min(end, sentence_end)
            cuda.syncthreads()
        return total

    return _device(plan)


def _make_arrange(layout: Layout) -> Any:
    """See `arrange`."""
    threads, positions, noise = layout.warps * WARP, layout.positions, layout.noise
    tile_rows, INPUT_IDS, PAIR_BITS = layout.tile_rows, layout.input_ids, layout.pair_bits
    CANDIDATE_IDS, HIT_BITS = layout.candidate_ids, layout.hit_bits

    def arrange(
        scratch: Any, batch: Any, first_group: Any, n: Any, alias_table: Any, noise_key: Any
    ) -> Any:
        """Write the records of n groups; returns the number of pairs that this thread has written.

        A record holds the number of inputs, and of quads of inputs; for each input, its word, and
        bits of which bit p is set if it is in the window of the group's position p; for each
        candidate, its word, and for noise words, bits of which bit p is set if it equals the word
        at position p. Past the end of a sentence, -1 stands for the missing context words.
        """
        thread = cuda.threadIdx.x
        for e in range(thread, n * noise, threads):
            g = e // noise
            j = e - g * noise
            drawn = _u(first_group + g) * _u(noise) + _u(j)
            word = _sample(alias_table, noise_key, drawn)
            first = scratch[FIRST, _u(first_group + g)]
            last = scratch[LAST, _u(first_group + g)]
            bits = 0
            for p in range(positions):
                if first + p < last and scratch[KEPT_IDS, _u(first + p)] == word:
                    bits |= 1 << p
            batch[_u(g), _u(CANDIDATE_IDS + j)] = word
            batch[_u(g), _u(HIT_BITS + j)] = bits
        for e in range(thread, n * positions, threads):
            g = e // positions
            p = e - g * positions
            word = -1
            if scratch[FIRST, _u(first_group + g)] + p < scratch[LAST, _u(first_group + g)]:
                word = scratch[KEPT_IDS, _u(scratch[FIRST, _u(first_group + g)] + p)]
            batch[_u(g), _u(CANDIDATE_IDS + noise + p)] = word
        pairs = 0
        for e in range(thread, n * tile_rows, threads):
            g = e // tile_rows
            i = e - g * tile_rows
            first = scratch[FIRST, _u(first_group + g)]
            last = scratch[LAST, _u(first_group + g)]
            begin = scratch[BEGIN, _u(first_group + g)]
            n_inputs = scratch[END, _u(first_group + g)] - begin
            bits = 0
            if i < n_inputs:
                for p in range(positions):
                    if first + p < last:
                        offset = begin + i - first - p
                        before = scratch[BEFORE, _u(first + p)]
                        behind = scratch[BEHIND, _u(first + p)]
                        if offset != 0 and -before <= offset and offset <= behind:
                            bits |= 1 << p
                batch[_u(g), _u(INPUT_IDS + i)] = scratch[KEPT_IDS, _u(begin + i)]
            batch[_u(g), _u(PAIR_BITS + i)] = bits
            pairs += cuda.popc(bits)
            if i == 0:
                batch[_u(g), 0] = n_inputs
                batch[_u(g), 1] = (n_inputs + UPDATE_ROWS - 1) // UPDATE_ROWS
        cuda.syncthreads()
        return pairs

    return _device(arrange)


def _make_gather(layout: Layout, real: Any) -> Any:
    """See `gather`."""
    warps, candidates, size = layout.warps, layout.candidates, layout.size
    stride, pitch, X, Y = layout.stride, layout.pitch, layout.x, layout.y
    padded_size = layout.dot_branches * layout.unrolled * DOT_LANES
    input_rows = -(-layout.tile_rows // warps)  # of each warp
    candidate_rows = -(-candidates // warps)
    rows = input_rows + candidate_rows
    pieces = max(1, min(-(-padded_size // WARP), MOST_GATHERED // rows))
    gathered = rows * pieces

    def gather(
        shared: Any, integers: Any, inputs: Any, ids: Any, centers: Any, contexts: Any,
        n_inputs: Any,
    ) -> None:  # fmt: skip
        """Copy the rows of inputs and candidates to x and y; zeros stand for missing candidates."""
        warp = cuda.threadIdx.x >> 5
        lane = cuda.threadIdx.x & (WARP - 1)
        numbers = cuda.local.array(gathered, real)
        for start in range(0, padded_size, pieces * WARP):
            for k in range(gathered):
                numbers[k] = 0
            for r in range(input_rows):
                i = warp + r * warps
                if i < n_inputs:
                    row = _place(integers[_u(inputs + i)], stride)
                    for c in range(pieces):
                        if start + c * WARP + lane < size:
                            place = row + (start + c * WARP + lane)
                            numbers[r * pieces + c] = _load(centers, place)
            for r in range(candidate_rows):
                j = warp + r * warps
                if j < candidates:
                    word = integers[_u(ids + j)]
                    if word >= 0:
                        row = _place(word, stride)
                        for c in range(pieces):
                            if start + c * WARP + lane < size:
                                place = row + (start + c * WARP + lane)
                                numbers[(input_rows + r) * pieces + c] = _load(contexts, place)
            for r in range(input_rows):
                i = warp + r * warps
                if i < n_inputs:
                    for c in range(pieces):
                        if start + c * WARP + lane < padded_size:
                            place = X + i * pitch + (start + c * WARP + lane)
                            shared[_u(place)] = numbers[r * pieces + c]
            for r in range(candidate_rows):
                j = warp + r * warps
                if j < candidates:
                    for c in range(pieces):
                        if start + c * WARP + lane < padded_size:
                            place = Y + j * pitch + (start + c * WARP + lane)
                            shared[_u(place)] = numbers[(input_rows + r) * pieces + c]

    return _device(gather)


def _make_dots(layout: Layout, real: Any, flags: Flags) -> Any:
    """See `dots`."""
    warps, pitch, columns = layout.warps, layout.pitch, layout.tile_columns
    noise, candidates = layout.noise, layout.candidates
    X, Y, LOGITS, WEIGHTS, PARTIAL = (
        layout.x, layout.y, layout.logits, layout.weights, layout.partial
    )  # fmt: skip
    INPUT_IDS, PAIR_BITS = layout.input_ids, layout.pair_bits
    CANDIDATE_IDS, HIT_BITS = layout.candidate_ids, layout.hit_bits
    branches, unrolled = layout.dot_branches, layout.unrolled
    shares = columns // CANDIDATE_LANES
    n_sums = DOT_ROWS * shares
    part_size = DOT_LANES + 1  # no two lanes write to the same bank of shared memory
    totals = -(-DOT_ROWS * columns // WARP)
    use_offsets, skip_hits = flags.use_offsets, flags.skip_hits
    learn_normalisers = flags.learn_normalisers

    def dots(
        shared: Any, integers: Any, record: Any, logit_offsets: Any, log_normalisers: Any,
        n_inputs: Any,
    ) -> None:  # fmt: skip
        """Compute logits and weights as in `w2v.kernels.sampled`; undefined past the last input."""
        warp = cuda.threadIdx.x >> 5
        lane = cuda.threadIdx.x & (WARP - 1)
        column = lane & (DOT_LANES - 1)
        candidate = lane // DOT_LANES
        sums = cuda.local.array(n_sums, real)
        partial = PARTIAL + warp * (DOT_ROWS * columns * part_size)
        base = 0
        while base < n_inputs:
            first = base + warp * DOT_ROWS
            if first < n_inputs:
                for k in range(n_sums):
                    sums[k] = 0
                x = X + first * pitch + column
                y = Y + candidate * pitch + column
                for _ in range(branches):
                    for step in range(unrolled):
                        d = step * DOT_LANES
                        for k in range(shares):
                            number = shared[_u(y + (k * CANDIDATE_LANES * pitch + d))]
                            for r in range(DOT_ROWS):
                                sums[r * shares + k] += shared[_u(x + (r * pitch + d))] * number
                    x += unrolled * DOT_LANES
                    y += unrolled * DOT_LANES
                place = partial + candidate * part_size + column
                for r in range(DOT_ROWS):
                    for k in range(shares):
                        dot = r * columns + k * CANDIDATE_LANES
                        shared[_u(place + dot * part_size)] = sums[r * shares + k]
            _sync_warp()
            if first < n_inputs:
                for t in range(totals):
                    dot = lane + t * WARP
                    i = first + dot // columns
                    j = dot % columns
                    logit = real(0)
                    weight = real(0)
                    if dot < DOT_ROWS * columns and j < candidates and i < n_inputs:
                        for k in range(DOT_LANES):
                            logit += shared[_u(partial + dot * part_size + k)]
                        bits = integers[_u(record + PAIR_BITS + i)]
                        if j < noise:
                            if skip_hits:
                                bits &= ~integers[_u(record + HIT_BITS + j)]
                            weight = real(cuda.popc(bits)) / real(GROUP_NOISE)
                        else:
                            weight = real((bits >> (j - noise)) & 1)
                        if use_offsets:
                            word = integers[_u(record + CANDIDATE_IDS + j)]
                            if word >= 0:
                                logit += _load(logit_offsets, word)
                        if learn_normalisers:
                            logit -= _load(log_normalisers, integers[_u(record + INPUT_IDS + i)])
                    if dot < DOT_ROWS * columns:
                        shared[_u(LOGITS + first * columns + dot)] = logit
                        shared[_u(WEIGHTS + first * columns + dot)] = weight
            _sync_warp()
            base += warps * DOT_ROWS

    return _device(dots)


def _make_losses(layout: Layout, entry_on_cpu: Any) -> Any:
    """See `losses`."""
    threads, columns = layout.warps * WARP, layout.tile_columns
    LOGITS, DLOGITS, WEIGHTS, LABELS = layout.logits, layout.dlogits, layout.weights, layout.labels
    entry = _on_card(entry_on_cpu)

    def losses(shared: Any, n_inputs: Any, quads: Any, lr: Any) -> Any:
        """Compute dlogits times -lr; returns the loss in nats of the entries of this thread.

        In the last quad, dlogits are 0 in rows past the last input.
        """
        total = 0.0
        e = cuda.threadIdx.x
        while e < quads * (UPDATE_ROWS * columns):
            i = e // columns
            j = e - i * columns
            row = i * columns
            dlogit = lr - lr
            if i < n_inputs:
                value, slope = entry(
                    shared[LOGITS + row : LOGITS + row + columns],
                    shared[LABELS : LABELS + columns],
                    shared[WEIGHTS + row : WEIGHTS + row + columns],
                    j,
                )
                total += value
                dlogit = -lr * slope
            shared[_u(DLOGITS + e)] = dlogit
            e += threads
        return total

    return _device(losses)


def _make_update(layout: Layout, real: Any) -> Any:
    """See `update`."""
    size, stride, pitch, DLOGITS = layout.size, layout.stride, layout.pitch, layout.dlogits
    pieces, part_columns = layout.pieces, layout.pieces * WARP
    n_sums = UPDATE_ROWS * pieces

    def update(
        shared: Any, integers: Any, matrix: Any, ids: Any, n: Any, quad: Any, part: Any,
        row_step: Any, source_step: Any, sources: Any, n_sources: Any,
    ) -> None:  # fmt: skip
        """matrix[ids[i]] += sum over k of dlogits[i * row_step + k * source_step] * sources[k].

        One warp does this for one quad of the n rows and one part of the columns. `ids` and
        `sources` are offsets in shared memory. Past the last source, dlogits are 0.
        """
        first = quad * UPDATE_ROWS
        column = part * part_columns + (cuda.threadIdx.x & (WARP - 1))
        sums = cuda.local.array(n_sums, real)
        for k in range(n_sums):
            sums[k] = 0
        weights = DLOGITS + first * row_step
        source = sources + column
        k = 0
        while k < n_sources:
            for s in range(UPDATE_SOURCES):
                for c in range(pieces):
                    number = shared[_u(source + (s * pitch + c * WARP))]
                    for r in range(UPDATE_ROWS):
                        weight = shared[_u(weights + s * source_step + r * row_step)]
                        sums[r * pieces + c] += weight * number
            weights += UPDATE_SOURCES * source_step
            source += UPDATE_SOURCES * pitch
            k += UPDATE_SOURCES
        for r in range(UPDATE_ROWS):
            if first + r < n:
                word = integers[_u(ids + first + r)]
                if word >= 0:
                    row = _place(word, stride)
                    for c in range(pieces):
                        if column + c * WARP < size:
                            place = row + np.int64(np.uint32(column + c * WARP))
                            cuda.atomic.add(matrix, place, sums[r * pieces + c])

    return _device(update)


def _make_update_scalars(layout: Layout, real: Any, flags: Flags) -> Any:
    """See `update_scalars`."""
    threads, candidates, columns = layout.warps * WARP, layout.candidates, layout.tile_columns
    DLOGITS = layout.dlogits
    learn_bias, learn_normalisers = flags.learn_bias, flags.learn_normalisers

    def update_scalars(
        shared: Any, integers: Any, inputs: Any, ids: Any, logit_offsets: Any,
        log_normalisers: Any, n_inputs: Any,
    ) -> None:  # fmt: skip
        """Update the candidates' offsets and the inputs' normalisers, where they are learned."""
        thread = cuda.threadIdx.x
        if learn_bias:
            for j in range(thread, candidates, threads):
                change = real(0)
                for i in range(n_inputs):
                    change += shared[_u(DLOGITS + i * columns + j)]
                word = integers[_u(ids + j)]
                if word >= 0:
                    cuda.atomic.add(logit_offsets, word, change)
        if learn_normalisers:
            for i in range(thread, n_inputs, threads):
                change = real(0)
                for j in range(candidates):
                    change -= shared[_u(DLOGITS + i * columns + j)]
                cuda.atomic.add(log_normalisers, integers[_u(inputs + i)], change)

    return _device(update_scalars)
