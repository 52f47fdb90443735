"""Each structure maximises what it says, and counts what it frees."""

from __future__ import annotations

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import mixtura
from mixtura.engine import kernel
from mixtura.engine.components import Components
from mixtura.errors import ModelError, ParameterError
from mixtura.model.structures import STRUCTURES, Structure, structure

K, D = 3, 4
EACH = pytest.mark.parametrize("model", STRUCTURES, ids=lambda model: model.letters)


def scatters(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Effective numbers of rows (K,) and positive definite scatter matrices (K, D, D)."""
    random = np.random.default_rng(seed)
    weight = random.uniform(5.0, 50.0, K)
    root = random.normal(size=(K, D, 2 * D))
    return weight, root @ root.transpose(0, 2, 1) * (weight / D)[:, None, None]


def fitted(model: Structure, weight: np.ndarray, scatter: np.ndarray) -> np.ndarray:
    """The M-step's covariances as the model's own array."""
    moments = np.einsum("kdd->kd", scatter) if model.form.diagonal else scatter
    return model.maximise(weight, moments)


@pytest.mark.parametrize("name", ["full", "tied", "diag", "spherical"])
def test_the_count_of_parameters_is_scikit_learn_s(name: str) -> None:
    from sklearn.mixture import GaussianMixture

    model = structure(name)
    theirs = GaussianMixture(K, covariance_type=name)
    theirs.means_ = np.zeros((K, D))
    in_all = theirs._n_parameters()
    assert model.n_covariance_parameters(K, D) == in_all - K * D - (K - 1)


@EACH
def test_writing_out_and_gathering_are_inverse(model: Structure) -> None:
    covariances = fitted(model, *scatters(1))
    matrices = model.form.matrices(covariances, K, D)
    assert matrices.shape == (K, D, D)
    assert_allclose(model.form.gathered(matrices), covariances, rtol=0, atol=0)


@EACH
def test_precisions_invert_the_covariances(model: Structure) -> None:
    covariances = fitted(model, *scatters(2))
    precisions = model.form.inverted(covariances)
    product = model.form.matrices(covariances, K, D) @ model.form.matrices(precisions, K, D)
    assert_allclose(product, np.broadcast_to(np.eye(D), (K, D, D)), atol=1e-10)


@EACH
def test_whitening_gives_the_precisions_and_their_upper_factors(model: Structure) -> None:
    covariances = fitted(model, *scatters(5))
    whitening = Components(np.zeros(K), np.zeros((K, D)), model.form.factor(covariances)).whitening(
        kernel.invert_lower
    )
    precisions = model.form.precisions(whitening)
    expected = np.linalg.inv(model.form.matrices(covariances, K, D))
    assert_allclose(model.form.matrices(precisions, K, D), expected, rtol=1e-9, atol=1e-12)
    upper = model.form.precision_factors(whitening)
    if not model.form.diagonal:
        assert_array_equal(upper, np.triu(upper))
        assert_array_equal(precisions, precisions.swapaxes(-1, -2))
        assert_allclose(upper @ upper.swapaxes(-1, -2), precisions, rtol=1e-9, atol=1e-12)
    else:
        assert_allclose(upper * upper, precisions, rtol=1e-14)


@EACH
def test_one_covariance_that_is_singular_is_found_among_sound_ones(model: Structure) -> None:
    covariances = np.array(fitted(model, *scatters(6)))
    assert model.form.unsound(covariances) == []
    if not model.form.shared:
        covariances[1] = 0.0
        assert model.form.unsound(covariances) == [1]


@EACH
def test_the_factor_is_a_square_root_of_the_covariance(model: Structure) -> None:
    covariances = fitted(model, *scatters(3))
    factor = model.form.factor(covariances)
    for k, sigma in enumerate(model.form.matrices(covariances, K, D)):
        deviations = np.random.default_rng(k).normal(size=(D, 7))
        whitened = factor.whiten(k, deviations)
        distances = np.einsum("dm,dm->m", deviations, np.linalg.solve(sigma, deviations))
        assert_allclose(np.einsum("dm,dm->m", whitened, whitened), distances, rtol=1e-11)
        assert_allclose(
            factor.unwhiten_transposed(k, whitened),
            np.linalg.solve(sigma, deviations),
            rtol=1e-9,
            atol=1e-12,
        )
        half = factor.half_log_determinants(D, K)[k]
        assert_allclose(half, 0.5 * np.linalg.slogdet(sigma)[1], rtol=1e-12)


@EACH
def test_a_floor_makes_a_singular_covariance_sound(model: Structure) -> None:
    covariances = np.zeros(model.form.shape(K, D))
    assert model.form.unsound(covariances)[0] == 0
    for k in range(K):
        covariances = model.form.floored(covariances, [k], np.full(D, 0.25))
    assert model.form.unsound(covariances) == []
    lowest = np.linalg.eigvalsh(model.form.matrices(covariances, K, D)).min()
    assert_allclose(lowest, 0.25, rtol=1e-12)


@EACH
def test_a_singular_covariance_is_refused_by_name(model: Structure) -> None:
    covariances = np.array(fitted(model, *scatters(4)))
    covariances[-1] = 0.0
    with pytest.raises(ModelError, match=r"component 2|shared by all components"):
        model.form.factor(covariances)


def test_scikit_learn_s_names_are_aliases() -> None:
    names = {"full": "VVV", "tied": "EEE", "diag": "VVI", "spherical": "VII"}
    for alias, letters in names.items():
        assert structure(alias) is structure(letters)


def test_an_unknown_name_lists_those_that_exist() -> None:
    with pytest.raises(
        ParameterError, match=r"unknown covariance structure 'ful', .*full \(VVV\)"
    ) as caught:
        structure("ful")
    for known in STRUCTURES:
        assert known.letters in str(caught.value)
        assert known.name in str(caught.value)


@pytest.mark.parametrize("name", [["full"], None, 3, {"full": 1}])
def test_what_is_no_name_at_all_is_told_the_same(name: object) -> None:
    words = rf"unknown covariance structure {re.escape(repr(name))}, expected one of: EII, spheric"
    with pytest.raises(ParameterError, match=words):
        mixtura.fit([[0.0], [1.0], [3.0]], structure=name)
