"""Classic: the four starts of scikit-learn.

They draw from the random state exactly as scikit-learn 1.9 does. The same seed gives the same
start, but for those that led nowhere: `random_shares`, and `_single_rows` of a covariance that all
components share.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.components import Components, spheres
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
    """Responsibilities drawn at random, and the means that follow drawn apart.

    They are uniform numbers, each row's divided by their sum. The means under them are the mean of
    all rows, but for some N^-½ of the rows' deviation: a saddle of the likelihood, from which EM
    takes up to N iterations to come away. Their differences from that mean are therefore
    stretched until their mean square is the rows' variance, over all features alike.
    """
    k, form = request.n_components, request.form
    everything = overall(request.source, request.executor)
    reference = np.repeat(everything.reference, k, axis=0)

    def shared_out(block: Block) -> Statistics:
        shares = request.random.uniform(size=(len(block.rows), k))
        shares /= shares.sum(axis=1)[:, None]
        return kernel.moments(block, shares, reference, diagonal=form.diagonal)

    # One block after the other: the draws are made in the order of the rows.
    sums = Serial().run(request.source, shared_out)
    variances = everything.second[0] / everything.total_weight
    apart = sums.first / sums.weight[:, None]
    varying = variances > 0.0
    if k == 1 or not varying.any():
        return sums
    squares = sums.weight @ apart[:, varying] ** 2 / sums.total_weight
    stretch = max(1.0, float((squares / variances[varying]).mean()) ** -0.5)
    return replace(sums, reference=reference + (stretch - 1.0) * apart)


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

    A covariance that all components share would be none then: it is that of all rows about the
    chosen one that is nearest. (scikit-learn's is Σ x_i x_iᵀ over the rows of no component, over K:
    as wide as the data are far from the origin, and N / K times as much, so that all components
    are one, and stay so.) Each chosen row claims the mean weight of a row.
    """
    source, k = request.source, len(chosen)
    share = source.total_weight / source.n_rows
    centres = source.rows[chosen].astype(np.float64)
    one_each = replace(
        Statistics.zero(centres, diagonal=request.form.diagonal),
        weight=np.full(k, share),
        n_rows=k,
        total_weight=share * k,
    )
    if not request.form.shared:
        return one_each
    nearest = request.executor.run(source, partial(_nearest, about=spheres(centres)))
    about = nearest.about(centres)
    return replace(one_each, second=about.second * (k / source.n_rows))


def _nearest(block: Block, about: Components) -> Statistics:
    """The statistics of the rows, each of the centre that is nearest."""
    return kernel.assign(block, about, diagonal=False)[1]
