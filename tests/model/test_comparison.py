"""Rows of a mixture's own pass for its own as often as was asked, and others do not."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from randomly import random_mixture
from scipy import stats

import mixtura
from mixtura import Box, Mixture, Noise
from mixtura.errors import DataError, ParameterError
from mixtura.model import drift
from mixtura.model.comparison import holm
from mixtura.model.drift import kolmogorov_survival

TRIO = random_mixture(np.random.default_rng(0), "full", 3, 4)
APART = Mixture([0.2, 0.3, 0.5], [[0.0], [50.0], [100.0]], [1.0, 1.0, 1.0], "spherical")


def noisy() -> Mixture:
    """Five components, and rows of none in a box that half of the others' reach out of."""
    own = random_mixture(np.random.default_rng(2), "full", 5, 2)
    box = Box(own.means.min(axis=0), np.ptp(own.means, axis=0))
    return Mixture(0.8 * own.weights, own.means, own.covariances, noise=Noise(0.2, box))


def rejected(mixture: Mixture, n: int, sets: int) -> float:
    """The share of sets of the mixture's own rows that are said to be others."""
    return np.mean([mixture.compare(mixture.sample(n, seed)[0]).differs for seed in range(sets)])


def test_its_own_rows_are_seldom_said_to_be_others() -> None:
    assert rejected(TRIO, 500, 40) <= 0.1
    assert rejected(noisy(), 5000, 12) <= 0.17


@pytest.mark.slow
@pytest.mark.parametrize("n", [500, 50_000])
def test_its_own_rows_are_said_to_be_others_in_five_of_a_hundred_sets(n: int) -> None:
    assert 0.03 <= rejected(TRIO, n, 200) <= 0.07


def test_one_feature_that_has_shifted_is_found_and_named() -> None:
    shift = np.zeros(4)
    shift[1] = 0.3 * np.sqrt(TRIO.covariance()[1, 1])
    for seed in range(5):
        found = TRIO.compare(TRIO.sample(5000, seed)[0] + shift)
        assert found.differing[0].name == "x1"
        assert found.differing[0].effect["shift"] == pytest.approx(0.3, abs=0.06)
    assert "x1 is 0.33 standard deviations higher than it should be" in found.verdict


def test_components_whose_shares_have_changed_are_found_and_named() -> None:
    other = Mixture([0.25, 0.3, 0.45], APART.means, APART.covariances, "spherical")
    found = APART.compare(other.sample(5000, 0)[0])
    (shares,) = [each for each in found.departures if each.of == "components"]
    assert shares.adjusted < 0.01
    assert shares.distance == pytest.approx(0.05, abs=0.02)
    assert "component 0 has 2" in found.verdict or "component 2 has 4" in found.verdict


def test_of_two_components_whose_shares_have_changed_the_first_is_named() -> None:
    """What one has gained the other has lost; which is more is a matter of rounding."""
    for seed in range(20):
        weight = float(np.random.default_rng(seed).uniform(0.2, 0.8))
        pair = Mixture([weight, 1.0 - weight], [[0.0], [9.0]], [1.0, 1.0], "spherical")
        (found,) = [
            each
            for each in pair.compare(pair.sample(500, seed)[0]).departures
            if each.of == "components"
        ]
        assert found.effect["component"] == 0.0


def test_rows_that_are_too_rare_are_found_by_their_scores() -> None:
    rows, _ = TRIO.sample(4000, 0)
    far = np.random.default_rng(0).normal(scale=8.0, size=(120, 4))
    found = TRIO.compare(np.vstack([rows, far]))
    assert found.departures[0].effect["rare"] > 0.03


def test_a_distance_has_scipys_probability() -> None:
    for n, distance in [(50, 0.19), (500, 0.06), (50_000, 0.0055), (500, 0.02)]:
        expected = stats.kstwo.sf(distance + 0.5826 / np.sqrt(256.0 * n), n)
        assert kolmogorov_survival(distance, n) == pytest.approx(expected, abs=4e-3)
    rows, _ = TRIO.sample(2000, 3)
    one = TRIO.marginal([0])
    deviations = np.sqrt(one.covariances[:, 0, 0])
    parts = zip(one.weights, one.means[:, 0], deviations, strict=True)
    shares = sum(w * stats.norm.cdf(rows[:, 0], mean, deviation) for w, mean, deviation in parts)
    found = TRIO.compare(rows).departures[1]
    assert found.p_value == pytest.approx(stats.kstest(shares, "uniform").pvalue, abs=0.03)


