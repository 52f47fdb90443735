"""Seeds: rows far apart, at a price that does not grow with rows times components."""

from __future__ import annotations

from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats, Integers

#: how many rows a chain proposes for each seed
_LENGTH = 10
#: rows whose distances from the first seed are found at once
_AT_ONCE = 2**16


def seeds(passes: Any, n_seeds: int, scale: Floats, random: np.random.RandomState) -> Integers:
    """The numbers of K rows, by k-means++ whose draws are the ends of short Markov chains, (K,).

    The first is any row x₁. Each next one is the end of a chain of rows drawn with the probability
    q(x) = ½ d(x, x₁)² / Σ d² + ½ / N, which goes on to a row with the probability
    min(1, d²(y) q(x) / (d²(x) q(y))), d being the distance to the nearest seed so far. The longer
    the chain, the nearer this is to k-means++.

    Parameters
    ----------
    passes : over the rows.
    n_seeds : K.
    scale : (D,) by which features are multiplied before distances are taken.
    random : the source of the draws.

    Notes
    -----
    One pass over the rows, then 10·K²/2 distances, which threads share.

    References
    ----------
    Bachem, Lucic, Hassani & Krause 2016, "Fast and provably good seedings for k-means".
    """
    n, weights = len(passes.rows), passes.weights
    counts = np.ones(n) if weights is None else weights
    first = min(int(np.searchsorted(counts.cumsum(), random.random_sample() * counts.sum())), n - 1)
    distances = np.empty(n)
    for at in range(0, n, _AT_ONCE):
        apart = (passes.rows[at : at + _AT_ONCE] - passes.rows[first]) * scale
        distances[at : at + _AT_ONCE] = np.einsum("ij,ij->i", apart, apart)
    spread = float(distances @ counts)
    proposed = np.full(n, 0.5 / counts.sum())
    if spread > 0.0:
        proposed += 0.5 * distances / spread
    reached = np.cumsum(proposed * counts)
    draws = random.random_sample((2, n_seeds, _LENGTH))
    drawn = np.searchsorted(reached, draws[0] * reached[-1]).clip(max=n - 1).astype(np.int32)
    drawn[0] = first
    return passes.chained(drawn, proposed[drawn], draws[1], scale)
