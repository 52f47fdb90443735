"""Runs: one from its start, or from where an earlier one stands, and the best of several."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from mixtura.engine.statistics import Statistics
from mixtura.errors import DataError, Interrupted, ParameterError
from mixtura.fitting.checkpoints.checkpointer import Checkpointer
from mixtura.fitting.em import EM
from mixtura.fitting.factor_start import factor_start
from mixtura.fitting.filled_start import filled_start
from mixtura.fitting.fit import Fit
from mixtura.fitting.given import Given
from mixtura.fitting.labelled_start import labelled_start
from mixtura.fitting.m_step.health import Repair
from mixtura.fitting.noise_start import noise_start, statistics_under
from mixtura.fitting.settings import Settings
from mixtura.fitting.starts.classic import kmeans_clusters
from mixtura.fitting.starts.labelled import Labelled
from mixtura.fitting.starts.met import Met
from mixtura.fitting.starts.spurious import FEW, spurious, thinnest
from mixtura.fitting.starts.start import Request, start
from mixtura.model.mixture import Mixture

#: ends nearer than this to each other, nats a row, are the same
_SAME = 1e-5


def best_of(
    count: int, run: Callable[[int], Fit], began: float, checkpointer: Checkpointer | None = None
) -> Fit:
    """The best of `count` runs, numbered from 0.

    Parameters
    ----------
    count : at least 1. Where the best of several was met but once, up to as many more are made.
    run : carries out the one of that number.
    began : when the first began, as `time.perf_counter` tells it, for an interruption to tell.
    checkpointer : of the checkpoint: the runs that are over are not repeated; or None.

    Raises
    ------
    Interrupted : Ctrl-C, with the best fit so far.
    KeyboardInterrupt : Ctrl-C before there is any.
    """
    first, best = (checkpointer.run, checkpointer.best) if checkpointer else (0, None)
    for number in range(first, 2 * count):
        if number >= count and not (count > 1 and best and best.searches and best.searches.alone):
            break
        try:
            ended = run(number)
        except KeyboardInterrupt as interruption:
            if checkpointer:
                checkpointer.write()
            path = checkpointer.path if checkpointer else None
            if isinstance(interruption, Interrupted):
                raise Interrupted(_timed(better(best, interruption.fit), began), path) from None
            if best is None:
                raise
            raise Interrupted(_timed(best, began), path) from None
        best = better(best, ended)
        if checkpointer:
            checkpointer.over(number, best)
    assert best is not None
    return best


@contextmanager
def kept(best: Fit, began: float, checkpointer: Checkpointer | None = None) -> Iterator[None]:
    """Have Ctrl-C carry a fit that is over, while more is found out about it.

    Raises
    ------
    Interrupted : Ctrl-C.
    """
    try:
        yield
    except KeyboardInterrupt:
        path = checkpointer.path if checkpointer else None
        raise Interrupted(_timed(best, began), path) from None


def better(best: Fit | None, ended: Fit) -> Fit:
    """The fit of larger likelihood, with all searches counted.

    One with fewer starved components comes first: theirs is likelihood of the floor's making. So
    does one with fewer components whose likelihood is an accident of few rows. A number for
    reg_covar asks for scikit-learn's choice, by the likelihood alone.
    """
    if best is None:
        return ended
    chosen, other = (ended, best) if _rank(ended) > _rank(best) else (best, ended)
    return replace(chosen, searches=_together(chosen, other))


def _timed(fit: Fit, began: float) -> Fit:
    """The fit, with the time since `began`."""
    return replace(fit, seconds=time.perf_counter() - began)


def _together(chosen: Fit, other: Fit) -> Met | None:
    """How often the chosen end was met, by the searches for both."""
    if chosen.searches is None or other.searches is None:
        return chosen.searches
    same = abs(chosen.mean_objective - other.mean_objective) < _SAME
    times = chosen.searches.times + (other.searches.times if same else 0)
    return Met(times, chosen.searches.of + other.searches.of)


def _rank(fit: Fit) -> tuple[int, int, float]:
    if not fit.settings.regularisation.relative:
        return 0, 0, fit.mean_objective
    return -len(fit.starved), -_accidents(fit), fit.mean_objective


def _accidents(fit: Fit) -> int:
    """How many components are spurious, in units of the variances that the mixture gives the data.

    Those are the rows' own at a maximum. With a prior there is none: the objective has a bound.
    """
    mixture, structure, d = fit.mixture, fit.mixture.structure, fit.mixture.n_features
    rows = mixture.weights * fit.n_rows
    if fit.settings.conjugate is not None or not (rows < FEW * (d + 1)).any():
        return 0
    if structure.n_factors:  # as few rows as it has factors and some more are enough for one
        return 0
    variances = np.diagonal(mixture.covariance())
    units = structure.units(variances) if structure.letters[1] == "I" else variances
    if structure.form.diagonal:
        thin = (mixture.variances() / units).min(axis=1)
    else:
        thin = thinnest(mixture.covariance_matrices(), units)
    return int(np.count_nonzero(spurious(structure, rows, thin, d)))


def run(
    em: EM,
    number: int,
    given: Given,
    random: np.random.RandomState,
    *,
    resumed: Fit | None = None,
    begun: Callable[..., tuple[Mixture, list[Repair]]] | None = None,
) -> Fit:
    """One run: on from an earlier fit, or from where a checkpoint stands, or from a start.

    Parameters
    ----------
    em : the loop, and the rows.
    number : of the run, for the observer.
    given : parameters to start from.
    random : the source of the start's draws.
    resumed : the earlier fit, or None.
    begun : what gives the first mixture; None for `begin`.
    """
    if resumed is not None:
        return em.climb(resumed.mixture, earlier=resumed.trace.tolist())
    if em.checkpointer and em.checkpointer.state:
        return em.go_on(em.checkpointer.state, run=number)
    met: list[Met] = []
    mixture, repairs = (begun or begin)(em, given, random, run=number, told=met.append)
    return em.climb(mixture, run=number, repairs=repairs, searches=met[-1] if met else None)


def begin(
    em: EM,
    given: Given,
    random: np.random.RandomState,
    *,
    run: int = 0,
    told: Callable[[Met], None] | None = None,
) -> tuple[Mixture, list[Repair]]:
    """The first mixture of a run, and what making it sound took."""
    data, settings, estimate = em.data, em.settings, None
    if not given.complete:
        # A mixture takes rows as they are, other starts rows that are filled.
        filled = data.source.holes and not isinstance(settings.start, Mixture)
        request = Request(
            data.filled_sample if filled else data.sample,
            settings.n_components,
            random,
            data.executor,
            settings.structure,
            data.counting,
            None if data.in_memory and not data.source.holes else data.source,
            run=run,
            told=told,
            filled=data.filled if filled else None,
        )
        if settings.structure.n_factors:
            estimate = factor_start(em, request)
        else:
            estimate = em.m_step(first_statistics(em, request))
    estimate = given.over(estimate, settings, data.source.n_features)
    estimate, repairs = em.health.sound(em.m_step.assumed(estimate), 0, ())
    return estimate.mixture(data.names), repairs


def first_statistics(em: EM, request: Request) -> Statistics:
    """The statistics that the first M-step is taken from, those of noise last of all."""
    if isinstance(em.settings.start, Labelled):
        return labelled_start(em, request, em.settings.start)
    searched = isinstance(em.settings.start, str) and em.settings.start == "auto"
    if request.filled is not None and searched and request.n_components > 1:
        found = filled_start(em, request, _statistics, _rank)
        return statistics_under(em, request, found.mixture)
    return _statistics(em, request)


def _statistics(em: EM, request: Request) -> Statistics:
    """The same, of rows without holes."""
    if em.m_step.box is not None:
        return noise_start(em, request)
    begin = start(em.settings.start)
    if em.clusters is None or begin is not kmeans_clusters:
        return begin(request)
    of = request.source, request.n_components, request.form.diagonal
    if of not in em.clusters:
        em.clusters[of] = begin(request)
    return em.clusters[of]


def check_resumed(resumed: Fit, settings: Settings, n_features: int) -> None:
    """Refuse to go on from a mixture of another kind.

    Raises
    ------
    ParameterError : it has another number of components or another structure.
    DataError : it has another number of features.
    """
    mixture = resumed.mixture
    if mixture.n_components != settings.n_components:
        raise ParameterError(
            f"n_components is {settings.n_components}, the fit to go on from has "
            f"{mixture.n_components}: start anew, or ask for as many"
        )
    if mixture.structure.letters != settings.structure.letters:
        raise ParameterError(
            f"the covariances are to be {settings.structure.name}, those of the fit to go on from "
            f"are {mixture.structure.name}: start anew, or ask for the same"
        )
    asked = settings.equal_weights, settings.background is not None
    if (mixture.equal_weights, mixture.noise is not None) != asked:
        raise ParameterError(
            "the fit to go on from has other assumptions: weights or noise are not what is asked "
            "for; start anew, or ask for the same"
        )
    if mixture.n_features != n_features:
        raise DataError(
            f"X has {n_features} features, the fit to go on from has {mixture.n_features}: "
            "start anew, or select those columns"
        )
