"""Tail probabilities: exact for one component, within their standard errors for several."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from randomly import random_mixture
from scipy import stats

from mixtura import Box, Mixture, Noise
from mixtura.errors import DataError, ParameterError
from mixtura.model.distributions import chi_survival, chi_survival_quantiles
from mixtura.model.tail import tail_of

LEVELS = np.array([0.9, 0.5, 0.1, 1e-2, 1e-3, 1e-4])
PAIR = Mixture(
    [0.7, 0.3], [[0.0, 0.0], [5.0, 1.0]], [[[1.0, 0.6], [0.6, 1.0]], [[2.0, -0.5], [-0.5, 0.5]]]
)


def noisy(mixture: Mixture, weight: float) -> Mixture:
    """The same with noise in a box about its rows."""
    rows, _ = mixture.sample(1000, 0)
    box = Box(rows.min(axis=0), np.ptp(rows, axis=0))
    parts = (mixture.weights * (1.0 - weight), mixture.means, mixture.covariances)
    return Mixture(*parts, mixture.structure, noise=Noise(weight, box))


def assert_within_errors(mixture: Mixture, n: int, seed: int) -> None:
    """Shares of n rows of the mixture's own are its tail's, within three standard errors."""
    tail = mixture.score_tail
    scores = mixture.score_samples(mixture.sample(n, seed)[0])
    for level in LEVELS:
        at = tail.threshold(level)
        if at == -np.inf:
            continue
        chance = np.sqrt(level * (1.0 - level) / n)
        allowed = 3.0 * np.hypot(chance, tail.error([at])[0])
        assert abs(np.mean(scores <= at) - level) <= allowed, f"{level} of {mixture!r}"


@pytest.mark.parametrize("degrees", [1, 2, 3, 8, 25, 120])
def test_a_chi_survival_is_scipys_however_little_is_left(degrees: int) -> None:
    distances = np.concatenate([[0.0], np.geomspace(1e-3, 36.0, 200)])
    expected = stats.chi2.sf(distances**2, degrees)
    np.testing.assert_allclose(chi_survival(distances, degrees), expected, rtol=2e-12, atol=1e-300)
    shares = np.array([0.999, 0.5, 1e-3, 1e-12, 1e-100])
    expected = np.sqrt(stats.chi2.isf(shares, degrees))
    np.testing.assert_allclose(chi_survival_quantiles(shares, degrees), expected, rtol=1e-12)


@pytest.mark.parametrize("d", [1, 2, 7])
def test_one_component_has_the_chi_square_tail(d: int) -> None:
    mixture = random_mixture(np.random.default_rng(d), "full", 1, d)
    rows = 3.0 * np.random.default_rng(1).normal(size=(500, d))
    apart = rows - mixture.means[0]
    squares = np.einsum("ni,ij,nj->n", apart, np.linalg.inv(mixture.covariances[0]), apart)
    np.testing.assert_allclose(mixture.tail(rows), stats.chi2.sf(squares, d), 1e-9, 1e-300)
    assert not mixture.score_tail.error([1.0, -3.0]).any()
    at = mixture.threshold(1e-6)
    np.testing.assert_allclose(mixture.score_tail.probability([at]), 1e-6, rtol=1e-9)


@pytest.mark.parametrize(("d", "structure"), [(1, "full"), (3, "diag"), (20, "tied")])
def test_equal_components_have_the_tail_of_one(d: int, structure: str) -> None:
    one = random_mixture(np.random.default_rng(d), structure, 1, d)
    shape = one.covariances if structure == "tied" else np.repeat(one.covariances, 3, axis=0)
    three = Mixture([0.2, 0.3, 0.5], np.repeat(one.means, 3, axis=0), shape, structure)
    peak = one.score_samples(one.means)[0]
    levels = np.array([0.9, 0.5, 1e-2, 1e-4, 1e-6, 1e-9])
    scores = peak - 0.5 * stats.chi2.isf(levels, d)
    tail = three.score_tail
    apart = np.abs(tail.probability(scores) - levels)
    assert np.all(apart <= np.minimum(3.0 * tail.error(scores) + 3e-4 * levels, 0.02 * levels))


@pytest.mark.parametrize("k", [2, 5])
def test_on_a_line_it_is_the_integral_where_the_density_is_lower(k: int) -> None:
    mixture = random_mixture(np.random.default_rng(k), "spherical", k, 1)
    widest = mixture.covariances.max() ** 0.5
    ends = mixture.means.min() - 8.0 * widest, mixture.means.max() + 8.0 * widest
    grid, width = np.linspace(*ends, 200_000, retstep=True)
    parts = zip(mixture.weights, mixture.means[:, 0], mixture.covariances, strict=True)
    density = sum(w * stats.norm.pdf(grid, mean, v**0.5) for w, mean, v in parts)
    tail = mixture.score_tail
    for level in [0.7, 0.1, 1e-3, 1e-6]:
        at = tail.threshold(level)
        expected = density[density <= np.exp(at)].sum() * width
        assert abs(expected - level) <= 3.0 * tail.error([at])[0] + 2e-4 * level


@pytest.mark.parametrize(
    ("k", "d", "structure", "noise"),
    [
        (2, 1, "full", 0),
        (6, 2, "diag", 0),
        (9, 8, "full", 0),
        (3, 20, "tied", 0),
        (4, 3, "full", 0.1),
    ],
)
def test_shares_of_drawn_rows_are_within_three_standard_errors(
    k: int, d: int, structure: str, noise: float
) -> None:
    mixture = random_mixture(np.random.default_rng(k), structure, k, d)
    assert_within_errors(noisy(mixture, noise) if noise else mixture, 60_000, k)


def test_the_standard_error_is_that_of_tails_of_other_seeds() -> None:
    mixture = random_mixture(np.random.default_rng(3), "diag", 2, 2)
    at = [mixture.threshold(level) for level in (0.5, 1e-2, 1e-4, 1e-6)]
    tails = [tail_of(mixture, seed) for seed in range(12)]
    spread = np.std([tail.probability(at) for tail in tails], axis=0, ddof=1)
    told = np.mean([tail.error(at) for tail in tails], axis=0)
    assert np.all((spread > 0.25 * told) & (spread < 1.5 * told))


def test_it_rises_with_the_score_from_almost_none_to_one() -> None:
    for mixture in (PAIR, noisy(PAIR, 0.1), PAIR.condition({0: 1.0}), PAIR.marginal([1])):
        peak = mixture.score_samples(mixture.means).max()
        scores = np.concatenate([[-np.inf], np.linspace(peak - 60.0, peak + 1.0, 10_001)])
        found = mixture.score_tail.probability(scores)
        assert np.all(np.diff(found) >= 0.0)
        assert 0.0 <= found[0] <= 0.1
        assert found[-1] == pytest.approx(1.0)


def test_a_threshold_has_the_probability_that_was_asked_for() -> None:
    for mixture in (PAIR, random_mixture(np.random.default_rng(0), "full", 9, 4)):
        for level in (0.9, 0.1, 1e-3, 1e-6):
            found = mixture.score_tail.probability([mixture.threshold(level)])
            np.testing.assert_allclose(found, level, rtol=1e-3)


def test_of_fresh_rows_a_thousandth_is_taken_for_outliers() -> None:
    n, alpha = 100_000, 1e-3
    rows, _ = PAIR.sample(n, 7)
    flagged = PAIR.outliers(rows, alpha)
    assert abs(flagged.mean() - alpha) <= 3.0 * np.sqrt(alpha / n)
    np.testing.assert_array_equal(flagged, PAIR.tail(rows) <= alpha)
    np.testing.assert_array_equal(flagged, PAIR.outliers(rows))


def test_a_false_discovery_rate_is_scipys() -> None:
    rows = np.vstack([PAIR.sample(2000, 0)[0], np.random.default_rng(0).normal(9.0, 4.0, (40, 2))])
    adjusted = stats.false_discovery_control(PAIR.tail(rows))
    found = PAIR.outliers(rows, fdr=0.1)
    np.testing.assert_array_equal(found, adjusted <= 0.1)
    assert 20 <= found.sum() <= 60
    assert not PAIR.outliers(PAIR.means, fdr=0.1).any()


def test_with_noise_there_is_a_score_that_none_is_below() -> None:
    mixture = noisy(PAIR, 0.1)
    far = mixture.tail([[1e3, 1e3], [1e6, 0.0]])
    assert far[0] == far[1] > 0.0
    assert mixture.threshold(0.5 * far[0]) == -np.inf
    assert not mixture.outliers([[1e6, 0.0]], 0.5 * far[0]).any()


def test_the_same_mixture_has_the_same_tails_wherever_the_rows_are() -> None:
    rows, _ = PAIR.sample(3000, 0)
    mixture = Mixture(PAIR.weights, PAIR.means, PAIR.covariances)
    tails = mixture.tail(rows)
    other = pickle.loads(pickle.dumps(Mixture(PAIR.weights, PAIR.means, PAIR.covariances)))
    np.testing.assert_array_equal(other.tail(rows), tails)
    batches = [rows[:1000], rows[1000:]]
    np.testing.assert_allclose(mixture.tail(lambda: iter(batches)), tails, rtol=1e-13)
    assert not mixture.score_tail.table.flags.writeable


@pytest.mark.parametrize("value", [0.0, 1.0, -0.1, 2, np.nan, True, "0.1", None])
def test_a_share_that_is_none_is_refused(value: object) -> None:
    for ask in (PAIR.threshold, lambda v: PAIR.outliers([[0.0, 0.0]], fdr=v)):
        if value is None and ask != PAIR.threshold:
            continue
        with pytest.raises(ParameterError, match="expected a number above 0 and below 1"):
            ask(value)


def test_alpha_and_fdr_are_one_or_the_other() -> None:
    with pytest.raises(ParameterError, match="alpha and fdr are both given"):
        PAIR.outliers([[0.0, 0.0]], 0.1, fdr=0.1)
    with pytest.raises(DataError, match="row 0, column 1 is NaN"):
        PAIR.outliers([[0.0, np.nan]])
