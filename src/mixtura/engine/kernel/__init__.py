"""The only door to the arithmetic of a pass.

A kernel is a module with the functions of `mixtura.engine.kernel.reference`; that one, in NumPy,
is the specification.
"""

from __future__ import annotations

from mixtura.engine.kernel.reference import (
    accumulate,
    labels,
    log_joint,
    log_likelihood,
    log_posterior,
    moments,
    posterior,
    squared_distances,
)

__all__ = [
    "accumulate",
    "labels",
    "log_joint",
    "log_likelihood",
    "log_posterior",
    "moments",
    "posterior",
    "squared_distances",
]
