"""Scalar numerics for kernels, and the one place that owns the JIT flags.

Scalar functions here run inside Numba and as plain Python; they allocate nothing and never raise.
What they do not do: anything that knows of vectors, losses or words.
"""

from __future__ import annotations
