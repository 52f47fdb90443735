"""EM: the loop."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

import numpy as np

from mixtura.caching import cached_property
from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, frozen
from mixtura.engine.labels import LabelModel
from mixtura.engine.sources import ArraySource, Block
from mixtura.engine.statistics import Statistics
from mixtura.errors import Interrupted
from mixtura.filling import filled
from mixtura.fitting.assumptions import Assumptions, MStep
from mixtura.fitting.checkpoints.checkpointer import Checkpointer
from mixtura.fitting.convergence.anderson import AndersonState
from mixtura.fitting.convergence.rules import Outcome
from mixtura.fitting.convergence.steadiness import fell, resolution, tell
from mixtura.fitting.core_run import CoreRun
from mixtura.fitting.fit import Fit
from mixtura.fitting.m_step import noise_box, prior_statistics
from mixtura.fitting.m_step.estimate import Estimate
from mixtura.fitting.m_step.health import Health, Repair
from mixtura.fitting.run_state import RunState, of_same_rows
from mixtura.fitting.settings import Settings
from mixtura.fitting.singular import SingularEnds
from mixtura.fitting.starts.labelled import Labelled
from mixtura.fitting.starts.met import Met
from mixtura.model.mixture import Mixture
from mixtura.rows.data import Data
from mixtura.rows.spread import TotalScatter


class Observer(Protocol):
    """Told what happens, as it happens."""

    def begun(self, run: int) -> None:
        """A run of EM has its start."""

    def iterated(self, iteration: int, trace: Sequence[float], mixture: Mixture) -> None:
        """An iteration from `mixture` is done; `trace` ends with its mean log-likelihood."""

    def ended(self, fit: Fit) -> None:
        """A run of EM is over."""


@filled
@dataclass(frozen=True, eq=False)
class EM:
    """Expectation-maximisation over the rows of `data`.

    Parameters
    ----------
    data : the rows, and who carries passes over them out.
    settings : how to fit.
    observer : told of every iteration, or None.
    checkpointer : told of every state that a run may go on from; or None.
    assumed : what is assumed besides the structure, where it is known for these rows.
    seed : the whole number that starts are drawn with, where there is one to tell; or None.
    clusters : those of k-means, by the rows, their number and which second moments they have, that
        fits of other structures began with, from the same draws; or None.
    """

    data: Data
    settings: Settings
    observer: Observer | None = None
    checkpointer: Checkpointer | None = None
    assumed: Assumptions | None = None
    seed: int | None = None
    clusters: dict[tuple[ArraySource, int, bool], Statistics] | None = None

    def shortened(self, rows: ArraySource, n_iterations: int, **changed: Any) -> EM:
        """One for short runs over other rows, of which nobody is told: no position of this fit."""
        return replace(
            self,
            data=self.data.of_others(rows),
            settings=self.settings.shortened(n_iterations, n_init=1, **changed),
            observer=None,
            checkpointer=None,
            assumed=self.assumptions,
        )

    def begin_with(
        self, statistics: Statistics, near: Floats | None = None
    ) -> tuple[Mixture, list[Repair]]:
        """The first mixture of a run, from statistics that are at hand, as for `begin`.

        Parameters
        ----------
        statistics : with the second moments that the structure needs.
        near : covariances near the answer, of the structure, or None.
        """
        estimate = self.m_step(statistics, near=near)
        estimate, repairs = self.health.sound(estimate, 0, ())
        return estimate.mixture(self.data.names), repairs

    def statistics(self, mixture: Mixture) -> Statistics:
        """The sums under a mixture of any structure, as this one's M-step takes them."""
        return self._pass(mixture, diagonal=self.settings.structure.seconds(*mixture.means.shape))

    def climb(
        self,
        mixture: Mixture,
        *,
        run: int = 0,
        repairs: Sequence[Repair] = (),
        earlier: Sequence[float] = (),
        searches: Met | None = None,
    ) -> Fit:
        """Iterate from `mixture` until the tolerance, or the iterations, are used up.

        Parameters
        ----------
        mixture : the start.
        run : its number, for the observer.
        repairs : what making the start took.
        earlier : the trace of the fit that it goes on from, which ends with `mixture`'s.
        searches : how often the search for the start met it; None where nobody counted.

        Raises
        ------
        Interrupted : Ctrl-C, with the fit of the last mixture whose likelihood is known.
        KeyboardInterrupt : Ctrl-C before any is known.
        """
        rule, wish = self.settings.rule, self.settings.acceleration
        state = RunState.starting(AndersonState.starting(rule, wish, mixture), repairs, searches)
        return self.go_on(state, run=run, earlier=earlier)

    def go_on(self, state: RunState, *, run: int = 0, earlier: Sequence[float] = ()) -> Fit:
        """Iterate from where a run stands, until the rule ends it; as `climb` otherwise."""
        began, allows = time.perf_counter(), self.settings.allows
        outcome = Outcome.OUT_OF_ITERATIONS if allows(1) else Outcome.NOT_RUN
        if self.observer:
            self.observer.begun(run)
        try:
            while allows(state.iteration):
                if self.checkpointer:
                    self.checkpointer.note(run, state.copied())
                if self._in_core(state, earlier):
                    ended = state.anderson.ended
                else:
                    ended = self._iterate(state, earlier)
                    state.iteration += not ended
                if ended:
                    outcome = ended
                    break
            if not state.arrived:
                self._reach(state, self.objective(state.ahead))
        except KeyboardInterrupt:
            if not state.known[1]:
                raise
            raise Interrupted(self.ended(state, Outcome.INTERRUPTED, began)) from None
        fit = self.ended(state, self._outcome(state, outcome), began)
        if self.observer:
            self.observer.ended(fit)
        return fit

    def _in_core(self, state: RunState, earlier: Sequence[float]) -> bool:
        """Iterations that the core makes; whether it made any."""
        core, number, n_known, before = self.core, state.iteration, state.known[1], state.known[0]
        if core is None:
            return False
        if number == 1 and earlier:
            mean = core.objective(state.ahead)
            if mean is None:
                return False
            state.earlier = of_same_rows(earlier, mean)
        made = core.advance(state)
        if not core.at_once and state.known[1] > n_known:
            self._compare(state, before, number)
            if self.observer:
                self.observer.iterated(number, [*state.path], state.known[0])
        return made

    def _iterate(self, state: RunState, earlier: Sequence[float]) -> Outcome | None:
        """One E-step and one M-step; how the run ends, or None where it goes on."""
        statistics, estimate = self._step(state.ahead)
        log_prior = self.m_step.log_prior(state.ahead)
        mean = (statistics.log_likelihood + log_prior) / statistics.total_weight
        ends = self.singular
        if state.anderson.overshot(state.trace, mean) or (
            ends and ends.widens(state.anderson, estimate)
        ):
            state.anderson = state.anderson.back()
            return None
        self._reach(state, mean)
        if state.iteration == 1:
            state.earlier = of_same_rows(earlier, mean)
        estimate, repairs = self.health.sound(estimate, len(state.trace), state.repairs)
        state.weight = estimate.weight
        state.repairs.extend(repairs)
        path = state.path
        if self.observer:
            self.observer.iterated(state.iteration, [*path], state.ahead)
        state.anderson = state.anderson.onward(
            estimate.mixture(self.data.names),
            path,
            repaired=bool(repairs),
            last=not self.settings.allows(state.iteration + 1),
            resolution=self._resolution(state),
        )
        if ends and not repairs and self.settings.allows(state.iteration + 1):
            state.anderson = ends.onward(state.anderson, state.iteration)
        if any(repair.action == "reseeded" for repair in repairs):
            return None
        return state.anderson.ended

    def _reach(self, state: RunState, mean: float) -> None:
        """The likelihood of the mixture ahead is known."""
        state.trace.append(mean)
        before, state.known = state.known[0], (state.ahead, len(state.trace))
        self._compare(state, before, state.iteration)

    def _compare(self, state: RunState, before: Mixture, number: int) -> None:
        """Look whether the rows are still those that they were at the mixture before."""
        if not state.changed:
            rule = self.settings.regularisation
            state.changed = fell(self.data.source, state.trace, before, rule, state.repairs)
            if state.changed:
                taken = number if self.settings.allows(number) else number - 1
                tell(taken, state.trace[-2] - state.trace[-1])

    def _resolution(self, state: RunState) -> float:
        """How finely the mean log-likelihood that is known last is known, nats a row."""
        if not (self._singles or state.repairs or self.settings.structure.n_factors):
            return 0.0
        mixture, mean = state.known[0], state.trace[-1]
        return resolution(mixture, mean, state.repairs, singles=self._singles)

    @cached_property
    def _singles(self) -> bool:
        """Whether the rows are float32."""
        return self.data.source.dtype == np.float32

    def _outcome(self, state: RunState, outcome: Outcome) -> Outcome:
        """How a run ended whose rule says so, in the light of all that is known of it."""
        if state.changed:
            return Outcome.CHANGED
        if outcome is not Outcome.CONVERGED:
            return outcome
        before, now = state.trace[-2:]
        if self.settings.rule.falls(before, now, self._resolution(state)):
            return Outcome.STALLED
        return Outcome.REPAIRED if state.repairs else outcome

    def ended(self, state: RunState, outcome: Outcome, began: float) -> Fit:
        """The result of a run: of the last mixture whose likelihood is known."""
        mixture, n_known = state.known
        source, anderson = self.data.source, state.anderson
        held = Estimate.of(mixture, source.total_weight)
        if held.equal and state.weight is not None:
            held = replace(held, weight=state.weight)  # the weights do not say how many rows
        floored, starved = self.health.resting(held)
        return Fit(
            mixture=mixture,
            trace=frozen(state.trace[:n_known]),
            outcome=outcome,
            repairs=tuple(state.repairs),
            settings=self.settings,
            accelerated=tuple(i - len(state.earlier) for i in anderson.accelerated),
            rejected=anderson.rejected,
            floored=floored,
            starved=starved,
            seconds=time.perf_counter() - began,
            n_rows=source.n_rows,
            total_weight=source.total_weight * self.data.unit,
            mean_log_prior=self.m_step.log_prior(mixture) / source.total_weight,
            searches=state.searches,
            seed=self.seed,
        )

    def noted(self, fit: Fit) -> Fit:
        """The fit, with what is to be known of a prior and of noise among its notes.

        Notes
        -----
        A pass over the rows where noise is anywhere in the box about them.
        """
        said = prior_statistics.shrinkage_notes(
            fit.mixture, self.m_step.seen, self.data.source.total_weight
        )
        box, holes = self.m_step.box, self.data.source.holes
        if box is not None and self.settings.background == 0.0 and not holes:
            data = self.data
            turned = noise_box.turned_log_volume(data.source, data.executor, data.total_scatter)
            said += noise_box.turned_box_notes(box, turned)
        if fit.truncation is not None:
            said += (fit.truncation.sentence(fit.mixture.n_components),)
        if not said:
            return fit
        return replace(fit, oddities=replace(fit.oddities, assumed=tuple(said)))

    @cached_property
    def core(self) -> CoreRun | None:
        """What makes iterations without a return to the loop; None where all are the loop's."""
        told = self.observer is not None or self.checkpointer is not None
        return CoreRun.of(self.data, self.settings, self.m_step, self.health, told=told)

    @cached_property
    def health(self) -> Health:
        """What makes the estimates of an M-step sound, for these rows."""
        return Health(
            self.settings.regularisation,
            lambda: self.data.spread,
            self.data.source.n_rows,
            self.data.unit,
        )

    @cached_property
    def singular(self) -> SingularEnds | None:
        """What leads to singular ends: of rows with errors, with a floor to come to."""
        rule = self.settings.regularisation
        measured = rule.relative and "errors" in self.data.sample.fields
        return SingularEnds.of(self.data, rule.floor(self.data.spread)) if measured else None

    def _step(self, mixture: Mixture) -> tuple[Statistics, Estimate]:
        """The E-step, every row's responsibilities summed up, and the M-step."""
        structure, total = self.settings.structure, self._total
        if total is not None and total.keeps_digits(mixture.covariances):
            statistics = self._pass(mixture, diagonal=True)
            estimate = self.m_step(statistics, total=total)
            if total.keeps_digits(estimate.covariances):
                return statistics, estimate
        statistics = self._pass(mixture, diagonal=structure.seconds(*mixture.means.shape))
        near = mixture.covariances if mixture.structure.letters == structure.letters else None
        return statistics, self.m_step(statistics, near=near)

    def _pass(self, mixture: Mixture, *, diagonal: bool | None) -> Statistics:
        accumulate = self._labels.accumulate if self._labels else kernel.accumulate
        step = partial(accumulate, components=mixture.components, diagonal=diagonal)
        along = mixture.gaussians.factor.directions if diagonal is None else None
        width = mixture.n_features if along is None else along.shape[2] + 1
        n_sums = mixture.means.size * (1 if diagonal else width)
        return self.data.executor.run(self.data.source.summing(n_sums), step)

    @cached_property
    def _labels(self) -> LabelModel | None:
        """What the labels of the rows say, where some are known."""
        wish = self.settings.start
        n_terms = self.settings.n_components + (self.m_step.box is not None)
        return wish.model(n_terms) if isinstance(wish, Labelled) else None

    @cached_property
    def _total(self) -> TotalScatter | None:
        """The scatter of all rows, where it saves an iteration the second moments.

        Only a shared covariance can be had from it; one block is not worth the passes that it
        takes, and the sums of float32 rows have no digits to spare. Noise takes a part of every
        row, and that of the scatter is not known; so does what rows lack. Nor is the scatter of
        true values.
        """
        unknown = self.data.source.holes or "errors" in self.data.sample.fields
        if self.m_step.box is not None or unknown:
            return None
        worth = self.data.source.n_blocks > 1 and self.data.source.dtype == np.float64
        if not (self.settings.structure.form.shared and worth):
            return None
        return self.data.total_scatter

    @cached_property
    def m_step(self) -> MStep:
        """The M-step, under what is assumed."""
        return self.assumptions.m_step(self.settings)

    @cached_property
    def assumptions(self) -> Assumptions:
        """What is assumed besides the structure, for these rows."""
        return self.assumed or Assumptions.of(self.settings, self.data)

    def objective(self, mixture: Mixture) -> float:
        """The mean log-likelihood, and with a prior the log of its density a row as well."""
        known = self.core.objective(mixture) if self.core else None
        return self._mean_objective(mixture) if known is None else known

    def _mean_objective(self, mixture: Mixture) -> float:
        """The same by a pass that the executor carries out, as the core cannot."""
        labels = self._labels

        def total(block: Block) -> float:
            if labels:
                return labels.log_likelihood(block, mixture.components)
            likelihood = kernel.log_likelihood(block, mixture.components)
            if block.weights is None:
                return float(likelihood.sum())
            # A row that weighs nothing adds nothing, not even where its likelihood is 0.
            counting = block.weights > 0.0
            return float(likelihood[counting] @ block.weights[counting])

        log_likelihood = self.data.executor.run(self.data.source, total)
        return (log_likelihood + self.m_step.log_prior(mixture)) / self.data.source.total_weight
