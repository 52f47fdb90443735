"""Starts, settings and given parameters, before the first iteration."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

import mixtura
from mixtura.datasets import faithful, iris
from mixtura.engine.executors import Serial, Threads
from mixtura.engine.sources import ArraySource, block_rows
from mixtura.engine.statistics import Statistics
from mixtura.errors import ModelError, ParameterError
from mixtura.fitting import Given
from mixtura.fitting.starts.kmeans.lloyd import overall
from mixtura.fitting.starts.start import STARTS, Request, start
from mixtura.model.structures import structure as structure_called

ROWS = iris().rows


def begun(name: str, rows: np.ndarray, k: int, structure: str = "full") -> Statistics:
    """The statistics that a start of seed 0 gives."""
    held = structure_called(structure)
    random = np.random.RandomState(0)
    return start(name)(Request(ArraySource(rows), k, random, Threads(5), held))


@pytest.mark.parametrize("name", ["kmeans", "random"])
def test_a_start_may_share_out_every_row(name: str) -> None:
    sums = begun(name, ROWS, 4)
    assert sums.weight.sum() == pytest.approx(150.0, rel=1e-14)
    assert sums.n_rows == sums.total_weight == 150
    means = sums.reference + sums.first / sums.weight[:, None]
    assert_allclose(sums.weight @ means / 150.0, ROWS.mean(axis=0), rtol=1e-13)


@pytest.mark.parametrize("name", ["k-means++", "random_from_data"])
def test_a_start_may_be_one_row_a_component(name: str) -> None:
    sums = begun(name, ROWS, 4)
    assert_array_equal(sums.weight, 1.0)
    assert_array_equal(sums.first, 0.0)
    assert_array_equal(sums.second, 0.0)
    assert all((point == ROWS).all(axis=1).any() for point in sums.reference)


@pytest.mark.parametrize("name", ["k-means++", "random_from_data"])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_one_row_a_component_leaves_a_shared_scatter_about_the_nearest(
    name: str, offset: float
) -> None:
    sums = begun(name, ROWS + offset, 3, "tied")
    apart = (ROWS + offset)[:, None] - sums.reference
    nearest = np.square(apart).sum(axis=2).argmin(axis=1)
    own = apart[np.arange(len(ROWS)), nearest]
    covariance = sums.second.sum(axis=0) / sums.weight.sum()
    assert_allclose(covariance, own.T @ own / len(ROWS), rtol=1e-9, atol=1e-12)
    assert_array_equal(begun(name, ROWS[:3], 3, "tied").second, 0.0)


@pytest.mark.parametrize("name", [name for name in STARTS if name != "auto"])
def test_a_start_has_the_second_moments_that_the_structure_needs(name: str) -> None:
    full, diagonal = (begun(name, ROWS, 3, structure) for structure in ("full", "diag"))
    assert full.second.shape == (3, 4, 4)
    assert_allclose(np.einsum("kdd->kd", full.second), diagonal.second, rtol=1e-12)


def test_the_random_start_draws_its_shares_row_by_row() -> None:
    rows = np.random.default_rng(0).normal(size=(2 * block_rows(2) + 5, 2)) + 1e8
    sums = begun("random", rows, 3)
    shares = np.random.RandomState(0).uniform(size=(len(rows), 3))
    shares /= shares.sum(axis=1, keepdims=True)
    assert_allclose(sums.weight, shares.sum(axis=0), rtol=1e-12)
    means = sums.reference + sums.first / sums.weight[:, None]
    drawn = np.stack([np.average(rows - 1e8, axis=0, weights=each) for each in shares.T])
    # Their differences from the mean are stretched until they spread as the rows do.
    about, drawn = means - rows.mean(axis=0), drawn - (rows - 1e8).mean(axis=0)
    largest = np.unravel_index(np.abs(drawn).argmax(), drawn.shape)
    assert_allclose(about, drawn * (about[largest] / drawn[largest]), atol=1e-4)
    spread = shares.mean(axis=0) @ about**2 / (rows - 1e8).var(axis=0)
    assert spread.mean() == pytest.approx(1.0, rel=1e-6)
    for k in range(3):
        expected = np.cov((rows - 1e8).T, aweights=shares[:, k], bias=True) * sums.weight[k]
        assert_allclose(sums.about(means).second[k], expected, rtol=1e-6, atol=1e-3)


def test_the_rows_overall_are_one_component_about_their_mean() -> None:
    weights = np.linspace(1.0, 2.0, 150)
    for offset in (0.0, 1e8):
        rows = ROWS + offset
        sums = overall(ArraySource(rows, weights), Serial())
        assert_allclose(sums.reference[0], np.average(rows, axis=0, weights=weights), rtol=1e-15)
        variances = np.diagonal(np.cov(ROWS.T, aweights=weights, bias=True))
        assert_allclose(sums.second[0] / sums.total_weight, variances, rtol=1e-6)
        assert sums.diagonal


def test_complete_parameters_need_no_start() -> None:
    given = Given([0.4, 0.6], [[2.0, 55.0], [4.3, 80.0]], np.stack([np.eye(2), 2.0 * np.eye(2)]))
    random = np.random.RandomState(0)
    fit = mixtura.fit(faithful(), 2, given=given, max_iter=0, random_state=random)
    assert_array_equal(fit.mixture.weights, [0.4, 0.6])
    assert_array_equal(fit.mixture.means, [[2.0, 55.0], [4.3, 80.0]])
    assert_allclose(fit.mixture.covariances, [np.eye(2), 0.5 * np.eye(2)], rtol=1e-15)
    assert random.uniform() == np.random.RandomState(0).uniform()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (Given(weights=[1.0]), r"weights have shape \(1,\), expected \(2,\)"),
        (Given(weights=[0.0, 1.0]), "the weight of component 0 is 0, expected more than 0"),
        (Given(means=[[1.0], [2.0]]), r"means have shape \(2, 1\), expected \(2, 2\)"),
        (Given(means=[[1.0, 2.0], [3.0, np.nan]]), "the mean of component 1 holds nan"),
        (Given(precisions=np.eye(2)), r"full precisions have shape \(2, 2\), expected \(2, 2, 2\)"),
        (Given(precisions=[np.eye(2), -np.eye(2)]), "component 1 is not positive definite"),
        (Given(precisions=[np.eye(2), [[1.0, 0.5], [0.0, 1.0]]]), "component 1 is not symmetric"),
    ],
)
def test_given_parameters_are_checked(given: Given, sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        mixtura.fit(faithful(), 2, given=given)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"n_components": 0}, "n_components is 0, expected a whole number of at least 1"),
        ({"n_components": -1}, "n_components is -1"),
        ({"n_components": 2.5}, "n_components is 2.5"),
        ({"structure": "round"}, r"'round', expected one of: EII, spherical \(VII\), EEI"),
        ({"start": "guess"}, r"'guess', expected one of: auto, kmeans, k-means\+\+, random, ra"),
        ({"tol": float("nan")}, "tol is nan, expected 'auto' or a finite number of at least 0"),
        ({"reg_covar": -1e-6}, "reg_covar is -1e-06"),
        ({"max_iter": -1}, "max_iter is -1"),
        ({"n_init": 0}, "n_init is 0"),
        ({"random_state": -5}, "random_state is -5, expected a whole number from 0"),
    ],
)
def test_settings_are_checked(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        mixtura.fit(faithful(), **options)


@pytest.mark.parametrize("structure", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize("part", ["weights", "means", "precisions"])
def test_one_given_parameter_replaces_the_starts(structure: str, part: str) -> None:
    other = mixtura.fit(ROWS, 3, structure=structure, start="random", max_iter=2).mixture
    # Where means are given, the groups are those that they are nearest to.
    groups = mixtura.fit(ROWS, 3, structure=structure, max_iter=0).mixture.means
    scale = ROWS.std(axis=0)
    apart = cdist(groups / scale, other.means / scale, "sqeuclidean")
    other = other.reordered(linear_sum_assignment(apart)[1])
    values = {
        "weights": other.weights,
        "means": other.means,
        "precisions": other.structure.form.inverted(other.covariances),
    }
    begun = mixtura.fit(ROWS, 3, structure=structure, max_iter=0).mixture
    fit = mixtura.fit(ROWS, 3, structure=structure, max_iter=0, given=Given(**{part: values[part]}))
    for name in ("weights", "means", "covariances"):
        replaced = part.replace("precisions", "covariances") == name
        expected = getattr(other if replaced else begun, name)
        assert_allclose(getattr(fit.mixture, name), expected, rtol=1e-9, atol=1e-12)
