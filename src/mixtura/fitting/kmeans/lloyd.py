"""Lloyd's iteration: rows to the nearest centre, centres to the mean of their rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.components import Components
from mixtura.engine.executors import Executor
from mixtura.engine.sources import ArraySource, Block
from mixtura.engine.statistics import Statistics
from mixtura.fitting.kmeans.spheres import spheres

__all__ = ["cluster"]

_MAX_ITER = 300
#: the squared movement of all centres below which they stand, in units of the mean variance
_TOL = 1e-4


def cluster(
    source: ArraySource, centres: Floats, executor: Executor, *, diagonal: bool
) -> tuple[Integers, Statistics]:
    """The clusters that Lloyd's iteration ends in.

    Repeats: every row to its nearest centre, every centre to the mean of its rows; until no row
    changes, the centres move by less than 1e-4 of the mean variance, or 300 times. The decisions
    are those of scikit-learn 1.9.

    Parameters
    ----------
    source : the rows.
    centres : (K, D), to start from.
    executor : who carries the passes out.
    diagonal : which second moments the statistics shall have.

    Returns
    -------
    labels : (N,), the nearest centre of each row, the first of equals.
    statistics : of the clusters about those centres; the log-likelihood is −½ Σ ‖x − c‖².

    Notes
    -----
    N·K·D multiply-adds an iteration; memory for half a number a row, the labels.

    References
    ----------
    Lloyd 1982, "Least squares quantization in PCM".
    """
    labels = np.full(source.n_rows, -1, dtype=np.int32)
    tolerance = None
    for _ in range(_MAX_ITER):
        about = spheres(centres)
        step = executor.run(source, partial(_assign, centres=about, labels=labels, diagonal=True))
        if not step.moved:
            break
        if tolerance is None:
            tolerance = _TOL * _mean_variance(step.statistics)
        before, centres = centres, _means(step.statistics, source, labels, executor)
        if np.square(centres - before).sum() <= tolerance:
            break
    about = spheres(centres)
    last = executor.run(source, partial(_assign, centres=about, labels=labels, diagonal=diagonal))
    return labels, last.statistics


@dataclass(frozen=True, eq=False)
class _Step:
    """What an assignment adds up: the clusters' statistics, and how many rows changed theirs."""

    statistics: Statistics
    moved: int

    def __add__(self, other: _Step) -> _Step:
        return _Step(self.statistics + other.statistics, self.moved + other.moved)


def _assign(block: Block, centres: Components, labels: Integers, *, diagonal: bool) -> _Step:
    """Assign the block's rows, in their place among all `labels` (N,)."""
    nearest, statistics = kernel.assign(block, centres, diagonal=diagonal)
    own = labels[block.start : block.stop]
    moved = int(np.count_nonzero(own != nearest))
    own[:] = nearest
    return _Step(statistics, moved)


def _means(
    statistics: Statistics, source: ArraySource, labels: Integers, executor: Executor
) -> Floats:
    """The centres that follow, (K, D).

    A centre that lost all rows takes one of those farthest from their own centre; where every
    row lies on its centre, it stays.
    """
    weight, first, centres = statistics.weight.copy(), statistics.first.copy(), statistics.reference
    empty = np.flatnonzero(weight == 0.0)
    if empty.size and (distances := _distances(source, centres, executor)).any():
        farthest = np.argpartition(distances, -empty.size)[-empty.size :][::-1]
        for k, row in zip(empty, farthest, strict=True):
            share = 1.0 if source.weights is None else source.weights[row]
            for j, gained in ((labels[row], -share), (k, share)):
                weight[j] += gained
                first[j] += gained * (source.rows[row] - centres[j])
    return centres + first / np.where(weight > 0.0, weight, 1.0)[:, None]


def _distances(source: ArraySource, centres: Floats, executor: Executor) -> Floats:
    """Squared distances to the nearest of the centres (K, D), (N,)."""
    about = spheres(centres)

    def nearest(block: Block) -> Floats:
        return kernel.squared_distances(block.rows, about).min(axis=1)

    return np.concatenate(list(executor.map(source, nearest)))


def _mean_variance(statistics: Statistics) -> float:
    """The variance of all the clusters' rows together, over features the mean."""
    total = statistics.weight.sum()
    mean = (statistics.weight @ statistics.reference + statistics.first.sum(axis=0)) / total
    together = statistics.about(np.broadcast_to(mean, statistics.reference.shape))
    return float(together.second.sum(axis=0).mean() / total)
