"""Steadiness: how finely a log-likelihood is known, and whether rows are the same at each pass."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.sources import ArraySource, Source
from mixtura.fitting.m_step.health import Repair
from mixtura.fitting.m_step.regularisation import Regularisation
from mixtura.model.mixture import Mixture

#: of the mean log-likelihood, what may be rounding: of rows in float64 and in float32
_DOUBLE, _SINGLE = 1e-8, 1e-6
#: below this share of the rows' variance a covariance costs digits in proportion
_THIN = 1e-4
#: the relative rounding of a squared distance, of rows in float32
_EPS_SINGLE = float(np.finfo(np.float32).eps)
#: of squared distances that are differences, a feature
_DIFFERENCES = 32.0 * float(np.finfo(np.float64).eps)
#: of the eigenvalues on the floor, beside others of the size of the data's variance
_ON_FLOOR = float(np.finfo(np.float64).eps) / Regularisation.SHARE


def fell(
    source: Source,
    trace: Sequence[float],
    before: Mixture,
    regularisation: Regularisation,
    repairs: Sequence[Repair],
) -> bool:
    """Whether the last step lost more likelihood than one of EM can over rows that stay the same.

    A step of EM loses none, but by rounding, by a repair, or by the number r that is added to the
    variances. Those are the maximum of the expected log-likelihood less ½·r·Σ_k w_k·tr Σ_k⁻¹, and
    so a step loses at most what that is before it.

    Parameters
    ----------
    source : the rows; those in memory are not asked about.
    trace : mean log-likelihoods, nats a row, the last one of the step's end.
    before : the mixture that it began from.
    regularisation : of the covariances.
    repairs : of components, so far: from the first one on the likelihood may fall, for a covariance
        that is held to the floor and shares a part with others is no maximum.

    References
    ----------
    Dempster, Laird & Rubin 1977, theorem 1.
    """
    if isinstance(source, ArraySource) or len(trace) < 2:
        return False
    lost = trace[-2] - trace[-1]
    rounding = (_SINGLE if source.dtype == np.float32 else _DOUBLE) * max(1.0, abs(trace[-2]))
    if repairs or not lost > rounding:
        return False
    return lost > rounding * _digits_lost(before) + _ridge_costs(before, regularisation.ridge)


def tell(iteration: int, lost: float) -> None:
    """Warn that the rows seem to be others than they were."""
    warnings.warn(
        f"the log-likelihood fell by {lost:.3g} nats a row in iteration {iteration}, as it cannot "
        "over the same rows: the rows must be the same at each pass; give what makes them a seed, "
        "persist the collection, or keep others from writing to them",
        stacklevel=3,
    )


def _digits_lost(mixture: Mixture) -> float:
    """How many times larger the rounding is for the thinnest component, at least 1."""
    scale = np.sqrt(np.diagonal(mixture.covariance()))
    scale = np.where(scale > 0.0, scale, 1.0)
    if mixture.structure.form.diagonal:
        least = (mixture.variances() / scale**2).min()
    elif mixture.structure.n_factors:
        least = (mixture.covariances[:, :, -1] / scale**2).min()
    else:
        least = np.linalg.eigvalsh(mixture.covariance_matrices() / scale / scale[:, None]).min()
    return max(1.0, _THIN / max(float(least), np.finfo(np.float64).tiny))


def _ridge_costs(mixture: Mixture, ridge: float) -> float:
    """½·r·Σ_k w_k·tr Σ_k⁻¹, nats a row."""
    if not ridge:
        return 0.0
    if mixture.structure.form.diagonal:
        traces = (1.0 / mixture.variances()).sum(axis=1)
    elif mixture.structure.n_factors:
        packed = mixture.gaussians.whitening(kernel.invert_lower)  # U, and 1/Ψ after it
        traces = packed[:, :, -1].sum(axis=1) - (packed[:, :, :-1] ** 2).sum(axis=(1, 2))
    else:
        traces = np.einsum("kdd->k", np.linalg.inv(mixture.covariance_matrices()))
    return 0.5 * ridge * float(mixture.weights @ traces)


def resolution(mixture: Mixture, mean: float, repairs: Sequence[Repair], *, singles: bool) -> float:
    """Differences of the mean log-likelihood that rounding alone can make, nats a row.

    Of rows in float32 it is ε·max(1, D/2, |mean|)·√v, with ε = 1.2e-7: whitening takes the
    differences of features, and of a feature that the others predict to 1/v of its variance no
    more than that is left. A direction on the floor c of a covariance has a variance whose relative
    rounding is ε/c, with ε = 2.2e-16, and half of that goes into the log-likelihood: ½·D·ε/c where
    all components are on it. Squared distances of factor analysers are differences of numbers that
    are v times as large where they leave 1/v of a feature's variance: 32·D·ε·v of the largest. That
    of other rows in float64 the rules know, and it is 0 here.

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
        found = _EPS_SINGLE * max(1.0, half, abs(mean)) * float(np.sqrt(_inflation(mixture)))
    if mixture.structure.n_factors:
        ratio = float((mixture.variances() / mixture.uniquenesses).max())
        found += _DIFFERENCES * mixture.n_features * ratio
    if repairs:
        found += _ON_FLOOR * half * _floored(mixture, repairs)
    return found


def _inflation(mixture: Mixture) -> float:
    """The largest of Σ_jj (Σ⁻¹)_jj over features and components; 1 for diagonal covariances."""
    form = mixture.structure.form
    if form.diagonal or mixture.structure.n_factors:  # whose rows are whitened in float64
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
