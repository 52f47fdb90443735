"""Calibration: whether rows lie as often as they should where a mixture puts its probability."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats
from mixtura.errors import ParameterError
from mixtura.model.mixture import Mixture

__all__ = [
    "Z",
    "chi_cdf",
    "chi_quantiles",
    "component_distances",
    "inverted",
    "largest_departure",
    "marginal_cdf",
    "marginal_quantiles",
    "normal_cdf",
    "share_interval",
]

#: of the normal distribution, two sides: 95 % lie within
Z = 1.959963984540054

_ERFC = np.frompyfunc(math.erfc, 1, 1)
_HALVINGS = 200
#: beyond it nothing is left of e^(−x), and x is finite
_FAR = 1e300


def normal_cdf(z: Any) -> Floats:
    """Φ(z) = ½·erfc(−z/√2), to full relative accuracy in the left tail too."""
    return np.asarray(0.5 * _ERFC(np.asarray(z) / -math.sqrt(2.0)), dtype=np.float64)


def marginal_cdf(mixture: Mixture, X: Any) -> Floats:
    """The probability integral transform of each feature.

    u_ij = F_j(x_ij) = Σ_k w_k Φ((x_ij − μ_kj) / σ_kj)

    Rows that come from the mixture have u uniform between 0 and 1 in each feature.

    Parameters
    ----------
    mixture : the density.
    X : (N, D) array-like, or a table with the mixture's columns.

    Returns
    -------
    (N, D), between 0 and 1.

    Raises
    ------
    DataError : wrong shape, missing columns, NaN or infinity.

    Notes
    -----
    N·K·D calls of erfc, some 0.1 µs each.

    References
    ----------
    Rosenblatt 1952, "Remarks on a multivariate transformation".

    Examples
    --------
    >>> from mixtura import Mixture
    >>> from mixtura.model.calibration import marginal_cdf
    >>> marginal_cdf(Mixture([1.0], [[2.0]], [[[9.0]]]), [[2.0], [5.0]]).round(4).tolist()
    [[0.5], [0.8413]]
    """
    rows = np.asarray(mixture.rows(X), dtype=np.float64)
    deviations = np.sqrt(np.einsum("kdd->kd", mixture.covariance_matrices()))  # (K, D)
    shares = np.zeros(rows.shape)
    with np.errstate(over="ignore"):
        for weight, mean, deviation in zip(mixture.weights, mixture.means, deviations, strict=True):
            shares += weight * normal_cdf((rows - mean) / deviation)
    return np.minimum(shares, 1.0)


def marginal_quantiles(mixture: Mixture, feature: int, probabilities: Floats) -> Floats:
    """The values x with F_j(x) = p for feature j, feature units.

    Parameters
    ----------
    mixture : the density.
    feature : j, an index.
    probabilities : (n,), strictly between 0 and 1.

    Notes
    -----
    Bisection between the components' own quantiles at 9 standard deviations, to the last bits.
    """
    one = mixture.marginal([feature])
    deviations = np.sqrt(one.covariance_matrices()[:, 0, 0])
    ends = one.means[:, 0] + 9.0 * np.array([[-1.0], [1.0]]) * deviations  # (2, K)
    low = np.full(len(probabilities), ends.min())
    high = np.full(len(probabilities), ends.max())
    return inverted(lambda x: marginal_cdf(one, x[:, None])[:, 0], probabilities, low, high)


def component_distances(mixture: Mixture, X: Any) -> tuple[Floats, Floats]:
    """Mahalanobis distances to each component, and the responsibilities that weigh them.

    For x from the mixture, E[r_k(x)·g(d_k(x))] = w_k·E_k[g(d_k)]: weighted by r_k, the distances to
    component k have the distribution that its own rows have, the chi distribution of D degrees
    of freedom, however much the components overlap.

    Parameters
    ----------
    mixture : the density.
    X : (N, D) array-like, or a table with the mixture's columns.

    Returns
    -------
    (N, K) distances, standard deviations, and (N, K) responsibilities.

    Raises
    ------
    DataError : wrong shape, missing columns, NaN or infinity.
    """
    rows = np.ascontiguousarray(mixture.rows(X), dtype=np.float64)
    return (
        np.sqrt(kernel.squared_distances(rows, mixture.components)),
        mixture.predict_proba(rows),
    )


def chi_cdf(distances: Any, degrees: int) -> Floats:
    """P(d ≤ distance) for the length d of a standard normal vector of so many entries.

    It is 1 − Q(D/2, d²/2) with Q(½, x) = erfc(√x), Q(1, x) = e^(−x) and
    Q(a + 1, x) = Q(a, x) + x^a e^(−x) / Γ(a + 1).

    References
    ----------
    Abramowitz & Stegun 1964, 26.4.4 and 26.4.5.
    """
    if degrees < 1:
        raise ParameterError(f"got {degrees} degrees of freedom, expected at least 1")
    with np.errstate(over="ignore"):
        x = np.minimum(0.5 * np.square(np.asarray(distances, dtype=np.float64)), _FAR)
    a = 0.5 if degrees % 2 else 1.0
    above = np.asarray(_ERFC(np.sqrt(x)) if degrees % 2 else np.exp(-x), dtype=np.float64)
    with np.errstate(divide="ignore"):
        logarithm = np.log(x)
    while a < 0.5 * degrees:
        above = above + np.exp(a * logarithm - x - math.lgamma(a + 1.0))
        a += 1.0
    return 1.0 - np.minimum(above, 1.0)


def chi_quantiles(probabilities: Floats, degrees: int) -> Floats:
    """Distances (n,) within which the probabilities (n,), below 1, lie; see `chi_cdf`."""
    low = np.zeros(len(probabilities))
    return inverted(lambda d: chi_cdf(d, degrees), probabilities, low, low + degrees + 40.0)


def largest_departure(n: int) -> float:
    """What |F_n(u) − u| stays below, everywhere at once, in 95 % of samples of n.

    √(log(2/0.05) / 2n): Massart 1990, "The tight constant in the Dvoretzky-Kiefer-Wolfowitz
    inequality".
    """
    return math.sqrt(math.log(2.0 / 0.05) / (2.0 * n))


def share_interval(p: Floats, n: float) -> Floats:
    """Between which probabilities a share p of n rows lies, 95 %, (2, ·).

    (p + z²/2n ± z·√(p(1 − p)/n + z²/4n²)) / (1 + z²/n): Wilson 1927, "Probable inference, the law
    of succession, and statistical inference".
    """
    z = Z
    middle, spread = p + z * z / (2.0 * n), z * np.sqrt(p * (1.0 - p) / n + (z / (2.0 * n)) ** 2)
    return np.stack([middle - spread, middle + spread]) / (1.0 + z * z / n)


def inverted(function: Any, values: Floats, low: Floats, high: Floats) -> Floats:
    """Where a rising function takes the values (n,), between `low` and `high`, (n,) each."""
    for _ in range(_HALVINGS):
        middle = 0.5 * low + 0.5 * high
        if np.all((middle <= low) | (middle >= high)):
            break
        below = function(middle) < values
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return 0.5 * low + 0.5 * high
