"""Probabilities, quantiles, modes, cuts and regions are those of the density, found otherwise."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from randomly import random_mixture
from scipy.integrate import quad
from scipy.optimize import brentq, minimize
from scipy.stats import norm

from mixtura import Box, Mixture, Noise
from mixtura.errors import DataError, ParameterError


def one_feature(seed: int, k: int = 5) -> Mixture:
    random = np.random.default_rng(seed)
    weights = random.dirichlet(np.full(k, 2.0))
    means = random.uniform(-10.0, 10.0, (k, 1))
    return Mixture(weights, means, random.uniform(0.05, 4.0, k), "spherical")


def with_noise() -> Mixture:
    box = Box([-20.0], [50.0])
    return Mixture([0.5, 0.3], [[0.0], [5.0]], [1.0, 0.25], "spherical", noise=Noise(0.2, box))


def density(mixture: Mixture, x: np.ndarray) -> np.ndarray:
    return np.exp(mixture.score_samples(np.reshape(x, (-1, 1))))


@pytest.mark.parametrize("structure", ["full", "tied", "diag", "spherical"])
def test_a_linear_combination_has_the_distribution_of_its_terms(structure: str) -> None:
    mixture = random_mixture(np.random.default_rng(2), structure, 4, 3)
    a = np.array([1.0, -2.0, 0.5])
    means = mixture.means @ a
    deviations = np.sqrt(np.einsum("i,kij,j->k", a, mixture.covariance_matrices(), a))
    values = np.linspace(means.min() - 30.0 * deviations.max(), means.max() + 9.0, 40)
    expected = norm.cdf((values[:, None] - means) / deviations) @ mixture.weights
    np.testing.assert_allclose(mixture.cdf(values, of=a), expected, rtol=1e-12)
    first = norm.cdf(0.3, mixture.means[:, 1], np.sqrt(mixture.covariance_matrices()[:, 1, 1]))
    assert float(mixture.cdf(0.3, of=1)) == pytest.approx(first @ mixture.weights, rel=1e-13)


@pytest.mark.parametrize("seed", range(4))
def test_quantiles_undo_the_distribution_function(seed: int) -> None:
    mixture = one_feature(seed) if seed else with_noise()
    p = np.array([[1e-9, 0.01, 0.3], [0.5, 0.9, 1.0 - 1e-9]])
    values = mixture.quantile(p)
    assert values.shape == p.shape
    np.testing.assert_allclose(mixture.cdf(values), p, rtol=1e-12, atol=1e-16)
    expected = [
        [brentq(lambda x, at=at: float(mixture.cdf(x)) - at, -60, 60, xtol=1e-13) for at in row]
        for row in p.tolist()
    ]
    np.testing.assert_allclose(values, expected, atol=1e-8)


@pytest.mark.parametrize("seed", range(6))
def test_modes_and_antimodes_are_those_of_a_grid(seed: int) -> None:
    mixture = one_feature(seed, 8)
    x = np.linspace(-25.0, 25.0, 400_001)
    p = density(mixture, x)
    inner = slice(1, -1)
    peaks = x[inner][(p[inner] > p[:-2]) & (p[inner] > p[2:])]
    dips = x[inner][(p[inner] < p[:-2]) & (p[inner] < p[2:])]
    found = mixture.modes()
    np.testing.assert_allclose(np.sort(found.points[:, 0]), peaks, atol=2e-4)
    np.testing.assert_allclose(mixture.antimodes(), dips, atol=2e-4)
    assert (np.diff(found.log_densities) <= 0.0).all()
    assert len(found.labels) == 8


def crossed() -> Mixture:
    """Two long components that cross: the ridges' crossing is a mode that no mean leads to."""
    return Mixture(
        [0.5, 0.5], [[0.0, 0.0], [3.0, 3.0]], [[[9.0, 0.0], [0.0, 0.1]], [[0.1, 0.0], [0.0, 9.0]]]
    )


@pytest.mark.parametrize("seed", range(4))
def test_modes_of_two_features_are_those_of_a_grid(seed: int) -> None:
    random = np.random.default_rng(seed)
    mixture = random_mixture(random, "full", 5, 2, condition=20.0) if seed else crossed()
    x = np.linspace(-9.0, 9.0, 601)
    grid = np.stack(np.meshgrid(x, x, indexing="ij"), axis=-1)
    p = mixture.score_samples(grid.reshape(-1, 2)).reshape(601, 601)
    inner, sides = p[1:-1, 1:-1], [(i, j) for i in range(3) for j in range(3) if (i, j) != (1, 1)]
    peaks = np.logical_and.reduce([inner > p[i : i + 599, j : j + 599] for i, j in sides])
    # Along a narrow ridge that leans a grid has peaks of its own: each is climbed on from.
    tops: list[np.ndarray] = []
    for place in x[1:-1][np.argwhere(peaks)]:
        top = minimize(lambda r: -mixture.score_samples([r])[0], place, tol=1e-10).x
        if all(np.abs(top - other).max() > 1e-3 for other in tops):
            tops.append(top)
    found = mixture.modes().points
    assert len(found) == len(tops)
    for point in found:
        assert min(np.abs(top - point).max() for top in tops) < 1e-4


def test_components_that_overlap_have_one_mode_and_no_antimode() -> None:
    mixture = Mixture([0.5, 0.5], [[0.0], [1.9]], [1.0, 1.0], "spherical")
    assert len(mixture.modes()) == 1
    assert mixture.modes().labels.tolist() == [0, 0]
    assert mixture.antimodes().size == 0
    assert len(Mixture([0.5, 0.5], [[0.0], [2.1]], [1.0, 1.0], "spherical").modes()) == 2


