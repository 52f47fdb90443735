"""Estimate: the parameters that an M-step gives, before they are known to be sound."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.engine.statistics import Statistics
from mixtura.fitting.scatter import TotalScatter
from mixtura.model.mixture import Mixture
from mixtura.model.structures import Structure

__all__ = ["Estimate", "maximise"]

#: keeps every weight positive, as scikit-learn does
_LEAST_WEIGHT = 10.0 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Estimate:
    """Parameters of K components.

    Parameters
    ----------
    weight : (K,), effective numbers of rows.
    means : (K, D), feature units.
    covariances : in the structure's form, squared feature units.
    structure : of the covariances.
    """

    weight: Floats
    means: Floats
    covariances: Floats
    structure: Structure

    def mixture(self, feature_names: tuple[str, ...] | None = None) -> Mixture:
        """The mixture of these parameters, its weights made to sum to 1."""
        return Mixture(
            self.weight / self.weight.sum(),
            self.means,
            self.covariances,
            self.structure,
            feature_names,
        )

    def floored(self, k: int, floor: Floats) -> Estimate:
        """With component k's eigenvalues raised to 1, in units of `floor` (D,)."""
        return replace(self, covariances=self.structure.form.floored(self.covariances, k, floor))

    def split(self, k: int, other: int) -> Estimate:
        """With component k halved, and its other half in place of component `other`.

        The halves lie half a standard deviation to either side, along the longest axis.
        """
        form = self.structure.form
        matrices = form.matrices(self.covariances, *self.means.shape)
        values, vectors = np.linalg.eigh(matrices[k])
        step = 0.5 * np.sqrt(values[-1]) * vectors[:, -1]
        weight, means = self.weight.copy(), self.means.copy()
        weight[[k, other]] = 0.5 * weight[k]
        means[[k, other]] = means[k] + step, means[k] - step
        copied = np.array(matrices)
        copied[other] = matrices[k]
        return replace(self, weight=weight, means=means, covariances=form.gathered(copied))


def maximise(
    statistics: Statistics,
    structure: Structure,
    reg_covar: float = 0.0,
    total: TotalScatter | None = None,
) -> Estimate:
    """The M-step: the parameters of largest expected log-likelihood.

    With n_k the weights: μ_k = c_k + first_k / n_k, W_k = second_k about μ_k, and the structure's
    own formula for (n_k, W_k); then `reg_covar` is added to every variance.

    Parameters
    ----------
    statistics : sums about c_k, with the second moments that the structure needs.
    structure : of the covariances.
    reg_covar : squared feature units, at least 0.
    total : the scatter of all rows, where a shared covariance is to be had from it; the second
        moments are then not looked at.

    References
    ----------
    Dempster, Laird & Rubin 1977; Celeux & Govaert 1995 for the covariances.
    """
    weight = statistics.weight + _LEAST_WEIGHT
    means = statistics.reference + statistics.first / weight[:, None]
    scatter = statistics.about(means).second if total is None else total.within(weight, means)
    if not structure.form.diagonal:
        # Re-centring over a long way leaves rounding that is not the same on both sides.
        scatter = 0.5 * (scatter + scatter.transpose(0, 2, 1))
    covariances = structure.maximise(weight, scatter)
    if reg_covar:
        covariances = structure.form.ridged(covariances, reg_covar)
    return Estimate(weight, means, covariances, structure)
