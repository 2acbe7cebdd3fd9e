"""Four small dense operations on rows, written for vector registers.

A fused kernel spends its time here, so this is the only place that speaks to LLVM directly: a
plain loop in Numba leaves it to guess that rows do not overlap and that sums may stay in
registers, and it guesses wrong often enough to cost a factor of three. The code uses LLVM's
generic vectors of `LANES` numbers, which every target has: one AVX-512 register, two of AVX2, four
of NEON.

    store_dots(logits, i, x, y, offsets)   logits[i, j] = offsets[j] + x[i] . y[j]   for all rows j
    add_combination(matrix, row, scale, weights, start, step, sources, n)
                                           matrix[row] += scale * sum over k < n of
                                           weights.flat[start + k * step] * sources[k]; n > 0
    copy_row(target, i, source, row)       target[i] = source[row]
    prefetch(matrix, row)                  a hint to load matrix[row] into the cache

Matrices are C-contiguous, with the number of columns frozen to a multiple of `LANES`. Nothing here
checks bounds. With the JIT off the plain functions below run; they also say what each does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from w2v.numerics import numba_config

LANES = 16
"""Numbers in a vector: 64 bytes of float32, one cache line."""


class TileOperations(NamedTuple):
    """The operations for one shape; see the module."""

    store_dots: Callable[..., None]
    add_combination: Callable[..., None]
    copy_row: Callable[..., None]
    prefetch: Callable[..., None]


def plain_store_dots(logits: Any, i: Any, x: Any, y: Any, offsets: Any) -> None:
    """logits[i, j] = offsets[j] + x[i] . y[j]."""
    logits[i, : len(y)] = offsets + y @ x[i]


def plain_add_combination(
    matrix: Any, row: Any, scale: Any, weights: Any, start: Any, step: Any, sources: Any, n: Any
) -> None:
    """matrix[row] += scale * w @ sources[:n], with w = weights.flat[start::step][:n]."""
    w = scale * weights.reshape(-1)[start : start + n * step : step]
    matrix[row] += w @ sources[:n]


def plain_copy_row(target: Any, i: Any, source: Any, row: Any) -> None:
    """target[i] = source[row]."""
    target[i] = source[row]


def plain_prefetch(matrix: Any, row: Any) -> None:
    """Do nothing: only speed would differ."""


class _Matrix:
    """Generates code that reads and writes a C-contiguous array, by rows of frozen length."""

    def __init__(self, context: Any, builder: Any, array_type: Any, value: Any, columns: int):
        self.builder = builder
        self.columns = columns
        self.scalar = context.get_data_type(array_type.dtype)
        self.vector = ir.VectorType(self.scalar, LANES)
        self.data = context.make_array(array_type)(context, builder, value).data
        self.item_bytes = context.get_abi_sizeof(self.scalar)

    def at(self, flat_index: Any) -> Any:
        """Pointer to an element (64-bit index, so that V x D may exceed 2**31)."""
        return self.builder.gep(self.data, [flat_index], inbounds=True)

    def row(self, index: Any) -> Any:
        """Pointer to the start of a row."""
        return self.at(self.builder.mul(index, index.type(self.columns)))

    def vector_at(self, row: Any, column: int) -> Any:
        """Pointer to `LANES` numbers of a row."""
        first = self.builder.gep(row, [ir.IntType(64)(column)], inbounds=True)
        return self.builder.bitcast(first, self.vector.as_pointer())

    def load(self, row: Any, column: int) -> Any:
        """`LANES` numbers of a row, as one vector; rows need not be aligned."""
        return self.builder.load(self.vector_at(row, column), align=self.item_bytes)

    def store(self, vector: Any, row: Any, column: int) -> None:
        """Write one vector into a row."""
        self.builder.store(vector, self.vector_at(row, column), align=self.item_bytes)

    def zero(self) -> Any:
        """A vector of zeros."""
        return ir.Constant(self.vector, [0.0] * LANES)

    def splat(self, scalar: Any) -> Any:
        """A vector of `LANES` copies of a number."""
        undefined = ir.Constant(self.vector, ir.Undefined)
        i32 = ir.IntType(32)
        single = self.builder.insert_element(undefined, scalar, i32(0))
        lanes = ir.Constant(ir.VectorType(i32, LANES), [0] * LANES)
        return self.builder.shuffle_vector(single, undefined, lanes)

    def sum(self, vector: Any, start: Any) -> Any:
        """`start` plus the sum of a vector's numbers, in whatever order is quickest."""
        suffix = "f64" if self.item_bytes == 8 else "f32"
        function_type = ir.FunctionType(self.scalar, [self.scalar, self.vector])
        name = f"llvm.vector.reduce.fadd.v{LANES}{suffix}"
        reduce = self.builder.module.globals.get(name)
        if reduce is None:
            reduce = ir.Function(self.builder.module, function_type, name)
        return self.builder.call(reduce, [start, vector], fastmath=("reassoc",))

    def fused(self, a: Any, b: Any, c: Any) -> Any:
        """A * b + c in one rounding where the machine can, else in two."""
        product = self.builder.fmul(a, b, flags=("contract",))
        return self.builder.fadd(product, c, flags=("contract",))


