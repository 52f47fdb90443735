"""Ascent: a few EM steps over the rows of a sample."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, frozen
from mixtura.engine.components import Components
from mixtura.engine.executors import Executor
from mixtura.engine.sources import ArraySource, Block
from mixtura.engine.statistics import Statistics
from mixtura.fitting.estimate import Estimate, maximise
from mixtura.fitting.starts.purse import Purse
from mixtura.model.structures import Structure

__all__ = ["RIDGE", "Ascent", "Candidate"]

#: added to every variance, in units of the rows' own: a start may not be a spike
RIDGE = 1e-10


@dataclass(frozen=True, eq=False)
class Candidate:
    """Where an ascent has come to.

    Parameters
    ----------
    estimate : the parameters.
    log_likelihood : the mean log-likelihood of the parameters one step before, nats a row: the
        parameters' own is no smaller.
    """

    estimate: Estimate
    log_likelihood: float

    @cached_property
    def components(self) -> Components:
        """As the kernel sees them."""
        estimate = self.estimate
        weights = estimate.weight / estimate.weight.sum()
        factor = estimate.structure.form.factor(estimate.covariances)
        return Components(frozen(np.log(weights)), frozen(estimate.means), factor)

    @cached_property
    def n_spurious(self) -> int:
        """How many components hold fewer than D + 1 rows, or are flat in some direction.

        The likelihood of such a component is no merit: it has no bound where the rows lie in a
        plane, as rounded values do, and it is only the ridge that bounds it here.
        """
        estimate = self.estimate
        k, d = estimate.means.shape
        matrices = estimate.structure.form.matrices(estimate.covariances, k, d)
        if estimate.structure.form.diagonal:
            thinnest = np.einsum("kdd->kd", matrices).min(axis=1)
        else:
            thinnest = np.linalg.eigvalsh(matrices)[:, 0]
        return int(np.count_nonzero((estimate.weight < d + 1.0) | (thinnest < 2.0 * RIDGE)))


@dataclass(frozen=True, eq=False)
class Ascent:
    """EM over `source`, without the care of a whole fit.

    Parameters
    ----------
    source : the rows, in coordinates of unit spread.
    structure : of the covariances.
    executor : who carries the passes out.
    purse : pays for them.
    """

    source: ArraySource
    structure: Structure
    executor: Executor
    purse: Purse

    @property
    def least(self) -> float:
        """How many rows a component needs, that its likelihood is no accident: D + 1."""
        return self.source.n_features + 1.0

    def from_shares(self, shares: Floats) -> Candidate:
        """The parameters that responsibilities (m, K) lead to."""
        source, diagonal = self.source, self.structure.form.diagonal
        weights = shares if source.weights is None else shares * source.weights[:, None]
        total = np.maximum(weights.sum(axis=0), np.finfo(np.float64).tiny)
        means = (weights.T @ source.rows) / total[:, None]

        def shared_out(block: Block) -> Statistics:
            part = shares[block.start : block.stop]
            return kernel.moments(block, part, means, diagonal=diagonal)

        return self._maximised(self.executor.run(source, shared_out), -np.inf)

    def climbed(self, candidate: Candidate, n_steps: int, gain: float = 0.0) -> Candidate:
        """After `n_steps` more, or fewer where one gains less than `gain` nats a row."""
        for _ in range(n_steps):
            before = candidate.log_likelihood
            self.purse.pay(
                self.source.n_rows, len(candidate.estimate.weight), self.source.n_features
            )
            step = partial(
                kernel.accumulate,
                components=candidate.components,
                diagonal=self.structure.form.diagonal,
            )
            statistics = self.executor.run(self.source, step)
            reached = statistics.log_likelihood / statistics.total_weight
            covariances = candidate.estimate.covariances
            candidate = self._maximised(statistics, reached, covariances)
            if reached - before < gain:
                break
        return candidate

    def shares(self, candidate: Candidate) -> Floats:
        """The responsibilities, (m, K)."""
        blocks = self.source.blocks()
        return np.concatenate([kernel.posterior(b.rows, candidate.components)[1] for b in blocks])

    def _maximised(
        self, statistics: Statistics, reached: float, before: Floats | None = None
    ) -> Candidate:
        return Candidate(maximise(statistics, self.structure, RIDGE, before=before), reached)
