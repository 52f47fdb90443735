"""One bad component never aborts a fit, unless the exact maximum is asked for."""

from __future__ import annotations

import re
from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose

import mixtura
from mixtura.datasets import faithful
from mixtura.engine.kernel.spectrum import floored_matrix
from mixtura.errors import CollapseError, DataError
from mixtura.fitting import Fit, Given

STRUCTURES = ("full", "tied", "diag", "spherical")
STARTS = ("kmeans", "k-means++", "random", "random_from_data")
NOISE = np.random.RandomState(0).standard_normal((60, 3))

every_structure = pytest.mark.parametrize("structure", STRUCTURES)


def assert_finite(fit: Fit, rows: np.ndarray) -> None:
    """Every number that the fit reports or answers is one."""
    mixture = fit.mixture
    for values in (fit.trace, mixture.weights, mixture.means, mixture.covariances):
        assert np.isfinite(values).all()
    assert np.isfinite(mixture.score_samples(rows)).all()
    assert_allclose(mixture.predict_proba(rows).sum(axis=1), 1.0, atol=1e-14)


BAD_ROWS = {
    "repeated rows": np.repeat(NOISE[:3], 20, axis=0),
    "two distinct rows": np.repeat([[0.0, 0.0], [1.0, 1.0]], 5, axis=0),
    "one distinct row": np.ones((10, 2)),
    "a constant column": np.c_[NOISE, np.full(60, 7.0)],
    "a large constant column": np.c_[NOISE, np.full(60, 1e12)],
    "a column twice another": np.c_[NOISE, 2.0 * NOISE[:, 0]],
    "large values": NOISE * 1e140,
    "small values": NOISE * 1e-150,
    "scales 16 digits apart": NOISE * [1e-8, 1.0, 1e8],
    "a row far out": np.r_[NOISE, [[1e6] * 3]],
    "a row very far out": np.r_[NOISE, [[1e100] * 3]],
    "an offset of 15 digits": NOISE + 1e15,
    "more columns than rows": np.random.RandomState(1).standard_normal((10, 40)),
    "as many rows as components": NOISE[:5],
    "large float32": (NOISE * 1e30).astype(np.float32),
}


@pytest.mark.parametrize("rows", BAD_ROWS.values(), ids=BAD_ROWS)
@every_structure
def test_bad_rows_have_a_finite_fit(structure: str, rows: np.ndarray) -> None:
    for start, k in product(STARTS, (1, 2, 5)):
        fit = mixtura.fit(rows, k, structure=structure, start=start, max_iter=20)
        assert_finite(fit, rows)


@pytest.mark.parametrize("rows", BAD_ROWS.values(), ids=BAD_ROWS)
@every_structure
def test_without_regularisation_bad_rows_fit_or_say_which_collapsed(
    structure: str, rows: np.ndarray
) -> None:
    whose = "shared by all components" if structure == "tied" else r"of component \d, which holds"
    for start in STARTS:
        options = {"structure": structure, "start": start, "reg_covar": 0.0, "max_iter": 20}
        message = ""
        try:
            fit = mixtura.fit(rows, 2, **options)
        except CollapseError as error:
            message = str(error)
        if message:
            assert re.match(rf"the covariance {whose}.* is singular: .* set reg_covar", message)
        else:
            assert_finite(fit, rows)
            assert fit.repairs == ()


@pytest.mark.parametrize("structure", ["full", "diag", "spherical"])
def test_a_component_on_repeated_rows_collapses_by_name(structure: str) -> None:
    rows = np.vstack([np.full((5, 3), 50.0), NOISE])
    with pytest.raises(CollapseError, match=r"component [01], .* 5 rows around \(50, 50, 50\)"):
        mixtura.fit(rows, 2, structure=structure, reg_covar=0.0, start=[0] * 5 + [1] * len(NOISE))


def test_more_components_than_distinct_rows_are_set_anew_and_on_record() -> None:
    rows = np.repeat([[0.0], [1.0], [5.0]], 4, axis=0)
    fit = mixtura.fit(rows, 5, start="kmeans", reg_covar=1e-6)
    assert {repair.action for repair in fit.repairs} == {"reseeded"}
    assert {repair.iteration for repair in fit.repairs} >= {0}
    assert "no row belonged to it" in fit.repairs[0].reason
    assert fit.summary()["repairs"][0]["action"] == "reseeded"
    assert_finite(fit, rows)


def test_an_empty_component_takes_half_of_the_heaviest() -> None:
    rows = faithful().rows
    far = Given(means=[[3.5, 70.0], [1e6, 1e6]], precisions=[np.eye(2), np.eye(2)])
    fit = mixtura.fit(rows, 2, given=far, tol=1e-6, max_iter=500)
    assert fit.repairs[0].component == 1
    assert fit.repairs[0].reason == "no row belonged to it; it took half of component 0"
    best = mixtura.fit(rows, 2, tol=1e-6, max_iter=500)
    assert fit.log_likelihood == pytest.approx(best.log_likelihood, abs=0.01)


def test_a_component_is_set_anew_ten_times_at_most() -> None:
    fit = mixtura.fit(np.ones((30, 1)), 20, start="kmeans", reg_covar=1e-6, max_iter=200)
    assert 0 < len(fit.repairs) <= 10
    assert_finite(fit, np.ones((30, 1)))


def test_a_singular_covariance_is_floored_and_on_record() -> None:
    # A ridge of 1e-30 is lost beside the variances, so the covariance is singular all the same.
    rows = np.c_[NOISE, 2.0 * NOISE[:, 0]]
    fit = mixtura.fit(rows, 1, start="kmeans", reg_covar=1e-30)
    assert [repair.action for repair in fit.repairs][:1] == ["floored"]
    assert "singular with 60 rows' weight" in fit.repairs[0].reason
    # Beside a floor that is 1e-8 of the variance, the likelihood is good to eight digits: which
    # way its last step goes is rounding.
    assert fit.outcome in (mixtura.Outcome.REPAIRED, mixtura.Outcome.STALLED)
    assert_finite(fit, rows)


@pytest.mark.parametrize("largest", [1.0, 1e10, 1e20, 1e40])
def test_a_floored_matrix_has_a_cholesky_factor(largest: float) -> None:
    direction = np.array([1.0, 2.0, -1.0]) / np.sqrt(6.0)
    singular = largest * np.outer(direction, direction)
    raised = floored_matrix(singular, np.array([1.0, 0.5, 2.0]))
    np.linalg.cholesky(raised)
    assert direction @ raised @ direction == pytest.approx(largest, rel=0.9)


@pytest.mark.parametrize(
    ("rows", "k", "sentence"),
    [
        ([[1.0, 2.0]], 1, "X has 1 row, expected at least 2: one row has no spread"),
        ([[1.0], [2.0]], 3, "X has 2 rows, expected at least one for each of the 3 components"),
        ([[1.0, 0.0], [2.0, 1e300]], 1, r"column 1 goes from 0 to 1e\+300: its variance overflows"),
        ([[1.0, -1e300], [2.0, -1e300]], 1, r"column 1 goes from -1e\+300 to -1e\+300"),
        ([[1.0], [float("nan")]], 1, "row 1, column 0 is NaN"),
        ([[float("-inf")], [2.0]], 1, "row 0, column 0 is -infinity"),
        ([1.0, 2.0], 1, r"reshape it with X.reshape\(-1, 1\)"),
    ],
)
def test_rows_that_cannot_be_fitted_are_refused(rows: list, k: int, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        mixtura.fit(rows, k)
