"""Contributions: each feature's part of the squared distances from rows to components."""

from __future__ import annotations

from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.engine.components import Components
from mixtura.engine.factors import Factor
from mixtura.engine.marginals import Marginal
from mixtura.engine.patterns import Patterns


def contributions(components: Components, rows: Any, distances: Floats) -> Floats:
    """(x − μ)_j·[Σ⁻¹(x − μ)]_j, (N, K, D), summing over j to the squared distances (N, K).

    Σ⁻¹d takes a second solve, so the terms sum to d² only up to rounding times the condition of
    Σ. That residue is shared out in proportion to the terms' sizes. A feature that is missing has
    no term: 0.
    """
    parts: Floats = np.zeros((*distances.shape, components.n_features))
    if np.isnan(rows).any():
        for observed, chosen in Patterns.of(rows):
            there, own = Marginal.of(components, observed), rows[np.ix_(chosen, observed)]
            parts[np.ix_(chosen, np.arange(len(components.means)), there.observed)] = contributions(
                there.components, own, distances[chosen]
            )
        return parts
    with np.errstate(over="ignore", invalid="ignore"):
        for k, mean in enumerate(components.means):
            deviations = (rows - mean).T  # (D, N)
            whitened = components.factor.whiten(k, deviations)
            parts[:, k] = (deviations * components.factor.unwhiten_transposed(k, whitened)).T
        sizes = np.abs(parts)
        shares = sizes / np.maximum(sizes.sum(axis=2, keepdims=True), np.finfo(float).tiny)
        residue = distances[:, :, None] - parts.sum(axis=2, keepdims=True)
    # Where the square itself overflows there is nothing to share out.
    shared = np.isfinite(residue) & np.isfinite(shares)
    parts += np.where(shared, residue, 0.0) * np.where(shared, shares, 0.0)
    for k, mean in enumerate(components.means):
        far = ~np.isfinite(parts[:, k]).all(axis=1)
        if far.any():
            parts[far, k] = _far_terms(components.factor, k, rows[far], mean)
    return parts


def _far_terms(factor: Factor, k: int, rows: Any, mean: Floats) -> Floats:
    """The terms of rows (m, D) whose squared distance overflows: ±infinity, never NaN.

    What goes into either solve is scaled to at most 1, and the terms are scaled back one factor
    at a time, so that a zero stays zero. Halving first keeps the difference of two huge values
    finite.
    """
    halves = (0.5 * np.asarray(rows, dtype=np.float64) - 0.5 * mean).T  # (D, m)
    deviations, size = _unit(halves)
    whitened, length = _unit(factor.whiten(k, deviations))
    terms = deviations * factor.unwhiten_transposed(k, whitened)
    with np.errstate(over="ignore"):
        return (terms * length * 4.0 * size * size).T


def _unit(vectors: Floats) -> tuple[Floats, Floats]:
    """Vectors (D, m) with their largest entries (m,) taken out, and those entries."""
    largest = np.maximum(np.abs(vectors).max(axis=0), np.finfo(float).tiny)
    return vectors / largest, largest
