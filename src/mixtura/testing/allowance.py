"""Allowance: how far from the truth rounding may take a log density."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Rows
from mixtura.testing.oracle import Answer

if TYPE_CHECKING:
    from mixtura.model.mixture import Mixture

__all__ = ["Allowance"]

_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Allowance:
    """The error that double precision explains, for each row, nats.

    A component's log density may be off by b_k = 4·ε·κ(Σ_k)·(D + d²_k): the parameters' own last
    bits, magnified by the condition of its covariance. The sum over components then by
    log Σ_k r_k exp(b_k), and by 1e-13·|log p| for the sums and the logarithms.

    Parameters
    ----------
    mixture : of K components and D features.
    conditions : (K,), the condition numbers κ(Σ_k), and 1 for noise, whose distance is 0.

    References
    ----------
    Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., theorem 10.4 and section 10.1.
    """

    mixture: Mixture
    conditions: Floats

    @classmethod
    def of(cls, mixture: Mixture) -> Allowance:
        """The allowance for a mixture's rows; K·D³ operations."""
        conditions = np.asarray(np.linalg.cond(mixture.covariance_matrices()))
        conditions = np.append(conditions, [1.0] * (mixture.noise is not None))
        return cls(mixture, np.where(np.isnan(conditions), np.inf, conditions))

    def at(self, rows: Rows) -> Floats:
        """(m,) for rows (m, D), by mixtura's own distances: good enough to see where to look."""
        components = self.mixture.components
        return self._from(
            kernel.log_joint(rows, components), kernel.squared_distances(rows, components)
        )

    def of_answers(self, answers: Sequence[Answer]) -> Floats:
        """(m,) for m answers of the oracle."""
        joint = np.array([[float(part) for part in answer.log_joint] for answer in answers])
        squared = np.array([[float(d) for d in answer.squared_distances] for answer in answers])
        beyond = joint.shape[1] - squared.shape[1]
        return self._from(joint, np.pad(squared, ((0, 0), (0, beyond))))

    def _from(self, log_joint: Floats, squared_distances: Floats) -> Floats:
        """(m,) from the log joint densities and squared distances, both (m, K)."""
        bounds = 4.0 * _EPS * self.conditions * (self.mixture.n_features + squared_distances)
        with np.errstate(invalid="ignore"):
            log_likelihood = np.logaddexp.reduce(log_joint, axis=1)
            log_shares = log_joint - log_likelihood[:, None]
            # Both are the same to first order; the plain mean keeps the digits of small bounds.
            mean = (np.exp(log_shares) * bounds).sum(axis=1)
            spread = np.maximum(mean, np.logaddexp.reduce(log_shares + bounds, axis=1))
            allowed = spread + 1e-13 * np.abs(log_likelihood)
        # Where the squares overflow, nothing but −∞ is left to hold an answer to.
        return np.where(np.isnan(allowed), np.inf, allowed)
