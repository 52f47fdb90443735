"""Variational EM: the pass over rows that EM makes, and beliefs in place of parameters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from mixtura.bayesian.belief import Belief
from mixtura.bayesian.concentration import Concentration
from mixtura.bayesian.posterior import Posterior
from mixtura.bayesian.prior import ConjugatePrior
from mixtura.engine import kernel
from mixtura.engine.statistics import Statistics
from mixtura.rows.data import Data


@dataclass(frozen=True, eq=False)
class Variational:
    """Variational Bayes over the rows of `data`.

    Parameters
    ----------
    data : the rows, and who carries passes over them out.
    prior : of each component's mean and precision.
    concentration : the prior of the weights.
    ridge : added to the variance of every row, squared feature units; with more than 0 a step is
        not quite the best, as in scikit-learn.
    """

    data: Data
    prior: ConjugatePrior
    concentration: Concentration
    ridge: float = 0.0

    @property
    def total_weight(self) -> float:
        """How many rows there are, each as often as it counts."""
        return self.data.source.total_weight * self.data.unit

    def believing(self, statistics: Statistics) -> Belief:
        """The M-step: the best laws of all parameters, given sums over rows."""
        posterior = Posterior.of(self.prior, statistics, self.ridge)
        return Belief(posterior, self.concentration.posterior(statistics.weight))

    def looking(self, belief: Belief) -> Statistics:
        """The E-step: the sums over all rows under a belief, each as often as it counts."""
        diagonal = self.prior.family.form.diagonal
        step = partial(kernel.accumulate, components=belief.components, diagonal=diagonal)
        return self.counted(self.data.executor.run(self.data.source, step))

    def counted(self, statistics: Statistics) -> Statistics:
        """Sums of weights in units, as sums of rows."""
        unit = self.data.unit
        return statistics if unit == 1.0 else statistics.scaled(unit)
