"""Regions: the smallest that hold a given probability, where a density is highest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixtura.arguments import is_number
from mixtura.engine.arrays import Floats, Value, frozen
from mixtura.errors import ParameterError
from mixtura.model.density import Density
from mixtura.model.distributions import inverted
from mixtura.model.modes import antimodes, modes
from mixtura.model.random import Seed, random_state_of
from mixtura.model.univariate import Univariate


@dataclass(frozen=True, eq=False)
class HighestDensityRegion(Value):
    """The smallest region of a given probability: {x : log p(x) ≥ level}.

    Parameters
    ----------
    probability : of a row to lie in it.
    level : nats.
    intervals : (n, 2), of one feature: from where to where the region goes, feature units; None of
        several features.
    standard_error : of the level, nats; 0 where it is exact.
    """

    probability: float
    level: float
    intervals: Floats | None
    standard_error: float

    def __repr__(self) -> str:
        return f"HighestDensityRegion(probability {self.probability:g}, level {self.level:.6g})"


def highest_density_region(
    mixture: Density, probability: float, n_draws: int, random_state: Seed
) -> HighestDensityRegion:
    """The region; see `Mixture.hdr`.

    Raises
    ------
    ParameterError : the probability is not above 0 and below 1.
    """
    if not is_number(probability) or not 0.0 < probability < 1.0:
        raise ParameterError(
            f"probability is {probability!r}, expected a number above 0 and below 1"
        )
    if mixture.n_features == 1:
        return _exact(mixture, float(probability))
    return _drawn(mixture, float(probability), n_draws, random_state)


def _exact(mixture: Density, probability: float) -> HighestDensityRegion:
    """Of one feature: between its stationary points the density is monotone."""
    ends = np.column_stack([family.ends() for family in mixture.terms])
    breaks = [modes(mixture).points[:, 0], antimodes(mixture), ends.ravel()]
    knots = np.unique(np.concatenate(breaks))
    heights = Univariate.of(mixture, len(knots)).pdf(knots)

    def intervals(level: float) -> Floats:
        """Where the density is above a level, (n, 2)."""
        high = heights >= level
        crossed = np.flatnonzero(high[1:] != high[:-1])
        part = Univariate.of(mixture, len(crossed))
        sign = np.where(high[crossed + 1], 1.0, -1.0)
        values = np.full(len(crossed), level) * sign
        places = inverted(lambda x: sign * part.pdf(x), values, knots[crossed], knots[crossed + 1])
        first = knots[:1] if high[0] else knots[:0]
        last = knots[-1:] if high[-1] else knots[:0]
        return np.concatenate([first, places, last]).reshape(-1, 2)

    def mass(level: float) -> float:
        edges = intervals(level).ravel()
        below = Univariate.of(mixture, len(edges)).cdf(edges)
        return float((below[1::2] - below[::2]).sum())

    high = float(np.log(heights.max()))
    low = high - 700.0
    for _ in range(200):
        middle = 0.5 * low + 0.5 * high
        if not low < middle < high:
            break
        low, high = (middle, high) if mass(np.exp(middle)) >= probability else (low, middle)
    return HighestDensityRegion(probability, low, frozen(intervals(np.exp(low))), 0.0)


def _drawn(mixture: Density, probability: float, n: int, seed: Seed) -> HighestDensityRegion:
    """Of several: the quantile of log p over rows drawn, each component's share of them its own.

    Its standard error is √(p(1 − p)/n) over the density of log p there, which the distance to
    the quantiles one standard error away tells.
    """
    rng = random_state_of(seed)
    parts, weights = [], []
    for family in mixture.terms:
        counts = np.maximum(np.ceil(n * family.shares), 1).astype(np.int64)
        parts.append(family.sample(counts, rng))
        weights.append(np.repeat(family.shares / counts, counts))
    scores = mixture.score_samples(np.concatenate(parts))
    order = np.argsort(scores)
    above = 1.0 - np.cumsum(np.concatenate(weights)[order])
    error = np.sqrt(probability * (1.0 - probability) / n)
    at = [int(np.searchsorted(-above, -(probability + e))) for e in (error, 0.0, -error)]
    least, level, most = scores[order][np.minimum(at, len(order) - 1)].tolist()
    return HighestDensityRegion(probability, level, None, 0.5 * (most - least))
