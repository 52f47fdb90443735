"""Sampling draws what scikit-learn draws, and what the density says."""

from __future__ import annotations

import numpy as np
import pytest
from randomly import STRUCTURES, random_mixture
from scipy.stats import kstest, norm
from sklearn.mixture import GaussianMixture

from mixtura import Mixture
from mixtura.engine import kernel
from mixtura.errors import ParameterError


def scikit_learn_s(mixture: Mixture, seed: int) -> GaussianMixture:
    theirs = GaussianMixture(
        mixture.n_components, covariance_type=mixture.structure.alias, random_state=seed
    )
    theirs.weights_, theirs.means_ = np.array(mixture.weights), np.array(mixture.means)
    theirs.covariances_ = np.array(mixture.covariances)
    theirs.precisions_cholesky_ = mixture.structure.form.precision_factors(
        mixture.components.whitening(kernel.invert_lower)
    )
    return theirs


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("seed", [0, 42])
def test_a_sample_is_scikit_learn_s_of_the_same_seed(structure: str, seed: int) -> None:
    mixture = random_mixture(np.random.default_rng(seed), structure, 3, 4)
    theirs, their_labels = scikit_learn_s(mixture, seed).sample(200)
    ours, labels = mixture.sample(200, random_state=seed)
    np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(labels, their_labels)


def test_a_sample_follows_the_density() -> None:
    mixture = Mixture([0.3, 0.7], [[-3.0], [2.0]], [[[1.0]], [[0.25]]])
    rows, _ = mixture.sample(5000, random_state=0)

    def distribution(x: np.ndarray) -> np.ndarray:
        return 0.3 * norm(-3.0, 1.0).cdf(x) + 0.7 * norm(2.0, 0.5).cdf(x)

    assert kstest(rows[:, 0], distribution).pvalue > 0.01


def test_a_random_state_is_used_and_advanced() -> None:
    mixture = Mixture([1.0], [[0.0]], [[[1.0]]])
    random = np.random.RandomState(5)
    first, second = mixture.sample(3, random)[0], mixture.sample(3, random)[0]
    np.testing.assert_array_equal(first, mixture.sample(3, random_state=5)[0])
    assert (first != second).all()


def test_a_large_covariance_draws_without_a_warning() -> None:
    # NumPy's own check has an absolute tolerance, which large numbers do not meet.
    mixture = random_mixture(np.random.default_rng(0), "full", 2, 5)
    large = Mixture(mixture.weights, mixture.means, 1e12 * mixture.covariances)
    rows, _ = large.sample(10, random_state=0)
    assert np.isfinite(rows).all()


@pytest.mark.parametrize("n", [0, -3, 2.5, True, "3"])
def test_a_number_of_rows_that_is_none_is_refused(n: object) -> None:
    with pytest.raises(ParameterError, match="expected a whole number of rows, at least 1"):
        Mixture([1.0], [[0.0]], [[[1.0]]]).sample(n)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "seed"])
def test_a_seed_that_is_none_is_refused(seed: object) -> None:
    with pytest.raises(ParameterError, match="expected a whole number from 0 to 4294967295"):
        Mixture([1.0], [[0.0]], [[[1.0]]]).sample(1, random_state=seed)