def _check(*arrays: Any) -> None:
    for array in arrays:
        if array.layout != "C":
            raise TypeError(f"expected a C-contiguous array, got {array}")


@lru_cache
def tile_operations(columns: int, outputs: int) -> TileOperations:
    """Operations on rows of `columns` numbers (a multiple of `LANES`), `outputs` rows in y."""
    if columns % LANES:
        raise ValueError(f"expected a multiple of {LANES} columns, got {columns}")
    if numba_config.DISABLE_JIT:
        return TileOperations(
            plain_store_dots, plain_add_combination, plain_copy_row, plain_prefetch
        )

    @intrinsic
    def store_dots(_: Any, logits: Any, i: Any, x: Any, y: Any, offsets: Any) -> Any:
        _check(logits, x, y, offsets)

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            logits_type, _, x_type, y_type, offsets_type = signature.args
            out = _Matrix(context, builder, logits_type, args[0], outputs)
            x_rows = _Matrix(context, builder, x_type, args[2], columns)
            y_rows = _Matrix(context, builder, y_type, args[3], columns)
            start = _Matrix(context, builder, offsets_type, args[4], outputs)
            i64 = ir.IntType(64)
            x_row = x_rows.row(args[1])
            y_row = [y_rows.row(i64(j)) for j in range(outputs)]
            # All the sums of one input row grow together: each piece of x is loaded once, and
            # `outputs` independent additions hide the latency of one.
            sums = [x_rows.zero() for _ in range(outputs)]
            for column in range(0, columns, LANES):
                piece = x_rows.load(x_row, column)
                for j in range(outputs):
                    sums[j] = x_rows.fused(piece, y_rows.load(y_row[j], column), sums[j])
            out_row = out.row(args[1])
            for j in range(outputs):
                offset = builder.load(start.at(i64(j)))
                logit = x_rows.sum(sums[j], offset)
                builder.store(logit, builder.gep(out_row, [i64(j)], inbounds=True))
            return context.get_dummy_value()

        return types.void(logits, types.int64, x, y, offsets), codegen

    @intrinsic
    def add_combination(
        _: Any, matrix: Any, row: Any, scale: Any, weights: Any, start: Any, step: Any,
        sources: Any, n: Any,
    ) -> Any:  # fmt: skip
        _check(matrix, weights, sources)

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            matrix_type, _, _, weights_type, _, _, sources_type, _ = signature.args
            target = _Matrix(context, builder, matrix_type, args[0], columns)
            weight = _Matrix(context, builder, weights_type, args[3], 1)
            source = _Matrix(context, builder, sources_type, args[6], columns)
            _add_rows(builder, target, target.row(args[1]), weight, source, args)
            return context.get_dummy_value()

        i64 = types.int64
        return types.void(matrix, i64, matrix.dtype, weights, i64, i64, sources, i64), codegen

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

        return types.void(target, types.int64, source, types.int64), codegen

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

        return types.void(matrix, types.int64), codegen

    return TileOperations(store_dots, add_combination, copy_row, prefetch)


MAX_REGISTERS = 8
"""Vectors of one row that are summed at a time; more would spill on machines with 16 registers."""


def _add_rows(
    builder: Any, target: _Matrix, target_row: Any, weight: _Matrix, source: _Matrix, args: Any
) -> None:
    """For each group of a row's vectors: load, add every weighted source row, store once."""
    i64 = ir.IntType(64)
    scale, start, step, n = args[2], args[4], args[5], args[7]
    pieces = range(0, target.columns, LANES)
    for first in range(0, len(pieces), MAX_REGISTERS):
        group = pieces[first : first + MAX_REGISTERS]
        sums = [target.load(target_row, column) for column in group]
        before = builder.block
        body = builder.append_basic_block("source")
        after = builder.append_basic_block("done")
        builder.branch(body)
        builder.position_at_end(body)
        k = builder.phi(i64)
        k.add_incoming(i64(0), before)
        running = []
        for vector in sums:
            phi = builder.phi(target.vector)
            phi.add_incoming(vector, before)
            running.append(phi)
        w_k = builder.load(weight.at(builder.add(start, builder.mul(k, step))))
        w = target.splat(builder.fmul(scale, w_k))
        row = source.row(k)
        added = [
            target.fused(w, source.load(row, column), vector)
            for column, vector in zip(group, running, strict=True)
        ]
        following = builder.add(k, i64(1))
        k.add_incoming(following, body)
        for phi, vector in zip(running, added, strict=True):
            phi.add_incoming(vector, body)
        builder.cbranch(builder.icmp_signed("<", following, n), body, after)
        builder.position_at_end(after)
        for column, vector in zip(group, added, strict=True):
            target.store(vector, target_row, column)
