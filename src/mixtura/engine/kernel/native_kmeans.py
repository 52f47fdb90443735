"""The native kernel's k-means: its seeds, and Lloyd's iteration, in one call each."""

from __future__ import annotations

import numpy as np

from mixtura.engine.arrays import Floats, Integers, doubles
from mixtura.engine.kernel import _native
from mixtura.engine.search import LloydRule
from mixtura.engine.sources import Block
from mixtura.engine.statistics import Statistics, zeros


def far_apart(block: Block, draws: Floats, n_seeds: int, rounding: float) -> Integers:
    """The numbers of K rows of a block, chosen by greedy k-means++, (K,).

    Parameters
    ----------
    block : the rows, at least one, taken as float64.
    draws : (1 + (K − 1)·n,), from [0, 1): of the first row, then of the n tries of each next one.
    n_seeds : K.
    rounding : sums of distances that differ by less, relatively, are equal, and the first is kept.

    Raises
    ------
    ValueError : a draw is none, or they are too few or too many.

    Notes
    -----
    One thread, the GIL released unless it is brief; (n + 1)·N·K·D multiply-adds, memory for two
    numbers a row.

    References
    ----------
    Arthur & Vassilvitskii 2007, "k-means++: the advantages of careful seeding".

    Examples
    --------
    >>> rows = np.array([[0.0], [0.1], [5.0]])
    >>> far_apart(Block(0, rows), np.array([0.0, 0.9, 0.9]), 2, 0.0).tolist()
    [0, 2]
    """
    chosen = np.empty(n_seeds, np.int64)
    _native.far_apart(doubles(block.rows), _weights(block), doubles(draws), rounding, chosen)
    return chosen


def lloyd(
    block: Block, centres: Floats, rule: LloydRule, *, diagonal: bool
) -> tuple[Integers, Statistics] | None:
    """The clusters of a block's rows that Lloyd's iteration ends in, from centres (K, D).

    Every row to its nearest centre, every centre to the mean of its rows; until no row changes, or
    the rule says so.

    Parameters
    ----------
    block : the rows, at least one, taken as float64.
    centres : (K, D), to start from.
    rule : when it is over.
    diagonal : which second moments the statistics shall have.

    Returns
    -------
    Labels (m,) and statistics about the last centres, as of `reference.assign`. None where a
    cluster lost all its rows, or a row is so far out that its squared distances overflow: what
    then becomes of them is for the caller to say.

    Notes
    -----
    One thread, the GIL released unless it is brief; at most N·K·D multiply-adds a step, memory for
    two numbers a row.

    References
    ----------
    Lloyd 1982, "Least squares quantization in PCM"; Hamerly 2010, "Making k-means even faster".

    Examples
    --------
    >>> rows, rule = np.array([[0.0], [1.0], [5.0]]), LloydRule(1e-4, 1e-9, 1e-12, 300)
    >>> labels, sums = lloyd(Block(0, rows), np.array([[0.0], [1.0]]), rule, diagonal=True)
    >>> labels.tolist(), sums.reference.tolist()
    ([0, 0, 1], [[0.5], [5.0]])
    """
    places, n = np.array(centres, np.float64, order="C"), len(block.rows)
    sums, total, labels = zeros(places, diagonal=diagonal), np.empty(1), np.empty(n, np.int64)
    by = (rule.tolerance, rule.residue, rule.rounding, block.total_weight, rule.n_steps)
    rows = doubles(block.rows), _weights(block)
    if not _native.lloyd(*rows, by, places, labels, *sums, total):
        return None
    return labels, Statistics(places, *sums, float(total[0]), n, by[3])


def _weights(block: Block) -> Floats | None:
    return None if block.weights is None else doubles(block.weights)
