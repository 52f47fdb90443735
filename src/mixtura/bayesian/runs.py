"""Runs: from a start to an end, as we go or as scikit-learn does, and the best of several."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from mixtura.bayesian import core_ascent, fitted, search
from mixtura.bayesian.belief import Belief, Variational, left_out
from mixtura.bayesian.wishes import Wishes
from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, frozen
from mixtura.engine.statistics import Statistics
from mixtura.errors import Interrupted, ParameterError
from mixtura.fitting.convergence.rules import Outcome
from mixtura.fitting.starts.start import Request, start
from mixtura.rows.data import Data
from mixtura.rows.in_memory import column_label
from mixtura.rows.opening import Opened, read


def fit_opened(
    rows: Opened,
    wishes: Wishes,
    random: np.random.RandomState,
    *,
    resumed: fitted.BayesianFit | None = None,
    observer: Any = None,
    client: Any = None,
) -> fitted.BayesianFit:
    """Fit to rows that are open, with everything decided.

    Raises
    ------
    DataError : the rows cannot be used.
    Interrupted : Ctrl-C, with the best fit so far.
    """
    data = read(rows, wishes.n_components, 0, client=client, scatter=True)
    return fit_data(data, wishes, random, resumed=resumed, observer=observer)


def fit_data(
    data: Data,
    wishes: Wishes,
    random: np.random.RandomState,
    *,
    resumed: fitted.BayesianFit | None = None,
    observer: Any = None,
) -> fitted.BayesianFit:
    """The same for data that are ready."""
    data.check(wishes.n_components)
    wishes.structure.check(data.source.n_features)
    engine = Variational(data, wishes.prior(data), wishes.concentration, wishes.ridge)
    if resumed is not None:
        _check_resumed(resumed.belief, wishes, data.source.n_features)
    best: fitted.BayesianFit | None = None
    for number in range(1 if resumed is not None else wishes.n_init):
        if observer:
            observer.begun(number)
        make = _as_theirs if wishes.theirs else _as_ours
        try:
            ended = make(engine, wishes, random, resumed, observer)
        except Interrupted as interruption:
            raise Interrupted(_better(best, interruption.fit)) from None
        except np.linalg.LinAlgError:
            if wishes.mean is None and wishes.scale is None:
                raise
            raise ParameterError(
                "mean_prior or covariance_prior is so far from the rows that these are lost in the "
                "rounding beside it: expected a mean and squares of about the rows' extent"
            ) from None
        if observer:
            observer.ended(ended)
        best = _better(best, ended)
    assert best is not None
    return replace(best, spread=occupied(data, best.belief), notes=_notes(data))


def _notes(data: Data) -> tuple[str, ...]:
    """A sentence on each column that is constant."""
    labels = [(column_label(j, data.names), value) for j, value in data.constants]
    return tuple(
        f"column {label} is constant, at {value:.6g}: it tells no components apart, and the bound "
        f"is as large as the prior lets it be; drop column {label}"
        for label, value in labels
    )


def _check_resumed(held: Belief, wishes: Wishes, n_features: int) -> None:
    """Refuse to go on from laws of another kind."""
    laws = held.posterior
    found = laws.n_components, laws.n_features, laws.prior.family
    if found != (wishes.n_components, n_features, wishes.family):
        raise ParameterError(
            f"the fit to go on from has {laws.n_components} components of {laws.n_features} "
            f"features, asked for are {wishes.n_components} of {n_features}, or other "
            "covariances: start anew, or ask for the same"
        )


def _better(best: fitted.BayesianFit | None, ended: fitted.BayesianFit) -> fitted.BayesianFit:
    def rank(fit: fitted.BayesianFit) -> float:
        return fit.elbo if np.isnan(fit.their_bound) else fit.their_bound

    return ended if best is None or rank(ended) > rank(best) else best


def begun(engine: Variational, wishes: Wishes, random: np.random.RandomState) -> Statistics:
    """The sums that the first belief is made from."""
    data = engine.data
    request = Request(
        data.sample,
        wishes.n_components,
        random,
        data.executor,
        wishes.structure,
        data.counting,
        None if data.in_memory else data.source,
    )
    return engine.counted(start(wishes.start)(request))


def _as_theirs(
    engine: Variational,
    wishes: Wishes,
    random: np.random.RandomState,
    resumed: fitted.BayesianFit | None,
    observer: Any,
) -> fitted.BayesianFit:
    """Iterate until scikit-learn would end: at a change of its bound below the tolerance."""
    began = time.perf_counter()
    if resumed is None:
        sums = begun(engine, wishes, random)
        belief, bound = engine.believing(sums), -np.inf
    else:
        belief, bound = resumed.belief, resumed.their_bound
    outcome = Outcome.OUT_OF_ITERATIONS if wishes.n_passes else Outcome.NOT_RUN
    trace: list[float] = []
    core = core_ascent.CoreAscent.of(engine) if resumed is None and observer is None else None
    if core is not None and wishes.n_passes:
        done = core.steps(sums, wishes.n_passes, wishes.tol, bound, theirs=True)
        if done is not None:
            outcome = Outcome.CONVERGED if done.ended else outcome
            belief = engine.believing(done.sums)
            return _fit(engine, wishes, belief, done.trace, outcome, began)
    try:
        for number in range(1, wishes.n_passes + 1):
            sums = engine.looking(belief)
            after = engine.believing(sums)
            before, bound = bound, belief.entropy(sums) + after.log_normaliser
            trace.append(bound)
            belief = after
            if observer:
                observer.iterated(number, trace, belief)
            if abs(bound - before) < wishes.tol:
                outcome = Outcome.CONVERGED
                break
    except KeyboardInterrupt:
        raise Interrupted(_fit(engine, wishes, belief, trace, Outcome.INTERRUPTED, began)) from None
    return _fit(engine, wishes, belief, trace, outcome, began)


def _fit(
    engine: Variational,
    wishes: Wishes,
    belief: Belief,
    trace: list[float],
    outcome: Outcome,
    began: float,
) -> fitted.BayesianFit:
    """The result of a run as scikit-learn makes it: the bound of its belief takes a pass."""
    constant = engine.concentration.constant(wishes.n_components)
    elbo = belief.evidence_bound(engine.looking(belief))
    theirs = trace[-1] if trace else elbo - left_out(belief, constant, engine.total_weight)
    added = left_out(belief, constant, engine.total_weight)
    true = [bound + added for bound in trace]
    return _result(engine, wishes, belief, elbo, true, outcome, began, theirs, len(trace))


def _as_ours(
    engine: Variational,
    wishes: Wishes,
    random: np.random.RandomState,
    resumed: fitted.BayesianFit | None,
    observer: Any,
) -> fitted.BayesianFit:
    """Ascend, and move as long as that raises the bound."""
    began = time.perf_counter()
    told = observer.iterated if observer else None
    most, core = max(wishes.n_passes, 1), core_ascent.CoreAscent.of(engine)
    climbing = search.Search(engine, wishes.tol * engine.total_weight, most, told, core=core)
    outcome = Outcome.INTERRUPTED
    try:
        if resumed is None:
            climbing.begin(begun(engine, wishes, random))
        else:
            climbing.begin(engine.looking(resumed.belief))
        climbing.improve() if wishes.moves else climbing.ascend()
        outcome = Outcome.CONVERGED if climbing.converged else Outcome.OUT_OF_ITERATIONS
    except KeyboardInterrupt:
        if not climbing.trace:
            raise
    fit = _result(
        engine,
        wishes,
        climbing.belief,
        climbing.bound,
        climbing.trace,
        outcome,
        began,
        np.nan,
        climbing.passes,
        climbing.moves,
    )
    if outcome is Outcome.INTERRUPTED:
        raise Interrupted(fit)
    return fit


def _result(
    engine: Variational,
    wishes: Wishes,
    belief: Belief,
    elbo: float,
    trace: list[float],
    outcome: Outcome,
    began: float,
    their_bound: float,
    n_iter: int,
    moves: dict[str, int] | None = None,
) -> fitted.BayesianFit:
    data = engine.data
    return fitted.BayesianFit(
        belief,
        wishes.structure,
        wishes.concentration,
        float(elbo),
        frozen(trace),
        outcome,
        data.source.n_rows,
        engine.total_weight,
        moves=moves,
        seconds=time.perf_counter() - began,
        feature_names=data.names,
        their_bound=float(their_bound),
        n_iter=n_iter,
    )


def occupied(data: Data, belief: Belief) -> tuple[float, float]:
    """Expectation and standard deviation of the number of components that have rows.

    Rows are apart from each other in the belief, and a component has none with the probability
    Π_i (1 − r_ik); components are taken to be so, too. A pass over the rows.
    """
    logs = data.executor.run(data.source, partial(_log_none, belief=belief))
    empty = np.exp(logs)
    return float(np.add.reduce(1.0 - empty)), float(np.sqrt(np.add.reduce(empty * (1.0 - empty))))


def _log_none(block: Any, belief: Belief) -> Floats:
    shares = kernel.posterior(block, belief.components)[1]
    with np.errstate(divide="ignore"):
        return np.add.reduce(np.log1p(-np.minimum(shares, 1.0)), axis=0)
