"""Sample: the rows that a search for a start looks at."""

from __future__ import annotations

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.engine.sources import ArraySource

__all__ = ["sample"]


def sample(
    source: ArraySource, n_rows: int, random: np.random.RandomState
) -> tuple[Floats, Floats]:
    """At most `n_rows` rows (m, D), and weights (m,) that have the mean 1.

    All rows of positive weight where they are few enough. Else one from each of `n_rows` equal
    parts of the total weight, in the order of the rows, drawn in proportion to the weights: what
    it looks at is spread over the file, and a row of weight 2 stands for two rows.

    Notes
    -----
    Time for `n_rows` rows without weights; one sum over the weights with them.
    """
    n, weights = source.n_rows, source.weights
    if weights is not None:
        present = np.flatnonzero(weights > 0.0)
        if len(present) <= n_rows:
            kept = weights[present]
            return source.rows[present].astype(np.float64), kept / kept.mean()
    elif n <= n_rows:
        return source.rows.astype(np.float64), np.ones(n)
    places = (np.arange(n_rows) + random.uniform(size=n_rows)) / n_rows
    if weights is None:
        chosen = np.minimum((places * n).astype(np.int64), n - 1)
    else:
        sums = np.cumsum(weights)
        chosen = np.minimum(np.searchsorted(sums, places * sums[-1], side="right"), n - 1)
    return source.rows[chosen].astype(np.float64), np.ones(n_rows)
