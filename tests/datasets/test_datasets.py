"""The data sets are what their sources say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_iris, make_blobs

from mixtura import datasets
from mixtura.errors import ParameterError


def test_iris_is_scikit_learns() -> None:
    theirs = load_iris()
    assert_array_equal(datasets.iris().rows, theirs.data)
    assert_array_equal(datasets.iris_species(), theirs.target)
    assert datasets.iris().names == ("sepal_length", "sepal_width", "petal_length", "petal_width")


def test_faithful_has_the_figures_that_r_prints() -> None:
    table = datasets.faithful()
    assert table.names == ("eruptions", "waiting")
    # summary(faithful) and cor(faithful)
    assert_array_equal(table.rows.min(axis=0), [1.6, 43.0])
    assert_array_equal(table.rows.max(axis=0), [5.1, 96.0])
    assert_array_equal(np.median(table.rows, axis=0), [4.0, 76.0])
    assert_allclose(table.rows.mean(axis=0), [3.487783, 70.897059], atol=5e-7)
    assert np.corrcoef(table.rows.T)[0, 1] == pytest.approx(0.9008112, abs=5e-8)


def test_galaxies_are_82_in_order_and_without_the_slip() -> None:
    values = datasets.galaxies().rows[:, 0]
    assert values.shape == (82,)
    assert (np.diff(values) >= 0.0).all()
    assert values[[0, -1]].tolist() == [9.172, 34.279]
    assert values[77] == 26.69


@pytest.mark.parametrize("name", datasets.NAMES)
def test_every_name_loads(name: str) -> None:
    assert_array_equal(datasets.load(name).rows, getattr(datasets, name)().rows)


def test_an_unknown_name_is_told_which_exist() -> None:
    with pytest.raises(ParameterError, match=r"no dataset 'tulips'.*: faithful, iris, galaxies"):
        datasets.load("tulips")


def test_blobs_are_scikit_learns() -> None:
    table, labels = datasets.blobs(50, 3, 2, spread=0.5, random_state=42)
    rows, expected = make_blobs(50, 3, centers=2, cluster_std=0.5, random_state=42)
    assert_array_equal(table.rows, rows)
    assert_array_equal(labels, expected)


@pytest.mark.parametrize("separation", [0.5, 3.0, 10.0])
@pytest.mark.parametrize("n_features", [1, 2, 6])
def test_the_closest_two_components_are_as_far_apart_as_stated(
    n_features: int, separation: float
) -> None:
    _, _, mixture = datasets.separated(10, n_features, 4, separation, random_state=1)
    found = []
    for k in range(4):
        for other in range(k):
            line = mixture.means[k] - mixture.means[other]
            along = line / np.linalg.norm(line)
            deviations = [np.sqrt(along @ mixture.covariances[i] @ along) for i in (k, other)]
            found.append(np.linalg.norm(line) / max(deviations))
    assert min(found) == pytest.approx(separation, rel=1e-12)
    assert datasets.separation_of(mixture) == pytest.approx(min(found), rel=1e-12)


def test_separated_covariances_are_of_moderate_condition() -> None:
    _, _, mixture = datasets.separated(10, 5, 6, random_state=2)
    values = np.linalg.eigvalsh(mixture.covariances)
    assert values.min() >= 0.5 - 1e-12
    assert values.max() <= 2.0 + 1e-12
    assert mixture.weights.max() / mixture.weights.min() <= 3.0


def test_separated_rows_follow_their_mixture() -> None:
    table, labels, mixture = datasets.separated(40_000, 2, 3, random_state=3)
    for k in range(3):
        own = table.rows[labels == k]
        assert_allclose(own.mean(axis=0), mixture.means[k], atol=0.05)
        assert_allclose(np.cov(own.T), mixture.covariances[k], atol=0.1)
        assert len(own) / 40_000 == pytest.approx(mixture.weights[k], abs=0.01)
    assert (np.diff(labels) != 0).mean() > 0.5, "the components should be mixed"


def test_one_component_has_nothing_to_be_apart_from() -> None:
    _, labels, mixture = datasets.separated(5, 2, 1)
    assert labels.tolist() == [0] * 5
    assert datasets.separation_of(mixture) == np.inf


def test_the_same_seed_makes_the_same_rows() -> None:
    first, second = (datasets.separated(20, random_state=7)[0].rows for _ in range(2))
    assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("maker", "options", "sentence"),
    [
        (datasets.blobs, {"n_rows": 0}, "n_rows is 0, expected a whole number"),
        (datasets.blobs, {"n_components": 2.5}, "n_components is 2.5"),
        (datasets.blobs, {"spread": -1.0}, "spread is -1.0, expected a finite number above 0"),
        (datasets.separated, {"n_features": -1}, "n_features is -1"),
        (datasets.separated, {"separation": float("nan")}, "separation is nan"),
    ],
)
def test_a_number_out_of_range_is_named(maker: Any, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        maker(**options)
