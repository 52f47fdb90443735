"""Belief: what is held of all parameters of a mixture, the bound that it gives, and the next."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from mixtura.bayesian.concentration import Concentration, WeightLaw
from mixtura.bayesian.posterior import Posterior
from mixtura.bayesian.prior import ConjugatePrior
from mixtura.caching import cached_property
from mixtura.engine import kernel
from mixtura.engine.arrays import Value
from mixtura.engine.components import Components
from mixtura.engine.statistics import Statistics
from mixtura.rows.data import Data


@dataclass(frozen=True, eq=False)
class Belief(Value):
    """Laws of weights, means and precisions, each apart from the other components' and the rows'.

    Parameters
    ----------
    posterior : of means and precisions.
    weights : of the weights.
    """

    posterior: Posterior
    weights: WeightLaw

    @cached_property
    def components(self) -> Components:
        """What a pass over rows takes: densities exp(E log π_k + E log N(x | μ_k, Λ_k⁻¹))."""
        return self.posterior.components(self.weights.log_weights)

    @cached_property
    def divergence(self) -> float:
        """KL of all laws from their priors, nats."""
        return self.posterior.divergence + self.weights.divergence

    def evidence_bound(self, statistics: Statistics) -> float:
        """The bound on log p(X), nats: Σ_i log Σ_k exp(E log π_k + E log N) − KL.

        It is E log p(X, Z, θ) − E log q(Z, θ) at the best q(Z), and so log p(X) less
        KL(q ‖ p(Z, θ | X)).

        Parameters
        ----------
        statistics : of all rows, under `components`.
        """
        return statistics.log_likelihood - self.divergence

    def entropy(self, statistics: Statistics) -> float:
        """−Σ_ik r_ik log r_ik of the responsibilities under `components`, nats.

        A row's log density is Σ_k r_ik (log ρ_ik − log r_ik), and Σ_ik r_ik log ρ_ik is told by the
        sums, since log ρ_ik is quadratic in the row.
        """
        return statistics.log_likelihood - self.expected_joint(statistics)

    def expected_joint(self, statistics: Statistics) -> float:
        """Σ_ik r_ik log ρ_ik of any responsibilities, log ρ_ik being the log joint densities, nats.

        Parameters
        ----------
        statistics : the sums under those responsibilities, about the means of `posterior`.
        """
        whitening, second = self.components.whitening(kernel.invert_lower), statistics.second
        if whitening.ndim == 1:
            squares = whitening**2 @ np.add.reduce(second, axis=1)
        elif whitening.shape == second.shape and second.ndim == 2:
            squares = np.einsum("kd,kd,kd->", whitening, whitening, second)
        else:
            whole = whitening if whitening.ndim == 3 else whitening[None]
            squares = np.add.reduce(whole.swapaxes(1, 2) @ whole * second, axis=None)
        return float(self.components.constants @ statistics.weight) - 0.5 * float(squares)

    @property
    def log_normaliser(self) -> float:
        """What scikit-learn's bound has of these laws: it leaves out what no row changes, nats."""
        laws, d = self.posterior, self.posterior.n_features
        times = laws.n_components if laws.prior.family.averaged else 1
        means = -0.5 * d * float(np.add.reduce(np.log(laws.mean_precision)))
        normalisers = times * float(np.add.reduce(laws.log_normalisers))
        return normalisers + means - self.weights.log_normaliser


def left_out(belief: Belief, constant: float, total_weight: float) -> float:
    """What scikit-learn leaves out of its bound: with it, that is the evidence's, nats.

    K [½D log β₀ − log Z₀] − ½ N D log 2π and the constant of the weights' prior; with
    `reg_covar`, which it adds to scatters, up to that.
    """
    laws = belief.posterior
    prior, d, k = laws.prior, laws.n_features, laws.n_components
    n_laws = k if prior.family.averaged else len(laws.degrees)
    of_laws = 0.5 * k * d * math.log(prior.mean_precision) - n_laws * prior.log_normaliser
    return of_laws + constant - 0.5 * total_weight * d * math.log(2.0 * math.pi)


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
