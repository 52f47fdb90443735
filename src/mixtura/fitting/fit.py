"""Fit: the frozen result of a run of EM."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from mixtura.engine.arrays import Floats
from mixtura.fitting.convergence import Outcome
from mixtura.fitting.health import Repair
from mixtura.fitting.settings import Settings
from mixtura.model.mixture import Mixture
from mixtura.textual import counted

__all__ = ["Fit"]


@dataclass(frozen=True, eq=False)
class Fit:
    """What a fit came to.

    Parameters
    ----------
    mixture : the fitted density.
    trace : (n_iter + 1,), the mean log-likelihood of the start and after each iteration, nats a
        row; the last is that of `mixture`.
    outcome : how it ended, with its remedy.
    repairs : what was done to components that collapsed, in order.
    settings : what was asked for.
    seconds : wall-clock time, all starts together.
    n_rows : how many rows it saw.
    total_weight : the sum of their weights.
    """

    mixture: Mixture
    trace: Floats
    outcome: Outcome
    repairs: tuple[Repair, ...]
    settings: Settings
    seconds: float
    n_rows: int
    total_weight: float

    def __repr__(self) -> str:
        return (
            f"Fit({self.outcome.value}, {counted(self.n_iter, 'iteration')}, "
            f"log-likelihood {self.log_likelihood:.7g}, {self.mixture})"
        )

    @property
    def n_iter(self) -> int:
        """How many EM iterations led to the mixture."""
        return len(self.trace) - 1

    @property
    def mean_log_likelihood(self) -> float:
        """Nats a row."""
        return float(self.trace[-1])

    @property
    def log_likelihood(self) -> float:
        """Σ_i log p(x_i), nats."""
        return self.mean_log_likelihood * self.total_weight

    @property
    def aic(self) -> float:
        """−2·log L + 2p, smaller is better (Akaike 1974)."""
        return 2.0 * self.mixture.n_parameters - 2.0 * self.log_likelihood

    @property
    def bic(self) -> float:
        """−2·log L + p·log N, smaller is better (Schwarz 1978)."""
        return self.mixture.n_parameters * math.log(self.total_weight) - 2.0 * self.log_likelihood

    @property
    def remedy(self) -> str:
        """What to do next, in words."""
        return self.outcome.remedy

    def summary(self) -> dict[str, Any]:
        """A plain record of the run, ready for JSON."""
        return {
            "n_rows": self.n_rows,
            "log_likelihood": self.log_likelihood,
            "mean_log_likelihood": self.mean_log_likelihood,
            "n_parameters": self.mixture.n_parameters,
            "aic": self.aic,
            "bic": self.bic,
            "iterations": self.n_iter,
            "outcome": self.outcome.value,
            "converged": self.outcome.converged,
            "remedy": self.remedy,
            "repairs": [
                {
                    "iteration": repair.iteration,
                    "component": repair.component,
                    "action": repair.action,
                    "reason": repair.reason,
                }
                for repair in self.repairs
            ],
            "seconds": self.seconds,
            "trace": self.trace.tolist(),
        }
