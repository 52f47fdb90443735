"""The log density is right for every condition with every offset and distance, in any dimension."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from exactly import assert_right
from randomly import STRUCTURES, far_rows, random_mixture

CONDITIONS = (1.0, 1e2, 1e4, 1e6, 1e8, 1e10, 1e12)
OFFSETS = (0.0, 1.0, 1e2, 1e4, 1e6, 1e8)
DISTANCES = (0.0, 1.0, 5.0, 60.0, 1e3, 1e4, 1e5, 1e6)


@pytest.mark.slow
@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("n_features", [1, 2, 3, 5, 10, 20, 50])
@pytest.mark.parametrize("k", [1, 3])
def test_scores_are_right_for_every_condition_with_every_offset_and_distance(
    k: int, structure: str, n_features: int
) -> None:
    random = np.random.default_rng([k, n_features, STRUCTURES.index(structure)])
    for condition, offset in product(CONDITIONS if n_features > 1 else (1.0,), OFFSETS):
        mixture = random_mixture(random, structure, k, n_features, condition, offset)
        rows = [far_rows(random, mixture, j, DISTANCES) for j in range(k)]
        assert_right(mixture, np.vstack(rows))
