"""Fits to rows that lack features: exact EM, whatever the rows are kept in."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import mixtura
from mixtura import Mixture
from mixtura.datasets import faithful
from mixtura.engine.executors import Threads

CHOLESTEROL = Path(__file__).parents[2] / "examples" / "cholesterol.csv"
FOURTEEN = [
    *("EII", "VII", "EEI", "VEI", "EVI", "VVI", "EEE"),
    *("VEE", "EVE", "VVE", "EEV", "VEV", "EVV", "VVV"),
]


def cholesterol() -> NDArray[np.float64]:
    with CHOLESTEROL.open(encoding="utf-8") as file:
        lines = [line for line in file if not line.startswith("#")]
    return np.array(
        [[float(c) if c else np.nan for c in row] for row in list(csv.reader(lines))[1:]]
    )


def eruptions() -> tuple[NDArray[np.float64], Mixture]:
    """The rows of `faithful` with holes, and the mixture of the complete ones cut at 3 minutes."""
    rows = np.array(faithful())
    numbers = np.arange(len(rows))
    rows[numbers % 5 == 0, 0] = np.nan
    rows[numbers % 7 == 3, 1] = np.nan
    complete = ~np.isnan(rows).any(axis=1)
    long = np.where(np.isnan(rows[:, 0]), ~(rows[:, 1] <= 67.0), rows[:, 0] > 3.0)
    parts = [rows[complete & (long == which)] for which in (False, True)]
    return rows, Mixture(
        [np.mean(~long), np.mean(long)],
        [part.mean(axis=0) for part in parts],
        [np.cov(part.T, bias=True) for part in parts],
    )


def two_groups(n: int = 400, share: float = 0.15) -> NDArray[np.float64]:
    random = np.random.default_rng(3)
    rows = random.normal(size=(n, 3)) @ np.array(
        [[1.0, 0.6, 0.0], [0.0, 1.0, 0.3], [0.0, 0.0, 1.0]]
    )
    rows[n // 2 :] += 4.0
    rows[random.random(rows.shape) < share] = np.nan
    return rows


def test_one_normal_is_the_factored_regressions_of_a_monotone_pattern() -> None:
    fit = mixtura.fit(cholesterol(), 1, missing="em", reg_covar=0, tol=1e-14)
    covariance = [
        [2194.994898, 1454.617347, 835.3979374],
        [1454.617347, 2127.158163, 1515.467237],
        [835.3979374, 1515.467237, 1952.232578],
    ]
    np.testing.assert_allclose(fit.mixture.means[0], [253.9285714, 230.6428571, 222.2371702], 1e-8)
    np.testing.assert_allclose(fit.mixture.covariances[0], covariance, 1e-7)
    assert fit.log_likelihood == pytest.approx(-376.9154653, abs=1e-7)


def test_two_components_from_a_stated_start_end_where_other_code_does() -> None:
    rows, start = eruptions()
    fit = mixtura.fit(rows, 2, missing="em", start=start, reg_covar=0)
    assert fit.log_likelihood == pytest.approx(-970.9347650118, abs=1e-7)
    np.testing.assert_allclose(fit.mixture.weights, [0.3533402996, 0.6466597004], rtol=1e-6)
    means = [[2.0095198029, 53.9700128446], [4.2722035404, 79.9054049458]]
    np.testing.assert_allclose(fit.mixture.means, means, rtol=1e-6)
    assert "8 rows lack every feature" in " ".join(fit.notes)


@pytest.mark.parametrize("start", ["auto", "kmeans"])
def test_named_starts_lead_there_as_well(start: str) -> None:
    fit = mixtura.fit(eruptions()[0], 2, missing="em", start=start)
    assert fit.log_likelihood == pytest.approx(-970.93476501, abs=1e-5)


@pytest.mark.parametrize("structure", FOURTEEN)
def test_the_likelihood_never_falls(structure: str) -> None:
    fit = mixtura.fit(
        two_groups(), 2, structure=structure, missing="em", start="random", max_iter=60, tol=1e-12
    )
    assert (np.diff(fit.trace) >= -1e-10).all()


@pytest.mark.parametrize("more", [{}, {"prior": True}, {"noise": True}, {"weights": "equal"}])
def test_rows_without_holes_give_the_same_bits(more: dict[str, Any]) -> None:
    rows = np.array(faithful())
    plain, told = mixtura.fit(rows, 2, **more), mixtura.fit(rows, 2, missing="em", **more)
    np.testing.assert_array_equal(plain.trace, told.trace)
    np.testing.assert_array_equal(plain.mixture.covariances, told.mixture.covariances)


def climbed(rows: Any, **more: Any) -> mixtura.fitting.Fit:
    """A fit from a start that knows nothing of the order of the rows."""
    start = Mixture([0.5, 0.5], [[0.0] * 3, [4.0] * 3], [np.eye(3)] * 2)
    return mixtura.fit(rows, 2, **{"missing": "em", "start": start, **more})


def test_the_order_of_rows_does_not_matter() -> None:
    rows = two_groups()
    other = np.random.default_rng(0).permutation(rows)
    one, two = climbed(rows), climbed(other)
    np.testing.assert_allclose(one.mixture.covariances, two.mixture.covariances, rtol=1e-8)


def test_shift_and_scale_go_through() -> None:
    rows = two_groups()
    scale, shift = np.array([1e-3, 1.0, 1e5]), 1e8 * np.array([1e-3, 1.0, 1e5])
    plain = climbed(rows, max_iter=3)
    # To begin with a mixture is a step from it.
    start = climbed(rows, max_iter=1).mixture.transformed(scale, shift)
    moved = climbed(rows * scale + shift, start=start, max_iter=1)
    observed = (~np.isnan(rows)).mean(axis=0)
    np.testing.assert_allclose(moved.trace, plain.trace[-2:] - observed @ np.log(scale), atol=1e-6)
    found = moved.mixture.transformed(1 / scale, -shift / scale).covariances
    np.testing.assert_allclose(found, plain.mixture.covariances, rtol=1e-5)


def test_whole_weights_are_repeated_rows() -> None:
    rows = two_groups()
    times = np.random.default_rng(1).integers(0, 4, len(rows))
    weighted, repeated = climbed(rows, sample_weight=times), climbed(np.repeat(rows, times, axis=0))
    np.testing.assert_allclose(weighted.mixture.means, repeated.mixture.means, rtol=1e-8)
    assert weighted.mean_log_likelihood == pytest.approx(repeated.mean_log_likelihood, rel=1e-12)


def test_any_number_of_threads_gives_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.tile(two_groups(), (20, 1))
    fits = []
    for threads in (1, 3):
        monkeypatch.setattr("mixtura.rows.data.default_executor", lambda n=threads: Threads(n))
        fits.append(climbed(rows, max_iter=5))
    np.testing.assert_array_equal(fits[0].trace, fits[1].trace)


@pytest.mark.slow
def test_half_of_all_values_missing_leaves_covariances_unbiased() -> None:
    """Gaps that are filled with their means would shrink them, by a half and more."""
    truth = np.array([[1.0, 0.7], [0.7, 1.0]])
    # Of a variance known from 1000 values, of a covariance from 500 pairs and half values besides.
    errors = np.array([[np.sqrt(2.0 / 1000)] * 2] * 2)
    errors[[0, 1], [1, 0]] = np.sqrt(1.49 / 500)
    off = []
    for seed in range(50):
        random = np.random.default_rng(seed)
        rows = random.multivariate_normal([0.0, 0.0], truth, 2000)
        rows[random.random(rows.shape) < 0.5] = np.nan
        found = mixtura.fit(rows, 1, missing="em").mixture.covariances[0]
        off.append((found - truth) / errors)
    # Of 150 normal deviates the largest is beyond 3 in one of three sets, beyond 3.5 in one of 14.
    assert np.abs(np.array(off)).max() < 3.5
    assert np.abs(np.mean(off, axis=0)).max() < 3.0 / np.sqrt(50)


def test_what_cannot_be_used_is_refused_by_name() -> None:
    rows = two_groups()
    with pytest.raises(mixtura.errors.DataError, match=r"is NaN .* with missing='em'"):
        mixtura.fit(rows, 2)
    with pytest.raises(mixtura.errors.DataError, match="column 1 is missing in every row"):
        mixtura.fit(np.column_stack([rows[:, 0], np.full(len(rows), np.nan)]), 1, missing="em")
    rows[0, 0] = np.inf
    with pytest.raises(mixtura.errors.DataError, match="row 0, column 0 is infinity"):
        mixtura.fit(rows, 2, missing="em")
    with pytest.raises(mixtura.errors.ParameterError, match="missing is 'mean', expected 'em'"):
        mixtura.fit(rows, 2, missing="mean")


@pytest.mark.parametrize("ending", ["csv", "parquet", "npy"])
def test_files_give_the_bits_of_memory(ending: str, tmp_path: Path) -> None:
    rows = two_groups(3000)
    path = tmp_path / f"rows.{ending}"
    if ending == "npy":
        np.save(path, rows)
    else:
        pandas = pytest.importorskip("pandas")
        frame = pandas.DataFrame(rows, columns=["a", "b", "c"])
        frame.to_csv(path, index=False) if ending == "csv" else frame.to_parquet(path)
    here, there = climbed(rows, max_iter=4), climbed(str(path), max_iter=4)
    np.testing.assert_array_equal(here.trace, there.trace)
    assert there.notes[-1].partition(",")[0] == here.notes[-1].partition(",")[0]
    assert there.mixture.score(str(path), missing="em") == pytest.approx(
        here.mixture.score(rows, missing="em"), rel=1e-12
    )


def test_masked_arrays_and_tables_are_taken_with_their_gaps() -> None:
    pandas, rows = pytest.importorskip("pandas"), two_groups()
    expected = climbed(rows, max_iter=3).trace
    frame = pandas.DataFrame(rows, columns=["a", "b", "c"])
    missing = frame.astype(object).where(frame.notna(), None)
    for given in (np.ma.masked_invalid(rows), frame, frame.convert_dtypes(), missing):
        np.testing.assert_array_equal(climbed(given, max_iter=3).trace, expected)


def test_a_checkpointed_fit_goes_on_with_the_same_bits(tmp_path: Path) -> None:
    rows, path = two_groups(), tmp_path / "run.ckpt"
    climbed(rows, max_iter=3, checkpoint=path)
    resumed = climbed(rows, max_iter=3, checkpoint=path, resume=True)
    np.testing.assert_array_equal(resumed.trace, climbed(rows, max_iter=3).trace)


def test_an_estimator_takes_nan_where_told() -> None:
    rows = two_groups()
    model = mixtura.GaussianMixture(2, missing="em", random_state=0).fit(rows)
    assert model.score(rows) == pytest.approx(model.mixture_.score(rows, missing="em"))
    assert model.predict(rows).shape == (len(rows),)
    with pytest.raises(ValueError, match="missing='em'"):
        mixtura.GaussianMixture(2).fit(rows)
    parts = mixtura.GaussianMixture(2, missing="em", random_state=0)
    for batch in np.array_split(np.random.default_rng(0).permutation(rows), 4):
        parts.partial_fit(batch)
    assert parts.score(rows) > model.score(rows) - 0.05


def test_a_selection_and_errors_are_of_what_was_observed() -> None:
    rows = two_groups(160)
    found = mixtura.select(rows, [1, 2], structures=["EEE", "VVV"], missing="em")
    fit = mixtura.fit(rows, 2, structure="EEE", missing="em")
    row = next(row for row in found.rows if str(row.candidate) == "EEE,2")
    assert row.fit.log_likelihood == pytest.approx(fit.log_likelihood, abs=1e-3)
    assert row.criteria["bic"] == pytest.approx(fit.mixture.bic(rows, missing="em"), abs=1e-2)
    errors = mixtura.standard_errors(fit, rows, missing="em").means
    whole = np.where(np.isnan(rows), fit.mixture.impute(rows, draws=1, random_state=0)[0], rows)
    refit = mixtura.fit(whole, 2, structure="EEE", start=fit.mixture)
    assert (errors.mean(axis=1) > mixtura.standard_errors(refit, whole).means.mean(axis=1)).all()


def test_partitions_of_dask_give_the_bits_of_memory_where_none_divides_a_block() -> None:
    array = pytest.importorskip("dask.array")
    rows = two_groups(3000)
    step = next(mixtura.engine.sources.ArraySource(rows).blocks()).stop
    spread = array.from_array(rows, chunks=(step, 3))
    here, there = climbed(rows, max_iter=3), climbed(spread, max_iter=3)
    np.testing.assert_array_equal(here.trace, there.trace)
    scores = there.mixture.score_samples(spread, missing="em").compute()
    np.testing.assert_array_equal(scores, here.mixture.score_samples(rows, missing="em"))
    with pytest.raises(mixtura.errors.DataError, match="missing='em'"):
        mixtura.fit(spread, 2)
