"""Beginning: the first mixture of a run, and a run from there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mixtura.engine.statistics import Statistics
from mixtura.errors import DataError, ParameterError
from mixtura.fitting.em import EM
from mixtura.fitting.fit import Fit
from mixtura.fitting.given import Given
from mixtura.fitting.m_step.health import Repair
from mixtura.fitting.noise_start import noise_start
from mixtura.fitting.settings import Settings
from mixtura.fitting.starts.met import Met
from mixtura.fitting.starts.start import Request, start
from mixtura.model.mixture import Mixture

__all__ = ["begin", "check_resumed", "first_statistics", "run"]


def run(
    em: EM,
    number: int,
    given: Given,
    random: np.random.RandomState,
    *,
    resumed: Fit | None = None,
) -> Fit:
    """One run: on from an earlier fit, or from where a checkpoint stands, or from a start.

    Parameters
    ----------
    em : the loop, and the rows.
    number : of the run, for the observer.
    given : parameters to start from.
    random : the source of the start's draws.
    resumed : the earlier fit, or None.
    """
    if resumed is not None:
        return em.climb(resumed.mixture, earlier=resumed.trace.tolist())
    if em.checkpointer and em.checkpointer.state:
        return em.go_on(em.checkpointer.state, run=number)
    met: list[Met] = []
    mixture, repairs = begin(em, given, random, run=number, told=met.append)
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
        request = Request(
            data.sample,
            settings.n_components,
            random,
            data.executor,
            settings.structure,
            data.counting,
            None if data.in_memory else data.source,
            run=run,
            told=told,
        )
        estimate = em.m_step(first_statistics(em, request))
    estimate = given.over(estimate, settings, data.source.n_features)
    estimate, repairs = em.health.sound(em.m_step.assumed(estimate), 0, ())
    return estimate.mixture(data.names), repairs


def first_statistics(em: EM, request: Request) -> Statistics:
    """The statistics that the first M-step is taken from, those of noise last of all."""
    if em.m_step.box is None:
        return start(em.settings.start)(request)
    return noise_start(em, request)


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
