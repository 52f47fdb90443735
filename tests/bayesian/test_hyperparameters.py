"""Priors that a person gives: what is none is refused by its name, by each of the two ways."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import mixtura
from mixtura.errors import ParameterError

RANDOM = np.random.default_rng(5)
ROWS = np.concatenate([RANDOM.normal(0.0, 1.0, (20, 2)), RANDOM.normal(6.0, 1.0, (20, 2))])
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"covariance_prior": -np.eye(2)}, r"covariance_prior is not positive definite.*\(2, 2\)"),
    ({"covariance_prior": np.zeros((2, 2))}, "covariance_prior is not positive definite"),
    ({"covariance_prior": [[1.0, 0.9], [0.0, 1.0]]}, "covariance_prior is not symmetric"),
    ({"covariance_prior": [[1.0, 2.0], [2.0, 1.0]]}, "covariance_prior is not positive definite"),
    ({"covariance_prior": np.full((2, 2), np.nan)}, "covariance_prior has NaN"),
    ({"covariance_prior": 1.0}, "covariance_prior is 1.0"),
    ({"covariance_prior": [1.0, 1.0]}, r"covariance_prior has shape \(2,\)"),
    ({"covariance_prior": "wide"}, "covariance_prior is 'wide'"),
    ({"covariance_prior": [[1.0], [1.0, 2.0]]}, "covariance_prior is"),
    ({"covariance_prior": -np.eye(2), "structure": "EEE"}, "covariance_prior is not positive"),
    (
        {"covariance_prior": [1.0, -1.0], "structure": "VVI"},
        r"covariance_prior has entries.*\(2,\)",
    ),
    ({"covariance_prior": np.eye(2), "structure": "EEI"}, r"covariance_prior has shape \(2, 2\)"),
    ({"covariance_prior": -1.0, "structure": "VII"}, "covariance_prior is -1.0, expected a number"),
    ({"covariance_prior": np.inf, "structure": "EII"}, "covariance_prior is inf"),
    ({"mean_prior": [np.nan, 0.0]}, "mean_prior has NaN"),
    ({"mean_prior": [0.0, np.inf]}, "mean_prior has NaN or infinity"),
    ({"mean_prior": [1]}, r"mean_prior has shape \(1,\), expected .* shape \(2,\)"),
    ({"mean_prior": [1], "covariance_prior": np.eye(2)}, r"mean_prior has shape \(1,\)"),
    ({"mean_prior": 3}, "mean_prior"),
    ({"mean_prior": "middle"}, "mean_prior is 'middle'"),
    ({"mean_prior": ["1", "2"]}, "mean_prior is"),
    ({"degrees_of_freedom_prior": np.inf}, "degrees_of_freedom_prior is inf"),
    ({"degrees_of_freedom_prior": "5"}, "degrees_of_freedom_prior is '5'"),
    ({"degrees_of_freedom_prior": 1e300}, r"degrees_of_freedom_prior is 1e\+300"),
    ({"degrees_of_freedom_prior": 1.0}, "degrees_of_freedom_prior is 1.0, .* above 1 "),
    ({"mean_precision_prior": np.inf}, "mean_precision_prior is inf"),
    ({"mean_precision_prior": "1"}, "mean_precision_prior is '1'"),
    ({"mean_precision_prior": [1.0]}, r"mean_precision_prior is \[1.0\]"),
    ({"mean_precision_prior": 0.0}, "mean_precision_prior is 0.0"),
    ({"weight_concentration_prior": 1e300}, r"weight_concentration_prior is 1e\+300"),
    ({"weight_concentration_prior": "many"}, "weight_concentration_prior is 'many'"),
]


@pytest.mark.parametrize(("wish", "words"), WRONG)
def test_a_prior_that_is_none_is_refused_by_its_name(wish: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        mixtura.fit_bayes(ROWS, 3, **wish)
    with pytest.raises(ParameterError, match=words):
        mixtura.sample_clusterings(ROWS, n_sweeps=10, **wish)


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"observer": 3}, r"observer is 3, which has no begun\(\)"),
        ({"observer": SimpleNamespace(begun=print)}, r"has no iterated\(\)"),
        ({"moves": "no"}, "moves is 'no', expected True or False"),
        ({"max_iter": 2.5}, "max_iter is 2.5, expected a whole number of at least 0"),
        ({"n_components": 0}, "n_components is 0, expected a whole number of at least 1"),
    ],
)
def test_a_wish_that_is_none_is_refused(wish: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        mixtura.fit_bayes(ROWS, **wish)


def test_a_prior_beside_which_rows_are_lost_is_refused() -> None:
    with pytest.raises(ParameterError, match="mean_prior or covariance_prior is so far"):
        mixtura.fit_bayes(ROWS, 3, mean_prior=[1e100, 0.0])


@pytest.mark.parametrize("wish", ["x", ["a", "b"], [1.0, np.nan], [[1.0], [1.0, 2.0]]])
def test_a_prior_of_how_many_components_is_numbers(wish: Any) -> None:
    with pytest.raises(ParameterError, match="n_components_prior is"):
        mixtura.sample_clusterings(ROWS, n_sweeps=10, n_components_prior=wish)


@pytest.mark.parametrize(
    ("structure", "scale"),
    [("full", np.eye(2)), ("tied", np.eye(2)), ("diag", [1, 1]), ("EEI", [1, 1]), ("VII", 2)],
)
def test_a_prior_in_the_shape_of_its_structure_is_taken(structure: str, scale: Any) -> None:
    asked = {"structure": structure, "covariance_prior": scale, "mean_prior": [3, 3]}
    assert mixtura.fit_bayes(ROWS, 3, **asked).n_occupied == 2
    assert mixtura.sample_clusterings(ROWS, n_sweeps=50, **asked).n_components == 2
