"""Contributions: the parts of log densities, and of the distances in them each feature's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, frozen
from mixtura.engine.components import Components
from mixtura.engine.factors import Diagonal, Factor
from mixtura.engine.kernel.deconvolution import Deconvolved
from mixtura.engine.marginals import Marginal
from mixtura.engine.patterns import Patterns
from mixtura.engine.sources import Block
from mixtura.errors import DataError
from mixtura.model.density import Density

#: numbers of some components' terms that are found together, as the nearest cache holds them
_TOGETHER = 2**14


@dataclass(frozen=True, eq=False)
class Parts:
    """The parts of the log densities of some rows; see `mixtura.model.explain.Explanation`.

    Parameters
    ----------
    own : whether parts are of each row, which lacks features or has errors, and not of all.
    """

    normalisation: float | Floats
    log_determinants: Floats
    distances: Floats
    contributions: Floats
    own: bool

    @classmethod
    def of(cls, mixture: Density, block: Block) -> Parts:
        """Those of the rows of a block under a mixture.

        Raises
        ------
        DataError : rows with errors lack features.
        """
        components, rows = mixture.gaussians, block.rows
        there = ~np.isnan(rows)
        if not there.all():
            return cls._of_observed(mixture, block, there)
        whole, determinants = components.normalisation, -components.half_log_determinants
        if "errors" not in block.fields:
            if isinstance(components.factor, Diagonal):
                return cls(whole, determinants, *_squares(components, rows), False)
            distances = kernel.squared_distances(rows, components)
            parts = contributions(components, rows, distances)
            return cls(whole, determinants, distances, parts, False)
        seen = [Deconvolved.of(block, components, k) for k in range(components.n_components)]
        distances = np.stack([each.distances for each in seen], axis=1)
        wider = np.stack([each.log_determinants for each in seen], axis=1)
        parts = contributions(components, rows, distances, [each.expected for each in seen])
        return cls(whole, determinants - 0.5 * wider, distances, parts, True)

    def log_joint(self, block: Block, components: Components) -> Floats:
        """Log w_k p_k(x_i) of those rows, (N, K), nats."""
        if self.own:
            return kernel.log_joint(block, components)
        return components.constants - 0.5 * self.distances

    @classmethod
    def _of_observed(cls, mixture: Density, block: Block, there: Any) -> Parts:
        """Those of rows that have the features `there` (N, D)."""
        if "errors" in block.fields:
            raise DataError(
                "rows with errors lack features, expected one of the two: explain them without "
                "errors, or leave out those that lack features"
            )
        components, rows = mixture.gaussians, block.rows
        determinants = np.empty((len(rows), mixture.n_components))
        for observed, chosen in Patterns.of(rows):
            inner = Marginal.of(components, observed).components
            determinants[chosen] = -inner.half_log_determinants
        each = components.normalisation / mixture.n_features
        counted = frozen(each * there.sum(axis=1, keepdims=True))
        distances = kernel.squared_distances(rows, components)
        parts = contributions(components, rows, distances)
        return cls(counted, determinants, distances, parts, True)


def contributions(
    components: Components, rows: Any, distances: Floats, expected: Sequence[Floats] = ()
) -> Floats:
    """(x − μ)_j·[Σ⁻¹(x − μ)]_j, (N, K, D), summing over j to the squared distances (N, K).

    Σ⁻¹d takes a second solve, so the terms sum to d² only up to rounding times the condition of
    Σ. That residue is shared out in proportion to the terms' sizes. A feature that is missing has
    no term: 0. Of rows with errors, whose `expected` u (N, D) is known for each component, it is
    (Σ + S)⁻¹ (x − μ) = L⁻ᵀ u.
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
        for some in _some_after_others(components, rows):
            part = parts[:, some.start : some.stop]
            _fill(part, components, rows, some, expected)
            if not _share_out(part, distances[:, some.start : some.stop]):
                _put_far_terms(part, components, rows, some)
    return parts


def _squares(components: Components, rows: Any) -> tuple[Floats, Floats]:
    """Squared distances (N, K) from diagonal components, and the squares that they are sums of."""
    shape = len(rows), len(components.means)
    distances, parts = np.empty(shape), np.empty((*shape, components.n_features))
    with np.errstate(over="ignore", invalid="ignore"):
        for some in _some_after_others(components, rows):
            part, sums = (each[:, some.start : some.stop] for each in (parts, distances))
            _fill(part, components, rows, some, ())
            np.sum(part, axis=2, out=sums)
            if not np.isfinite(sums).all():
                _put_far_terms(part, components, rows, some)
    return distances, parts


def _some_after_others(components: Components, rows: Any) -> Iterator[range]:
    """Components whose terms are found together."""
    k, step = len(components.means), max(1, _TOGETHER // max(1, rows.size))
    return (range(first, min(first + step, k)) for first in range(0, k, step))


def _put_far_terms(part: Floats, components: Components, rows: Any, some: range) -> None:
    """Put the terms of rows whose squared distances overflow in their places."""
    far = np.asarray(~np.isfinite(part).all(axis=2))
    for c in np.flatnonzero(far.any(axis=0)).tolist():
        these, own = far[:, c], some[c]
        part[these, c] = _far_terms(components.factor, own, rows[these], components.means[own])


def _fill(
    part: Floats, components: Components, rows: Any, some: range, expected: Sequence[Floats]
) -> None:
    """The terms of some components, (N, k, D), as the second solve has them."""
    factor = components.factor
    if isinstance(factor, Diagonal) and not expected:
        own = slice(some.start, some.stop)
        np.subtract(rows[:, None], components.means[own], out=part)
        part /= factor.scale[own]
        np.square(part, out=part)
        return
    for c, k in enumerate(some):
        deviations = (rows - components.means[k]).T  # (D, N)
        whitened = expected[k].T if expected else factor.whiten(k, deviations)
        part[:, c] = (deviations * factor.unwhiten_transposed(k, whitened)).T


def _share_out(part: Floats, distances: Floats) -> bool:
    """Give the terms (N, k, D) what they lack to distances (N, k), by their sizes.

    Where the square itself overflows there is nothing to share out.

    Returns
    -------
    Whether all terms are known to be finite.
    """
    sizes, lacking = np.abs(part), distances - part.sum(axis=2)
    lacking /= np.maximum(sizes.sum(axis=2), np.finfo(float).tiny)
    known = np.isfinite(lacking)
    lacking[~known] = 0.0
    sizes *= lacking[:, :, None]
    part += sizes
    return bool(known.all())


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
