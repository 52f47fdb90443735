"""Distributions: of a normal number, and of the length of a normal vector."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.errors import ParameterError

_ERFC = np.frompyfunc(math.erfc, 1, 1)
_HALVINGS = 200
#: (1 + 2x)·e^(x²/2)·Φ(−x) for 0 ≤ x ≤ 40, in powers of s = 2.2·x/(x + 4) − 1: the
#: polynomial through it at 50 Chebyshev points, found with 60 digits and cut off below 2e-17
_MILLS = (
    0.8508873530319924, -0.0018070095383374964, -0.11289612632279919, 0.1257470282208385,
    -0.07970070270531716, 0.030934932518946478, -0.005289876647360783, -0.0012215586086174693,
    0.0007532411982408511, 2.3006340844049355e-05, -8.640858588200248e-05, 4.159206799619877e-07,
    1.0896952227408119e-05, 4.3371416027435073e-07, -1.4722414046894924e-06,
    -2.277597096452238e-07, 1.874503920877149e-07, 6.661733736956546e-08, -1.7181728820019446e-08,
    -1.4296104613074082e-08, -1.837488268654918e-10, 2.174342414769573e-09, 4.197420448397292e-10,
    -1.7817677508221917e-10, -5.8150254721935637e-11,
)  # fmt: skip
#: beyond it nothing is left of e^(−x), and x is finite
_FAR = 1e300


def normal_cdf(z: Any) -> Floats:
    """Φ(z), within 1e-15 of itself wherever it is above 1e-300, in the left tail too.

    Φ(−x) = e^(−x²/2)·P(s)/(1 + 2x) with a polynomial P. x² is taken in two parts, the first of
    which has no rounding, for an error of x² would be one of the exponential.

    References
    ----------
    Shepherd & Laframboise 1981, "Chebyshev approximation of (1 + 2x)exp(x²)erfc x in 0 ≤ x < ∞".
    """
    given = np.asarray(z, dtype=np.float64)
    x = np.minimum(np.abs(given), 40.0)
    s = 2.2 * x / (x + 4.0) - 1.0
    ratio = np.full(x.shape, _MILLS[-1])
    for coefficient in _MILLS[-2::-1]:
        ratio *= s
        ratio += coefficient
    coarse = np.rint(x * 65536.0) / 65536.0
    tail = np.exp(-0.5 * coarse * coarse) * np.exp(-0.5 * (x - coarse) * (x + coarse))
    tail *= ratio / (1.0 + 2.0 * x)
    return np.where(given < 0.0, tail, 1.0 - tail)


def normal_pdf(z: Any) -> Floats:
    """φ(z) = e^(−z²/2) / √(2π)."""
    with np.errstate(over="ignore"):
        return np.exp(-0.5 * np.square(z)) / math.sqrt(2.0 * math.pi)


def chi_cdf(distances: Any, degrees: int) -> Floats:
    """P(d ≤ distance) for the length d of a standard normal vector of so many entries."""
    return 1.0 - chi_survival(distances, degrees)


def chi_survival(distances: Any, degrees: int) -> Floats:
    """P(d > distance) for the length d of a standard normal vector of so many entries.

    It is Q(D/2, d²/2) with Q(½, x) = erfc(√x), Q(1, x) = e^(−x) and
    Q(a + 1, x) = Q(a, x) + x^a e^(−x) / Γ(a + 1): a sum of positive terms, and so of full relative
    accuracy however little is left.

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
    return np.minimum(above, 1.0)


def chi_quantiles(probabilities: Floats, degrees: int) -> Floats:
    """Distances (n,) within which the probabilities (n,), below 1, lie; see `chi_cdf`."""
    low = np.zeros(len(probabilities))
    return inverted(lambda d: chi_cdf(d, degrees), probabilities, low, low + degrees + 40.0)


def chi_survival_quantiles(probabilities: Floats, degrees: int) -> Floats:
    """Distances (n,) beyond which the probabilities (n,), above 0, lie; see `chi_survival`."""
    low = np.zeros(len(probabilities))
    return inverted(
        lambda d: -chi_survival(d, degrees), -probabilities, low, low + math.sqrt(degrees) + 40.0
    )


def inverted(function: Any, values: Floats, low: Floats, high: Floats) -> Floats:
    """Where a rising function takes the values (n,), between `low` and `high`, (n,) each."""
    for _ in range(_HALVINGS):
        middle = 0.5 * low + 0.5 * high
        if np.all((middle <= low) | (middle >= high)):
            break
        below = function(middle) < values
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return 0.5 * low + 0.5 * high
