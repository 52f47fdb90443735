"""Seeds: K rows far apart, to start from."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.components import Components
from mixtura.engine.executors import Executor
from mixtura.engine.sources import ArraySource, Block
from mixtura.fitting.kmeans.spheres import spheres

__all__ = ["seeds"]

#: Sums that differ by less are equal, and the first is taken: two rows nearest to each other leave
#: the same sum whichever is chosen, and rounding shall not choose.
_ROUNDING = 1e-12


def seeds(
    source: ArraySource, n_seeds: int, random: np.random.RandomState, executor: Executor
) -> Integers:
    """The numbers of K rows, chosen by greedy k-means++, (K,).

    The first is any row. Each next one is drawn with a probability in proportion to its squared
    distance to the nearest seed, 2 + ⌊log K⌋ times; the draw that leaves the least sum of such
    distances is kept. The random state is used exactly as scikit-learn 1.9 uses it.

    Parameters
    ----------
    source : the rows; their weights play no part.
    n_seeds : K, at most the number of rows.
    random : the source of the draws.
    executor : who carries the passes out.

    Notes
    -----
    2 K passes over the rows, with (3 + ⌊log K⌋) N K D multiply-adds; memory for two numbers a row.

    References
    ----------
    Arthur & Vassilvitskii 2007, "k-means++: the advantages of careful seeding", whose conclusion
    has the greedy choice.
    """
    n = source.n_rows
    n_draws = 2 + int(math.log(n_seeds))
    nearest = np.full(n, np.inf)  # (N,) squared distance to the nearest seed
    chosen = [int(random.random_sample() * n)]
    while len(chosen) < n_seeds:
        newest = spheres(source.rows[chosen[-1:]])
        potential = executor.run(source, partial(_approach, seed=newest, nearest=nearest))
        draws = potential * random.uniform(size=n_draws)
        # Rounding may leave the last partial sum a little below the potential.
        candidates = np.minimum(np.searchsorted(nearest.cumsum(), draws), n - 1)
        tried = spheres(source.rows[candidates])
        potentials = executor.run(source, partial(_potentials, seeds=tried, nearest=nearest))
        least = np.argmax(potentials <= (1.0 + _ROUNDING) * potentials.min())
        chosen.append(int(candidates[least]))
    return np.array(chosen)


def _approach(block: Block, seed: Components, nearest: Floats) -> float:
    """Update the distances to the nearest seed (N,) by one more seed; their sum."""
    distances = nearest[block.start : block.stop]
    np.minimum(distances, kernel.squared_distances(block.rows, seed)[:, 0], out=distances)
    return float(distances.sum())


def _potentials(block: Block, seeds: Components, nearest: Floats) -> Floats:
    """What the sum of `nearest` (N,) would be with each of n more seeds, (n,)."""
    distances = kernel.squared_distances(block.rows, seeds)  # (m, n)
    known = nearest[block.start : block.stop]
    # Rows along the inner loop: n is too small a number to loop over there.
    return np.minimum(distances.T, known, order="C").sum(axis=1)
