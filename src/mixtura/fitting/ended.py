"""Ended: the facts of a run of EM that is over."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mixtura.engine.arrays import Floats, Value
from mixtura.fitting.convergence.rules import Outcome, remaining_gain
from mixtura.fitting.m_step.health import Repair
from mixtura.fitting.settings import Settings
from mixtura.fitting.starts.met import Met
from mixtura.fitting.truncated.truncation import Truncation
from mixtura.model.mixture import Mixture
from mixtura.rows.oddities import NONE, Oddities


@dataclass(frozen=True, eq=False)
class Ended(Value):
    """What a run of EM ended with, and its figures; `Fit` says what they mean.

    The fields are those of `mixtura.Fit`, which documents them.
    """

    mixture: Mixture
    trace: Floats
    outcome: Outcome
    repairs: tuple[Repair, ...]
    settings: Settings
    seconds: float
    n_rows: int
    total_weight: float
    accelerated: tuple[int, ...] = ()
    rejected: int = 0
    floored: tuple[int, ...] = ()
    starved: tuple[int, ...] = ()
    oddities: Oddities = NONE
    mean_log_prior: float = 0.0
    seed: int | None = None
    searches: Met | None = None
    truncation: Truncation | None = None

    @property
    def n_iter(self) -> int:
        """How many EM iterations led to the mixture."""
        return len(self.trace) - 1 + self.rejected

    @property
    def mean_log_likelihood(self) -> float:
        """Of the rows alone, nats a row."""
        return float(self.trace[-1]) - self.mean_log_prior

    @property
    def mean_objective(self) -> float:
        """What EM maximised, nats a row: the log-likelihood, and with a prior its log density."""
        return float(self.trace[-1])

    @property
    def log_likelihood(self) -> float:
        """The log-likelihood of all rows, Σ_i log p(x_i), nats."""
        return self.mean_log_likelihood * self.total_weight

    @property
    def aic(self) -> float:
        """−2·log L + 2p, smaller is better (Akaike 1974); `criterion` has R's sign too."""
        return 2.0 * self.mixture.n_parameters - 2.0 * self.log_likelihood

    @property
    def bic(self) -> float:
        """−2·log L + p·log N, smaller is better (Schwarz 1978); `criterion` has R's sign too."""
        return self.mixture.n_parameters * math.log(self.total_weight) - 2.0 * self.log_likelihood

    @property
    def remaining_gain(self) -> float:
        """Aitken's estimate of the log-likelihood still to be gained by EM, all rows, nats.

        See `mixtura.fitting.convergence.remaining_gain`: infinity where the gains do not shrink,
        NaN where it cannot be told.
        """
        path = self.trace[max(self.accelerated, default=0) :]
        if self.truncation is not None:
            path = np.append(path[:-1], self.truncation.bound + self.mean_log_prior)
        return remaining_gain(path.tolist()) * self.total_weight