def test_shares_of_components_far_apart_have_pearsons_chi_square() -> None:
    rows, labels = APART.sample(3000, 1)
    found = APART.compare(rows).departures[-1]
    counts = np.bincount(labels)
    expected = stats.chisquare(counts, 3000 * APART.weights).pvalue
    assert found.p_value == pytest.approx(expected, abs=0.02)
    assert found.distance == pytest.approx(0.5 * np.abs(counts / 3000 - APART.weights).sum())


def test_probabilities_of_several_tests_are_holms() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.5]) == pytest.approx([1.0, 1.0])


def test_a_fitted_mixture_is_no_surer_than_the_rows_that_it_was_fitted_to() -> None:
    n, sets = 300, 8
    naive = told = 0
    truth = TRIO.marginal([0, 1])
    for seed in range(sets):
        fit = mixtura.fit(truth.sample(n, seed)[0], 3, start=truth, max_iter=10)
        rows, _ = truth.sample(10_000, 1000 + seed)
        naive += fit.mixture.compare(rows).differs
        told += fit.mixture.compare(rows, fitted_to=fit.n_rows).differs
    assert naive >= 0.75 * sets
    assert told == 0


def test_streams_and_arrays_are_compared_alike() -> None:
    rows, _ = TRIO.sample(3000, 0)
    whole = TRIO.compare(rows).to_dict()
    parts = TRIO.compare(lambda: iter([rows[:1234], rows[1234:]])).to_dict()
    for one, other in zip(whole["departures"], parts["departures"], strict=True):
        assert one["distance"] == pytest.approx(other["distance"], rel=1e-9)
        assert one["effect"] == pytest.approx(other["effect"], rel=1e-9, abs=1e-12)
    again = pickle.loads(pickle.dumps(TRIO.compare(rows)))
    assert again.to_dict() == whole
    assert str(again).startswith("Nothing tells these 3,000 rows")


def test_one_component_has_no_shares_to_test() -> None:
    one = TRIO.condition({0: 0.0}).marginal([0])
    single = Mixture([1.0], one.means[:1], one.covariances[:1])
    of = [each.of for each in single.compare(single.sample(100, 0)[0]).departures]
    assert of == ["score", "feature"]


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(DataError, match="0 rows"):
        TRIO.compare(np.empty((0, 4)))
    with pytest.raises(DataError, match="X has 2 features"):
        TRIO.compare([[0.0, 1.0]])
    with pytest.raises(ParameterError, match="alpha is 1"):
        TRIO.compare(TRIO.means, alpha=1)
    with pytest.raises(ParameterError, match="fitted_to is 0, expected a number of rows"):
        TRIO.compare(TRIO.means, fitted_to=0)
    far = TRIO.compare([[1e300, 0.0, 0.0, 0.0]] * 30)
    assert far.differs


def test_a_verdict_has_numbers_that_people_read() -> None:
    far = TRIO.compare(np.repeat(TRIO.means[:1] + 1e5, 9, axis=0)).verdict
    assert far.startswith("These 9 rows differ widely from what the mixture describes: ")
    assert "e+" not in far
    own = TRIO.compare(TRIO.means[:1]).verdict
    assert own.startswith("Nothing tells this row from rows of the mixture's own")
    assert own.endswith("So few could hardly tell.")


@pytest.mark.parametrize(
    "make", [lambda: random_mixture(np.random.default_rng(0), "full", 3, 4), noisy]
)
def test_responsibilities_that_are_held_some_after_others_change_no_answer(
    make, monkeypatch
) -> None:
    rows = make().sample(3000, 1)[0] + 0.1
    at_once = make().compare(rows)
    monkeypatch.setattr(drift, "_NUMBERS", 3000)
    found = make().compare(rows)
    for ours, theirs in zip(found.departures, at_once.departures, strict=True):
        assert ours.p_value == pytest.approx(theirs.p_value, rel=1e-6)
        assert ours.distance == pytest.approx(theirs.distance, rel=1e-9)
