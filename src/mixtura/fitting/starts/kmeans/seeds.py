"""Seeds: K rows far apart, to start from."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.components import Components, spheres
from mixtura.engine.executors import Executor
from mixtura.engine.sources import ArraySource, Block

#: Sums that differ by less are equal, and the first is taken: two rows nearest to each other leave
#: the same sum whichever is chosen, and rounding shall not choose.
_ROUNDING = 1e-12
#: up to so many numbers, and so many of them times seeds, all steps are one call of the kernel:
#: less than half a second, and short passes take longer to call than to do
_NUMBERS, _SHORT = 2**18, 2**26


def seeds(
    source: ArraySource, n_seeds: int, random: np.random.RandomState, executor: Executor
) -> Integers:
    """The numbers of K rows, chosen by greedy k-means++, (K,).

    The first is any row. Each next one is drawn with a probability in proportion to its squared
    distance to the nearest seed, 2 + ⌊log K⌋ times; the draw that leaves the least sum of such
    distances is kept. The random state is used exactly as scikit-learn 1.9 uses it.

    Parameters
    ----------
    source : the rows; a row of weight v is drawn as v rows would be.
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
    n_tries = 2 + int(math.log(n_seeds))
    draws = random.random_sample(1 + (n_seeds - 1) * n_tries)
    if kernel.far_apart is not None and is_short(source, n_seeds):
        rows = source.alone or source.whole.readable()
        return kernel.far_apart(rows, draws, n_seeds, _ROUNDING)
    return step_by_step(source, float(draws[0]), draws[1:].reshape(-1, n_tries), executor)


def is_short(source: ArraySource, n_centres: int, most: int = _SHORT) -> bool:
    """Whether k-means of a source's rows may be one call of a kernel that has it whole."""
    numbers = source.n_rows * source.n_features
    short = numbers <= _NUMBERS and numbers * n_centres <= most
    return short and source.dtype == np.float64


def step_by_step(source: ArraySource, first: float, draws: Floats, executor: Executor) -> Integers:
    """The seeds that a draw for the first, and draws (K − 1, n) for each next one lead to, (K,)."""
    nearest = np.full(source.n_rows, np.inf)  # (N,) squared distance to the nearest seed
    chosen = [_any_row(source, first)]
    for tries in draws:
        newest = spheres(source.rows[chosen[-1:]])
        approach = partial(_potentials, seeds=newest, nearest=nearest, update=True)
        reached = np.cumsum(list(executor.map(source, approach)))  # (n_blocks,)
        candidates = [_row_at(source, draw, reached, nearest) for draw in reached[-1] * tries]
        tried = spheres(source.rows[candidates])
        attempt = partial(_potentials, seeds=tried, nearest=nearest, update=False)
        potentials = executor.run(source, attempt)
        least = np.argmax(potentials <= (1.0 + _ROUNDING) * potentials.min())
        chosen.append(candidates[least])
    return np.array(chosen)


def _potentials(block: Block, seeds: Components, nearest: Floats, *, update: bool) -> Floats:
    """What the sum of the block's `nearest` (N,) is with each of n more seeds, (n,)."""
    return kernel.potentials(block, seeds, nearest[block.start : block.stop], update=update)


def _any_row(source: ArraySource, draw: float) -> int:
    """The row that a number from [0, 1) draws, each as likely as it weighs."""
    if source.weights is None:
        return int(draw * source.n_rows)
    reached = source.weights.cumsum()
    return int(np.searchsorted(reached, draw * reached[-1], side="right"))


def _row_at(source: ArraySource, draw: float, reached: Floats, nearest: Floats) -> int:
    """The row at which the running sum of weighted distances comes up to `draw`.

    Only the block is summed in which it does so: `reached` holds the running sum over blocks.
    Rounding may leave the sum of the last one a little below the draw.
    """
    at = min(int(np.searchsorted(reached, draw)), len(reached) - 1)
    first = at * source.block_rows
    distances = nearest[first : first + source.block_rows]
    if source.weights is not None:
        distances = distances * source.weights[first : first + source.block_rows]
    within = draw - (reached[at - 1] if at else 0.0)
    return first + min(int(np.searchsorted(distances.cumsum(), within)), len(distances) - 1)
