"""Regression says of all rows what a condition says of each."""

from __future__ import annotations

import numpy as np
import pytest
from randomly import STRUCTURES, random_mixture
from scipy.optimize import brentq
from scipy.stats import norm

import mixtura
from mixtura import Box, Mixture, Noise
from mixtura.errors import DataError, ParameterError


def made(structure: str, offset: float = 0.0, *, noisy: bool = False) -> Mixture:
    random = np.random.default_rng(5)
    mixture = random_mixture(random, structure, 3, 4, condition=50.0, offset=offset)
    if not noisy:
        return mixture
    noise = Noise(0.2, Box(mixture.means.min(axis=0) - 5.0, np.full(4, 20.0)))
    return Mixture(
        0.8 * mixture.weights, mixture.means, mixture.covariances, structure, noise=noise
    )


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("noisy", [False, True])
@pytest.mark.parametrize("targets", [[1], [3, 0]])
def test_every_row_is_told_what_its_condition_says(
    structure: str, noisy: bool, targets: list[int]
) -> None:
    mixture = made(structure, noisy=noisy)
    given = [j for j in range(4) if j not in targets]
    rows = mixture.sample(30, random_state=1)[0][:, given]
    told = mixture.regress(rows, targets)
    # A condition leaves features in their own order.
    order = np.argsort(np.argsort(targets))
    for i, row in enumerate(rows):
        one = mixture.condition(dict(zip(given, row.tolist(), strict=True)))
        np.testing.assert_allclose(told.mean[i], one.mean()[order], rtol=1e-10, atol=1e-10)
        expected = one.covariance()[np.ix_(order, order)]
        np.testing.assert_allclose(told.covariance[i], expected, rtol=1e-10, atol=1e-10)
        seen, expected = (shares[shares > 1e-200] for shares in (told.weights[i], one.shares))
        np.testing.assert_allclose(seen, expected, rtol=1e-10)
    np.testing.assert_array_equal(told.deviations**2 > 0.0, True)


def test_no_digit_is_lost_to_an_offset() -> None:
    near, far = made("full"), made("full", 1e6)
    rows = near.sample(50, random_state=2)[0][:, :3]
    shifted = rows + (far.means - near.means)[0, :3]
    difference = far.regress(shifted, 3).mean - near.regress(rows, 3).mean
    np.testing.assert_allclose(difference[:, 0], (far.means - near.means)[0, 3], atol=1e-7)


@pytest.mark.parametrize("noisy", [False, True])
def test_quantiles_invert_the_distribution_function_of_the_target(noisy: bool) -> None:
    mixture = made("full", noisy=noisy)
    rows = mixture.sample(40, random_state=3)[0][:, :3]
    probabilities = [1e-6, 0.1, 0.5, 0.999]
    told = mixture.regress(rows, [3], quantiles=probabilities)
    for row, quantiles in zip(rows, told.quantiles, strict=True):
        one = mixture.condition(dict(enumerate(row.tolist())))
        deviations = np.sqrt(one.covariance_matrices()[:, 0, 0])

        def excess(y: float, p: float, one: Mixture = one, s: np.ndarray = deviations) -> float:
            below = one.weights @ norm.cdf((y - one.means[:, 0]) / s)
            if one.noise:
                box = one.noise.box
                below += one.noise.weight * np.clip((y - box.low[0]) / box.extent[0], 0.0, 1.0)
            return float(below - p)

        for p, quantile in zip(probabilities, quantiles, strict=True):
            expected = brentq(excess, -100.0, 100.0, args=(p,), xtol=1e-14, rtol=1e-15)
            assert quantile == pytest.approx(expected, rel=1e-9, abs=1e-10)


def test_tables_streams_and_float32_rows_are_told_the_same(tmp_path) -> None:
    pandas = pytest.importorskip("pandas")
    plain = made("full")
    mixture = Mixture(plain.weights, plain.means, plain.covariances, feature_names=list("abcd"))
    rows = mixture.sample(500, random_state=4)[0]
    expected = mixture.regress(rows[:, [0, 2, 3]], "b", quantiles=0.5)
    table = pandas.DataFrame(rows[:, ::-1], columns=list("dcba"))
    table.to_csv(tmp_path / "rows.csv", index=False)
    for given in (table, tmp_path / "rows.csv"):
        told = mixture.regress(given, "b", quantiles=0.5)
        np.testing.assert_allclose(told.mean, expected.mean, rtol=1e-12)
        np.testing.assert_allclose(told.quantiles, expected.quantiles, rtol=1e-12)
    dask = pytest.importorskip("dask.dataframe").from_pandas(table, npartitions=3)
    both, lazily = (mixture.regress(each[["a", "d"]], ["b", "c"]) for each in (table, dask))
    np.testing.assert_array_equal(lazily.covariance.compute(), both.covariance)
    narrow = mixture.regress(rows[:, [0, 2, 3]].astype(np.float32), ["b"])
    np.testing.assert_allclose(narrow.mean, expected.mean, rtol=1e-4, atol=1e-4)


def test_what_cannot_be_regressed_is_refused_in_a_sentence() -> None:
    mixture = made("full")
    rows = np.zeros((2, 3))
    for targets, match in [
        ([], "0 of 4 features are targets"),
        ([0, 1, 2, 3], "4 of 4 features are targets"),
        ([4], "there is no feature 4"),
        ("y", "there is no feature 'y'"),
        ([0, 0], "given twice"),
    ]:
        with pytest.raises(ParameterError, match=match):
            mixture.regress(rows, targets)
    for wish in (0.0, [1.0], [0.5, float("nan")], "half"):
        with pytest.raises(ParameterError, match="quantiles"):
            mixture.regress(rows, 0, quantiles=wish)
    with pytest.raises(ParameterError, match="asked for of 2 targets"):
        mixture.regress(np.zeros((2, 2)), [0, 1], quantiles=[0.5])
    with pytest.raises(DataError, match="4 features"):
        mixture.regress(np.zeros((2, 4)), 0)
    with pytest.raises(DataError, match="NaN"):
        mixture.regress(np.full((2, 3), np.nan), 0)


def test_a_curve_is_followed() -> None:
    random = np.random.default_rng(16)
    x = random.uniform(-3, 3, 2000)
    y = 2 * np.sin(x) + random.normal(0, 0.1, 2000)
    mixture = mixtura.fit(np.c_[x, y], 6).mixture
    told = mixture.regress(x[:, None], 1, quantiles=[0.05, 0.95])
    assert np.mean((told.mean[:, 0] - 2 * np.sin(x)) ** 2) < 0.1**2
    inside = (told.quantiles[:, 0] < y) & (y < told.quantiles[:, 1])
    assert inside.mean() == pytest.approx(0.9, abs=0.02)
