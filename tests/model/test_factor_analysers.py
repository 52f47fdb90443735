"""A mixture of factor analysers is that of its written-out covariances, and stays low rank."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import multivariate_normal

from mixtura import Mixture, load
from mixtura.engine import kernel
from mixtura.engine.kernel import reference
from mixtura.engine.sources import Block, fields_of
from mixtura.errors import ModelError, ParameterError
from mixtura.model.storage import save
from mixtura.model.structures import structure

K = 3


def analysers(d: int, h: int, seed: int = 0, k: int = K) -> Mixture:
    """Random factor analysers of k components."""
    random = np.random.default_rng(seed)
    packed = np.concatenate(
        [random.normal(size=(k, d, h)), random.uniform(0.2, 1.0, size=(k, d, 1))], axis=2
    )
    means = 2.0 * random.normal(size=(k, d))
    return Mixture(random.dirichlet(np.full(k, 5.0)), means, packed, f"factor-{h}")


def written_out(mixture: Mixture) -> Mixture:
    """The same density with whole covariances."""
    return Mixture(mixture.weights, mixture.means, mixture.covariance_matrices(), "full")


@pytest.mark.parametrize(("d", "h"), [(2, 1), (3, 2), (9, 4), (17, 5), (40, 8)])
def test_densities_are_scipy_s_of_the_written_out_covariances(d: int, h: int) -> None:
    mixture = analysers(d, h)
    rows, _ = mixture.sample(100, 1)
    parts = zip(mixture.weights, mixture.means, mixture.covariance_matrices(), strict=True)
    joint = [np.log(w) + multivariate_normal(m, c).logpdf(rows) for w, m, c in parts]
    assert_allclose(mixture.score_samples(rows), np.logaddexp.reduce(joint), rtol=1e-11)


@pytest.mark.parametrize(("d", "h"), [(2, 1), (3, 2), (9, 4), (17, 5), (65, 9)])
@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_both_kernels_find_the_same_sums(d: int, h: int, kind: type) -> None:
    mixture = analysers(d, h)
    rows = np.ascontiguousarray(mixture.sample(333, 1)[0], dtype=kind)
    weights = np.random.default_rng(0).uniform(size=333)
    for diagonal in (None, True, False):
        block = Block(0, rows, fields_of(weights=weights))
        ours = kernel.accumulate(block, mixture.components, diagonal=diagonal)
        theirs = reference.accumulate(block, mixture.components, diagonal=diagonal)
        assert ours.second.shape == theirs.second.shape
        for name in ("weight", "first", "second"):
            scale = np.abs(getattr(theirs, name)).max()
            assert_allclose(getattr(ours, name), getattr(theirs, name), atol=1e-12 * scale, rtol=0)
        assert_allclose(ours.log_likelihood, theirs.log_likelihood, rtol=1e-12)


def test_sums_along_directions_are_those_of_the_whole_second_moments() -> None:
    mixture = analysers(6, 2)
    block = Block(0, mixture.sample(200, 1)[0], {})
    along = kernel.accumulate(block, mixture.components)
    whole = kernel.accumulate(block, mixture.components, diagonal=False)
    elsewhere = mixture.means + 3.0
    for one, all_of_it in ((along, whole), (along.about(elsewhere), whole.about(elsewhere))):
        seen = all_of_it.second @ one.directions
        assert_allclose(one.second[:, :, :-1], seen, rtol=1e-10, atol=1e-9)
        assert_allclose(one.second[:, :, -1], np.einsum("kdd->kd", all_of_it.second), rtol=1e-10)


def test_parts_of_it_are_those_of_the_whole_covariances_and_stay_low_rank() -> None:
    mixture = analysers(7, 2)
    whole = written_out(mixture)
    assert mixture.marginal([4, 0, 5]).structure.name == "factor-2"
    assert mixture.marginal([4, 0]).structure.name == "full"
    for one, other in (
        (mixture.marginal([4, 0, 5]), whole.marginal([4, 0, 5])),
        (mixture.marginal([4, 0]), whole.marginal([4, 0])),
        (mixture.condition({1: 0.3, 6: -1.0}), whole.condition({1: 0.3, 6: -1.0})),
        (
            mixture.transformed(np.arange(1.0, 8.0), 3.0),
            whole.transformed(np.arange(1.0, 8.0), 3.0),
        ),
        (mixture.transformed(np.eye(7)[::-1]), whole.transformed(np.eye(7)[::-1])),
    ):
        assert_allclose(one.weights, other.weights, rtol=1e-9)
        assert_allclose(one.means, other.means, rtol=1e-9, atol=1e-12)
        assert_allclose(
            one.covariance_matrices(), other.covariance_matrices(), rtol=1e-9, atol=1e-12
        )
    assert_allclose(mixture.covariance(), whole.covariance(), rtol=1e-12)


def test_rows_that_lack_features_or_have_errors_are_scored_as_by_the_whole_covariances() -> None:
    mixture = analysers(7, 2)
    whole, rows = written_out(mixture), mixture.sample(40, 1)[0]
    errors = np.random.default_rng(2).uniform(0.1, 1.0, size=rows.shape)
    assert_allclose(
        mixture.score_samples(rows, errors), whole.score_samples(rows, errors), rtol=1e-9
    )
    rows[::2, 3] = rows[::3, 1] = np.nan
    ours = mixture.score_samples(rows, missing="em")
    assert_allclose(ours, whole.score_samples(rows, missing="em"), rtol=1e-10)
    assert_array_equal(mixture.predict(rows, missing="em"), whole.predict(rows, missing="em"))


def test_rows_that_are_drawn_have_its_moments() -> None:
    mixture = analysers(5, 2)
    rows, labels = mixture.sample(200_000, 3)
    for k in range(K):
        mine = rows[labels == k]
        assert_allclose(mine.mean(axis=0), mixture.means[k], atol=0.03)
        assert_allclose(np.cov(mine.T), mixture.covariance_matrices()[k], atol=0.1)


def test_turned_loadings_are_the_same_density() -> None:
    mixture = analysers(6, 3)
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    packed = mixture.covariances.copy()
    packed[:, :, :-1] = packed[:, :, :-1] @ turn
    turned = Mixture(mixture.weights, mixture.means, packed, "factor-3")
    rows, _ = mixture.sample(100, 0)
    assert_allclose(turned.score_samples(rows), mixture.score_samples(rows), rtol=1e-12)
    assert_allclose(np.abs(turned.loadings), np.abs(mixture.loadings), rtol=1e-9, atol=1e-12)


def test_the_parts_of_a_distance_are_what_factors_explain_and_what_they_leave() -> None:
    mixture = analysers(6, 2)
    rows, _ = mixture.sample(50, 0)
    told = mixture.factors(rows)
    distances = kernel.squared_distances(rows, mixture.components)
    assert_allclose(told.of_factors + told.of_residuals, distances, rtol=1e-9)
    for k, (mean, matrix) in enumerate(
        zip(mixture.means, mixture.covariance_matrices(), strict=True)
    ):
        slopes = mixture.loadings[k].T @ np.linalg.inv(
            matrix
        )  # E[z | x] of the joint normal of both
        assert_allclose(told.expected[:, k], (rows - mean) @ slopes.T, rtol=1e-9, atol=1e-9)
        residuals = rows - mean - told.expected[:, k] @ mixture.loadings[k].T
        assert_allclose(
            told.of_residuals[:, k], (residuals**2 / mixture.uniquenesses[k]).sum(axis=1)
        )


def test_an_explanation_says_where_the_factors_stand() -> None:
    mixture = analysers(6, 2)
    rows, _ = mixture.sample(5, 0)
    told = mixture.explain(rows)
    assert told.factors is not None
    parts = told.factors.of_factors + told.factors.of_residuals
    assert_allclose(parts, told.squared_distances, rtol=1e-9)
    best = int(told.responsibilities[0].argmax())
    share = told.factors.of_factors[0, best] / told.squared_distances[0, best]
    assert f"that makes {share:.0%} of the squared distance" in mixture.explain(rows[:1]).to_text()
    assert written_out(mixture).explain(rows).factors is None


def test_a_model_file_keeps_the_loadings_to_the_bit(tmp_path: Path) -> None:
    mixture = analysers(300, 2, k=2)
    save(mixture, tmp_path / "model.safetensors")
    again = load(tmp_path / "model.safetensors")
    assert again.structure == mixture.structure
    assert_array_equal(again.covariances, mixture.covariances)
    assert (tmp_path / "model.safetensors").stat().st_size < 2 * 300 * 5 * 8 + 2000


def test_of_many_features_nothing_is_built_of_their_square() -> None:
    mixture = analysers(3000, 3, k=2)  # a matrix of whose features takes 72 MB
    rows, _ = mixture.sample(20, 0)
    tracemalloc.start()
    rest = mixture.condition({0: 1.0, 17: 0.0}).marginal(range(1000))
    rest.sample(20, 0)
    mixture.score_samples(rows)
    mixture.factors(rows)
    repr(mixture), str(mixture), mixture.n_parameters
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8e6
    assert rest.structure.name == "factor-3"


def test_parameters_are_counted_up_to_rotation_and_never_more_than_a_matrix_has() -> None:
    weights_and_means = K - 1 + K * 9
    assert structure("factor-2").n_covariance_parameters(K, 9) == K * (9 * 2 + 9 - 1)
    assert structure("factor-shared", 2).n_covariance_parameters(K, 9) == K * (9 * 2 - 1) + 9
    assert structure("factor-8").n_covariance_parameters(K, 9) == K * 45
    assert analysers(9, 2).n_parameters == weights_and_means + K * 26


def test_what_is_no_structure_of_factors_is_refused() -> None:
    with pytest.raises(ParameterError, match="nothing says of how many factors: give n_factors"):
        structure("factor")
    with pytest.raises(ParameterError, match="n_factors is 2, and the structure is 'full'"):
        structure("full", 2)
    with pytest.raises(ParameterError, match="expected a whole number of at least 1, and no other"):
        structure("factor-2", 3)
    with pytest.raises(ParameterError, match="expected fewer than there are features, 2"):
        Mixture([1.0], [[0.0, 0.0]], np.ones((1, 2, 3)), "factor-2")
    with pytest.raises(ModelError, match="what its factors leave of feature 1 has the variance 0"):
        Mixture([1.0], [[0.0, 0.0]], [[[1.0, 1.0], [1.0, 0.0]]], "factor-1")
    with pytest.raises(ParameterError, match="this mixture is full, which has no factors"):
        written_out(analysers(4, 2)).factors([[0.0] * 4])


@pytest.mark.parametrize("ending", ["json", "xml", "mdl", "gmm"])
def test_other_formats_hold_the_same_density_written_out(ending: str, tmp_path: Path) -> None:
    from mixtura.formats import read
    from mixtura.formats.writers import writer
    from mixtura.model.storage import StoredModel

    mixture, path = analysers(4, 2), tmp_path / f"model.{ending}"
    path.write_bytes(writer(path.suffix).encoded(StoredModel(mixture, {}, ""), path.suffix))
    again = read(path).mixture
    rows, _ = mixture.sample(20, 0)
    assert again.structure.name == "full"
    assert_allclose(again.score_samples(rows), mixture.score_samples(rows), rtol=1e-4)
