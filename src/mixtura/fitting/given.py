"""Given: parameters that a person starts from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from mixtura.engine.arrays import Floats
from mixtura.errors import ModelError
from mixtura.filling import filled
from mixtura.fitting.m_step.estimate import Estimate
from mixtura.fitting.settings import Settings
from mixtura.model import parameters
from mixtura.model.reduction import assignment
from mixtura.rows.data import WIDEST


@filled
@dataclass(frozen=True, eq=False)
class Given:
    """Parameters to start from, each or none.

    Parameters
    ----------
    weights : (K,) or None.
    means : (K, D) or None. What else a start gives is paired with them: of its groups, each is that
        of the mean it is nearest to.
    precisions : inverse covariances, in the structure's form, or None. Where they are not of the
        structure, the covariances of it that are nearest are taken.
    """

    weights: ArrayLike | None = None
    means: ArrayLike | None = None
    precisions: ArrayLike | None = None

    @property
    def empty(self) -> bool:
        """Whether all is left to a start."""
        return all(part is None for part in (self.weights, self.means, self.precisions))

    @property
    def complete(self) -> bool:
        """Whether nothing is left to a start."""
        return not any(part is None for part in (self.weights, self.means, self.precisions))

    def over(self, estimate: Estimate | None, settings: Settings, n_features: int) -> Estimate:
        """These parameters in place of the estimate's, where they are given.

        Raises
        ------
        ModelError : one has the wrong shape, does not make a mixture, or is too large.
        """
        if estimate is not None and self.empty:
            return estimate
        k, form = settings.n_components, settings.structure.form
        weight = None if self.weights is None else parameters.weights(self.weights, k)
        means = None if self.means is None else parameters.means(self.means, (k, n_features))
        if means is not None:
            _check_far(means)
            if estimate is not None:
                estimate = _paired(estimate, means)
        covariances = None
        if self.precisions is not None:
            given = parameters.covariances(self.precisions, form, (k, n_features), "precision")
            shares = weight if estimate is None or weight is not None else estimate.weight
            assert shares is not None
            covariances = settings.structure.projected(shares, form.inverted(given))
        if estimate is None:
            assert weight is not None
            assert means is not None
            assert covariances is not None
            return Estimate(weight, means, covariances, settings.structure)
        return replace(
            estimate,
            weight=estimate.weight if weight is None else weight * estimate.weight.sum(),
            means=estimate.means if means is None else means,
            covariances=estimate.covariances if covariances is None else covariances,
        )


def _paired(estimate: Estimate, means: Floats) -> Estimate:
    """The estimate in that order of its components in which they are nearest to given means (K, D).

    A start numbers its groups as it finds them. The sum of the squared distances, each feature in
    units of its deviation, is least.
    """
    k, d = means.shape
    form, shares = estimate.structure.form, estimate.weight / estimate.weight.sum()
    about = estimate.means - shares @ estimate.means
    variances = shares @ (form.variances(estimate.covariances, k, d) + about * about)
    apart = means[:, None] - estimate.means  # (K, K, D)
    order = assignment((apart**2 / np.where(variances > 0.0, variances, 1.0)).sum(axis=2))
    paired = replace(estimate, weight=estimate.weight[order], means=estimate.means[order])
    if form.shared:
        return paired
    scatter, counted = (
        None if sums is None else sums[order] for sums in (estimate.scatter, estimate.counted)
    )
    covariances = estimate.covariances[order]
    return replace(paired, covariances=covariances, scatter=scatter, counted=counted)


def _check_far(means: Floats) -> None:
    if np.abs(means).max() > WIDEST:
        raise ModelError(
            f"a mean to start from is {np.abs(means).max():.6g} far from 0, expected at most "
            f"{WIDEST:g}: a variance about it would overflow"
        )
