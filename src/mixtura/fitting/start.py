"""Start: the statistics that the first M-step is taken from.

The four starts of scikit-learn, drawing from the random state exactly as scikit-learn 1.9 does:
the same seed gives the same start.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Integers
from mixtura.engine.executors import Executor, Serial
from mixtura.engine.sources import ArraySource, Block
from mixtura.engine.statistics import Statistics
from mixtura.errors import ParameterError
from mixtura.fitting import kmeans
from mixtura.fitting.overall import overall
from mixtura.model.structures import Form

__all__ = ["STARTS", "Request", "Start", "start"]


@dataclass(frozen=True, eq=False)
class Request:
    """What a start is asked for.

    Parameters
    ----------
    source : the rows.
    n_components : K.
    random : the source of its draws.
    executor : who carries its passes out.
    form : how the covariances are held, which says what second moments are needed.
    """

    source: ArraySource
    n_components: int
    random: np.random.RandomState
    executor: Executor
    form: Form


Start = Callable[[Request], Statistics]


def start(name: str) -> Start:
    """The start called `name`.

    Raises
    ------
    ParameterError : there is none of that name; those that exist are listed.
    """
    found = STARTS.get(name) if isinstance(name, str) else None
    if found is None:
        known = ", ".join(STARTS)
        raise ParameterError(f"unknown start {name!r}, expected one of: {known}")
    return found


def _kmeans(request: Request) -> Statistics:
    """The clusters of one k-means run from greedy k-means++."""
    source, executor = request.source, request.executor
    centres = source.rows[_far_apart(request)]
    return kmeans.cluster(source, centres, executor, diagonal=request.form.diagonal)[1]


def _kmeans_plus_plus(request: Request) -> Statistics:
    """One row a component, chosen far apart: greedy k-means++."""
    return _single_rows(request, _far_apart(request))


def _random(request: Request) -> Statistics:
    """Uniform numbers, normalised a row."""
    k, form = request.n_components, request.form
    reference = np.repeat(overall(request.source, request.executor).reference, k, axis=0)

    def shared_out(block: Block) -> Statistics:
        shares = request.random.uniform(size=(len(block.rows), k))
        shares /= shares.sum(axis=1)[:, None]
        return kernel.moments(block, shares, reference, diagonal=form.diagonal)

    # One block after the other: the draws are made in the order of the rows.
    return Serial().run(request.source, shared_out)


def _random_from_data(request: Request) -> Statistics:
    """One row a component, chosen at random without replacement."""
    n, k = request.source.n_rows, request.n_components
    return _single_rows(request, request.random.choice(n, size=k, replace=False))


STARTS: dict[str, Start] = {
    "kmeans": _kmeans,
    "k-means++": _kmeans_plus_plus,
    "random": _random,
    "random_from_data": _random_from_data,
}


def _far_apart(request: Request) -> Integers:
    """The numbers of K rows chosen by greedy k-means++, (K,)."""
    return kmeans.seeds(request.source, request.n_components, request.random, request.executor)


def _single_rows(request: Request, chosen: Integers) -> Statistics:
    """Row chosen[k] belongs to component k, the others to none.

    scikit-learn finds a covariance that all components share as XᵀX − Σ_k n_k μ_k μ_kᵀ over *all*
    rows, so those of no component count there as Σ x_i x_iᵀ about zero. That makes a start nearly
    as wide as the data's distance from the origin; it is kept because the same seed must give the
    same start.
    """
    centres = request.source.rows[chosen].astype(np.float64)
    one_each = replace(
        Statistics.zero(centres, diagonal=request.form.diagonal),
        weight=np.ones(len(chosen)),
        n_rows=len(chosen),
        total_weight=float(len(chosen)),
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
