"""Lloyd's iteration: rows to the nearest centre, centres to the mean of their rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.components import Centres, Components, spheres
from mixtura.engine.executors import Executor
from mixtura.engine.search import LloydRule
from mixtura.engine.sources import ArraySource, Block, Source
from mixtura.engine.statistics import Statistics
from mixtura.fitting.starts.kmeans.seeds import is_short

#: when it is over; a cluster's sums, by what came and went, may be rounding below such a share, and
#: the rounding of a distance is far above what it is, far below what tells clusters apart
RULE = LloydRule(1e-4, 1e-9, 1e4 * float(np.finfo(np.float64).eps), 300)
#: up to so many multiply-adds a step, all steps are one call of the kernel: less than half a second
_SHORT = 2**22


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
    At most N·K·D multiply-adds an iteration; as the centres come to rest, rows that cannot have
    changed their cluster are passed over. Memory for one and a half numbers a row.

    References
    ----------
    Lloyd 1982, "Least squares quantization in PCM"; Hamerly 2010, "Making k-means even faster",
    whose bounds say which rows cannot have changed.
    """
    alone = source.alone
    if kernel.lloyd is not None and alone and is_short(source, len(centres), _SHORT):
        ended = kernel.lloyd(alone, centres, RULE, diagonal=diagonal)
        if ended is not None:
            return ended
    last = spheres(step_by_step(source, centres, executor))
    labels = np.empty(source.n_rows, dtype=np.int64)
    return labels, executor.run(source, partial(_settle, last, labels, diagonal=diagonal))


def step_by_step(source: ArraySource, centres: Floats, executor: Executor) -> Floats:
    """Where the centres (K, D) come to rest, a pass a step, (K, D)."""
    centres = np.asarray(centres, dtype=np.float64)
    clusters = Clusters(source, centres)
    everything = overall(source, executor)
    tolerance = RULE.tolerance * float(everything.second.mean() / everything.total_weight)
    sums = Sums(np.zeros(len(centres)), np.zeros(centres.shape), moved=0)
    before = centres
    for _ in range(RULE.n_steps):
        about = clusters.centres(centres, before)
        gained = executor.run(source, partial(clusters.follow, centres=about))
        if not gained.moved:
            break
        sums = sums + gained
        before, centres = centres, _means(sums, centres, clusters, source, executor)
        if np.square(centres - before).sum() <= tolerance:
            break
    return centres


def _settle(about: Components, labels: Integers, block: Block, *, diagonal: bool) -> Statistics:
    """Assign the block's rows for good, in their place among all `labels` (N,)."""
    labels[block.start : block.stop], statistics = kernel.assign(block, about, diagonal=diagonal)
    return statistics


def _means(
    sums: Sums, centres: Floats, clusters: Clusters, source: ArraySource, executor: Executor
) -> Floats:
    """The centres that follow, (K, D).

    A centre that lost all rows takes one of those farthest from their own centre; where every
    row lies on its centre, it stays.
    """
    weight, first, reference = sums.weight, sums.first, clusters.reference
    if weight.min() > RULE.residue * weight.sum():
        return reference + first / weight[:, None]
    weight, first = weight.copy(), first.copy()
    for k in np.flatnonzero(weight <= RULE.residue * weight.sum()):
        weight[k], first[k] = clusters.counted(source, int(k))
    empty = np.flatnonzero(weight == 0.0)
    if empty.size and (distances := _distances(source, centres, executor)).any():
        farthest = np.argpartition(distances, -empty.size)[-empty.size :][::-1]
        for k, row in zip(empty, farthest, strict=True):
            share = 1.0 if source.weights is None else source.weights[row]
            for j, gained in ((clusters.labels[row], -share), (k, share)):
                weight[j] += gained
                first[j] += gained * (source.rows[row] - reference[j])
    kept = weight > 0.0
    means = reference + first / np.where(kept, weight, 1.0)[:, None]
    return np.where(kept[:, None], means, centres)


def _distances(source: ArraySource, centres: Floats, executor: Executor) -> Floats:
    """Squared distances to the nearest of the centres (K, D), (N,); none for rows of no weight."""
    about = spheres(centres)

    def nearest(block: Block) -> Floats:
        distances: Floats = kernel.squared_distances(block.rows, about).min(axis=1)
        return distances if block.weights is None else distances * (block.weights > 0.0)

    return np.concatenate(list(executor.map(source, nearest)))


@dataclass(frozen=True, eq=False)
class Sums:
    """Σ v_i (K,) and Σ v_i (x_i − c_k) (K, D) of clusters, and how many rows changed theirs."""

    weight: Floats
    first: Floats
    moved: int

    def __add__(self, other: Sums) -> Sums:
        return Sums(self.weight + other.weight, self.first + other.first, self.moved + other.moved)


class Clusters:
    """The rows of a source, each in the cluster whose centre is nearest.

    A row's slack is a lower bound on how much farther the second-nearest centre is than the
    nearest. As centres move, it shrinks by what its own and the others moved at most; while it is
    positive, the row's label stands and the row is not read (Hamerly 2010).

    Parameters
    ----------
    source : the rows.
    reference : (K, D), the points that the sums are taken about.
    """

    def __init__(self, source: ArraySource, reference: Floats) -> None:
        self.reference = reference
        self.labels = np.full(source.n_rows, -1, dtype=np.int32)
        self._slack = np.zeros(source.n_rows)
        eps = np.finfo(source.dtype).eps / np.finfo(np.float64).eps
        self._rounding = RULE.rounding * float(eps)

    def centres(self, points: Floats, before: Floats) -> Centres:
        """Centres that moved to `points` from where they were `before`, (K, D) each.

        A row's own centre may have gone away from it, and the one that moved farthest of the others
        have come as near.
        """
        moved = np.sqrt(np.square(points - before).sum(axis=1))
        farthest = int(moved.argmax())
        others = np.full(len(moved), moved[farthest])
        others[farthest] = max((*moved[:farthest], *moved[farthest + 1 :]), default=0.0)
        loss = (1.0 + self._rounding) * (moved + others)
        return Centres(points, self.reference, loss, self._rounding)

    def follow(self, block: Block, centres: Centres) -> Sums:
        """Move the block's rows to the nearest of the centres: what the clusters' sums gain."""
        own = slice(block.start, block.stop)
        return Sums(*kernel.hamerly_step(block, centres, self.labels[own], self._slack[own]))

    def counted(self, source: ArraySource, k: int) -> tuple[float, Floats]:
        """Σ v_i and Σ v_i (x_i − c_k) (D,) of cluster k, from its rows themselves."""
        own = np.flatnonzero(self.labels == k)
        weights = np.ones(len(own)) if source.weights is None else source.weights[own]
        return float(weights.sum()), weights @ (source.rows[own] - self.reference[k])


def overall(source: Source, executor: Executor) -> Statistics:
    """The statistics of all rows about their mean: reference (1, D), diagonal second moments.

    Two passes: the first finds the mean, about the first row, the second takes the moments about
    it, so that no digit is lost to an offset.
    """
    reference = source.first().astype(np.float64)
    for _ in range(2):
        statistics = executor.run(source, partial(_together, reference=reference))
        reference = reference + statistics.first / statistics.total_weight
    return statistics


def _together(block: Block, reference: Floats) -> Statistics:
    return kernel.moments(block, np.ones((len(block.rows), 1)), reference, diagonal=True)
