"""Clusters amid noise: found, counted, and told from it, whatever the start."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

import mixtura
from cluttered import SHAPES, background, halves, shaped
from mixtura import Mixture
from mixtura.fitting.m_step.estimate import Estimate
from mixtura.model.box import Box
from mixtura.model.structures import structure as structure_called


@pytest.fixture(autouse=True, scope="module")
def on_each_kernel() -> str:
    """The installed kernel alone: what noise is to a pass, the other tests ask of both."""
    return "native"


@pytest.mark.parametrize("seed", range(10))
def test_clusters_and_a_background_are_told_apart(seed: int) -> None:
    rows = background(seed)
    fit = mixtura.fit(rows, 2, noise=True)
    assert fit.mixture.noise is not None
    assert_allclose(fit.mixture.weights, 0.4, atol=0.03)
    assert_allclose(fit.mixture.noise.weight, 0.2, atol=0.03)
    # No component is as wide as the background.
    assert np.linalg.eigvalsh(fit.mixture.covariance_matrices()).max() < 4.0


@pytest.mark.parametrize(
    ("shape", "share", "n", "seed"),
    [
        ("blobs", 0.1, 400, 1),
        ("blobs", 0.7, 1000, 0),
        ("chevron", 0.7, 400, 2),
        ("lines", 0.4, 1000, 1),
        ("lines", 0.7, 400, 2),
    ],
)
def test_a_fit_ends_no_lower_than_one_that_is_told_the_noise(
    shape: str, share: float, n: int, seed: int
) -> None:
    rows, labels = shaped(shape, share, n, seed)
    k = len(SHAPES[shape][0])
    told = mixtura.fit(rows, k, noise=True, start=labels)
    for order in (np.arange(n), np.random.default_rng(seed).permutation(n)):
        fit = mixtura.fit(rows[order], k, noise=True, random_state=seed)
        assert fit.log_likelihood > told.log_likelihood - 1.0


def test_a_structure_of_any_kind_is_searched_amid_noise() -> None:
    rows, labels = shaped("blobs", 0.3, 400, 0)
    for structure in ("EII", "VII", "VVI", "EEE", "VEV", "EVE"):
        options = {"structure": structure, "noise": True}
        told = mixtura.fit(rows, 5, start=labels, **options)
        fit = mixtura.fit(rows, 5, **options)
        assert fit.log_likelihood > told.log_likelihood - 1.0
        assert fit.searches is not None


def test_rows_in_a_plane_are_searched_amid_noise() -> None:
    rows = background(5, 300)
    flat = np.column_stack([rows, rows @ [1.0, 2.0]])
    labels = np.repeat([0, 1, -1], [120, 120, 60])
    told = mixtura.fit(flat, 2, noise=True, start=labels)
    fit = mixtura.fit(flat, 2, noise=True)
    # No noise is as dense as a component in the plane.
    assert fit.log_likelihood > told.log_likelihood - 1.0


@pytest.mark.slow
def test_they_are_told_apart_in_95_of_100_seeds() -> None:
    good = 0
    for seed in range(100):
        fit = mixtura.fit(background(seed), 2, noise=True)
        wide = np.linalg.eigvalsh(fit.mixture.covariance_matrices()).max() > 4.0
        good += not wide and np.abs(fit.mixture.shares - [0.4, 0.4, 0.2]).max() < 0.03
    assert good >= 95


def test_selection_finds_the_clusters_and_not_the_background() -> None:
    rows = background(3)
    structures = ["EEE", "VVV"]
    amid = mixtura.select(rows, [1, 2, 3], structures=structures, noise=True)
    assert amid.best.mixture.n_components == 2
    assert amid.best.mixture.noise is not None
    without = mixtura.select(rows, [1, 2, 3], structures=structures)
    assert without.best.mixture.n_components > 2
    assert amid.best.bic < without.best.bic


def test_noise_goes_along_with_units() -> None:
    factors = np.array([1e6, 1e-6])
    plain = mixtura.fit(background(1), 2, noise=True)
    scaled = mixtura.fit(background(1) * factors, 2, noise=True)
    assert_allclose(scaled.mixture.shares, plain.mixture.shares, atol=1e-6)
    assert_allclose(
        scaled.mean_log_likelihood + np.log(factors).sum(), plain.mean_log_likelihood, atol=1e-8
    )


def test_starts_may_say_which_rows_are_noise() -> None:
    rows = background(2)
    whole = mixtura.fit(rows, 2, noise=True)
    labels = whole.mixture.predict(rows)
    assert set(labels) == {-1, 0, 1}
    for start in (
        labels,
        whole.mixture.predict_proba(rows),
        lambda _, k, random: labels,
        whole.mixture,
        Mixture([0.5, 0.5], whole.mixture.means, whole.mixture.covariances),
        halves(rows),
    ):
        again = mixtura.fit(rows, 2, noise=True, start=start)
        assert_allclose(again.log_likelihood, whole.log_likelihood, atol=1e-3)


@pytest.mark.parametrize("start", ["kmeans", "k-means++", "random", "random_from_data"])
def test_a_named_start_is_made_amid_noise(start: str) -> None:
    fit = mixtura.fit(background(4), 2, noise=True, start=start, n_init=3)
    assert_allclose(fit.mixture.shares[2], 0.2, atol=0.03)


def test_selection_counts_weights_as_rows() -> None:
    rows = background(6, 250)
    times = np.random.default_rng(7).integers(1, 4, size=len(rows))
    options = {"structures": ["EII", "VVV"], "noise": True, "prior": "conjugate"}
    weighted = mixtura.select(rows, [2], sample_weight=times, **options)
    repeated = mixtura.select(np.repeat(rows, times, axis=0), [2], **options)
    for one, other in zip(weighted.rows, repeated.rows, strict=True):
        assert_allclose(one.criterion("bic"), other.criterion("bic"), atol=0.02)
        assert_allclose(one.criterion("icl"), other.criterion("icl"), atol=0.2)


@pytest.mark.parametrize("criterion", ["icl", "aic", "cv"])
def test_every_criterion_knows_of_noise(criterion: str) -> None:
    found = mixtura.select(
        background(8, 300),
        [1, 2],
        structures=["VVV"],
        noise=True,
        weights="equal",
        criterion=criterion,
        folds=3,
    )
    assert found.best_row.n_components == 2


@pytest.mark.parametrize("structure", ["VVV", "EEE", "EII", "VVE"])
def test_where_all_is_noise_a_fit_still_ends(structure: str) -> None:
    rows = np.random.default_rng(4).uniform(size=(300, 2))
    for k in (1, 4):
        fit = mixtura.fit(rows, k, structure=structure, noise=True)
        assert np.isfinite(fit.log_likelihood)
        # The density of noise alone, log 1/V a row, is one of those that it may have.
        assert fit.log_likelihood >= -300.0 * fit.mixture.noise.box.log_volume - 1e-6
    far = np.full(300, -1)
    far[:2] = [0, 1]
    fit = mixtura.fit(rows, 2, structure=structure, noise=True, start=far)
    assert np.isfinite(fit.log_likelihood)


def test_one_component_amid_noise() -> None:
    random = np.random.default_rng(3)
    rows = np.vstack([random.normal(size=(300, 2)), random.uniform(-15.0, 15.0, size=(100, 2))])
    fit = mixtura.fit(rows, 1, noise=True)
    assert_allclose(fit.mixture.shares, [0.75, 0.25], atol=0.03)
    found = mixtura.select(rows, [1, 2, 3], structures=["VVV"], noise=True, criterion="icl")
    assert found.best_row.n_components == 1


@pytest.mark.parametrize("weight", [0.0, 5e-324, 1e-300])
@pytest.mark.parametrize("equal", [False, True])
def test_a_component_without_a_share_beside_noise_has_a_logarithm(
    weight: float, equal: bool
) -> None:
    """NumPy's warning of a logarithm of 0 is an error here."""
    one = Estimate(
        weight=np.array([weight, weight]),
        means=np.zeros((2, 1)),
        covariances=np.ones((2, 1)),
        structure=structure_called("VVI"),
        background=1e3,
        box=Box([0.0], [1.0]),
        equal=equal,
    )
    assert np.isfinite(one.components.log_weights).all()
    mixture = one.mixture()
    assert mixture.weights.min() > 0.0
    assert np.isfinite(mixture.score_samples([[0.5]])).all()
