"""Starts, settings and given parameters, before the first iteration."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import mixtura
from mixtura.datasets import faithful, iris
from mixtura.engine.executors import Serial
from mixtura.engine.sources import ArraySource, Block
from mixtura.errors import ModelError, ParameterError
from mixtura.fitting import Given
from mixtura.fitting.start import STARTS, start, statistics_of

ROWS = iris().rows


@pytest.mark.parametrize("name", STARTS)
def test_a_start_has_one_row_of_shares_for_each_row(name: str) -> None:
    shares = start(name)(ROWS, 4, np.random.RandomState(0))(Block(0, ROWS))
    assert shares.shape == (150, 4)
    sums = shares.sum(axis=1)
    if name in ("kmeans", "random"):
        assert_allclose(sums, 1.0, rtol=1e-14)
    else:
        assert sorted(sums.tolist()) == [0.0] * 146 + [1.0] * 4
        assert_array_equal(shares.sum(axis=0), 1.0)


def test_statistics_of_shares_are_moments_about_their_means() -> None:
    offset = ROWS + 1e8
    shares = np.random.RandomState(0).uniform(size=(150, 2))
    source = ArraySource(offset)
    sums = statistics_of(
        source, lambda block: shares[block.start : block.stop], 2, Serial(), diagonal=False
    )
    for k in range(2):
        weights = shares[:, k]
        assert_allclose(sums.reference[k], np.average(offset, axis=0, weights=weights), rtol=1e-15)
        expected = np.cov(ROWS.T, aweights=weights, bias=True) * weights.sum()
        assert_allclose(sums.second[k], expected, rtol=1e-6, atol=1e-6)


def test_blocks_of_shares_are_the_rows_shares() -> None:
    for name in STARTS:
        responsibilities = start(name)(ROWS, 3, np.random.RandomState(1))
        whole = responsibilities(Block(0, ROWS))
        parts = [responsibilities(Block(i, ROWS[i : i + 40])) for i in range(0, 150, 40)]
        assert_array_equal(np.vstack(parts), whole)


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
        ({"structure": "round"}, r"'round', expected one of: full \(VVV\), tied \(EEE\)"),
        ({"start": "guess"}, r"'guess', expected one of: kmeans, k-means\+\+, random, random_fr"),
        ({"tol": float("nan")}, "tol is nan, expected a finite number of at least 0"),
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
