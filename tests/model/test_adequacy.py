"""Whether a mixture fits is judged by what its own rows would show."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mixtura import Mixture, fit
from mixtura.datasets import faithful, galaxies, iris
from mixtura.model.adequacy import adequacy
from mixtura.model.box import Box
from mixtura.model.noise import Noise

ROUND = Mixture([1.0], [[0.0, 0.0]], [np.eye(2)])


def test_departures_are_those_of_kolmogorov_and_smirnov():
    rows = np.random.default_rng(0).standard_t(3, size=(400, 2))
    found = adequacy(ROUND, rows)
    for j in range(2):
        theirs = stats.kstest(rows[:, j], "norm").statistic
        # Ours counts a row half to each side.
        assert found.departures[j] == pytest.approx(theirs, abs=0.5 / 400 + 1e-12)
        place = (rows[:, j] < found.values[j]).mean() + 0.5 / 400
        assert found.observed[j] == pytest.approx(place)
        assert found.expected[j] == pytest.approx(stats.norm.cdf(found.values[j]))
    ours, drawn = ROUND.score_samples(rows), ROUND.score_samples(ROUND.sample(400, 0)[0])
    theirs = stats.ks_2samp(ours, drawn).statistic
    assert found.likelihood * np.sqrt(2.0) == pytest.approx(theirs, abs=0.5 / 400 + 1e-12)


@pytest.mark.parametrize("noise", [False, True])
def test_rows_of_the_mixture_itself_are_rarely_off(noise):
    mixture = fit(iris(), 3).mixture
    if noise:
        box = Box(np.zeros(4), np.full(4, 8.0))
        mixture = Mixture(
            0.9 * mixture.weights, mixture.means, mixture.covariances, noise=Noise(0.1, box)
        )
    found = [adequacy(mixture, mixture.sample(150, seed)[0]) for seed in range(1, 101)]
    assert sum(each.largest > each.bound for each in found) <= 5


@pytest.mark.parametrize(
    ("rows", "few", "enough"), [(faithful(), 1, 2), (iris(), 1, 3), (galaxies(), 1, 3)]
)
def test_too_few_components_are_found_out(rows, few, enough):
    poor, good = (adequacy(fit(rows, k).mixture, rows) for k in (few, enough))
    assert poor.largest > poor.bound
    assert good.largest < good.bound


def test_a_correlation_that_no_feature_shows_is_found_out():
    rows = np.random.default_rng(0).multivariate_normal([0, 0], [[1, 0.95], [0.95, 1]], 2000)
    found = adequacy(ROUND, rows)
    assert found.departures.max() < found.bound < found.likelihood


def test_rounded_rows_are_no_other_rows():
    rows = np.round(ROUND.sample(2000, 1)[0], 1)
    found = adequacy(ROUND, rows)
    assert found.largest < found.bound


def test_of_very_many_rows_some_are_looked_at():
    found = adequacy(fit(iris(), 60, max_iter=1).mixture, np.tile(iris().rows, (100, 1)))
    assert 1000 <= found.n_rows <= 2_000_000 / (60 * 4)


def test_far_rows_are_numbers():
    found = adequacy(ROUND, [[1e300, 0.0], [0.0, -1e300], [0.0, 0.0]])
    assert np.isfinite([*found.departures, found.likelihood]).all()
