"""Textbook: the formulas as a first course writes them down, with what breaks them left in.

Deliberately naive: an inverse, a determinant, a density that underflows, and a clamp to keep the
logarithm finite. The numbers are right for rows near the means of well-conditioned components in
a few dimensions, and wrong beyond: that is what they are here to show. Nothing in mixtura
computes with them.
"""

from __future__ import annotations

import numpy as np

from mixtura.engine.arrays import Floats, Rows

__all__ = ["CLAMP", "multivariate_density", "textbook_log_likelihood", "univariate_density"]

#: the likelihood that stands in for 0, so that its logarithm, −690.8, is a number
CLAMP = 1e-300


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
        return np.log(np.maximum(likelihood, CLAMP))
