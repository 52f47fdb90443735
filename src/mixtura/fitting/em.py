"""EM: the loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mixtura.caching import cached_property
from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, frozen
from mixtura.engine.executors import Executor
from mixtura.engine.sources import ArraySource, Block, Source
from mixtura.engine.statistics import Statistics
from mixtura.errors import Interrupted
from mixtura.fitting.acceleration import Course
from mixtura.fitting.amid_noise import started_amid_noise
from mixtura.fitting.assumptions import Assumptions, MStep
from mixtura.fitting.checkpoints.journal import Journal
from mixtura.fitting.checkpoints.position import Position
from mixtura.fitting.convergence import Outcome
from mixtura.fitting.estimate import Estimate
from mixtura.fitting.fit import Fit
from mixtura.fitting.given import Given
from mixtura.fitting.health import Health, Repair
from mixtura.fitting.met import Met
from mixtura.fitting.regularisation import Spread
from mixtura.fitting.scatter import TotalScatter, total_scatter
from mixtura.fitting.settings import Settings
from mixtura.fitting.shrinkage import shrinkage_notes
from mixtura.fitting.start import Request, start
from mixtura.fitting.steadiness import fell, tell
from mixtura.fitting.turned_box import turned_box_notes, turned_log_volume
from mixtura.model.mixture import Mixture

__all__ = ["EM", "Observer"]


class Observer(Protocol):
    """Told what happens, as it happens."""

    def begun(self, run: int) -> None:
        """A run of EM has its start."""

    def iterated(self, iteration: int, trace: Sequence[float], mixture: Mixture) -> None:
        """An iteration from `mixture` is done; `trace` ends with its mean log-likelihood."""

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
    unit : what a weight of 1 in `source` stands for: the fit tells counts of rows in these.
    assumed_here : what is assumed besides the structure, where it is known for these rows.
    journal : told of every position, to go on from; or None.
    spread : of the rows, where it is known already.
    """

    source: Source
    settings: Settings
    executor: Executor
    feature_names: tuple[str, ...] | None = None
    observer: Observer | None = None
    unit: float = 1.0
    assumed_here: Assumptions | None = None
    journal: Journal | None = None
    spread: Spread | None = None

    def begin(
        self,
        source: ArraySource,
        given: Given,
        random: np.random.RandomState,
        counting: NDArray[np.bool_] | None = None,
        *,
        run: int = 0,
        told: Callable[[Met], None] | None = None,
    ) -> tuple[Mixture, list[Repair]]:
        """The first mixture of a run, from the rows of `source`, and what making it sound took."""
        settings = self.settings
        estimate = None
        if not given.complete:
            k, structure = settings.n_components, settings.structure
            whole = None if source is self.source else self.source
            request = Request(
                source, k, random, self.executor, structure, counting, whole, run=run, told=told
            )
            estimate = self.m_step(self.first(request))
        estimate = given.over(estimate, settings, self.source.n_features)
        estimate, repairs = self._health.sound(self.m_step.assumed(estimate), 0, ())
        return estimate.mixture(self.feature_names), repairs

    def run(
        self,
        number: int,
        source: ArraySource,
        given: Given,
        random: np.random.RandomState,
        *,
        counting: NDArray[np.bool_] | None = None,
        resumed: Fit | None = None,
    ) -> Fit:
        """One run: on from an earlier fit, or from where a checkpoint stands, or from a start.

        Parameters
        ----------
        number : of the run, for the observer.
        source, given, random, counting : as for `begin`.
        resumed : the earlier fit, or None.
        """
        if resumed is not None:
            return self.climb(resumed.mixture, before=resumed.trace.tolist())
        if self.journal and self.journal.position:
            return self.go_on(self.journal.position, run=number)
        met: list[Met] = []
        mixture, repairs = self.begin(source, given, random, counting, run=number, told=met.append)
        return self.climb(mixture, run=number, repairs=repairs, searches=met[-1] if met else None)

    def first(self, request: Request) -> Statistics:
        """The statistics that the first M-step is taken from, those of noise last of all."""
        if self.m_step.box is None:
            return start(self.settings.start)(request)
        return started_amid_noise(self, request)

    def begin_with(
        self, statistics: Statistics, before: Floats | None = None
    ) -> tuple[Mixture, list[Repair]]:
        """The first mixture of a run, from statistics that are at hand, as for `begin`.

        Parameters
        ----------
        statistics : with the second moments that the structure needs.
        before : covariances near the answer, of the structure, or None.
        """
        estimate = self.m_step(statistics, before=before)
        estimate, repairs = self._health.sound(estimate, 0, ())
        return estimate.mixture(self.feature_names), repairs

    def statistics(self, mixture: Mixture) -> Statistics:
        """The sums under a mixture of any structure, as this one's M-step takes them."""
        return self._pass(mixture, diagonal=self.settings.structure.form.diagonal)

    def climb(
        self,
        mixture: Mixture,
        *,
        run: int = 0,
        repairs: Sequence[Repair] = (),
        before: Sequence[float] = (),
        searches: Met | None = None,
    ) -> Fit:
        """Iterate from `mixture` until the tolerance, or the iterations, are used up.

        Parameters
        ----------
        mixture : the start.
        run : its number, for the observer.
        repairs : what making the start took.
        before : the trace of the fit that it goes on from, which ends with `mixture`'s.
        searches : how often the search for the start met it; None where nobody counted.

        Raises
        ------
        Interrupted : Ctrl-C, with the fit of the last mixture whose likelihood is known.
        KeyboardInterrupt : Ctrl-C before any is known.
        """
        course = Course.starting(self.settings.rule, self.settings.acceleration, mixture)
        position = Position.starting(course, tuple(repairs), searches)
        return self.go_on(position, run=run, before=before)

    def go_on(self, position: Position, *, run: int = 0, before: Sequence[float] = ()) -> Fit:
        """Iterate from where a run stands; `climb` otherwise."""
        began = time.perf_counter()
        settings, health, rule = self.settings, self._health, self.settings.rule
        course, done = position.course, list(position.repairs)
        trace, history = list(position.trace), list(position.history)
        changed, iteration = position.changed, 0
        known = position.known, len(trace)  # the mixture that so many entries of the trace lead to
        counted = Estimate.of(course.ahead, self.source.total_weight).weight
        outcome = Outcome.OUT_OF_ITERATIONS if settings.max_iter else Outcome.NOT_RUN
        if self.observer:
            self.observer.begun(run)
        try:
            for iteration in range(position.iteration, settings.max_iter + 1):
                if self.journal:
                    here = tuple(trace), tuple(history), tuple(done), known[0], position.searches
                    self.journal.note(run, Position(iteration, course, *here, changed=changed))
                statistics, estimate = self._step(course.ahead)
                log_prior = self.m_step.log_prior(course.ahead)
                mean = (statistics.log_likelihood + log_prior) / statistics.total_weight
                if course.overshot(trace, mean):
                    course = course.back()
                    continue
                trace.append(mean)
                changed = changed or self._changed(iteration, trace, known[0], done)
                known = course.ahead, len(trace)
                if iteration == 1:
                    history = _shared_history(before, trace[0])
                estimate, new = health.sound(estimate, len(trace), done)
                counted = estimate.weight
                done.extend(new)
                path = [*history, *trace] if history else trace
                if self.observer:
                    self.observer.iterated(iteration, [*path], course.ahead)
                course = course.onward(
                    estimate.mixture(self.feature_names),
                    path,
                    repaired=bool(new),
                    last=iteration == settings.max_iter,
                )
                if course.ended and not any(repair.action == "reseeded" for repair in new):
                    outcome = course.ended
                    break
            trace.append(self._mean_objective(course.ahead))
            changed = changed or self._changed(iteration, trace, known[0], done)
            known = course.ahead, len(trace)
            if outcome is Outcome.CONVERGED and rule.falls(trace[-2], trace[-1]):
                outcome = Outcome.STALLED
        except KeyboardInterrupt:
            if not known[1]:
                raise
            outcome = Outcome.INTERRUPTED
        if outcome is Outcome.CONVERGED and done:
            outcome = Outcome.REPAIRED
        if changed and outcome is not Outcome.INTERRUPTED:
            outcome = Outcome.CHANGED
        held = Estimate.of(known[0], self.source.total_weight)
        if held.equal:  # of which the weights do not say how many rows each has
            held = replace(held, weight=counted)
        floored, starved = health.resting(held)
        fit = Fit(
            mixture=known[0],
            trace=frozen(trace[: known[1]]),
            outcome=outcome,
            repairs=tuple(done),
            settings=settings,
            accelerated=tuple(i - len(history) for i in course.accelerated),
            rejected=course.rejected,
            floored=floored,
            starved=starved,
            seconds=time.perf_counter() - began,
            n_rows=self.source.n_rows,
            total_weight=self.source.total_weight * self.unit,
            mean_log_prior=self.m_step.log_prior(known[0]) / self.source.total_weight,
            searches=position.searches,
        )
        if outcome is Outcome.INTERRUPTED:
            raise Interrupted(fit)
        if self.observer:
            self.observer.ended(fit)
        return fit

    def _changed(
        self, iteration: int, trace: Sequence[float], before: Mixture, repairs: Sequence[Repair]
    ) -> bool:
        """Whether the rows are others than they were, which is told."""
        found = fell(self.source, trace, before, self.settings.regularisation, repairs)
        if found:
            tell(iteration, trace[-2] - trace[-1])
        return found

    def noted(self, fit: Fit) -> Fit:
        """The fit, with what is to be known of a prior and of noise among its notes.

        Notes
        -----
        Three passes over the rows where noise is anywhere in the box about them.
        """
        said = shrinkage_notes(fit.mixture, self.m_step.seen, self.source.total_weight)
        if (box := self.m_step.box) is not None and self.settings.background == 0.0:
            said += turned_box_notes(box, turned_log_volume(self.source, self.executor))
        return replace(fit, oddities=replace(fit.oddities, assumed=tuple(said)))

    @cached_property
    def _health(self) -> Health:
        return Health(
            self.settings.regularisation,
            lambda: self.spread or Spread.of(self.source, self.executor),
            self.source.n_rows,
            self.unit,
        )

    def _step(self, mixture: Mixture) -> tuple[Statistics, Estimate]:
        """The E-step, every row's responsibilities summed up, and the M-step."""
        structure, total = self.settings.structure, self._total
        if total is not None and total.keeps_digits(mixture.covariances):
            statistics = self._pass(mixture, diagonal=True)
            estimate = self.m_step(statistics, total=total)
            if total.keeps_digits(estimate.covariances):
                return statistics, estimate
        statistics = self._pass(mixture, diagonal=structure.form.diagonal)
        near = mixture.covariances if mixture.structure.letters == structure.letters else None
        return statistics, self.m_step(statistics, before=near)

    def _pass(self, mixture: Mixture, *, diagonal: bool) -> Statistics:
        step = partial(kernel.accumulate, components=mixture.components, diagonal=diagonal)
        return self.executor.run(self.source, step)

    @cached_property
    def _total(self) -> TotalScatter | None:
        """The scatter of all rows, where it saves an iteration the second moments.

        Only a shared covariance can be had from it; one block is not worth the passes that it
        takes, and the sums of float32 rows have no digits to spare. Noise takes a part of every
        row, and that of the scatter is not known.
        """
        if self.m_step.box is not None:
            return None
        worth = self.source.n_blocks > 1 and self.source.dtype == np.float64
        if not (self.settings.structure.form.shared and worth):
            return None
        return total_scatter(self.source, self.executor)

    @cached_property
    def m_step(self) -> MStep:
        """The M-step, under what is assumed."""
        return self.assumptions.m_step(self.settings)

    @cached_property
    def assumptions(self) -> Assumptions:
        """What is assumed besides the structure, for these rows."""
        return self.assumed_here or Assumptions.of(
            self.settings, self.source, self.executor, self.unit, self.feature_names
        )

    def _mean_objective(self, mixture: Mixture) -> float:
        """The mean log-likelihood, and with a prior the log of its density a row as well."""

        def total(block: Block) -> float:
            likelihood = kernel.log_likelihood(block.rows, mixture.components)
            if block.weights is None:
                return float(likelihood.sum())
            # A row that weighs nothing adds nothing, not even where its likelihood is 0.
            counting = block.weights > 0.0
            return float(likelihood[counting] @ block.weights[counting])

        log_likelihood = self.executor.run(self.source, total)
        return (log_likelihood + self.m_step.log_prior(mixture)) / self.source.total_weight


def _shared_history(before: Sequence[float], first: float) -> list[float]:
    """The likelihoods before the start, if they are of the rows that gave it `first`.

    A fit may go on with other rows; a gain across the change of rows would say nothing. The last
    entry of `before` is the start's likelihood of the rows it was fitted to, so it tells.
    """
    same_rows = len(before) > 0 and abs(first - before[-1]) <= 1e-9 * abs(first)
    return list(before[:-1]) if same_rows else []
