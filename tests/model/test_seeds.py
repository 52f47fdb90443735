"""A seed is the generator that NumPy has for it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from mixtura.model.random import seeded


@pytest.mark.parametrize("seed", [0, 1, 42, 2**31, 2**32 - 1])
def test_a_seeded_generator_draws_what_numpys_own_does(seed: int) -> None:
    ours, theirs = seeded(seed), np.random.RandomState(seed)
    for _ in range(3):  # beyond the 624 words that a seed fills
        assert_array_equal(ours.random_sample(500), theirs.random_sample(500))
        assert_array_equal(ours.randint(0, 1000, 7), theirs.randint(0, 1000, 7))
        assert_array_equal(ours.normal(size=3), theirs.normal(size=3))
