"""Five small dense operations on rows, written for vector registers.

The kernel spends its time here, and this is the only module that generates LLVM code. For a plain
loop in Numba, LLVM has to prove that rows do not overlap and that sums may stay in registers, and
fails often enough to cost a factor of three. The code uses LLVM's portable vectors of `LANES`
numbers, which every target supports.

    store_dots(logits, i, x, y, offsets)   logits[i, j] = offsets[j] + x[i] . y[j]   for all rows j
                                           of y, and the same for row i + 1
    add_one(matrix, row, weights, start, step, sources, n)
                                           matrix[row] += sum over k < n of
                                           weights[start + k * step] * sources[k]; n > 0
    add_two(matrix, row, row_2, weights, start, start_2, step, sources, n)
                                           the same for two different rows
    copy_row(target, i, source, row)       target[i] = source[row]
    prefetch(matrix, row)                  a hint to load matrix[row] into the cache

Operations work on two rows at a time, so that each number loaded is used twice; with one row, they
would wait for memory. Matrices are C-contiguous, and their number of columns is frozen to a
multiple of `LANES`. Bounds are not checked. The plain functions below define what each operation
does, and replace it when the JIT is off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from w2v.numerics.jit import LANES, numba_config

_I64: Any = types.int64

MOST_SUMS = 5
"""Dot products per row that are accumulated together. Two rows make 10 sums, which fit AVX2's 16
registers along with their factors; 8 keep two multiply-add units of latency 4 busy."""

MOST_PIECES = {1: 14, 2: 5}
"""Vectors per row that are updated together, by the number of rows."""


class TileOperations(NamedTuple):
    """The operations for one shape; see the module's docstring."""

    store_dots: Callable[..., None]
    add_one: Callable[..., None]
    add_two: Callable[..., None]
    copy_row: Callable[..., None]
    prefetch: Callable[..., None]


def plain_store_dots(logits: Any, i: Any, x: Any, y: Any, offsets: Any) -> None:
    """Rows i and i + 1: offsets[j] + x[i] . y[j]; past the last row of y, offsets[j] alone."""
    tile = logits.reshape(-1, len(offsets))
    tile[i : i + 2] = offsets
    tile[i : i + 2, : len(y)] += x[i : i + 2] @ y.T


def plain_add_one(
    matrix: Any, row: Any, weights: Any, start: Any, step: Any, sources: Any, n: Any
) -> None:
    """matrix[row] += w @ sources[:n], with w = weights[start::step][:n]."""
    matrix[row] += weights[start : start + n * step : step] @ sources[:n]


def plain_add_two(
    matrix: Any, row: Any, row_2: Any, weights: Any, start: Any, start_2: Any, step: Any,
    sources: Any, n: Any,
) -> None:  # fmt: skip
    """`plain_add_one` for two rows."""
    plain_add_one(matrix, row, weights, start, step, sources, n)
    plain_add_one(matrix, row_2, weights, start_2, step, sources, n)


def plain_copy_row(target: Any, i: Any, source: Any, row: Any) -> None:
    """target[i] = source[row]."""
    target[i] = source[row]


def plain_prefetch(matrix: Any, row: Any) -> None:
    """Do nothing: prefetching affects only speed."""


