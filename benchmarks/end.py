"""End: where a run of EM ended, whoever ran it, and whether it is sound."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.fitting import Fit

Floats = NDArray[np.float64]

__all__ = ["End", "rounded"]

#: a variance below this share of the data's is thin
_THIN = 1e-4
#: (D + 1) rows times this make a thin one sound
_ENOUGH = 5


@dataclass(frozen=True, eq=False)
class End:
    """Parameters of K components, and their log-likelihood.

    Parameters
    ----------
    letters : of the structure: three, or E and V where there is one feature.
    log_likelihood : of all rows, nats; NaN where there is no fit.
    weights : (K,).
    means : (K, D).
    covariances : (K, D, D), squared feature units.
    fault : why whoever found it does not count it as a fit; empty where they do.
    """

    letters: str
    log_likelihood: float = math.nan
    weights: Floats | None = None
    means: Floats | None = None
    covariances: Floats | None = None
    fault: str = ""

    @classmethod
    def of(cls, letters: str, fit: Fit, fault: str = "") -> End:
        """What a fit of mixtura came to."""
        mixture = fit.mixture
        covariances = np.array(mixture.covariance_matrices())
        weights, means = np.array(mixture.weights), np.array(mixture.means)
        return cls(letters, fit.log_likelihood, weights, means, covariances, fault)

    def least_rows(self, rows: Floats) -> float:
        """The effective number of rows of the lightest component; NaN where there is no fit."""
        return math.nan if self.weights is None else float(self.weights.min() * len(rows))

    def axes(self, rows: Floats) -> Floats:
        """The least eigenvalue of each Σ_k, in units of the columns' standard deviations, (K,)."""
        unit = rows.std(axis=0)
        return np.linalg.eigvalsh(self.covariances / np.outer(unit, unit))[:, 0]

    def least_axis(self, rows: Floats) -> float:
        """The least of all `axes`; NaN where there is no fit."""
        return math.nan if self.covariances is None else float(self.axes(rows).min())

    def flaw(self, rows: Floats) -> str:
        """Why its likelihood says nothing: one rule, from the parameters; empty where it does.

        With volumes of their own, every component holds the weight of D + 1 rows. And no component
        is thin in a direction, with less than 1e-4 of the data's variance, unless 5 (D + 1) rows
        say so: its own, or all where the lengths of the axes are common to all components.
        """
        if self.fault or not math.isfinite(self.log_likelihood):
            return self.fault or "no fit"
        n, d = rows.shape
        held = self.weights * n
        if self.letters[0] == "V" and held.min() < d + 1 - 1e-6:
            return f"a component holds {held.min():.1f} rows"
        common = self.letters == "E" or (self.letters[0] == "E" and self.letters[1] != "V")
        holding = np.full_like(held, n) if common else held
        thin = (self.axes(rows) < _THIN) & (holding < _ENOUGH * (d + 1))
        if thin.any():
            return f"an axis of {self.axes(rows)[thin].min():.1e} rests on {held[thin].min():.1f}"
        return ""

    def recomputed(self, rows: Floats) -> float:
        """The log-likelihood by NumPy alone, nats: Σ_i log Σ_k w_k N(x_i | μ_k, Σ_k)."""
        d = rows.shape[1]
        densities = []
        for weight, mean, covariance in zip(
            self.weights, self.means, self.covariances, strict=True
        ):
            root = np.linalg.cholesky(covariance)
            whitened = np.linalg.solve(root, (rows - mean).T)
            constant = math.log(weight) - np.log(np.diag(root)).sum()
            squared = np.square(whitened).sum(axis=0)
            densities.append(constant - 0.5 * (d * math.log(2 * math.pi) + squared))
        return float(np.logaddexp.reduce(densities, axis=0).sum())

    def record(self, digits: int) -> dict[str, Any]:
        """Plain numbers to so many digits, of covariances the lower triangle, once if common."""
        if self.weights is None:
            return {"structure": self.letters, "log_likelihood": None}
        lower = np.tril_indices(self.means.shape[1])
        triangles = self.covariances[:, *lower]
        if np.ptp(triangles, axis=0).max() <= 1e-12 * np.abs(triangles).max():
            triangles = triangles[:1]
        return {
            "structure": self.letters,
            "log_likelihood": round(self.log_likelihood, 6),
            "weights": rounded(self.weights, digits),
            "means": rounded(self.means, digits),
            "covariances": rounded(triangles, digits),
        }

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> End:
        """The end of a record."""
        if record["log_likelihood"] is None:
            return cls(record["structure"])
        weights, means = np.array(record["weights"]), np.array(record["means"])
        d = means.shape[1]
        covariances = np.zeros((len(weights), d, d))
        lower = np.tril_indices(d)
        covariances[:, *lower] = np.array(record["covariances"])
        covariances.swapaxes(1, 2)[:, *lower] = np.array(record["covariances"])
        log_likelihood = record["log_likelihood"]
        return cls(record["structure"], log_likelihood, weights, means, covariances)


def rounded(values: Floats, digits: int) -> Any:
    """Nested lists of numbers of so many significant digits."""
    if values.ndim > 1:
        return [rounded(each, digits) for each in values]
    return [float(f"{value:.{digits}g}") for value in values]
