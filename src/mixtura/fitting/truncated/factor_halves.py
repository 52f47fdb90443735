"""Factor halves: cells of factor analysers, cut in two."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.caching import cached_property
from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.cells import Cells, Halves, Numbers, Sets
from mixtura.engine.components import Components
from mixtura.engine.low_rank import LowRank
from mixtura.engine.statistics import Statistics
from mixtura.fitting.m_step.estimate import Estimate, maximise
from mixtura.model.structures import structure

#: a half begins with this share of the rows at least: fewer are a tail
_SLICE = 0.1
#: rows whose places are found at once
_AT_ONCE = 2**16


@dataclass(frozen=True, eq=False)
class FactorHalves:
    """What cells gain by two factor analysers in place of one.

    Each cell is cut across that of its component's axes where two normal distributions of places
    along it gain most over one. Axes are those of the factors that are expected of rows, which tell
    clusters apart that lie along them: Ψ⁻¹ A turned so that Aᵀ Ψ⁻¹ A is diagonal. From there a few
    rounds of truncated EM, in which rows keep their cell's halves and nothing else, fit two
    components to a cell's rows, and as many fit one.

    Parameters
    ----------
    passes : over the rows.
    cells : of K components.
    estimate : those, factor analysers.
    ridge : added to what is a feature's own, squared feature units.
    floor : (D,), the least that it is.
    """

    passes: Any
    cells: Cells
    estimate: Estimate
    ridge: float
    floor: Floats

    def found(self, n_steps: int) -> Halves:
        """Gains and halves after so many steps of EM; −∞ where one would have too few rows."""
        own, means = self.estimate.covariances, self.estimate.means
        k, (side, cut) = len(means), self._sides()
        apart = np.lexsort((self._members, side))
        halves = np.concatenate([[0], np.cumsum(np.bincount(side, minlength=2 * k))])
        beginning = Cells(self._members[apart], halves)
        parents = np.repeat(np.arange(k), 2)
        two = self._maximised(beginning, means[parents], own[parents])
        two, gains = self._fitted(two, 2, n_steps)
        one = self._maximised(replace(self.cells, shares=None), means, own)
        gains = gains - self._fitted(one, 1, n_steps)[1]
        weight = two.weight.reshape(k, 2)
        gains[~cut | ~(weight.min(axis=1) >= self._least)] = -np.inf
        gains[~np.isfinite(gains)] = -np.inf
        shape = k, 2, *own.shape[1:]
        parts = two.means.reshape(shape[:3]), two.covariances.reshape(shape)
        return Halves(gains, weight.copy(), *(part.copy() for part in parts))

    @cached_property
    def _members(self) -> Numbers:
        return self.cells.order[: self.cells.offsets[-1]]

    @cached_property
    def _of(self) -> Integers:
        """Which cell each member is of."""
        return np.repeat(np.arange(len(self.cells.sizes)), self.cells.sizes)

    @cached_property
    def _counts(self) -> Floats:
        """How much each member counts."""
        weights = self.passes.weights
        return np.ones(len(self._members)) if weights is None else weights[self._members]

    @cached_property
    def _least(self) -> Floats:
        """How many rows, of the cell's mean weight, a half has at least, (K,)."""
        h, d = self.estimate.structure.n_factors, self.passes.rows.shape[1]
        unit = np.bincount(self._of, self._counts, len(self.cells.sizes))
        return (min(h + 1, d) + 1.0) * unit / np.maximum(self.cells.sizes, 1)

    def _axes(self) -> Floats:
        """The axes of each component's expected factors, (K, D, H)."""
        loadings, own = self.estimate.covariances[:, :, :-1], self.estimate.covariances[:, :, -1:]
        along = loadings / own
        return np.asarray(along @ np.linalg.eigh(loadings.swapaxes(1, 2) @ along)[1])

    def _places(self, axes: Floats) -> Floats:
        """Where each member lies along its component's axis, of (K, D), from the mean."""
        members, of = self._members, self._of
        places = np.empty(len(members))
        for at in range(0, len(members), _AT_ONCE):
            part = slice(at, at + _AT_ONCE)
            rows = self.passes.rows[members[part]] - self.estimate.means[of[part]]
            places[part] = np.einsum("nd,nd->n", rows, axes[of[part]])
        return places

    def _sides(self) -> tuple[Integers, NDArray[np.bool_]]:
        """The half, 2k or 2k + 1, that each member begins in, and which cells are cut, (K,)."""
        axes = self._axes()
        side, best = self._cut(axes[:, :, 0])
        for h in range(1, axes.shape[2]):
            other, height = self._cut(axes[:, :, h])
            better = height > best
            side = np.where(better[self._of], other, side)
            best = np.maximum(best, height)
        return side, np.isfinite(best)

    def _cut(self, axes: Floats) -> tuple[Integers, Floats]:
        """The best cuts across axes (K, D): the half of each member, and how good, (K,)."""
        of, counts, k = self._of, self._counts, len(self.cells.sizes)
        total = np.maximum(np.bincount(of, counts, k), np.finfo(np.float64).tiny)
        places = self._places(axes)
        places -= (np.bincount(of, counts * places, k) / total)[of]
        variance = np.bincount(of, counts * places * places, k) / total
        places /= np.sqrt(np.where(variance > 0.0, variance, 1.0))[of]
        order = np.lexsort((places, of))
        heights = self._heights(places[order], counts[order], total)
        best, there = np.full(k, -np.inf), self.cells.sizes > 0
        if there.any():
            best[there] = np.maximum.reduceat(heights, self.cells.offsets[:-1][there])
        at = np.flatnonzero((heights == best[of]) & np.isfinite(heights))
        last = np.full(k, len(of))
        last[of[at[::-1]]] = at[::-1]  # of equals the first
        side = 2 * of
        side[order] += np.arange(len(of)) > last[of]
        return side, best

    def _heights(self, places: Floats, counts: Floats, total: Floats) -> Floats:
        """What two normal distributions gain if cut behind each place, but for a constant.

        A place at the mean variance, which is 1, counts with each side, so that few rows side by
        side are none.
        """
        of, sizes = self._of, self.cells.sizes
        ends = self.cells.offsets[1:][of] - 1
        unit = (total / np.maximum(sizes, 1))[of]

        def summed(values: Floats) -> tuple[Floats, Floats]:
            sums = np.cumsum(values)
            before = np.concatenate([[0.0], sums])[self.cells.offsets[:-1]][of]
            return sums - before, sums[ends] - sums

        sides = zip(*map(summed, (counts, counts * places, counts * places**2)), strict=True)
        height, least = np.zeros(len(places)), np.maximum(self._least, _SLICE * total)[of]
        with np.errstate(divide="ignore", invalid="ignore"):
            for weight, first, second in sides:
                scatter = np.maximum(second - first * first / weight, 0.0)
                spread = (scatter + unit) / (weight + unit)
                height += weight * (np.log(weight) - 0.5 * np.log(spread))
                height[~(weight >= least)] = -np.inf
        same = np.append(places[1:] == places[:-1], True)
        height[same | (np.arange(len(of)) == ends)] = -np.inf
        return height

    def _fitted(self, estimate: Estimate, n_each: int, n_steps: int) -> tuple[Estimate, Floats]:
        """So many components a cell after steps of EM, and each cell's likelihood, nats."""
        k, passes = len(self.cells.sizes), self._passes
        asked = np.full((len(passes.rows), 1), -1, np.int32)
        asked[self._members, 0] = self._of
        lists = np.arange(k * n_each, dtype=np.int32).reshape(k, n_each)
        sets, bounds = Sets.empty(len(passes.rows), n_each), np.empty(k)
        for step in range(n_steps + 1):
            weight = estimate.weight.reshape(k, n_each)
            shares = weight / weight.sum(axis=1, keepdims=True)
            factor, means = LowRank(estimate.covariances), np.ascontiguousarray(estimate.means)
            components = Components(np.log(shares.ravel()), means, factor)
            passes.expand(components, self.cells, lists, asked, sets, bounds=bounds)
            if step < n_steps:
                members = passes.members(sets, k * n_each)
                estimate = self._maximised(members, means, estimate.covariances)
        return estimate, bounds

    @property
    def _passes(self) -> Any:
        """Those over the rows, with room of their own."""
        return replace(self.passes)

    def _maximised(self, members: Cells, means: Floats, covariances: Floats) -> Estimate:
        """The M-step of components about means (n, D), each with what is its own alone."""
        factor = LowRank(covariances)
        weight, first, second = self._passes.moments(members, means, diagonal=None, factor=factor)
        alone = structure("factor", self.estimate.structure.n_factors)
        along = factor.directions
        statistics = Statistics(means, weight, first, second, 0.0, len(members.order), 1.0, along)
        estimate = maximise(statistics, alone, self.ridge, near=covariances)
        found = estimate.covariances.copy()
        empty = ~(weight > 0.0)
        found[empty] = covariances[empty]
        found[:, :, -1] = np.maximum(found[:, :, -1], self.floor)
        return replace(estimate, covariances=found)
