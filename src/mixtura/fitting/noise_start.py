"""Amid noise: a start when some rows belong to no component."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats
from mixtura.engine.sources import ArraySource
from mixtura.engine.statistics import Statistics
from mixtura.errors import CollapseError, DataError, Interrupted
from mixtura.fitting.convergence.rules import Remaining
from mixtura.fitting.em import EM
from mixtura.fitting.starts.auto import auto
from mixtura.fitting.starts.ground import is_searched
from mixtura.fitting.starts.nearest_neighbours import nearest_neighbour_cleaning
from mixtura.fitting.starts.request import Request, Start
from mixtura.fitting.starts.start import start
from mixtura.fitting.starts.supplied import FromMixture, FromShares
from mixtura.model.mixture import Mixture
from mixtura.rows.sampling import sample

#: EM iterations that tell starts apart, and those before without noise
_SHORT, _PLAIN = 40, 5
#: of the log-likelihood, nats a row, that a start may lack after them
_ENOUGH = 1e-5
#: a share of rows that is noise, as a start sees it
_SURE = 0.5


def noise_start(em: EM, request: Request) -> Statistics:
    """The statistics that a first M-step with noise is taken from, the noise's last.

    Labels of −1, and a column beyond the K of responsibilities, are noise; so is the noise of a
    mixture. The search of "auto" is one amid noise (where it begins: `starts.clearings`). Any other
    named start is made on a sample, of the rows whose neighbours are near; and, lest that take a
    sparse component for noise, of all of them. Each is given a few steps of EM over those rows as
    if there were no noise, and a short run with noise; then the likelier is taken.

    Parameters
    ----------
    em : the fit that is to begin.
    request : as a start takes it.

    Raises
    ------
    As for `mixtura.fitting.starts.start.start`.

    Notes
    -----
    A search, or two starts and their short runs, over up to 8000 rows; the distances between those
    and up to 2000 of them; and a pass over all rows.
    """
    wish = em.settings.start
    if isinstance(wish, Mixture):
        return FromMixture(em.m_step.amid_noise(wish))(request)
    if not isinstance(wish, str):
        return _supplied(em, request)
    n, d = request.source.rows.shape
    if wish == "auto" and is_searched(n, request.n_components, d, request.structure):
        return auto(replace(request, box=em.m_step.box))
    return statistics_under(em, request, _best(em, request))


def _supplied(em: EM, request: Request) -> Statistics:
    """From labels, responsibilities, or what a function returns."""
    wish = em.settings.start
    if callable(wish):
        rows = request.source.rows.view()
        rows.setflags(write=False)
        shares = wish(rows, request.n_components, request.random)
        begun = FromShares(shares, "what start returned", noise=True)
        statistics = begun(replace(request, counting=None, whole=None, filled=None))
    else:
        statistics = FromShares(wish, noise=True)(request)
    if statistics.weight[-1] > 0.0:
        return statistics
    mixture, _ = em.begin_with(statistics.first_components(request.n_components))
    return statistics_under(em, request, mixture)


def _best(em: EM, request: Request) -> Mixture:
    """The likelier of two short runs of EM on a sample."""
    k, d = request.n_components, request.source.n_features
    size = int(np.clip(30 * k * (d + 1), 3000, 8000))
    rows, weights = sample(request.source, size, request.random)
    rows = np.ascontiguousarray(rows)
    box = em.m_step.box
    assert box is not None
    # Of as much weight as all rows, so that a prior counts for as much beside them.
    source = ArraySource(rows, weights)
    scale = em.data.source.total_weight / source.total_weight
    if scale != 1.0:
        source = ArraySource(rows, scale * (np.ones(len(rows)) if weights is None else weights))
    short = em.shortened(source, _SHORT, tol=Remaining(_ENOUGH))
    plain = replace(
        short,
        settings=short.settings.shortened(_PLAIN, noise=None),
        assumed=replace(em.assumptions, box=None),
    )
    clear = 1.0 - nearest_neighbour_cleaning((rows - box.low) / box.extent)
    found, faults = [], []
    for begin, kept in _ways(str(em.settings.start), clear, k):
        part = source.take(kept)
        inner = replace(request, source=part, counting=None, whole=None, filled=None)
        try:
            alone = replace(plain, data=plain.data.of_others(part))
            mixture = alone.climb(alone.begin_with(begin(inner))[0]).mixture
            begun = _amid(alone.statistics(mixture), part, source)
            mixture, repairs = short.begin_with(begun, mixture.covariances)
            found.append(short.climb(mixture, repairs=repairs))
        except (CollapseError, DataError) as fault:
            faults.append(fault)
        except Interrupted:  # of a fit to the sample, which is no answer
            raise KeyboardInterrupt from None
    if not found:
        raise faults[0]
    best = max(found, key=lambda fit: (-len(fit.starved), fit.mean_objective))
    return best.mixture


def _ways(wish: str, clear: Floats, k: int) -> list[tuple[Start, NDArray[np.bool_]]]:
    """The starts to make, and of which rows: those that are clear, and all."""
    every = np.ones(len(clear), np.bool_)
    kept = clear > _SURE
    if not max(2, k) <= np.count_nonzero(kept) < len(kept):
        return [(start(wish), every)]
    return [(start(wish), kept), (start(wish), every)]


def _amid(statistics: Statistics, part: ArraySource, whole: ArraySource) -> Statistics:
    """The statistics with those of noise after them: the weight of the rows that are left out.

    Where none are, a small share.
    """
    total = whole.total_weight
    left_out = max(total - part.total_weight, 0.02 * total)
    second = statistics.second
    return replace(
        statistics,
        reference=np.vstack([statistics.reference, statistics.reference[:1]]),
        weight=np.append(statistics.weight, left_out),
        first=np.vstack([statistics.first, np.zeros_like(statistics.first[:1])]),
        second=np.concatenate([second, np.zeros_like(second[:1])]),
    )


def statistics_under(em: EM, request: Request, mixture: Mixture) -> Statistics:
    """The statistics of all rows under a mixture."""
    step = partial(kernel.accumulate, components=mixture.components, diagonal=request.form.diagonal)
    return em.data.executor.run(request.all_rows, step)
