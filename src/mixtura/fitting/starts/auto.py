"""Auto: the start that knows no units."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.kernel.spectrum import is_positive_definite
from mixtura.engine.statistics import Statistics
from mixtura.filling import changed
from mixtura.fitting.starts.ascent import Ascent
from mixtura.fitting.starts.budget import CALL, Budget, cost
from mixtura.fitting.starts.candidate import Candidate
from mixtura.fitting.starts.ground import STEPS, Ground, is_searched, searched_rows
from mixtura.fitting.starts.met import Met
from mixtura.fitting.starts.nearest_neighbours import clearings
from mixtura.fitting.starts.request import Request
from mixtura.fitting.starts.search import Found, Search
from mixtura.fitting.starts.supplied import FromShares

#: EM steps by which the ends of a search are told apart, without the ridge, and a gain of one,
#: nats a row, that is rest
_SHARP, _AT_REST = 3000, 1e-10
#: ends that lie lower than the best by more, nats a row, are no rivals of it
_RIVAL = 0.05
#: what a search of all rows may cost, in the units of `cost`, and in steps where they are dear
_WELL, _DEAR = 3.8e8, 400
#: what one of a sample may cost
_GLANCE = 1e8
#: what a step costs besides where it returns to Python, times as much
_BY_HAND = 20.0
#: calls for each component, whatever they cost: to split it, and to split it again
_CALLS = 50


def auto(request: Request) -> Statistics:
    """The best of several searches on a sample, each of short runs of EM and of swaps.

    The rows are taken in units of their own spread, where the structure allows it after any linear
    map. The first search begins with the clusters of k-means, and with one component that is split
    until there are K; the others with rows drawn at random. In each, components are taken from
    where they are and set elsewhere, for as long as that helps; once three have met at the best end
    there is, or the effort is spent, it is over. The largest likelihood wins; but a component whose
    likelihood is an accident of few rows is no merit (`mixtura.fitting.starts.spurious`), and none
    is finer than the step in which the rows were written down. Amid noise, all are searches for
    components and noise together, and the first begins with the rows whose neighbours are near.

    Parameters
    ----------
    request : the random state draws the sample, the seeds and the random starts.

    Returns
    -------
    The statistics of all rows under the best parameters that the sample gave, those of noise last.

    Notes
    -----
    At most 8000 rows are searched, or 10 K (D + 1) where that is more. The effort is counted in EM
    steps, not in seconds: of rows that are searched whole what takes about a thirtieth of a second,
    of large data as much as two passes over all of them. With more than 512 components, or where
    a hundred steps cost 1e11 multiply-adds, the start is that of k-means. One pass over all rows
    comes last. A hundred components and more are no task for it, where rows and structure allow
    `mixtura.fitting.truncated.start.many_start`.

    References
    ----------
    Biernacki, Celeux & Govaert 2003, "Choosing starting values for the EM algorithm"; Ueda,
    Nakano, Ghahramani & Hinton 2000, "SMEM algorithm for mixture models"; Zhao, Hautamäki,
    Kärkkäinen & Fränti 2012, "Random swap EM algorithm for Gaussian mixture models".
    """
    source, structure = request.source, request.structure
    k, d = request.n_components, source.n_features
    ground = Ground.of(source, searched_rows(k, d), structure, request.random)
    if not ground.points.n_features:  # all rows are one
        alike = FromShares(np.full((source.n_rows, k), 1.0 / k))
        return alike(replace(request, counting=None, whole=None, filled=None))
    n, width = ground.points.rows.shape
    step = cost(n, k, width, structure)
    # Few rows are cheap to know well; of many, a search may cost two passes over all of them.
    least = max(_WELL, _DEAR * step) if ground.whole else _GLANCE
    most = max(2.0 * cost(source.n_rows, k, width, structure), least, STEPS * step)
    by_hand = 1.0 if kernel.climb is not None else _BY_HAND
    budget = Budget((most + _CALLS * k * CALL) / by_hand)
    ascent = ground.ascent(structure, request.executor, budget, request.box)
    search = Search(
        ascent,
        (ground.points, ground.scaled),
        k,
        request.random,
        ground.spikes,
        again=request.run > 0,
    )
    if not is_searched(source.n_rows, k, d, structure):
        found = Found((search.clustered(ground.scaled),), 0)
    else:
        if request.box is not None:
            search = replace(search, begun=clearings(search))
        found = search.found()
    if request.told and found.times:
        request.told(Met(found.times, len(found.ends)))
    best = _ordered(ascent, sharpened(ascent, found.ends))
    return ground.statistics(best, source, request.executor, request.box)


def sharpened(ascent: Ascent, ends: tuple[Candidate, ...]) -> Candidate:
    """The likeliest of the ends near the best, climbed on without the ridge.

    One that shrinks on the way, below the ridge or onto few rows, is at no maximum that the rows
    can tell, and the next is asked; only where there is no other is the best taken as it was.
    """
    sharp = ascent.sharply()
    n_steps = ascent.affordable(_SHARP, len(ends[0].weight))
    sound: list[Candidate] = []
    asked: list[float] = []
    for end in ends:
        height = end.log_likelihood
        if sound and (
            end.n_spurious > ends[0].n_spurious or not height > ends[0].log_likelihood - _RIVAL
        ):
            break
        if any(abs(height - other) <= Search.SAME for other in asked):
            continue
        asked.append(height)
        # The height of an end is that of a hill with the ridge: it says nothing of a gain here.
        after = sharp.climbed(changed(end, log_likelihood=-np.inf), n_steps, _AT_REST)
        if after.n_spurious <= end.n_spurious and not _finer(after, ascent):
            sound.append(after)
    return max(sound, key=lambda each: each.log_likelihood) if sound else ends[0]


def _finer(candidate: Candidate, ascent: Ascent) -> bool:
    """Whether a component is thinner than half of what the rows' rounding leaves unknown."""
    return not is_positive_definite(candidate.covariances - 0.5 * ascent.ridge)


def _ordered(ascent: Ascent, best: Candidate) -> Candidate:
    """The candidate, its components in the order of where their rows are on average.

    A search finds them in an order that rounding may decide, and so the units of the rows; the
    order of the rows does not depend on units.
    """
    shares = ascent.shares(best)
    if ascent.source.weights is not None:
        shares = shares * ascent.source.weights[:, None]
    places = np.arange(len(shares)) @ shares / np.maximum(shares.sum(axis=0), 1e-300)
    return best.ordered(np.argsort(places, kind="stable"))
