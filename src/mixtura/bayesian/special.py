"""Special functions: the logarithm of the gamma function and its derivative, entry by entry."""

from __future__ import annotations

import math

import numpy as np

from mixtura.engine.arrays import Floats

#: ψ(x) = ψ(x + 10) − Σ_{j<10} 1/(x + j), and beyond 10 its asymptotic series is exact to an ulp
_STEPS = np.arange(10.0)
#: B_2n / 2n of that series, the last first, in powers of 1/x²
_SERIES = (1 / 12, -691 / 32760, 1 / 132, -1 / 240, 1 / 252, -1 / 120, 1 / 12)


def digamma(x: Floats) -> Floats:
    """ψ(x) = d/dx log Γ(x) of positive numbers of any shape.

    References
    ----------
    Abramowitz & Stegun 1964, equations 6.3.6 and 6.3.18.
    """
    beyond = x + 10.0
    square = 1.0 / (beyond * beyond)
    series = np.zeros_like(beyond)
    for term in _SERIES:
        series = (series + term) * square
    steps = np.add.reduce(1.0 / (x[..., None] + _STEPS), axis=-1)
    return np.log(beyond) - 0.5 / beyond - series - steps


def log_gamma(x: Floats) -> Floats:
    """Log Γ(x) of positive numbers of any shape."""
    return np.array([math.lgamma(value) for value in x.ravel().tolist()]).reshape(x.shape)


def log_beta(a: Floats, b: Floats) -> Floats:
    """Log B(a, b) = log Γ(a) + log Γ(b) − log Γ(a + b) of positive numbers."""
    return log_gamma(a) + log_gamma(b) - log_gamma(a + b)
