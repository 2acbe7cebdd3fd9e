"""Processors for which Numba compiles, as environment variables of Numba."""

import platform

GENERIC = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
"""For x86-64, SSE2 without a fused multiply-add, which runs on any such processor."""

TARGETS: dict[str, dict[str, str]] = {}
if platform.machine() == "x86_64":
    TARGETS["AVX2 alone"] = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx2,+fma"}
TARGETS[f"any {platform.machine()}"] = GENERIC
