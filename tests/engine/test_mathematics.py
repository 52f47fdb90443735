"""The compiled kernel's exponential and logarithm, held to 50 digits on each instruction set.

The core's own tests measure them over their whole range against the C library's; this is the
check of that measure.
"""

from __future__ import annotations

from collections.abc import Callable

import mpmath
import numpy as np
import pytest

from mixtura.engine import kernel

if not kernel.native_is_installed():
    pytest.skip("this installation has no native kernel", allow_module_level=True)

from mixtura.engine.kernel import _native

ALLOWED = 1.5  # ulp; the largest that was found is 1.10


@pytest.fixture(autouse=True, scope="module")
def on_each_kernel() -> None:
    """Nothing here goes through the choice of a kernel."""


def exponents(low: float, high: float) -> np.ndarray:
    """Evenly over a range, about the multiples of ½ ln 2, and by magnitude down to nothing."""
    halves = np.arange(np.ceil(2 * low), high) * (np.log(2.0) / 2)
    small = np.geomspace(1e-30, 1.0, 100)
    values = np.concatenate([np.linspace(low, high, 1001), halves, small, -small, [0.0, -0.0]])
    return values[(low <= values) & (values <= high)]


def worst_ulp(found: np.ndarray, arguments: np.ndarray, exact: Callable[..., object]) -> float:
    """The largest error of `found` in units of the last place of the exact value."""
    with mpmath.workdps(50):
        errors = []
        for value, x in zip(found, arguments, strict=True):
            expected = exact(mpmath.mpf(float(x)))
            unit = np.spacing(np.abs(found.dtype.type(expected))) if expected else 1.0
            errors.append(abs(mpmath.mpf(float(value)) - expected) / mpmath.mpf(float(unit)))
        return float(max(errors))


@pytest.mark.parametrize(
    ("dtype", "low", "high"), [(np.float64, -708.0, 709.0), (np.float32, -87.0, 88.0)]
)
def test_exp_is_within_its_ulp_over_its_range(
    instructions: str, dtype: type, low: float, high: float
) -> None:
    x = exponents(low, high).astype(dtype)
    y = np.empty_like(x)
    _native.vector_exp(x, y)
    assert worst_ulp(y, x, mpmath.exp) <= ALLOWED


@pytest.mark.parametrize(("dtype", "least"), [(np.float64, -708.0), (np.float32, -87.0)])
def test_exp_is_zero_below_its_range(instructions: str, dtype: type, least: float) -> None:
    x = np.array([np.nextafter(dtype(least), dtype(-np.inf)), -1e4, -np.inf], dtype)
    y = np.ones_like(x)
    _native.vector_exp(x, y)
    assert not y.any()


def test_log_is_within_its_ulp_over_its_range(instructions: str) -> None:
    random = np.random.default_rng(0)
    edges = np.array([1.0, np.sqrt(0.5), np.sqrt(2.0)])
    apart = np.geomspace(1e-16, 0.4, 200)
    normal = np.finfo(np.float64)
    x = np.concatenate(
        [
            np.ldexp(random.uniform(1.0, 2.0, 2046), np.arange(-1022, 1024)),
            (edges[:, None] * (1.0 + apart)).ravel(),
            (edges[:, None] * (1.0 - apart)).ravel(),
            random.uniform(1.0, 64.0, 500),  # Σ e, of as many components
            [normal.tiny, normal.max, 1.0],
        ]
    )
    y = np.empty_like(x)
    _native.vector_log(x, y)
    assert worst_ulp(y, x, mpmath.log) <= ALLOWED
    assert y[-1] == 0.0
