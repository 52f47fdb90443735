"""Peers: other people's ways to the same log densities, scikit-learn's and the textbook's.

The textbook's formulas are as a first course writes them down, with what breaks them left in:
an inverse, a determinant, a density that underflows, and a clamp to keep the logarithm finite. The
numbers are right for rows near the means of well-conditioned components in a few dimensions, and
wrong beyond: that is what they are here to show. Nothing in mixtura computes with them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from mixtura.engine.arrays import Floats, Rows
from mixtura.errors import MissingExtraError
from mixtura.model.mixture import Mixture

#: the likelihood that stands in for 0, so that its logarithm, −690.8, is a number
_CLAMP = 1e-300


#: a wrong value -> what is wrong with it, and why (or "")
Fault: TypeAlias = Callable[[float], tuple[str, str]]


@dataclass(frozen=True)
class Peer:
    """A way to compute log densities that owes nothing to mixtura's.

    Parameters
    ----------
    name : as a sentence may begin with it.
    log_likelihood : of a mixture's rows (N, D), (N,); may raise ValueError or LinAlgError.
    fault : what went wrong, and why, given a value that is wrong.
    """

    name: str
    log_likelihood: Callable[[Mixture, Rows], Floats]
    fault: Fault


def scikit_learn_log_likelihood(mixture: Mixture, rows: Rows) -> Floats:
    """What scikit-learn's `GaussianMixture.score_samples` gives for the same parameters, (N,).

    Its own routine turns the covariances into the Cholesky factors of the precisions, so that
    nothing of the answer is mixtura's.

    Raises
    ------
    ValueError : scikit-learn takes a covariance for singular.
    MissingExtraError : scikit-learn is not installed.
    """
    try:
        from sklearn.mixture import GaussianMixture
        from sklearn.mixture._gaussian_mixture import _compute_precision_cholesky
    except ImportError:
        purpose = "the comparison with scikit-learn"
        raise MissingExtraError("scikit-learn", "validate", purpose) from None
    alias = mixture.structure.alias
    kind = alias or "full"
    estimator = GaussianMixture(mixture.n_components, covariance_type=kind)
    estimator.weights_ = np.array(mixture.weights)
    estimator.means_ = np.array(mixture.means)
    estimator.covariances_ = np.array(
        mixture.covariances if alias else mixture.covariance_matrices()
    )
    estimator.precisions_cholesky_ = _compute_precision_cholesky(estimator.covariances_, kind)
    with np.errstate(all="ignore"):
        scores = np.asarray(estimator.score_samples(rows), dtype=np.float64)
        # It has no noise: the density of that is added to what it gives for the components.
        return np.logaddexp(scores, np.log(_of_noise(mixture)))


def univariate_density(values: Rows, mean: float, variance: float) -> Floats:
    """The scalar density exp(−(x − μ)²/(2σ²)) / √(2πσ²).

    Parameters
    ----------
    values : (N,), feature units.
    mean : μ, feature units.
    variance : σ², squared feature units.

    Returns
    -------
    (N,), per feature unit; 0 from some 38 standard deviations on.

    Examples
    --------
    >>> univariate_density(np.array([0.0, 40.0]), 0.0, 1.0).round(6).tolist()
    [0.398942, 0.0]
    """
    distance = (values - mean) ** 2 / variance
    return np.exp(-distance / 2.0) / np.sqrt(2.0 * np.pi * variance)


def multivariate_density(rows: Rows, mean: Floats, covariance: Floats) -> Floats:
    """The density exp(−½ (x − μ)ᵀ Σ⁻¹ (x − μ)) / √((2π)ᴰ |Σ|).

    Parameters
    ----------
    rows : (N, D), feature units.
    mean : (D,), feature units.
    covariance : (D, D), squared feature units.

    Returns
    -------
    (N,), per unit of volume; 0 from some 38 standard deviations on.

    Raises
    ------
    numpy.linalg.LinAlgError : the covariance has no inverse in double precision.

    Examples
    --------
    >>> density = multivariate_density(np.array([[0.0, 0.0]]), np.zeros(2), np.eye(2))
    >>> density.round(6).tolist()
    [0.159155]
    """
    inverse = np.linalg.inv(covariance)
    determinant = np.linalg.det(covariance)
    deviations = rows - mean  # (N, D)
    distance = np.sum(deviations * (deviations @ inverse), axis=1)
    return np.exp(-distance / 2.0) / np.sqrt((2.0 * np.pi) ** len(mean) * determinant)


def textbook_log_likelihood(
    rows: Rows, weights: Floats, means: Floats, covariances: Floats, background: float = 0.0
) -> Floats:
    """The logarithm of the summed likelihood, log max(b + Σ_k w_k N(x | μ_k, Σ_k), 1e-300).

    Parameters
    ----------
    rows : (N, D), feature units.
    weights : (K,).
    means : (K, D), feature units.
    covariances : (K, D, D), squared feature units.
    background : b, the weighted density of noise, which is the same everywhere.

    Returns
    -------
    (N,), nats; −690.8 where the likelihood is below the clamp, whatever the truth.

    Raises
    ------
    numpy.linalg.LinAlgError : a covariance has no inverse in double precision.

    Examples
    --------
    >>> rows, one = np.array([[0.0], [60.0]]), np.ones((1, 1, 1))
    >>> textbook_log_likelihood(rows, np.ones(1), np.zeros((1, 1)), one).round(1).tolist()
    [-0.9, -690.8]
    """
    likelihood = np.full(len(rows), background)
    with np.errstate(all="ignore"):
        for weight, mean, covariance in zip(weights, means, covariances, strict=True):
            if len(mean) == 1:
                density = univariate_density(rows[:, 0], mean[0], covariance[0, 0])
            else:
                density = multivariate_density(rows, mean, covariance)
            likelihood += weight * density
        return np.log(np.maximum(likelihood, _CLAMP))


def _of_noise(mixture: Mixture) -> float:
    """The weighted density of noise, w_0 / V; 0 without any."""
    if mixture.noise is None:
        return 0.0
    return float(mixture.noise.weight / np.prod(mixture.noise.box.extent))


def _textbook(mixture: Mixture, rows: Rows) -> Floats:
    return textbook_log_likelihood(
        rows,
        mixture.weights,
        mixture.means,
        mixture.covariance_matrices(),
        _of_noise(mixture),
    )


def _scikit_learn_fault(value: float) -> tuple[str, str]:
    return "scikit-learn is wrong here", ""


def _textbook_fault(value: float) -> tuple[str, str]:
    if not np.isfinite(value):
        return "textbook breaks down", "its determinant or its inverse is no usable number"
    if value <= np.log(_CLAMP) + 1e-9:
        return (
            "textbook underflows",
            f"its density is below the clamp, which answers log {_CLAMP:g} = {np.log(_CLAMP):.1f}",
        )
    return "textbook loses digits", "an explicit inverse and determinant magnify rounding"


PEERS: tuple[Peer, ...] = (
    Peer("scikit-learn", scikit_learn_log_likelihood, _scikit_learn_fault),
    Peer("textbook", _textbook, _textbook_fault),
)
