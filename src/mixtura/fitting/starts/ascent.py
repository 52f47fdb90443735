"""Ascent: a few EM steps over the rows of a sample."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from mixtura.caching import cached_property
from mixtura.engine import kernel
from mixtura.engine.arrays import Floats
from mixtura.engine.executors import Executor
from mixtura.engine.search import Climb, EMProblem
from mixtura.engine.sources import ArraySource, Block
from mixtura.engine.statistics import Statistics
from mixtura.filling import changed, filled
from mixtura.fitting.m_step.estimate import LEAST_WEIGHT, maximise
from mixtura.fitting.starts.budget import Budget, cost
from mixtura.fitting.starts.candidate import Candidate, restrained
from mixtura.fitting.starts.spurious import least_rows
from mixtura.model.structures import Structure

#: added to every variance, in units of the rows' own: a start may not be a spike
RIDGE = 1e-10
#: a step of this `cost` takes one thread a third of a millisecond: where one costs more, what is
#: between the passes is little beside them, and several threads are quicker
_SHORT = 4e6
#: what a step costs besides, where it returns to Python
_BY_HAND = 8e6
#: what may be spent on steps that no budget pays for, and how many may be done whatever they cost
_BESIDES, _LEAST = 2e8, 20
#: the share of noise that is begun with, at least
_SOME = 0.02


@filled
@dataclass(frozen=True, eq=False)
class Ascent:
    """EM over `source`, without the care of a whole fit.

    Parameters
    ----------
    source : the rows, in coordinates of unit spread.
    structure : of the covariances.
    executor : who carries the passes out.
    budget : pays for them.
    ridge : (d, d), added to every covariance: no component is thinner.
    log_volume : log V, of which 1/V is the density of noise, in those coordinates; infinite for no
        noise.
    """

    source: ArraySource
    structure: Structure
    executor: Executor
    budget: Budget
    ridge: Floats
    log_volume: float = np.inf

    @cached_property
    def units(self) -> Floats:
        """The variances of the columns, (d,); of a spherical structure their mean."""
        rows, weights = self.source.rows, self.source.weights
        share = np.full(len(rows), 1.0 / len(rows)) if weights is None else weights / weights.sum()
        apart = rows - share @ rows
        variances = np.maximum(share @ (apart * apart), RIDGE)
        return self.structure.units(variances) if self.structure.letters[1] == "I" else variances

    @property
    def least(self) -> float:
        """How many rows a component needs, that its likelihood is no accident."""
        return float(max(least_rows(self.structure, self.source.n_features), 2))

    def is_short(self, n_components: int) -> bool:
        """Whether a step with so many components is over before the next call would begin."""
        return self.step(n_components) <= _SHORT

    def step(self, n_components: int) -> float:
        """What a step of EM over these rows costs, in units of `cost`."""
        n, d = self.source.rows.shape
        return cost(n, n_components, d, self.structure)

    def affordable(self, n_steps: int, n_components: int) -> int:
        """As many steps, or fewer where they are dear, that no budget has to pay for."""
        by_hand = kernel.climb is None or not self.is_short(n_components)
        step = self.step(n_components) + (_BY_HAND if by_hand else 0.0)
        return min(max(int(_BESIDES / step), min(n_steps, _LEAST)), n_steps)

    def over(self, source: ArraySource) -> Ascent:
        """The same ascent over other rows."""
        return changed(self, source=source)

    def without_background(self) -> Ascent:
        """The same, all rows being of components."""
        return changed(self, log_volume=np.inf)

    def sharply(self) -> Ascent:
        """The same with hardly a ridge: the likelihood is that of the rows as they are written."""
        return changed(self, ridge=RIDGE * np.eye(self.source.n_features))

    def from_shares(self, shares: Floats) -> Candidate:
        """The parameters that responsibilities (m, K) lead to, before any M-step of the structure.

        What they lack of 1 belongs to the noise, which has a small share at least.

        Each covariance is W_k / n_k of the rows, with D + 1 rows' worth of what all have within
        them: few rows may lie in a plane.
        """
        source, diagonal = self.source, self.structure.form.diagonal
        weights = shares if source.weights is None else shares * source.weights[:, None]
        total = np.maximum(weights.sum(axis=0), np.finfo(np.float64).tiny)
        means = (weights.T @ source.rows) / total[:, None]

        def shared_out(block: Block) -> Statistics:
            part = shares[block.start : block.stop]
            return kernel.moments(block, part, means, diagonal=diagonal)

        second = self.executor.run(source, shared_out).second
        if diagonal:
            second = second[:, :, None] * np.eye(second.shape[1])
        within = second.sum(axis=0) / total.sum()
        few = source.n_features + 1.0
        covariances = (second + few * within) / (total + few)[:, None, None] + self.ridge
        covariances = restrained(total, covariances, self.structure)
        return self.candidate(total, means, covariances)

    def candidate(self, weight: Floats, means: Floats, covariances: Floats) -> Candidate:
        """With the noise that the weights (K,) leave of the rows, or a small share."""
        plain = Candidate(weight, means, covariances, self.structure, self.units)
        if np.isinf(self.log_volume):
            return plain
        total = self.source.total_weight
        background = max(total - float(weight.sum()), _SOME * total)
        return changed(plain, background=background, log_volume=self.log_volume)

    def climbed(self, candidate: Candidate, n_steps: int, gain: float = -np.inf) -> Candidate:
        """After `n_steps` more, or fewer where one gains less than `gain` nats a row."""
        k = len(candidate.weight)
        climb = kernel.climb
        if climb is not None and self.is_short(k):
            candidate, n_steps = self._climbed_at_once(climb, candidate, n_steps, gain)
        return self._climbed_step_by_step(candidate, n_steps, gain) if n_steps else candidate

    def _climbed_step_by_step(self, candidate: Candidate, n_steps: int, gain: float) -> Candidate:
        """As `climbed`, by passes that the executor carries out."""
        diagonal = self.structure.form.diagonal
        done = 0
        while done < n_steps:
            before = candidate.log_likelihood
            step = partial(kernel.accumulate, components=candidate.components, diagonal=diagonal)
            statistics = self.executor.run(self.source, step)
            reached = statistics.log_likelihood / statistics.total_weight
            candidate = self._maximised(statistics, reached, candidate)
            done += 1
            if reached - before < gain:
                break
        self.budget.pay(self.step(len(candidate.weight)), done)
        return candidate

    def _climbed_at_once(
        self, climb: Climb, candidate: Candidate, n_steps: int, gain: float
    ) -> tuple[Candidate, int]:
        """As `climbed`, without a return between the steps; and how many are left to be done.

        None, but where the next cannot be done that way: the loop knows how, or says why not.
        """
        end = climb(self.problem(candidate), candidate.state, n_steps, gain)
        if end.n_steps:
            self.budget.pay(self.step(len(candidate.weight)), end.n_steps)
        return candidate.moved(*end.state), 0 if end.sound else n_steps - end.n_steps

    def problem(self, candidate: Candidate) -> EMProblem:
        """What the kernel's search maximises for a candidate."""
        block = Block(0, self.source.rows, self.source.fields)
        return EMProblem(block, self.structure.letters, self.ridge, -candidate.log_volume)

    def shares(self, candidate: Candidate) -> Floats:
        """The responsibilities of the components, (m, K)."""
        blocks, k = self.source.blocks(), len(candidate.weight)
        every = [kernel.posterior(b.rows, candidate.components)[1] for b in blocks]
        return np.ascontiguousarray(np.concatenate(every)[:, :k])

    def _maximised(self, statistics: Statistics, reached: float, before: Candidate) -> Candidate:
        k, background = len(before.weight), 0.0
        if len(statistics.weight) > k:
            background = float(statistics.weight[k]) + LEAST_WEIGHT
            statistics = statistics.first_components(k)
        near = before.estimate.covariances
        estimate = maximise(statistics, self.structure, self.ridge, near=near)
        matrices = self.structure.form.matrices(estimate.covariances, *estimate.means.shape)
        return before.moved(estimate.weight, estimate.means, matrices, reached, background)
