"""scikit-learn's users are told what they should look at, and only that."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from mixtura import GaussianMixture
from mixtura.datasets import faithful

CLOUD = np.random.default_rng(8).normal(0, 1, (200, 3))
OUTLIERS = np.vstack([CLOUD, np.tile([8.0, 8.0, 8.0], (3, 1))])


def told(rows: np.ndarray, k: int, sample_weight: np.ndarray | None = None) -> list[str]:
    """What a fit with scikit-learn's defaults warns of."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        GaussianMixture(k, random_state=0).fit(rows, sample_weight=sample_weight)
    assert all(each.category is ConvergenceWarning for each in said)
    assert all(each.filename == __file__ for each in said)
    return [str(each.message) for each in said]


def test_a_component_that_the_constant_alone_holds_up_is_warned_of() -> None:
    (said,) = told(OUTLIERS, 2)
    assert said.startswith("component 1 rests on 3 rows, fewer than the 4 that a covariance of 3")
    assert "reg_covar alone holds it up" in said


def test_what_asks_for_nothing_grave_is_not_warned_of() -> None:
    spike = np.where(np.arange(200) < 60, 0.0, CLOUD[:, 0] + 9.0)[:, None]
    rounded = faithful().rows.round()
    flat = np.c_[CLOUD, CLOUD[:, 0]]
    four = np.vstack([CLOUD, np.tile([8.0, 8.0, 8.0], (4, 1))])
    for rows, k in ((CLOUD, 2), (spike, 2), (rounded, 2), (flat, 2), (four, 2)):
        assert told(rows, k) == []


def test_too_few_rows_are_warned_of_once() -> None:
    (said,) = told(np.random.RandomState(0).standard_normal((20, 30)), 1)
    assert said.startswith("a full covariance of 30 features needs more than 31 rows a component")


def test_weights_that_are_no_counts_are_warned_of() -> None:
    weights = np.random.RandomState(0).random_sample(200)
    assert told(CLOUD, 2, 200.0 * weights / weights.sum()) == []
    (said,) = told(CLOUD, 2, weights / weights.sum())
    assert said.startswith("the weights sum to 1: weights are counts here")


@pytest.mark.parametrize("criterion", ["bic", "aic", "icl"])
def test_a_void_criterion_is_a_number_and_a_warning(criterion: str) -> None:
    with pytest.warns(ConvergenceWarning, match="component 1 rests"):
        model = GaussianMixture(2, random_state=0).fit(OUTLIERS)
    void = f"{criterion.upper()} is void: the likelihood of component 1 is of the making of"
    with pytest.warns(ConvergenceWarning, match=void) as said:
        value = getattr(model, criterion)(OUTLIERS)
    assert said[0].filename == __file__
    assert value == getattr(model.mixture_, criterion)(OUTLIERS)
    sound = GaussianMixture(2, random_state=0).fit(CLOUD)
    assert np.isfinite(getattr(sound, criterion)(CLOUD))  # a warning would be an error


def test_scikit_learn_s_choice_among_starts_stays_its_own() -> None:
    # By the likelihood alone, though one start ends in a component that is held up.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        ends = [
            GaussianMixture(2, init_params=way, random_state=0).fit(OUTLIERS)
            for way in ("kmeans", "random")
        ]
        best = GaussianMixture(2, n_init=3, random_state=0).fit(OUTLIERS)
    assert best.lower_bound_ >= max(end.lower_bound_ for end in ends) - 1e-6
    assert best.fit_.starved
