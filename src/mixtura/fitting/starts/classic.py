"""Classic: the four starts of scikit-learn.

They draw from the random state exactly as scikit-learn 1.9 does: the same seed gives the same
start.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.executors import Serial
from mixtura.engine.sources import Block
from mixtura.engine.statistics import Statistics
from mixtura.fitting.starts import kmeans
from mixtura.fitting.starts.kmeans.lloyd import overall
from mixtura.fitting.starts.request import Request


def kmeans_clusters(request: Request) -> Statistics:
    """The clusters of one k-means run from greedy k-means++."""
    source, executor = request.source, request.executor
    centres = source.rows[_seeds(request)]
    return kmeans.cluster(source, centres, executor, diagonal=request.form.diagonal)[1]


def far_apart(request: Request) -> Statistics:
    """One row a component, chosen far apart: greedy k-means++."""
    return _single_rows(request, _seeds(request))


def random_shares(request: Request) -> Statistics:
    """Responsibilities drawn at random: uniform numbers, each row's divided by their sum."""
    k, form = request.n_components, request.form
    reference = np.repeat(overall(request.source, request.executor).reference, k, axis=0)

    def shared_out(block: Block) -> Statistics:
        shares = request.random.uniform(size=(len(block.rows), k))
        shares /= shares.sum(axis=1)[:, None]
        return kernel.moments(block, shares, reference, diagonal=form.diagonal)

    # One block after the other: the draws are made in the order of the rows.
    return Serial().run(request.source, shared_out)


def random_rows(request: Request) -> Statistics:
    """One row a component, chosen at random without replacement."""
    n, k, weights = request.source.n_rows, request.n_components, request.source.weights
    if weights is None:
        return _single_rows(request, request.random.choice(n, size=k, replace=False))
    return _single_rows(request, _weighted_choice(weights, k, request.random))


def _seeds(request: Request) -> Integers:
    """The numbers of K rows chosen by greedy k-means++, (K,)."""
    return kmeans.seeds(request.source, request.n_components, request.random, request.executor)


def _weighted_choice(weights: Floats, count: int, random: np.random.RandomState) -> Integers:
    """The numbers of `count` different rows, drawn one after the other by weight, (count,).

    They are the first different ones among draws from a list in which each row stands as often as
    it weighs: those that ring first, of clocks with rates v_i (Efraimidis & Spirakis 2006).
    """
    with np.errstate(divide="ignore"):
        rings = np.log(random.standard_exponential(len(weights))) - np.log(weights)
    return np.argsort(rings, kind="stable")[:count]


def _single_rows(request: Request, chosen: Integers) -> Statistics:
    """Row chosen[k] belongs to component k, the others to none.

    scikit-learn finds a covariance that all components share as XᵀX − Σ_k n_k μ_k μ_kᵀ over *all*
    rows, so those of no component count there as Σ x_i x_iᵀ about zero. That makes a start nearly
    as wide as the data's distance from the origin; it is kept because the same seed must give the
    same start. Each chosen row claims the mean weight of a row.
    """
    share = request.source.total_weight / request.source.n_rows
    centres = request.source.rows[chosen].astype(np.float64)
    one_each = replace(
        Statistics.zero(centres, diagonal=request.form.diagonal),
        weight=np.full(len(chosen), share),
        n_rows=len(chosen),
        total_weight=share * len(chosen),
    )
    if not request.form.shared:
        return one_each
    unclaimed = request.executor.run(request.source, partial(_unclaimed, chosen=chosen))
    second = one_each.second.copy()
    second[0] = unclaimed.second[0]
    return replace(one_each, second=second)


def _unclaimed(block: Block, chosen: Integers) -> Statistics:
    """The statistics about zero of the rows that are not `chosen`."""
    left = np.ones((len(block.rows), 1))
    inside = chosen[(chosen >= block.start) & (chosen < block.stop)]
    left[inside - block.start] = 0.0
    return kernel.moments(block, left, np.zeros((1, block.rows.shape[1])), diagonal=False)
