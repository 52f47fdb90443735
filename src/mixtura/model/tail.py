"""Tail: how probable it is that a row of a mixture's own is no likelier than a given one."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Integers, Value, frozen
from mixtura.model.density import Density
from mixtura.model.distributions import chi_survival, chi_survival_quantiles
from mixtura.model.rays import Drawn, drawn_terms

#: cells of the table of scores at most and at least, and of its standard errors
_FINEST, _FEWEST, _COARSE = 2**16, 2**11, 2**10
#: no cell of the table holds more of the probability, or adds more to it in proportion
_HELD, _RISE = 1e-3, 0.02
#: below, so small a probability does not make a cell narrower
_SMALL = 1e-9
#: where no component is
_FAR = 1e200
#: ends of wide cells to either side whose standard errors count, too
_NEAR = 4
#: so many units in the last place of a score are no difference
_ULPS = 8


class Tail(Value, ABC):
    """The distribution of log p(X) for X from the mixture itself: how rare a score is.

    T(s) = P(log p(X) ≤ s), the tail probability of a row whose score is s. It rises with the score,
    and of rows from the mixture it is uniform between 0 and 1. `tail_of` finds it.

    Examples
    --------
    >>> from mixtura import Mixture
    >>> from mixtura.model.tail import tail_of
    >>> m = Mixture([0.5, 0.5], [[0.0], [6.0]], [[[1.0]], [[1.0]]])
    >>> tail = tail_of(m)
    >>> rare = tail.probability(m.score_samples([[0.0], [3.0], [-4.5]]))
    >>> rare.round(4).tolist()
    [1.0, 0.003, 0.0]
    """

    @abstractmethod
    def probability(self, scores: Any) -> Floats:
        """T(s) of scores (N,), nats: between 0 and 1."""

    @abstractmethod
    def error(self, scores: Any) -> Floats:
        """The standard error of `probability`, (N,): 0 where that is exact."""

    @abstractmethod
    def threshold(self, alpha: float) -> float:
        """The score s with T(s) = alpha, nats; −inf where every score is more probable."""


@dataclass(frozen=True, eq=False)
class ExactTail(Tail):
    """The tail of one Gaussian: P(d² ≥ 2(peak − s)) for d² chi-square of D degrees of freedom.

    Parameters
    ----------
    peak : the log density at the mean, nats.
    n_features : D.
    """

    peak: float
    n_features: int

    def probability(self, scores: Any) -> Floats:
        depth = np.maximum(self.peak - np.asarray(scores, dtype=np.float64), 0.0)
        return chi_survival(np.sqrt(2.0 * depth), self.n_features)

    def error(self, scores: Any) -> Floats:
        return np.zeros(np.shape(scores))

    def threshold(self, alpha: float) -> float:
        distance = float(chi_survival_quantiles(np.array([alpha]), self.n_features)[0])
        return self.peak - 0.5 * distance * distance


@dataclass(frozen=True, eq=False)
class SampledTail(Tail):
    """The tail of a mixture, from weighted draws along rays out of each component.

    It is read off a table whose cells are even in y = √(top − s), linear within each. Below its
    end, where less than some 1e-12 is left, it stays what it is there: that, or less.

    Parameters
    ----------
    top : the largest log density that was found, nats.
    step : the width of a cell, √nats.
    table : (C + 1,), T at the cells' ends, from the top downwards.
    errors : (C' + 1,), its standard errors at the ends of fewer, wider cells, the largest nearby.
    floor : log w₀ − log V of the noise, below which no score is, nats; −inf without noise. With it
        s is log(e^s − e^floor), the part of the components: rows far from all of them, whose scores
        differ in their last digits alone, count as equally likely.
    n_draws : how many rows were drawn.
    seed : of them.

    Notes
    -----
    A look-up is some ten operations a row, a tenth of what the score of 16 components costs.
    """

    top: float
    step: float
    table: Floats
    errors: Floats
    floor: float
    n_draws: int
    seed: int

    def probability(self, scores: Any) -> Floats:
        return self._read(self.table, scores)

    def error(self, scores: Any) -> Floats:
        return self._read(self.errors, scores)

    def threshold(self, alpha: float) -> float:
        if alpha < self.table[-1]:
            return -math.inf
        rising = self.table[::-1]
        place = len(rising) - 1 - np.interp(alpha, rising, np.arange(len(rising)))
        found = self.top - float(place * self.step) ** 2
        return found if self.floor == -math.inf else float(np.logaddexp(found, self.floor))

    def _read(self, values: Floats, scores: Any) -> Floats:
        """The values at the ends of cells, interpolated at scores."""
        cells = len(values) - 1
        place = _depths(scores, self.top, self.floor)
        place *= cells / (self.step * (len(self.table) - 1))
        np.minimum(place, cells, out=place)
        cell = place.astype(np.int32)
        place -= cell
        place *= np.diff(values, append=0.0).take(cell)
        place += values.take(cell)
        return place


def tail_of(mixture: Density, seed: int = 0) -> Tail:
    """The distribution of a mixture's own scores: exact for one component, else computed.

    T(s) = Σ_k w_k P(log p(μ_k + r·L_k u) ≤ s), where u is a direction, r of the chi distribution.
    Directions are drawn in orthogonal frames, both ways; along each ray r is drawn once in each of
    64 strata of known probability, which reach down to 1e-12 (importance sampling with exact
    weights). So a far score costs no more draws than a near one. Frames are independent: their
    variance is the squared standard error. Noise is drawn evenly over its box.

    Parameters
    ----------
    mixture : the density.
    seed : of the draws; the same one gives the same table.

    Notes
    -----
    The cost of scoring some 130,000 rows, or 4,096 a component where that is more; 16 KiB to
    512 KiB of memory. The standard error is about 0.1 % of the probability in the middle and 1 %
    of it at 1e-6.

    References
    ----------
    Owen 2013, Monte Carlo theory, methods and examples, chapters 8.3 (stratification), 9
    (importance sampling) and 10.3 (Latin hypercubes).
    """
    if len(mixture.shares) == 1:
        return ExactTail(float(mixture.gaussians.constants[0]), mixture.n_features)
    nowhere = np.full((1, mixture.n_features), _FAR)
    floor = float(kernel.log_likelihood(nowhere, mixture.components)[0])
    terms = drawn_terms(mixture, seed)
    scores = np.concatenate([drawn.scores.ravel() for drawn in terms])
    weights = np.concatenate([np.tile(each.weights, len(each.scores)) for each in terms])
    peaks = kernel.log_likelihood(mixture.means, mixture.components)
    top = float(max(_of_components(each, floor).max() for each in (scores, peaks)))
    depths = _depths(scores, top, floor)
    step = float(depths.max()) / _FINEST
    table = _beyond(np.bincount(_cells(depths, step, _FINEST), weights, _FINEST + 1))
    while len(table) > _FEWEST and _is_smooth(table[::2]):
        table, step = table[::2], 2.0 * step
    wide = float(depths.max()) / _COARSE
    at = np.cumsum([0, *(each.scores.size for each in terms)])
    variance: Any = sum(
        _variance(drawn, _cells(depths[begin:end], wide, _COARSE))
        for drawn, begin, end in zip(terms, at, at[1:], strict=False)
    )
    errors = frozen(np.sqrt(_largest_near(variance)))
    return SampledTail(top, step, frozen(table), errors, floor, len(scores), seed)


def _of_components(scores: Any, floor: float) -> Floats:
    """The logarithm of what is left of the densities without the noise's, nats."""
    if floor == -math.inf:
        return np.asarray(scores, dtype=np.float64)
    least = _ULPS * np.finfo(np.float64).eps * max(abs(floor), 1.0)
    above = np.maximum(np.subtract(scores, floor, dtype=np.float64), least)
    return floor + above + np.log(-np.expm1(-above))


def _depths(scores: Any, top: float, floor: float) -> Floats:
    """How far below the top scores are, y = √(top − s), √nats."""
    depths = np.subtract(top, _of_components(scores, floor))
    np.maximum(depths, 0.0, out=depths)
    return np.sqrt(depths, out=depths)


def _cells(depths: Floats, step: float, count: int) -> Integers:
    """The cell of each depth, 0 to `count`: that is the end of the last."""
    return np.minimum(depths / step, count).astype(np.int64)


def _beyond(masses: Any) -> Floats:
    """How much of the probability is in each cell or below, of masses (…, C)."""
    return np.asarray(np.cumsum(masses[..., ::-1], axis=-1)[..., ::-1])


def _is_smooth(table: Floats) -> bool:
    """Whether a straight line through each cell is as good as what is in it."""
    held = table[:-1] - table[1:]
    return bool(np.all((held <= _HELD) & (held <= _RISE * np.maximum(table[1:], _SMALL))))


def _largest_near(values: Floats) -> Floats:
    """The largest of each value and its neighbours.

    Where rays end at one distance, the variance is nearly 0 between two of their shares of a
    stratum.
    """
    wide = np.pad(values, _NEAR, mode="edge")
    return np.lib.stride_tricks.sliding_window_view(wide, 2 * _NEAR + 1).max(axis=1)


def _variance(drawn: Drawn, cells: Integers) -> Floats:
    """The variance that a term's draws give to the table at the ends of wide cells, (C' + 1,)."""
    frames = len(drawn.scores)
    each = cells.reshape(frames, -1) + (_COARSE + 1) * np.arange(frames)[:, None]
    weights = np.tile(drawn.weights, frames)
    masses = np.bincount(each.ravel(), weights, frames * (_COARSE + 1)).reshape(frames, -1)
    return np.asarray(frames * np.var(_beyond(masses), axis=0, ddof=1))