class _Matrix:
    """Generates code that reads and writes a C-contiguous array by rows of a frozen length."""

    def __init__(self, context: Any, builder: Any, array_type: Any, value: Any, columns: int):
        self.builder = builder
        self.columns = columns
        self.scalar = context.get_data_type(array_type.dtype)
        self.vector = ir.VectorType(self.scalar, LANES)
        self.data = context.make_array(array_type)(context, builder, value).data
        self.item_bytes = context.get_abi_sizeof(self.scalar)

    def at(self, flat_index: Any) -> Any:
        """Pointer to an element. Indices have 64 bits: V x D may exceed 2**31."""
        return self.builder.gep(self.data, [flat_index], inbounds=True)

    def row(self, index: Any) -> Any:
        """Pointer to the start of a row."""
        return self.at(self.builder.mul(index, index.type(self.columns)))

    def vector_at(self, row: Any, column: Any) -> Any:
        """Pointer to `LANES` numbers of a row."""
        if isinstance(column, int):
            column = ir.IntType(64)(column)
        first = self.builder.gep(row, [column], inbounds=True)
        return self.builder.bitcast(first, self.vector.as_pointer())

    def load(self, row: Any, column: Any) -> Any:
        """`LANES` numbers of a row as a vector; rows need not be aligned."""
        return self.builder.load(self.vector_at(row, column), align=self.item_bytes)

    def store(self, vector: Any, row: Any, column: Any) -> None:
        """Write one vector into a row."""
        self.builder.store(vector, self.vector_at(row, column), align=self.item_bytes)

    def zero(self) -> Any:
        """A vector of zeros."""
        return ir.Constant(self.vector, [0.0] * LANES)

    def splat(self, scalar: Any) -> Any:
        """A vector of `LANES` copies of a number."""
        undefined = ir.Constant(self.vector, ir.Undefined)
        single = self.builder.insert_element(undefined, scalar, ir.IntType(32)(0))
        return self.shuffled(single, undefined, [0] * LANES)

    def shuffled(self, a: Any, b: Any, lanes: Sequence[int]) -> Any:
        """The given lanes of a and b; lane `LANES` + i is lane i of b."""
        mask = ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), list(lanes))
        return self.builder.shuffle_vector(a, b, mask)

    def fused(self, a: Any, b: Any, c: Any) -> Any:
        """Fused a * b + c: rounded once if the processor supports that, otherwise twice."""
        product = self.builder.fmul(a, b, flags=("contract",))
        return self.builder.fadd(product, c, flags=("contract",))

    def sums(self, vectors: Sequence[Any]) -> Any:
        """A vector whose lane j is the sum of vectors[j], for at most `LANES` vectors.

        Vectors are added in pairs, half of one beside half of the other, until one is left. This
        takes a third of the instructions of `LANES` separate sums.
        """
        level = [*vectors, *[self.zero()] * (LANES - len(vectors))]
        width = LANES  # lanes that hold parts of the same sum
        while len(level) > 1:
            width //= 2
            low = [lane for start in range(0, LANES, 2 * width)
                   for side in (0, LANES) for lane in _run(start + side, width)]  # fmt: skip
            high = [lane + width for lane in low]
            half = len(level) // 2
            level = [
                self.builder.fadd(self.shuffled(a, b, low), self.shuffled(a, b, high))
                for a, b in zip(level[:half], level[half:], strict=True)
            ]
        return level[0]


def _run(first: int, length: int) -> range:
    return range(first, first + length)