@pytest.mark.parametrize("seed", range(4))
def test_labels_change_at_the_cuts_alone(seed: int) -> None:
    mixture = one_feature(seed, 4) if seed else with_noise()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        found = mixture.cuts()
    x = np.linspace(-500.0, 500.0, 500_001)
    labels = mixture.predict(x[:, None])
    changes = np.flatnonzero(labels[1:] != labels[:-1])
    np.testing.assert_allclose(found.points, x[changes], atol=3e-3)
    parts = np.diff(mixture.cdf(np.concatenate([[-1e9], found.points, [1e9]])))
    np.testing.assert_allclose(found.shares, parts, atol=1e-12)
    assert found.labels.tolist() == [*labels[changes].tolist(), labels[-1]]


def test_a_label_of_two_sides_is_warned_of() -> None:
    mixture = Mixture([0.5, 0.5], [[0.0], [0.0]], [0.1, 10.0], "spherical")
    with pytest.warns(UserWarning, match=r"label 1 lie in two parts"):
        found = mixture.cuts()
    assert (found.labels.tolist(), found.split) == ([1, 0, 1], [1])
    far = Mixture([0.5, 0.5], [[0.0], [20.0]], [1.0, 1.1], "spherical").cuts()
    assert (far.labels.tolist(), far.split) == ([1, 0, 1], [])
    alone = Mixture([1.0], [[3.0]], [2.0], "spherical").cuts()
    assert (alone.points.size, alone.labels.tolist()) == (0, [0])


@pytest.mark.parametrize("probability", [0.05, 0.9, 0.999])
def test_a_region_of_one_feature_has_its_probability_and_is_the_smallest(
    probability: float,
) -> None:
    for mixture in (one_feature(1), one_feature(3)):
        region = mixture.hdr(probability)
        parts = [
            quad(lambda x, m=mixture: float(density(m, np.array([x]))[0]), *ends, epsabs=1e-12)[0]
            for ends in region.intervals.tolist()
        ]
        assert sum(parts) == pytest.approx(probability, abs=1e-9)
        edges = mixture.score_samples(region.intervals.reshape(-1, 1))
        np.testing.assert_allclose(edges, region.level, atol=1e-6)


def test_the_level_of_several_features_is_that_of_rows_within_its_error() -> None:
    mixture = random_mixture(np.random.default_rng(4), "full", 3, 3)
    region = mixture.hdr(0.9, random_state=1)
    scores = mixture.score_samples(mixture.sample(400_000, random_state=2)[0])
    expected = np.quantile(scores, 0.1)
    assert region.intervals is None
    assert 0.0 < region.standard_error < 0.02
    # The rows that are held against have an error of their own, half of it.
    assert abs(region.level - expected) < 4.0 * region.standard_error


def test_what_is_not_of_one_feature_is_refused() -> None:
    mixture = random_mixture(np.random.default_rng(4), "full", 2, 3)
    for ask in (mixture.antimodes, mixture.cuts, lambda: mixture.cdf(0.0)):
        with pytest.raises(ParameterError, match="of one feature, and this mixture has 3"):
            ask()
    with pytest.raises(ParameterError, match="there is no feature 'x9'"):
        mixture.cdf(0.0, of="x9")
    with pytest.raises(ParameterError, match="A has shape"):
        mixture.cdf(0.0, of=[1.0, 2.0])
    with pytest.raises(DataError, match="NaN"):
        mixture.cdf(np.nan, of=0)
    with pytest.raises(ParameterError, match="above 0 and below 1"):
        mixture.quantile(1.0, of=0)
    with pytest.raises(ParameterError, match="above 0 and below 1"):
        mixture.hdr(0.0)


def test_distribution_functions_are_mclusts() -> None:
    """Of the figures of decisions.R: mclust integrates over a grid, by 3 digits."""
    path = Path(__file__).parents[1] / "data" / "decisions.json"
    told = {name: np.array(values) for name, values in json.loads(path.read_text()).items()}
    mixture = Mixture(
        told["weights"], told["means"][:, None], told["variances"], structure="spherical"
    )
    np.testing.assert_allclose(mixture.cdf(told["at"]), told["cdf"], atol=1e-3)
    np.testing.assert_allclose(
        mixture.quantile(told["probabilities"]), told["quantiles"], atol=0.05
    )
    # Its levels are those of the rows fitted to, ours of the density; they differ as samples do.
    for p, level in zip(told["hdr_probabilities"], told["hdr_levels"], strict=True):
        assert mixture.hdr(float(p)).level == pytest.approx(np.log(level), abs=0.25)


def test_the_largest_responsibilities_are_those_of_all() -> None:
    random = np.random.default_rng(8)
    mixture = random_mixture(random, "diag", 40, 2)
    rows = mixture.sample(3000, random_state=0)[0]
    whole = mixture.predict_proba(rows)
    labels, shares = mixture.predict_proba(rows, top=5)
    np.testing.assert_array_equal(shares, -np.sort(-whole, axis=1)[:, :5])
    np.testing.assert_array_equal(np.take_along_axis(whole, labels, axis=1), shares)
    np.testing.assert_array_equal(labels[:, 0], mixture.predict(rows))
    noisy = with_noise().predict_proba([[-15.0], [5.0]], top=1)[0]
    assert noisy.tolist() == [[-1], [1]]
    for top in (0, 41, 1.5):
        with pytest.raises(ParameterError, match="top is"):
            mixture.predict_proba(rows, top=top)
