"""Start: the first responsibilities.

The four starts of scikit-learn, drawing from the random state exactly as scikit-learn 1.9 does:
the same seed gives the same start.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Rows
from mixtura.engine.executors import Executor
from mixtura.engine.sources import Block, Source
from mixtura.engine.statistics import Statistics
from mixtura.errors import MissingExtraError, ParameterError

__all__ = ["STARTS", "start", "statistics_of", "with_unclaimed"]

Responsibilities = Callable[[Block], Floats]
Start = Callable[[Rows, int, np.random.RandomState], Responsibilities]
"""(rows (N, D), K, random state) -> block -> responsibilities (m, K)"""


def start(name: str) -> Start:
    """The start called `name`.

    Raises
    ------
    ParameterError : there is none of that name; those that exist are listed.
    """
    found = STARTS.get(name)
    if found is None:
        known = ", ".join(STARTS)
        raise ParameterError(f"unknown start {name!r}, expected one of: {known}")
    return found


def statistics_of(
    source: Source,
    responsibilities: Responsibilities,
    n_components: int,
    executor: Executor,
    *,
    diagonal: bool,
) -> Statistics:
    """The statistics of a source about the means that given responsibilities imply.

    Two passes: the first finds the means, about the first row, the second takes the moments about
    them, so that no digit is lost to an offset.
    """
    anchor = next(iter(source.blocks())).rows[0].astype(np.float64)
    reference = np.tile(anchor, (n_components, 1))
    for _ in range(2):
        about = reference

        def block_statistics(block: Block, about: Floats = about) -> Statistics:
            return kernel.moments(block, responsibilities(block), about, diagonal=diagonal)

        statistics = executor.run(source, block_statistics)
        weight = np.maximum(statistics.weight, np.finfo(float).tiny)
        reference = about + statistics.first / weight[:, None]
    return statistics


def with_unclaimed(
    statistics: Statistics,
    source: Source,
    responsibilities: Responsibilities,
    executor: Executor,
) -> Statistics:
    """Statistics that count the rows of no component in the scatter, as Σ x_i x_iᵀ about zero.

    A start of one row a component gives the other rows to none. scikit-learn finds a covariance
    that all components share as XᵀX − Σ_k n_k μ_k μ_kᵀ over *all* rows, theirs included. That
    makes a start nearly as wide as the data's distance from the origin; it is kept because the
    same seed must give the same start.
    """
    origin = np.zeros((1, source.n_features))

    def unclaimed(block: Block) -> Statistics:
        left = (responsibilities(block).sum(axis=1, keepdims=True) == 0.0).astype(float)  # (m, 1)
        return kernel.moments(block, left, origin, diagonal=False)

    second = statistics.second.copy()
    second[0] += executor.run(source, unclaimed).second[0]
    return replace(statistics, second=second)


def _kmeans(rows: Rows, n_components: int, random: np.random.RandomState) -> Responsibilities:
    """One-hot labels of one k-means run from greedy k-means++."""
    cluster = _scikit_learn("the kmeans start")
    kmeans = cluster.KMeans(n_clusters=n_components, n_init=1, random_state=random)
    with warnings.catch_warnings():
        # It warns of clusters without rows. Those are components without rows here, which the fit
        # repairs and records.
        warnings.simplefilter("ignore")
        labels = kmeans.fit(_squarable(rows)).labels_
    return lambda block: np.eye(n_components)[labels[block.start : block.stop]]


def _kmeans_plus_plus(
    rows: Rows, n_components: int, random: np.random.RandomState
) -> Responsibilities:
    """One row a component, chosen far apart: greedy k-means++ seeding."""
    cluster = _scikit_learn("the k-means++ start")
    _, indices = cluster.kmeans_plusplus(_squarable(rows), n_components, random_state=random)
    return _seeded(indices)


def _squarable(rows: Rows) -> Rows:
    """The rows, in float64 where sums of their squares would overflow float32."""
    narrow = rows.dtype == np.float32 and np.abs(rows).max() > 1e14
    return rows.astype(np.float64) if narrow else rows


def _random(rows: Rows, n_components: int, random: np.random.RandomState) -> Responsibilities:
    """Uniform numbers, normalised a row."""
    shares = random.uniform(size=(len(rows), n_components))
    shares /= shares.sum(axis=1)[:, None]
    return lambda block: shares[block.start : block.stop]


def _random_from_data(
    rows: Rows, n_components: int, random: np.random.RandomState
) -> Responsibilities:
    """One row a component, chosen at random without replacement."""
    return _seeded(random.choice(len(rows), size=n_components, replace=False))


def _seeded(indices: Any) -> Responsibilities:
    """Row indices[k] belongs to component k, the others to none."""

    def responsibilities(block: Block) -> Floats:
        shares = np.zeros((len(block.rows), len(indices)))
        for k, index in enumerate(indices):
            if block.start <= index < block.stop:
                shares[index - block.start, k] = 1.0
        return shares

    return responsibilities


STARTS: dict[str, Start] = {
    "kmeans": _kmeans,
    "k-means++": _kmeans_plus_plus,
    "random": _random,
    "random_from_data": _random_from_data,
}


def _scikit_learn(purpose: str) -> Any:
    try:
        import sklearn.cluster
    except ImportError:
        raise MissingExtraError("scikit-learn", "sklearn", purpose) from None
    return sklearn.cluster
