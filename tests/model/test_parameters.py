"""Parameters that make no mixture are refused, and the component at fault is named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mixtura import Mixture
from mixtura.errors import ModelError, ParameterError

EYES = np.stack([np.eye(2)] * 2)
SOUND: dict[str, Any] = {
    "weights": [0.5, 0.5],
    "means": [[0.0, 0.0], [4.0, 4.0]],
    "covariances": EYES,
}


def replaced(matrix: list[list[float]]) -> np.ndarray:
    """Two covariances, the second one `matrix`."""
    return np.stack([np.eye(2), np.array(matrix)])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"weights": [1.2, -0.2]}, "the weight of component 1 is -0.2, expected more than 0"),
        ({"weights": [0.0, 1.0]}, "the weight of component 0 is 0, expected more than 0"),
        ({"weights": [0.5, 0.6]}, r"the weights sum to 1\.1, expected 1"),
        ({"weights": [1.0]}, r"weights have shape \(1,\), expected \(2,\), one for each mean"),
        ({"weights": [np.nan, 1.0]}, "the weight of component 0 holds nan"),
        ({"weights": "many"}, "weights are not an array of numbers"),
        ({"means": [1.0, 2.0]}, r"means have shape \(2,\), expected \(n_components, n_features\)"),
        ({"means": [[0.0, 0.0], [np.inf, 0.0]]}, "the mean of component 1 holds inf"),
        ({"means": [[0.0, 0.0], [1.0]]}, "means are not an array of numbers"),
        ({"means": np.empty((0, 2))}, r"means have shape \(0, 2\)"),
        (
            {"covariances": np.eye(2)},
            r"full covariances have shape \(2, 2\), expected \(2, 2, 2\) for 2 components of 2",
        ),
        (
            {"covariances": replaced([[1.0, 2.0], [2.0, 1.0]])},
            "the covariance of component 1 is not positive definite: its smallest eigenvalue is -1",
        ),
        (
            {"covariances": replaced([[1.0, 0.5], [0.4, 1.0]])},
            r"the covariance of component 1 is not symmetric: entry \(0, 1\) is 0.5 but \(1, 0\) "
            "is 0.4",
        ),
        (
            {"covariances": replaced([[1.0, np.nan], [np.nan, 1.0]])},
            "the covariance of component 1 holds nan, expected finite numbers",
        ),
        (
            {"covariances": np.zeros((2, 2, 2))},
            "the covariance of component 0 is not positive definite",
        ),
        (
            {"structure": "tied", "covariances": [[1.0, 3.0], [3.0, 1.0]]},
            "the covariance shared by all components is not positive definite",
        ),
        (
            {"structure": "tied", "covariances": [[1.0, np.inf], [np.inf, 1.0]]},
            "the covariance shared by all components holds inf",
        ),
        (
            {"structure": "diag", "covariances": [[1.0, 1.0], [1.0, 0.0]]},
            "component 1 is not positive definite: its variance of feature 1 is 0, expected more",
        ),
        (
            {"structure": "spherical", "covariances": [-2.0, 1.0]},
            "the covariance of component 0 is not positive definite: its variance is -2",
        ),
        (
            {"structure": "spherical", "covariances": EYES},
            r"spherical covariances have shape \(2, 2, 2\), expected \(2,\)",
        ),
        ({"feature_names": ["a"]}, "got 1 feature names, expected 2"),
        ({"feature_names": ["a", "a"]}, "the feature name 'a' appears twice"),
    ],
)
def test_the_fault_is_named(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        Mixture(**{**SOUND, **parameters})


def test_an_unknown_structure_is_told_which_there_are() -> None:
    with pytest.raises(
        ParameterError, match="unknown covariance structure 'round', expected one"
    ) as hit:
        Mixture(**SOUND, structure="round")
    for name in ("full", "tied", "diag", "spherical"):
        assert name in str(hit.value)


def test_parameters_are_copied_and_read_only() -> None:
    weights = np.array([0.5, 0.5])
    mixture = Mixture(weights, SOUND["means"], EYES)
    weights[0] = 9.0
    assert mixture.weights.tolist() == [0.5, 0.5]
    for array in (mixture.weights, mixture.means, mixture.covariances):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0


@pytest.mark.parametrize(
    ("structure", "covariances"),
    [
        ("full", EYES),
        ("tied", np.eye(2)),
        ("diag", np.ones((2, 2))),
        ("spherical", np.ones(2)),
    ],
)
def test_what_is_derived_is_read_only_too(structure: str, covariances: np.ndarray) -> None:
    mixture = Mixture([0.5, 0.5], SOUND["means"], covariances, structure)
    told = mixture.explain([[0.0, 1.0]])
    components = mixture.components
    held = [components.log_weights, *vars(components.factor).values()]
    held += [array for array in vars(told).values() if isinstance(array, np.ndarray)]
    assert len(held) == 13
    for array in held:
        assert not array.flags.writeable


def test_weights_may_miss_one_by_rounding() -> None:
    weights = [0.333333333] * 3
    assert sum(weights) < 1.0
    assert Mixture(weights, [[0.0], [1.0], [2.0]], np.ones(3), "spherical").n_components == 3
