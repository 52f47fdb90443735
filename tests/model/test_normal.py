"""The normal distribution function, to the accuracy that it states."""

from __future__ import annotations

import mpmath
import numpy as np
from mpmath import mp

from mixtura.model.distributions import normal_cdf


def test_it_is_within_1e_15_of_itself_in_both_tails() -> None:
    random = np.random.default_rng(3)
    small = np.exp(random.uniform(-30.0, 0.0, 300))
    z = np.concatenate([random.uniform(-37.0, 9.0, 900), small, -small, [0.0]])
    with mp.workdps(40):
        expected = [mpmath.erfc(-mp.mpf(x) / mp.sqrt(2)) / 2 for x in z.tolist()]
        got = [mp.mpf(p) for p in normal_cdf(z).tolist()]
        errors = [float(abs(p / q - 1)) for p, q in zip(got, expected, strict=True)]
    assert max(errors) < 1e-15


def test_its_ends_are_0_and_1() -> None:
    far = np.array([40.0, 1e300, np.inf])
    assert normal_cdf(far).tolist() == [1.0, 1.0, 1.0]
    assert normal_cdf(-far).max() < 1e-300
    assert np.isnan(normal_cdf(np.nan))
