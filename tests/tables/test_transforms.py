"""The logicle scale is the root of Moore's and Parks' function, to the last digits."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from mixtura.tables.transforms import transform


def biexponential(y: mpmath.mpf, t: float, w: float, m: float, a: float) -> mpmath.mpf:
    """B(y) in 50 digits, by the definitions of Gating-ML 2.0; odd about the place of zero."""
    w1, x2 = mpmath.mpf(w) / (m + a), mpmath.mpf(a) / (m + a)
    x1 = x2 + w1
    x0 = x2 + 2 * w1
    b = (m + a) * mpmath.log(10)
    d = b
    if w1 > 0:
        d = mpmath.findroot(
            lambda d: 2 * (mpmath.log(d) - mpmath.log(b)) + w1 * (d + b),
            (b * mpmath.mpf("1e-12"), b), solver="anderson", tol=1e-40, maxsteps=500, verify=False,
        )  # fmt: skip
    ca = mpmath.exp(x0 * (b + d))
    fa = mpmath.exp(b * x1) - ca / mpmath.exp(d * x1)
    scale = t / (mpmath.exp(b) - fa - ca / mpmath.exp(d))
    z = y if y >= x1 else 2 * x1 - y
    value = scale * (mpmath.exp(b * z) - ca * mpmath.exp(-d * z) - fa)
    return value if y >= x1 else -value


@pytest.mark.parametrize(
    ("t", "w", "m", "a"),
    [
        (262144.0, 0.5, 4.5, 0.0),
        (1000.0, 1.0, 4.0, 0.0),
        (10000.0, 0.0, 4.5, 0.0),
        (1e5, 0.7, 5.0, 1.0),
        (4096.0, 1.5, 4.0, -0.5),
    ],
)
def test_the_function_of_the_scale_gives_the_value_back(
    t: float, w: float, m: float, a: float
) -> None:
    scale = transform(f"logicle:{t},{w},{m},{a}")
    x = np.array([-t, -150.0, -1.0, -1e-3, 0.0, 1e-6, 3.0, 250.0, t / 7, t, 5 * t])
    with mpmath.workdps(50):
        for value, y in zip(x.tolist(), scale(x).tolist(), strict=True):
            step = mpmath.mpf("1e-6")
            slope = (biexponential(y + step, t, w, m, a) - biexponential(y - step, t, w, m, a)) / (
                2 * step
            )
            off = (biexponential(mpmath.mpf(y), t, w, m, a) - value) / slope
            assert abs(off) < 4e-15, (value, y, off)


def test_the_ends_of_the_scale() -> None:
    scale = transform("logicle")
    top, zero = scale(np.array([262144.0, 0.0]))
    assert top == pytest.approx(1.0, abs=1e-15)
    assert zero == pytest.approx(0.5 / 4.5, abs=1e-15)


@pytest.mark.parametrize("text", ["arcsinh", "logicle", "logicle:1024,1,4,0.5"])
def test_scales_rise_and_keep_what_is_no_number(text: str) -> None:
    scale = transform(text)
    x = np.array([-1e9, -1e3, -1.0, 0.0, 1.0, 1e3, 1e9])
    assert (np.diff(scale(x)) > 0).all()
    assert np.isnan(scale(np.array([np.nan]))).all()
    assert scale(np.array([np.inf, -np.inf])).tolist() == [np.inf, -np.inf]
    assert transform(scale.text) == scale
