"""Rows of any finite size get an answer, never NaN, never a warning."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from mpmath import mp
from randomly import STRUCTURES

from mixtura import Mixture
from mixtura.testing import oracle

SIZES = (1e300, -1e300, 1.7e308, -1.7e308, 1e160, 1e-300, 5e-324, -0.0, 1.0)
PARTS = ("squared_distances", "contributions", "log_joint", "responsibilities", "log_likelihood")


def mixtures(structure: str, n_features: int) -> list[Mixture]:
    """One and two components of tiny, usual and huge variances, near 0 and 1e300."""
    random = np.random.default_rng(n_features)
    made = []
    for k, variance, offset in product((1, 2), (1e-305, 1e-12, 1.0, 1e300), (0.0, 1e300)):
        root = random.normal(size=(k, n_features, n_features))
        matrices = variance * (0.1 * root @ root.transpose(0, 2, 1) + np.eye(n_features))
        held = {
            "full": matrices,
            "tied": matrices[0],
            "diag": np.einsum("kdd->kd", matrices),
            "spherical": matrices[:, 0, 0],
        }[structure]
        means = offset + random.normal(size=(k, n_features))
        made.append(Mixture(np.full(k, 1.0 / k), means, held, structure))
    # Zeros off the diagonal are where 0·∞ would come from.
    alone = {"full": np.eye(n_features)[None], "tied": np.eye(n_features)}.get(structure)
    if alone is not None:
        made.append(Mixture([1.0], np.zeros((1, n_features)), 1e-20 * alone, structure))
    return made


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("n_features", [1, 2, 3])
def test_no_row_of_finite_numbers_gives_nan(structure: str, n_features: int) -> None:
    rows = np.array(list(product(SIZES, repeat=n_features)))
    for mixture in mixtures(structure, n_features):
        assert not np.isnan(mixture.score_samples(rows)).any()
        assert not np.isnan(mixture.log_responsibilities(rows)).any()
        assert set(mixture.predict(rows)) <= {0, 1}
        explanation = mixture.explain(rows)
        for part in PARTS:
            assert not np.isnan(getattr(explanation, part)).any(), part
        shares = mixture.predict_proba(rows)
        assert np.abs(shares.sum(axis=1) - 1.0).max() <= 4.0 * np.finfo(float).eps


def test_no_single_precision_row_gives_nan() -> None:
    rows = np.array(list(product((3e38, -3e38, 1e-45, -0.0, 1.0), repeat=2)), dtype=np.float32)
    for mixture in mixtures("full", 2):
        assert not np.isnan(mixture.score_samples(rows)).any()
        assert not np.isnan(mixture.predict_proba(rows)).any()


def test_a_squared_distance_that_overflows_is_minus_infinity_and_one_that_does_not_is_exact() -> (
    None
):
    mixture = Mixture([1.0], [[0.0]], [[[1.0]]])
    within, beyond = mixture.score_samples([[1e154], [1.4e154]])
    assert within == pytest.approx(-0.5e308, rel=1e-15)
    assert beyond == -np.inf


@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_row_beyond_reach_belongs_to_the_component_nearest_in_standard_deviations(
    structure: str,
) -> None:
    rows = np.array([[1e300, 1e300], [-1e300, 1e299], [1.7e308, -1.7e308], [1e200, -3e210]])
    if structure == "tied":
        covariances, means = np.array([[2.0, 0.5], [0.5, 1.0]]), [[-1e299, 0.0], [1e299, 1e298]]
    else:
        wide, narrow = np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([[1.0, -0.9], [-0.9, 1.5]])
        means = [[0.0, 0.0], [1.0, 1.0]]
        covariances = {
            "full": np.stack([narrow, wide]),
            "diag": np.array([[1.0, 4.0], [3.0, 2.0]]),
            "spherical": np.array([2.0, 3.0]),
        }[structure]
    mixture = Mixture([0.5, 0.5], means, covariances, structure)
    assert (mixture.score_samples(rows) == -np.inf).all()
    nearest = []
    for answer in oracle(mixture, rows):
        with mp.workdps(100):
            nearest.append(int(answer.squared_distances[1] < answer.squared_distances[0]))
    assert mixture.predict(rows).tolist() == nearest
    np.testing.assert_array_equal(mixture.predict_proba(rows), np.eye(2)[nearest])
