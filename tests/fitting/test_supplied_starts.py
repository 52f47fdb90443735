"""Starts that a person brings: labels, responsibilities, a function, a mixture."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import mixtura
from mixtura import GaussianMixture, Mixture
from mixtura.datasets import faithful, iris
from mixtura.errors import DataError, ParameterError
from mixtura.fitting import Settings
from mixtura.model.structures import structure as structure_called

pytestmark = pytest.mark.usefixtures("each_kernel")

IRIS = iris().rows
SPECIES = np.repeat([0, 1, 2], 50)


def begun(start: Any, rows: np.ndarray = IRIS, k: int = 3, **options: Any) -> Mixture:
    """The mixture of the first M-step."""
    return mixtura.fit(rows, k, start=start, max_iter=0, reg_covar=0.0, **options).mixture


def test_labels_give_the_moments_of_their_classes() -> None:
    mixture = begun(SPECIES)
    assert_allclose(mixture.weights, 1.0 / 3.0)
    for k in range(3):
        rows = IRIS[k == SPECIES]
        assert_allclose(mixture.means[k], rows.mean(axis=0), rtol=1e-13)
        assert_allclose(mixture.covariances[k], np.cov(rows.T, bias=True), rtol=1e-10)


def test_labels_are_one_hot_responsibilities() -> None:
    for start in (np.eye(3)[SPECIES], SPECIES.tolist(), lambda *_: SPECIES):
        assert_array_equal(begun(start).covariances, begun(SPECIES).covariances)


def test_a_mixtures_responsibilities_start_a_fit_of_any_structure() -> None:
    before = mixtura.fit(IRIS, 3, structure="diag").mixture
    for structure in ("full", "tied", "spherical"):
        from_mixture = begun(before, structure=structure)
        from_shares = begun(before.predict_proba(IRIS), structure=structure)
        assert_allclose(from_mixture.means, from_shares.means, rtol=1e-10)
        assert_allclose(from_mixture.covariances, from_shares.covariances, rtol=1e-8)


def test_a_function_is_given_the_rows_the_number_and_the_random_state() -> None:
    seen = []

    def starter(rows: np.ndarray, n_components: int, random: np.random.RandomState) -> np.ndarray:
        seen.append((rows, n_components))
        return random.randint(n_components, size=len(rows))

    one, other = (begun(starter, random_state=3) for _ in range(2))
    assert_array_equal(one.means, other.means)
    rows, n_components = seen[0]
    assert_array_equal(rows, IRIS)
    assert n_components == 3
    with pytest.raises(ValueError, match="read-only"):
        rows[0, 0] = 1.0


def test_labels_of_rows_that_weigh_nothing_are_left_out_with_them() -> None:
    weights = np.ones(150)
    weights[::7] = 0.0
    counting = weights > 0.0
    for start in (SPECIES, np.eye(3)[SPECIES]):
        weighted = begun(start, sample_weight=weights)
        without = begun(start[counting], IRIS[counting])
        assert_array_equal(weighted.means, without.means)
        assert_array_equal(weighted.covariances, without.covariances)


def test_a_class_without_rows_is_set_anew() -> None:
    fit = mixtura.fit(IRIS, 4, start=SPECIES)
    assert np.isfinite(fit.mixture.means).all()
    assert [repair.component for repair in fit.repairs][:1] == [3]


HALVES = np.full((272, 2), 0.5)


@pytest.mark.parametrize(
    ("start", "sentence"),
    [
        (np.zeros(5, int), "start has 5 labels, expected 272: one for each row"),
        (np.full(272, 2), "the label 2 at row 0, expected 0 to 1: number the components from 0"),
        (np.full(272, -1), "the label -1 at row 0, expected 0 to 1: give classes .* as labels"),
        (np.zeros(272), "labels of type float64, expected whole numbers from 0 to 1"),
        (HALVES[:9], r"start has shape \(9, 2\), expected \(272,\) labels or \(272, 2\) resp"),
        (2.0 * HALVES - 1.5, "responsibility -0.5 at row 0, component 0, expected a finite number"),
        (HALVES * np.nan, "responsibility nan at row 0, component 0"),
        (HALVES * 0.5, "of row 0 in start sum to 0.5, expected 1: divide each row by its sum"),
        (lambda *_: np.zeros(3, int), "what start returned has 3 labels, expected 272"),
        (lambda *_: "guess", r"what start returned has shape \(\), expected"),
        (np.zeros((2, 2, 2)), r"unknown start [\s\S]* expected one of: auto, kmeans"),
        (None, "unknown start None, expected one of: auto, kmeans"),
        (Mixture([1.0], [[0.0, 0.0]], [np.eye(2)]), "start is a mixture of 1 comp.* expected 2"),
    ],
)
def test_what_is_brought_is_checked(start: Any, sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        mixtura.fit(faithful(), 2, start=start)


def test_a_mixture_of_other_features_starts_nothing() -> None:
    other = Mixture([0.5, 0.5], [[0.0], [1.0]], [[[1.0]], [[1.0]]])
    with pytest.raises(DataError, match="X has 2 features, the mixture to start from has 1"):
        mixtura.fit(faithful(), 2, start=other)


def test_settings_take_what_a_fit_takes() -> None:
    assert Settings(3, structure_called("full"), SPECIES).start is SPECIES


@pytest.mark.parametrize("start", ["auto", SPECIES, np.eye(3)[SPECIES], lambda *_: SPECIES])
def test_the_estimator_takes_them_too(start: Any) -> None:
    model = GaussianMixture(3, init_params=start, random_state=0).fit(IRIS)
    assert model.score(IRIS) > -1.21
    again = GaussianMixture(3, init_params=model.mixture_, max_iter=500, tol=1e-7).fit(IRIS)
    assert again.score(IRIS) > model.score(IRIS) - 1e-9
