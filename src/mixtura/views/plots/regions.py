"""Regions: the smallest areas that hold a given share of a mixture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.model.mixture import Mixture

__all__ = ["region_levels"]

#: draws from the mixture; the share that lies above a level is known to within 0.2 %
_DRAWS = 50_000


def region_levels(mixture: Mixture, shares: Sequence[float]) -> Floats:
    """The log densities above which the shares of the mixture lie, (·,), nats.

    The region {x : log p(x) ≥ level} is the smallest that holds its share of the probability. The
    level is the quantile of log p(x) at 1 − share, over draws x from the mixture with a fixed
    seed.

    Parameters
    ----------
    mixture : the density.
    shares : between 0 and 1.

    References
    ----------
    Hyndman 1996, "Computing and graphing highest density regions", The American Statistician 50,
    section 3.2.

    Examples
    --------
    >>> from mixtura import Mixture
    >>> from mixtura.views.plots.regions import region_levels
    >>> m = Mixture([1.0], [[0.0, 0.0]], [[[1.0, 0.0], [0.0, 1.0]]])
    >>> region_levels(m, [0.5]).round(1).tolist()  # −log 2π + log(1 − 0.5)
    [-2.5]
    """
    rows, _ = mixture.sample(_DRAWS, 0)
    return np.quantile(mixture.score_samples(rows), 1.0 - np.asarray(shares))
