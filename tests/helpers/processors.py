"""Processors that Numba is told to compile for, by its environment variables."""

import platform

GENERIC = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
"""For x86-64 that is SSE2 without a fused multiply-add: any such processor runs it."""

TARGETS: dict[str, dict[str, str]] = {}
if platform.machine() == "x86_64":
    TARGETS["AVX2 alone"] = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx2,+fma"}
TARGETS[f"any {platform.machine()}"] = GENERIC
