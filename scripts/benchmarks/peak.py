"""Peak rates of the processor: multiply-adds in registers, and NumPy's matrix product."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from w2v.numerics.jit import LANES, jit

ACCUMULATORS = 12
"""Independent sums: more than the latency of a multiply-add times the number of units."""
PEAK_LOOPS = 30_000_000
GEMM_SIZE = 4096


@intrinsic  # type: ignore[untyped-decorator]
def _multiply_adds(typing_context: Any, loops: Any) -> Any:
    """`loops` times `ACCUMULATORS` multiply-adds of `LANES` float32, in registers."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        (end,) = arguments
        vector = ir.VectorType(ir.FloatType(), LANES)
        factor = ir.Constant(vector, [0.5] * LANES)
        before, body = builder.block, builder.append_basic_block("body")
        after = builder.append_basic_block("after")
        builder.branch(body)
        builder.position_at_end(body)
        k = builder.phi(end.type)
        k.add_incoming(end.type(0), before)
        sums = [builder.phi(vector) for _ in range(ACCUMULATORS)]
        for i, total in enumerate(sums):
            total.add_incoming(ir.Constant(vector, [float(i + 1)] * LANES), before)
        for total in sums:
            product = builder.fmul(total, factor, flags=("contract",))
            total.add_incoming(builder.fadd(product, factor, flags=("contract",)), body)
        following = builder.add(k, end.type(1))
        k.add_incoming(following, body)
        builder.cbranch(builder.icmp_signed("<", following, end), body, after)
        builder.position_at_end(after)
        result = sums[0]
        for total in sums[1:]:
            result = builder.fadd(result, total)
        return builder.extract_element(result, ir.IntType(32)(0))

    return types.float32(types.int64), generate


@jit
def _peak(loops: Any) -> Any:
    return _multiply_adds(loops)


def peak_gflops() -> float:
    """Multiply-adds of one core, in 10^9 floating-point operations per second."""
    _peak(np.int64(1))
    started = time.perf_counter()
    _peak(np.int64(PEAK_LOOPS))
    seconds = time.perf_counter() - started
    return 2 * LANES * ACCUMULATORS * PEAK_LOOPS / seconds / 1e9


def gemm_gflops() -> float:
    """NumPy's float32 matrix product on all threads of BLAS, in the same unit."""
    a = np.random.default_rng(0).random((GEMM_SIZE, GEMM_SIZE), dtype=np.float32)
    out = np.empty_like(a)
    np.matmul(a[:256], a, out=out[:256])
    started = time.perf_counter()
    np.matmul(a, a, out=out)
    return 2 * GEMM_SIZE**3 / (time.perf_counter() - started) / 1e9
