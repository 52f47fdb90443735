"""Distributions: of a normal number, and of the length of a normal vector."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.errors import ParameterError

_ERFC = np.frompyfunc(math.erfc, 1, 1)
_HALVINGS = 200
#: beyond it nothing is left of e^(−x), and x is finite
_FAR = 1e300


def normal_cdf(z: Any) -> Floats:
    """Φ(z) = ½·erfc(−z/√2), to full relative accuracy in the left tail too."""
    return np.asarray(0.5 * _ERFC(np.asarray(z) / -math.sqrt(2.0)), dtype=np.float64)


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
