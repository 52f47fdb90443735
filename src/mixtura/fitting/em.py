"""EM: the loop."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Protocol

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, frozen
from mixtura.engine.executors import Executor
from mixtura.engine.sources import ArraySource, Block, Source
from mixtura.engine.statistics import Statistics
from mixtura.errors import Interrupted
from mixtura.fitting.convergence import Outcome, Tolerance
from mixtura.fitting.estimate import Estimate, maximise
from mixtura.fitting.fit import Fit
from mixtura.fitting.given import Given
from mixtura.fitting.health import Health, Repair
from mixtura.fitting.overall import overall
from mixtura.fitting.scatter import TotalScatter, total_scatter
from mixtura.fitting.settings import Settings
from mixtura.fitting.start import Request, start
from mixtura.model.mixture import Mixture

__all__ = ["EM", "Observer"]


class Observer(Protocol):
    """Told what happens, as it happens."""

    def begun(self, run: int) -> None:
        """A run of EM has its start."""

    def iterated(self, iteration: int, trace: Sequence[float]) -> None:
        """An iteration is done; `trace` ends with the mean log-likelihood before it."""

    def ended(self, fit: Fit) -> None:
        """A run of EM is over."""


@dataclass(frozen=True, eq=False)
class EM:
    """Expectation-maximisation over a source.

    Parameters
    ----------
    source : the rows.
    settings : how to fit.
    executor : who carries the passes out.
    feature_names : D names for the mixture, or None.
    observer : told of every iteration, or None.
    """

    source: Source
    settings: Settings
    executor: Executor
    feature_names: tuple[str, ...] | None = None
    observer: Observer | None = None

    def begin(
        self, source: ArraySource, given: Given, random: np.random.RandomState
    ) -> tuple[Mixture, list[Repair]]:
        """The first mixture of a run, from the rows of `source`, and what making it sound took."""
        settings = self.settings
        estimate = None
        if not given.complete:
            k, form = settings.n_components, settings.structure.form
            statistics = start(settings.start)(Request(source, k, random, self.executor, form))
            estimate = maximise(statistics, settings.structure, settings.reg_covar)
        estimate = given.over(estimate, settings, self.source.n_features)
        estimate, repairs = self._health.sound(estimate, 0, 0)
        return estimate.mixture(self.feature_names), repairs

    def climb(
        self,
        mixture: Mixture,
        *,
        run: int = 0,
        repairs: Sequence[Repair] = (),
        before: Sequence[float] = (),
    ) -> Fit:
        """Iterate from `mixture` until the tolerance, or the iterations, are used up.

        Parameters
        ----------
        mixture : the start.
        run : its number, for the observer.
        repairs : what making the start took.
        before : the trace of the fit that it goes on from, which ends with `mixture`'s.

        Raises
        ------
        Interrupted : Ctrl-C, with the fit of the last mixture whose likelihood is known.
        KeyboardInterrupt : Ctrl-C before any is known.
        """
        began = time.perf_counter()
        settings, health, rule = self.settings, self._health, Tolerance(self.settings.tol)
        done = list(repairs)
        trace: list[float] = []
        known = mixture, 0  # the mixture that the trace's first so many entries lead to
        history: list[float] = []
        outcome = Outcome.OUT_OF_ITERATIONS if settings.max_iter else Outcome.NOT_RUN
        if self.observer:
            self.observer.begun(run)
        try:
            for iteration in range(1, settings.max_iter + 1):
                statistics, estimate = self._step(mixture)
                trace.append(statistics.log_likelihood / statistics.total_weight)
                known = mixture, len(trace)
                if iteration == 1:
                    history = _shared_history(before, trace[0])
                reseeded = sum(repair.action == "reseeded" for repair in done)
                estimate, new = health.sound(estimate, iteration, reseeded)
                mixture = estimate.mixture(self.feature_names)
                done.extend(new)
                if self.observer:
                    self.observer.iterated(iteration, [*history, *trace])
                reached = rule.outcome([*history, *trace])
                if reached and not any(repair.action == "reseeded" for repair in new):
                    outcome = reached
                    break
            trace.append(self._mean_log_likelihood(mixture))
            known = mixture, len(trace)
            if outcome is Outcome.CONVERGED and rule.falls(trace[-2], trace[-1]):
                outcome = Outcome.STALLED
        except KeyboardInterrupt:
            if not known[1]:
                raise
            outcome = Outcome.INTERRUPTED
        if outcome is Outcome.CONVERGED and done:
            outcome = Outcome.REPAIRED
        fit = Fit(
            mixture=known[0],
            trace=frozen(trace[: known[1]]),
            outcome=outcome,
            repairs=tuple(done),
            settings=settings,
            seconds=time.perf_counter() - began,
            n_rows=self.source.n_rows,
            total_weight=self.source.total_weight,
        )
        if outcome is Outcome.INTERRUPTED:
            raise Interrupted(fit)
        if self.observer:
            self.observer.ended(fit)
        return fit

    @property
    def _health(self) -> Health:
        return Health(self._variances, self.settings.reg_covar)

    def _step(self, mixture: Mixture) -> tuple[Statistics, Estimate]:
        """The E-step, every row's responsibilities summed up, and the M-step."""
        structure, reg_covar = self.settings.structure, self.settings.reg_covar
        total = self._total
        if total is not None and total.keeps_digits(mixture.covariances):
            statistics = self._pass(mixture, diagonal=True)
            estimate = maximise(statistics, structure, reg_covar, total)
            if total.keeps_digits(estimate.covariances):
                return statistics, estimate
        statistics = self._pass(mixture, diagonal=structure.form.diagonal)
        return statistics, maximise(statistics, structure, reg_covar)

    def _pass(self, mixture: Mixture, *, diagonal: bool) -> Statistics:
        step = partial(kernel.accumulate, components=mixture.components, diagonal=diagonal)
        return self.executor.run(self.source, step)

    @cached_property
    def _total(self) -> TotalScatter | None:
        """The scatter of all rows, where it saves an iteration the second moments.

        Only a shared covariance can be had from it; one block is not worth the passes that it
        takes, and the sums of float32 rows have no digits to spare.
        """
        worth = self.source.n_blocks > 1 and self.source.dtype == np.float64
        if not (self.settings.structure.form.shared and worth):
            return None
        return total_scatter(self.source, self.executor)

    def _mean_log_likelihood(self, mixture: Mixture) -> float:
        def total(block: Block) -> float:
            likelihood = kernel.log_likelihood(block.rows, mixture.components)
            return float(likelihood.sum() if block.weights is None else likelihood @ block.weights)

        return self.executor.run(self.source, total) / self.source.total_weight

    def _variances(self) -> Floats:
        """The data's variance in each feature, (D,)."""
        statistics = overall(self.source, self.executor)
        return statistics.second[0] / statistics.total_weight


def _shared_history(before: Sequence[float], first: float) -> list[float]:
    """The likelihoods before the start, if they are of the rows that gave it `first`.

    A fit may go on with other rows; a gain across the change of rows would say nothing. The last
    entry of `before` is the start's likelihood of the rows it was fitted to, so it tells.
    """
    same_rows = len(before) > 0 and abs(first - before[-1]) <= 1e-9 * abs(first)
    return list(before[:-1]) if same_rows else []
