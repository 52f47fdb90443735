"""Auto: the start that knows no units."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.sources import ArraySource, Block
from mixtura.engine.statistics import Statistics
from mixtura.fitting.starts.ascent import Ascent, Candidate
from mixtura.fitting.starts.purse import Purse, cost
from mixtura.fitting.starts.request import Request
from mixtura.fitting.starts.sample import sample
from mixtura.fitting.starts.search import Search
from mixtura.fitting.starts.supplied import FromShares
from mixtura.fitting.starts.units import Units, units_of

__all__ = ["auto"]


def auto(request: Request) -> Statistics:
    """The best of several short runs of EM on a sample, refined by splits and merges.

    The rows are taken in units of their own spread, where the structure allows it after any linear
    map. Runs begin with the clusters of k-means, and with one component that is split until there
    are K; the best goes on. Then two components are merged and a third is split, for as long as
    that helps, and what is left of the effort goes to random starts. The largest likelihood wins;
    a component that fewer than D + 1 rows hold, or that is flat, is no merit.

    Parameters
    ----------
    request : the random state draws the sample, the seeds and the random starts.

    Returns
    -------
    The statistics of all rows under the best parameters that the sample gave.

    Notes
    -----
    At most 8000 rows are searched; the effort is counted in EM steps, some 300 of small data, and
    as much as two passes over all of large data. One pass over all rows comes last.

    References
    ----------
    Biernacki, Celeux & Govaert 2003, "Choosing starting values for the EM algorithm"; Ueda,
    Nakano, Ghahramani & Hinton 2000, "SMEM algorithm for mixture models"; Verbeek, Vlassis &
    Kröse 2003, "Efficient greedy learning of Gaussian mixture models".
    """
    source, structure = request.source, request.structure
    k, d = request.n_components, source.n_features
    rows, weights = sample(source, _n_rows(k, d), request.random)
    units = units_of(rows, weights, structure)
    points = np.ascontiguousarray(units.of(rows))
    if not points.shape[1]:  # all rows are one
        alike = FromShares(np.full((source.n_rows, k), 1.0 / k))
        return alike(replace(request, counting=None, whole=None))
    step = cost(len(points), k, points.shape[1])
    # Few rows are cheap to know well; of many, a search may cost two passes over all of them.
    least = 4e8 if len(rows) == source.n_rows else 1e8
    most = max(2.0 * cost(source.n_rows, k, points.shape[1]), least, 40.0 * step)
    purse = Purse(request.effort * most)
    ascent = Ascent(ArraySource(points, weights), structure, request.executor, purse)
    views = [ascent.source, ArraySource(np.ascontiguousarray(units.scaled(rows)), weights)]
    best = _ordered(ascent, Search(ascent, views, k, request.random).best())
    return _over_all_rows(request, units, best)


def _ordered(ascent: Ascent, best: Candidate) -> Candidate:
    """The candidate, its components in the order of where their rows are on average.

    A search finds them in an order that rounding may decide, and so the units of the rows; the
    order of the rows does not depend on units.
    """
    shares = ascent.shares(best)
    if ascent.source.weights is not None:
        shares = shares * ascent.source.weights[:, None]
    places = np.arange(len(shares)) @ shares / np.maximum(shares.sum(axis=0), 1e-300)
    return replace(best, estimate=best.estimate.ordered(np.argsort(places, kind="stable")))


def _over_all_rows(request: Request, units: Units, best: Candidate) -> Statistics:
    """The statistics of all rows under the candidate's responsibilities."""
    source, executor, form = request.source, request.executor, request.form
    mapped = units.components(best.estimate)
    if mapped is not None:
        step = partial(kernel.accumulate, components=mapped, diagonal=form.diagonal)
        return executor.run(source, step)
    components, means = best.components, units.rows(best.estimate.means)

    def shared_out(block: Block) -> Statistics:
        points = np.ascontiguousarray(units.of(block.rows))
        shares = kernel.posterior(points, components)[1]
        return kernel.moments(block, shares, means, diagonal=form.diagonal)

    return executor.run(source, shared_out)


def _n_rows(n_components: int, n_features: int) -> int:
    """How many rows a search looks at."""
    return int(np.clip(30 * n_components * (n_features + 1), 3000, 8000))
