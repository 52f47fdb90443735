"""Rounding: how finely the mean log-likelihood of some rows is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mixtura.engine import kernel
from mixtura.fitting.m_step.health import Repair
from mixtura.fitting.m_step.regularisation import Regularisation
from mixtura.model.mixture import Mixture

__all__ = ["resolution"]

#: the relative rounding of a squared distance, of rows in float32
_SINGLE = float(np.finfo(np.float32).eps)
#: of the eigenvalues on the floor, beside others of the size of the data's variance
_ON_FLOOR = float(np.finfo(np.float64).eps) / Regularisation.SHARE


def resolution(mixture: Mixture, mean: float, repairs: Sequence[Repair], *, singles: bool) -> float:
    """Differences of the mean log-likelihood that rounding alone can make, nats a row.

    Of rows in float32 it is ε·max(1, D/2, |mean|)·√v, with ε = 1.2e-7: whitening takes the
    differences of features, and of a feature that the others predict to 1/v of its variance no
    more than that is left. A direction on the floor c of a covariance has a variance whose relative
    rounding is ε/c, with ε = 2.2e-16, and half of that goes into the log-likelihood: ½·D·ε/c where
    all components are on it. That of other rows in float64 the rules know, and it is 0 here.

    Parameters
    ----------
    mixture : under which the log-likelihood is.
    mean : that log-likelihood, nats a row.
    repairs : of this run, which tell the components on the floor.
    singles : whether the rows are float32.

    Notes
    -----
    K·D² operations for rows in float32, else K.

    References
    ----------
    Higham 2002, "Accuracy and stability of numerical algorithms", section 3.1; Belsley, Kuh &
    Welsch 1980, "Regression diagnostics", section 3.2, for v, the variance inflation factor.
    """
    half = 0.5 * mixture.n_features
    found = 0.0
    if singles:
        found = _SINGLE * max(1.0, half, abs(mean)) * float(np.sqrt(_inflation(mixture)))
    if repairs:
        found += _ON_FLOOR * half * _floored(mixture, repairs)
    return found


def _inflation(mixture: Mixture) -> float:
    """The largest of Σ_jj (Σ⁻¹)_jj over features and components; 1 for diagonal covariances."""
    form = mixture.structure.form
    if form.diagonal:
        return 1.0
    precisions = form.precisions(mixture.gaussians.whitening(kernel.invert_lower))
    both = mixture.covariances, precisions
    variances, inverse = (np.diagonal(each, axis1=-2, axis2=-1) for each in both)
    return float((variances * inverse).max())


def _floored(mixture: Mixture, repairs: Sequence[Repair]) -> float:
    """The share of the components that were left on the floor, the last that was done to them."""
    last = {repair.component: repair.action for repair in repairs}
    low = [k for k, action in last.items() if action == "floored"]
    if low and mixture.structure.shared:
        return 1.0
    return float(mixture.weights[low].sum())
