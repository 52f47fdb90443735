"""Bayesian fit: the frozen result, a law of all parameters and what it gives."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura.bayesian.belief import Belief
from mixtura.bayesian.concentration import Concentration
from mixtura.bayesian.predictive import StudentMixture
from mixtura.caching import cached_property
from mixtura.engine.arrays import Floats, Value
from mixtura.fitting.convergence.rules import Outcome
from mixtura.model.mixture import Mixture
from mixtura.model.structures import Structure
from mixtura.textual import counted


@dataclass(frozen=True, eq=False)
class BayesianFit(Value):
    """What rows leave of the priors of a mixture's parameters, and how it was found.

    Parameters
    ----------
    belief : the laws of weights, means and precisions.
    structure : of the covariances.
    concentration : the prior of the weights.
    elbo : the evidence bound of the belief, nats: at most log p(X), and so comparable over the
        number of components, priors and structures, for the same rows.
    trace : the bound after each pass that raised it, nats.
    outcome : how it ended.
    moves : how many of each kind were made: merged, emptied, halved.
    seconds : wall-clock time.
    n_rows : how many rows were seen.
    total_weight : the sum of their weights.
    spread : expectation and standard deviation of the number of components that have rows.
    feature_names : D names, or None.
    their_bound : the bound as scikit-learn has it, without its constants; nats.
    n_iter : how many passes led to it.
    notes : what is odd about the rows, a sentence each: columns that are constant.
    """

    belief: Belief
    structure: Structure
    concentration: Concentration
    elbo: float
    trace: Floats
    outcome: Outcome
    n_rows: int
    total_weight: float
    spread: tuple[float, float] = (math.nan, math.nan)
    moves: Mapping[str, int] | None = None
    seconds: float = 0.0
    feature_names: tuple[str, ...] | None = None
    their_bound: float = math.nan
    n_iter: int = 0
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return (
            f"BayesianFit({self.outcome.value}, elbo {self.elbo:.7g}, "
            f"{counted(self.n_occupied, 'component')} with rows of "
            f"{self.belief.posterior.n_components}, {self.structure.name})"
        )

    @property
    def n_occupied(self) -> int:
        """How many components have at least half a row."""
        return int(np.count_nonzero(self.belief.posterior.weight >= 0.5))

    @cached_property
    def mixture(self) -> Mixture:
        """The mixture of expectations: E π_k, E μ_k and (E Λ_k)⁻¹, of all K components.

        Those are parameters that the rows leave likely, and no density that averages over them:
        that is `predictive`.
        """
        return self._mixture(np.arange(self.belief.posterior.n_components))

    @cached_property
    def occupied(self) -> Mixture:
        """The same of those components alone that have at least half a row, largest first."""
        weight = self.belief.posterior.weight
        falling = np.argsort(-weight, kind="stable")
        return self._mixture(falling[: max(self.n_occupied, 1)])

    @cached_property
    def plug_in(self) -> Mixture:
        """What scikit-learn scores by: exp(E log π_k + E log N), whose integral is below 1."""
        whole = self.mixture
        return Mixture.assembled(
            whole.weights,
            whole.covariances,
            self.structure,
            self.feature_names,
            self.belief.components,
        )

    @cached_property
    def predictive(self) -> StudentMixture:
        """The density of the next row, all parameters averaged over: a mixture of Student t."""
        return StudentMixture.of(self.belief, self.feature_names)

    def _mixture(self, which: Any) -> Mixture:
        posterior = self.belief.posterior
        shares = np.maximum(self.belief.weights.means[which], np.finfo(np.float64).tiny)
        form = posterior.prior.family.form
        covariances = posterior.covariances
        return Mixture(
            shares / np.add.reduce(shares),
            posterior.means[which],
            covariances if form.shared else covariances[which],
            self.structure,
            self.feature_names,
        )

    def summary(self) -> dict[str, Any]:
        """What is to be said of it, ready for JSON."""
        laws = self.belief.posterior
        expected, deviation = self.spread
        return {
            "elbo": self.elbo,
            "outcome": self.outcome.value,
            "n_iter": self.n_iter,
            "moves": dict(self.moves or {}),
            "n_components": laws.n_components,
            "n_occupied": self.n_occupied,
            "expected_occupied": None if math.isnan(expected) else expected,
            "deviation_of_occupied": None if math.isnan(deviation) else deviation,
            "structure": self.structure.name,
            "n_rows": self.n_rows,
            "total_weight": self.total_weight,
            "seconds": self.seconds,
            "notes": list(self.notes),
            "concentration": self.concentration.name,
            "prior": {
                "mean": laws.prior.mean.tolist(),
                "mean_precision": laws.prior.mean_precision,
                "degrees_of_freedom": laws.prior.degrees,
                "scale": laws.prior.scale.tolist(),
            },
        }
