"""Fit: by truncated EM, from a start to its end."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from mixtura.engine.cells import Sets
from mixtura.errors import Interrupted
from mixtura.fitting.convergence.anderson import AndersonState
from mixtura.fitting.convergence.rules import Outcome
from mixtura.fitting.em import EM
from mixtura.fitting.fit import Fit
from mixtura.fitting.given import Given
from mixtura.fitting.m_step.health import Repair
from mixtura.fitting.run_state import RunState
from mixtura.fitting.runs import begin
from mixtura.fitting.truncated.begin import (
    begun,
    from_mixture,
    gathered,
    passes_over,
    with_factors,
)
from mixtura.fitting.truncated.moves import movable
from mixtura.fitting.truncated.rounds import Place
from mixtura.fitting.truncated.run import Run
from mixtura.fitting.truncated.spread import beyond_memory
from mixtura.fitting.truncated.truncation import MOST, Breadth, Truncation
from mixtura.model.mixture import Mixture
from mixtura.model.structures import structure

#: structures whose components are moved as they are
_BY_AXES = ("VII", "VVI")


def run(
    em: EM,
    number: int,
    given: Given,
    random: np.random.RandomState,
    *,
    resumed: Fit | None = None,
) -> Fit:
    """One run of truncated EM: from its own start, or from what another gives.

    Parameters
    ----------
    em, number, given, random, resumed : as for `mixtura.fitting.runs.run`.

    Raises
    ------
    Interrupted : Ctrl-C, with the fit of the last mixture whose bound is known.
    KeyboardInterrupt : Ctrl-C before any is known.
    """
    began, settings = time.perf_counter(), em.settings
    automatic = isinstance(settings.start, str) and settings.start == "auto"
    own = automatic and resumed is None and given.empty
    if em.observer:
        em.observer.begun(number)
    runs: list[Run] = []
    try:
        if em.checkpointer and em.checkpointer.state:
            going = _continued(em, em.checkpointer.state, near=not own)
        elif own:
            going = searched(em, random, runs)
        else:
            going = _going(em, given, random, number, resumed)
        runs.append(going)
        outcome = going.climb(number)
        going.reach()
        truncation = going.scored()
    except KeyboardInterrupt:
        known = [each for each in runs if each.trace and each.rounds.em is em]
        if not known:
            raise
        raise Interrupted(_fit(known[-1], Outcome.INTERRUPTED, began, None)) from None
    fit = _fit(going, outcome, began, truncation)
    if em.observer:
        em.observer.ended(fit)
    return fit


def _going(
    em: EM, given: Given, random: np.random.RandomState, number: int, resumed: Fit | None
) -> Run:
    """A run from what another start gives, or from where another fit ended."""
    repairs: list[Repair] = []
    mixture = resumed.mixture if resumed else None
    if mixture is None:
        mixture, repairs = begin(em, given, random, run=number)
    breadth = Breadth.usual(mixture.n_components, mixture.n_features)
    if not em.data.in_memory:
        return _elsewhere(em, mixture, breadth, random, repairs)
    breadth = replace(breadth, kept=min(MOST, mixture.n_components))
    begins = from_mixture(em, mixture, breadth, random)
    seed = np.random.RandomState(random.randint(2**31))
    return Run(*begins, breadth, seed, repairs, near=True).warm()


def _elsewhere(
    em: EM,
    mixture: Mixture,
    breadth: Breadth,
    random: np.random.RandomState,
    repairs: list[Repair],
) -> Run:
    """A run over rows that memory does not hold, from a mixture."""
    rounds = beyond_memory(em, np.random.RandomState(random.randint(2**31)))
    seed = np.random.RandomState(random.randint(2**31))
    return Run(rounds, rounds.beginning(mixture, breadth), breadth, seed, repairs).warm()


def _continued(em: EM, state: RunState, *, near: bool) -> Run:
    """A run on from a checkpoint."""
    stood, mixture = state.truncated, state.ahead
    assert stood is not None
    passes = passes_over(em.data.sample, em.data.executor)
    rounds = gathered(em, passes, stood.order)
    sets = Sets(np.array(stood.ids), np.zeros(stood.ids.shape))
    place = Place(mixture, sets, np.array(stood.graph), stood.number)
    random = np.random.RandomState()
    random.set_state(dict(stood.random))
    breadth = Breadth(stood.ids.shape[1], stood.graph.shape[1])
    going = Run(rounds, place, breadth, random, [*state.repairs], near)
    going.trace, going.since, going.known = [*state.trace], stood.since, state.known[0]
    going.n_moves, going.n_densities, going.n_rounds = stood.counts
    return going


def searched(em: EM, random: np.random.RandomState, runs: list[Run]) -> Run:
    """A run from a start of its own, with components moved; mostly in two steps.

    Whether a cell is one component or two is told by its axes with a few rows, while a covariance
    has D (D + 1) / 2 numbers, which fit any rows; and where components share what a covariance is
    made of, none can be split by itself. So components are moved as if they lay along the axes, and
    full ones then once more. Of rows that memory does not hold it is over the sample. All runs are
    put into `runs`.
    """
    if not em.data.in_memory:
        some = replace(
            em,
            data=em.data.of_others(em.data.sample),
            observer=None,
            checkpointer=None,
            assumed=em.assumptions,
        )
        small = searched(some, random, runs)
        going = _elsewhere(em, small.place.mixture, small.breadth, random, [])
        going.n_moves = small.n_moves
        return going
    settings = em.settings
    breadth = Breadth.usual(settings.n_components, em.data.source.n_features)
    axes = settings.structure.letters not in _BY_AXES and em.data.source.n_features > 1
    first = em
    if axes:
        plain = replace(settings, structure=structure("VVI"))
        first = replace(em, settings=plain, assumed=em.assumptions)
    rounds, place, repairs = begun(first, breadth, random)
    seed = np.random.RandomState(random.randint(2**31))
    going = Run(replace(rounds, em=first), place, breadth, seed, repairs)
    runs.append(going)
    if movable(first.settings.structure) and settings.n_components > 2:
        going.settle()
    if not axes:
        return going
    if not going.trace:
        going.reach()
    whole = Run(replace(rounds, em=em), going.place, going.breadth, seed, [])
    runs.append(whole)
    whole.n_moves = going.n_moves
    if settings.structure.n_factors:
        whole.place = with_factors(replace(rounds, em=em), whole.place)
    else:
        whole.weight, whole.repairs = whole.rounds.maximise(whole.place, 0, ())
    if movable(settings.structure) and settings.n_components > 2:
        whole.settle()
    return whole


def _fit(run: Run, outcome: Outcome, began: float, truncation: Truncation | None) -> Fit:
    """The result: of the last mixture whose bound is known."""
    em = run.rounds.em
    rule, wish = em.settings.rule, em.settings.acceleration
    trace = [*run.trace]
    if truncation is not None:
        trace[-1] += truncation.log_likelihood - truncation.bound
    state = RunState.starting(AndersonState.starting(rule, wish, run.known), run.repairs)
    state.trace, state.weight, state.known = trace, run.weight, (run.known, len(trace))
    if outcome is Outcome.CONVERGED and run.repairs:
        outcome = Outcome.REPAIRED
    return replace(em.ended(state, outcome, began), truncation=truncation)