def _even_groups(n: int, most: int) -> Iterator[range]:
    """Split range(n) into as few ranges of at most `most` as possible, of nearly equal sizes."""
    parts = -(-n // most)
    for k in range(parts):
        yield range(n * k // parts, n * (k + 1) // parts)


@contextmanager
def _loop(builder: Any, end: Any, step: int, sums: list[Any]) -> Iterator[Any]:
    """A loop over k = 0, step, ... below `end`, run at least once; its body is generated inside.

    Yields k. `sums` are vectors kept in registers from one iteration to the next: the body finds
    those of the previous iteration in the list and replaces them. After the loop, the list holds
    the final ones.
    """
    before = builder.block
    body = builder.append_basic_block("body")
    after = builder.append_basic_block("after")
    builder.branch(body)
    builder.position_at_end(body)
    k = builder.phi(end.type)
    k.add_incoming(end.type(0), before)
    phis = []
    for i, vector in enumerate(sums):
        phis.append(builder.phi(vector.type))
        phis[i].add_incoming(vector, before)
        sums[i] = phis[i]
    yield k
    following = builder.add(k, end.type(step))
    k.add_incoming(following, body)
    for phi, vector in zip(phis, sums, strict=True):
        phi.add_incoming(vector, body)
    builder.cbranch(builder.icmp_signed("<", following, end), body, after)
    builder.position_at_end(after)


def _check(*arrays: Any) -> None:
    for array in arrays:
        if array.layout != "C":
            raise TypeError(f"expected a C-contiguous array, got {array}")


def tile_columns(outputs: int) -> int:
    """Entries in a row of a tile: `outputs`, rounded up to whole vectors."""
    return -(-outputs // LANES) * LANES


@lru_cache
def tile_operations(columns: int, outputs: int) -> TileOperations:
    """Operations on rows of `columns` numbers.

    Args:
        columns: entries in a row of a matrix, a multiple of `LANES`.
        outputs: rows of y. Rows of logits have `tile_columns(outputs)` entries.

    Raises:
        ValueError: `columns` is not a multiple of `LANES`.
    """
    if columns % LANES:
        raise ValueError(f"expected a multiple of {LANES} columns, got {columns}")
    if numba_config.DISABLE_JIT:
        return TileOperations(
            plain_store_dots, plain_add_one, plain_add_two, plain_copy_row, plain_prefetch
        )
    logit_columns = tile_columns(outputs)

    @intrinsic
    def store_dots(_: Any, logits: Any, i: Any, x: Any, y: Any, offsets: Any) -> Any:
        _check(logits, x, y, offsets)

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            logits_type, _, x_type, y_type, offsets_type = signature.args
            out = _Matrix(context, builder, logits_type, args[0], logit_columns)
            x_rows = _Matrix(context, builder, x_type, args[2], columns)
            y_rows = _Matrix(context, builder, y_type, args[3], columns)
            start = _Matrix(context, builder, offsets_type, args[4], logit_columns)
            rows = [args[1], builder.add(args[1], args[1].type(1))]
            sums: list[list[Any]] = [[], []]
            for group in _even_groups(outputs, MOST_SUMS):
                _add_dots(builder, x_rows, rows, y_rows, group, sums)
            for row, row_sums in zip(rows, sums, strict=True):
                for first in range(0, outputs, LANES):
                    totals = x_rows.sums(row_sums[first : first + LANES])
                    totals = builder.fadd(totals, start.load(start.data, first))
                    out.store(totals, out.row(row), first)
            return context.get_dummy_value()

        return types.void(logits, _I64, x, y, offsets), codegen

    @intrinsic
    def add_one(
        _: Any, matrix: Any, row: Any, weights: Any, start: Any, step: Any, sources: Any, n: Any
    ) -> Any:
        _check(matrix, weights, sources)

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            matrix_type, _, weights_type, _, _, sources_type, _ = signature.args
            target = _Matrix(context, builder, matrix_type, args[0], columns)
            weight = _Matrix(context, builder, weights_type, args[2], 1)
            source = _Matrix(context, builder, sources_type, args[5], columns)
            _add_rows(builder, target, [args[1]], weight, [args[3]], args[4], source, args[6])
            return context.get_dummy_value()

        return types.void(matrix, _I64, weights, _I64, _I64, sources, _I64), codegen

    @intrinsic
    def add_two(
        _: Any, matrix: Any, row: Any, row_2: Any, weights: Any, start: Any, start_2: Any,
        step: Any, sources: Any, n: Any,
    ) -> Any:  # fmt: skip
        _check(matrix, weights, sources)

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            matrix_type, _, _, weights_type, _, _, _, sources_type, _ = signature.args
            target = _Matrix(context, builder, matrix_type, args[0], columns)
            weight = _Matrix(context, builder, weights_type, args[3], 1)
            source = _Matrix(context, builder, sources_type, args[7], columns)
            _add_rows(builder, target, args[1:3], weight, args[4:6], args[6], source, args[8])
            return context.get_dummy_value()

        return types.void(matrix, _I64, _I64, weights, _I64, _I64, _I64, sources, _I64), codegen

    @intrinsic
    def copy_row(_: Any, target: Any, i: Any, source: Any, row: Any) -> Any:
        _check(target, source)

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            target_type, _, source_type, _ = signature.args
            to = _Matrix(context, builder, target_type, args[0], columns)
            source = _Matrix(context, builder, source_type, args[2], columns)
            to_row, source_row = to.row(args[1]), source.row(args[3])
            for column in range(0, columns, LANES):
                to.store(source.load(source_row, column), to_row, column)
            return context.get_dummy_value()

        return types.void(target, _I64, source, _I64), codegen

    @intrinsic
    def prefetch(_: Any, matrix: Any, row: Any) -> Any:
        _check(matrix)

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            rows = _Matrix(context, builder, signature.args[0], args[0], columns)
            byte_pointer, i32 = ir.IntType(8).as_pointer(), ir.IntType(32)
            function_type = ir.FunctionType(ir.VoidType(), [byte_pointer, i32, i32, i32])
            hint = builder.module.globals.get("llvm.prefetch.p0")
            if hint is None:
                hint = ir.Function(builder.module, function_type, "llvm.prefetch.p0")
            row = rows.row(args[1])
            for column in range(0, columns * rows.item_bytes, 64):
                line = builder.gep(row, [ir.IntType(64)(column // rows.item_bytes)], inbounds=True)
                for_writing, keep, data = i32(1), i32(3), i32(1)
                builder.call(hint, [builder.bitcast(line, byte_pointer), for_writing, keep, data])
            return context.get_dummy_value()

        return types.void(matrix, _I64), codegen

    return TileOperations(store_dots, add_one, add_two, copy_row, prefetch)


def _add_dots(
    builder: Any, x: _Matrix, rows: Sequence[Any], y: _Matrix, group: range, sums: list[list[Any]]
) -> None:
    """For each row j in the group: append to sums[i] a vector whose sum is x[rows[i]] . y[j]."""
    i64 = ir.IntType(64)
    x_rows = [x.row(row) for row in rows]
    y_rows = [y.row(i64(j)) for j in group]
    running = [x.zero() for _ in range(len(x_rows) * len(y_rows))]
    # Not unrolled: LLVM would reorder the loads so that the sums no longer fit the registers.
    with _loop(builder, i64(x.columns), LANES, running) as column:
        pieces = [x.load(row, column) for row in x_rows]
        for j, y_row in enumerate(y_rows):
            y_piece = y.load(y_row, column)
            for i, piece in enumerate(pieces):
                place = i * len(y_rows) + j
                running[place] = x.fused(piece, y_piece, running[place])
    for i, row_sums in enumerate(sums):
        row_sums += running[i * len(y_rows) : (i + 1) * len(y_rows)]


def _add_rows(
    builder: Any, target: _Matrix, rows: Sequence[Any], weight: _Matrix, starts: Sequence[Any],
    step: Any, source: _Matrix, n: Any,
) -> None:  # fmt: skip
    """For each group of a row's vectors: load them, add all weighted source rows, store them."""
    target_rows = [target.row(row) for row in rows]
    for group in _even_groups(target.columns // LANES, MOST_PIECES[len(rows)]):
        places = [(i, piece * LANES) for i in range(len(rows)) for piece in group]
        sums = [target.load(target_rows[i], column) for i, column in places]
        with _loop(builder, n, 1, sums) as k:
            offset = builder.mul(k, step)
            weights = [
                target.splat(builder.load(weight.at(builder.add(start, offset))))
                for start in starts
            ]
            row = source.row(k)
            pieces = {piece * LANES: source.load(row, piece * LANES) for piece in group}
            for place, (i, column) in enumerate(places):
                sums[place] = target.fused(weights[i], pieces[column], sums[place])
        for vector, (i, column) in zip(sums, places, strict=True):
            target.store(vector, target_rows[i], column)
