"""An affine map of a mixture is a mixture: its density is that before, over the determinant."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import multivariate_normal

import mixtura
from mixtura import Box, Mixture, Noise
from mixtura.errors import ParameterError
from mixtura.model.structures import STRUCTURES

RANDOM = np.random.default_rng(3)
ROWS = np.concatenate([RANDOM.normal(c, s, (60, 3)) for c, s in ((0.0, 1.0), (5.0, 0.5))])
MAPS: dict[str, Any] = {
    "a factor": -2.5,
    "units": np.array([1e3, -0.5, 1e-4]),
    "a shear": np.array([[1.0, 0.0, 0.0], [4.0, 2.0, 0.0], [0.5, -1.0, 3.0]]),
    "a turn": np.linalg.qr(RANDOM.normal(size=(3, 3)))[0],
}
SHIFT = np.array([7.0, -3.0, 0.25])


def mapped(A: Any, rows: Any) -> Any:
    return rows * A + SHIFT if np.ndim(A) < 2 else rows @ A.T + SHIFT


def log_determinant(A: Any) -> float:
    return float(np.linalg.slogdet(A if np.ndim(A) == 2 else np.diag(A * np.ones(3)))[1])


@pytest.mark.parametrize("structure", [each.letters for each in STRUCTURES])
@pytest.mark.parametrize("kind", MAPS)
def test_densities_change_by_the_determinant_alone(kind: str, structure: str) -> None:
    mixture, A = mixtura.fit(ROWS, 2, structure=structure).mixture, MAPS[kind]
    after = mixture.transformed(A, SHIFT)
    expected = mixture.score_samples(ROWS) - log_determinant(A)
    assert after.score_samples(mapped(A, ROWS)) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert np.array_equal(after.predict(mapped(A, ROWS)), mixture.predict(ROWS))


@pytest.mark.parametrize("structure", [each.letters for each in STRUCTURES])
@pytest.mark.parametrize("kind", MAPS)
def test_the_structure_is_one_that_holds_what_became_of_it(kind: str, structure: str) -> None:
    mixture = mixtura.fit(ROWS, 2, structure=structure).mixture
    after = mixture.transformed(MAPS[kind], SHIFT)
    # A structure that holds covariances is at its own maximum there.
    matrices = after.covariance_matrices()
    scatter = np.einsum("kii->ki", matrices) if after.structure.form.diagonal else matrices
    closest = (
        after.structure.maximise(after.weights, after.weights[:, None] * scatter)
        if (after.structure.form.diagonal)
        else after.structure.maximise(after.weights, after.weights[:, None, None] * scatter)
    )
    if after.structure.letters not in ("VVE", "EVE", "VEV", "EEV"):  # by iteration
        assert after.structure.form.matrices(closest, 2, 3) == pytest.approx(matrices, rel=1e-7)
    assert (kind == "a factor") <= (after.structure is mixture.structure)


def test_what_comes_out_may_be_fewer_features() -> None:
    mixture = mixtura.fit(ROWS, 2).mixture
    A = np.array([[1.0, 1.0, 0.0], [0.0, -1.0, 2.0]])
    after = mixture.transformed(A, [1.0, 2.0], feature_names=["sum", "contrast"])
    rows = RANDOM.normal(size=(5, 2))
    expected = sum(
        w * multivariate_normal(A @ m + [1.0, 2.0], A @ s @ A.T).pdf(rows)
        for w, m, s in zip(mixture.weights, mixture.means, mixture.covariances, strict=True)
    )
    assert np.exp(after.score_samples(rows)) == pytest.approx(expected, rel=1e-10)
    assert after.feature_names == ("sum", "contrast")
    picked = mixture.transformed(np.eye(3)[[2, 0]])
    assert picked.score_samples(ROWS[:, [2, 0]]) == pytest.approx(
        mixture.marginal([2, 0]).score_samples(ROWS[:, [2, 0]])
    )


@pytest.mark.parametrize("kind", MAPS)
def test_noise_keeps_its_density_and_its_box_where_that_stays_one(kind: str) -> None:
    mixture = mixtura.fit(np.vstack([ROWS, RANDOM.uniform(-3, 8, (20, 3))]), 2, noise=True).mixture
    A = MAPS[kind]
    after = mixture.transformed(A, SHIFT)
    rows = np.vstack([ROWS, mixture.noise.box.low, mixture.noise.box.high + 40.0])
    expected = mixture.score_samples(rows) - log_determinant(A)
    assert after.score_samples(mapped(A, rows)) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert after.noise.box.log_volume == pytest.approx(
        mixture.noise.box.log_volume + log_determinant(A)
    )
    corners = mapped(A, np.array([mixture.noise.box.low, mixture.noise.box.high]))
    if np.ndim(A) < 2:
        assert after.noise.box.low == pytest.approx(corners.min(axis=0))
        assert after.noise.box.high == pytest.approx(corners.max(axis=0))
    assert after.noise.box.centre == pytest.approx(corners.mean(axis=0))


def test_names_are_kept_unless_features_are_mixed() -> None:
    mixture = Mixture([1.0], [[0.0, 1.0]], [np.eye(2)], feature_names=["a", "b"])
    assert mixture.transformed([2.0, 3.0]).feature_names == ("a", "b")
    assert mixture.transformed(np.eye(2)).feature_names is None
    assert mixture.transformed(2.0, 0.0, ["c", "d"]).feature_names == ("c", "d")


def test_a_map_and_the_way_back_is_none() -> None:
    mixture = mixtura.fit(ROWS, 2).mixture
    A = MAPS["a shear"]
    back = mixture.transformed(A, SHIFT).transformed(np.linalg.inv(A), -np.linalg.inv(A) @ SHIFT)
    assert back.means == pytest.approx(mixture.means, abs=1e-10)
    assert back.covariances == pytest.approx(mixture.covariances, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("A", "b", "said"),
    [
        (0.0, 0.0, "A is 0.0, expected a number or 3, none of them 0"),
        ([1.0, 0.0, 1.0], 0.0, "none of them 0"),
        ([1.0, 2.0], 0.0, "expected a number or 3"),
        (np.ones((3, 3)), 0.0, "A has rank 1, expected 3"),
        (np.ones((4, 3)), 0.0, r"A has shape \(4, 3\), expected a number, \(3,\), or up to 3 rows"),
        (np.ones((2, 2)), 0.0, r"A has shape \(2, 2\)"),
        (np.eye(3), [1.0, 2.0], r"b has shape \(2,\), expected a number or \(3,\)"),
        (2.0, [1.0, 2.0], r"b has shape \(2,\)"),
        (float("nan"), 0.0, "A is nan, expected finite numbers"),
        ("x", 0.0, "A is not of numbers"),
        (1j, 0.0, "A is not of numbers"),
    ],
)
def test_what_is_no_such_map_is_refused(A: Any, b: Any, said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        mixtura.fit(ROWS, 1).mixture.transformed(A, b)


def test_noise_has_no_shadow_that_is_even() -> None:
    mixture = Mixture([0.5], [[0.0, 0.0]], [np.eye(2)], noise=Noise(0.5, Box([0, 0], [1, 1])))
    with pytest.raises(ParameterError, match="A leaves features out, and the shadow of noise"):
        mixture.transformed([[1.0, 1.0]])
