"""Only numbers are taken for numbers: a column of anything else is named, and what to do about it.

Each remedy that a message gives is carried out, as it stands there.
"""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute
import pytest

import mixtura
from mixtura import GaussianMixture, Mixture
from mixtura.errors import DataError

N = 30
A = np.random.default_rng(1).normal(size=N)
DAYS = pd.date_range("2024-01-01", periods=N)
LENGTHS = pd.to_timedelta(np.arange(N) * 3600.0, unit="s")


def frame(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"a": A, **columns})


DATES = {
    "pandas": frame(c=DAYS),
    "with a time zone": frame(c=DAYS.tz_localize("UTC")),
    "nothing but dates": pd.DataFrame({"c": DAYS, "d": DAYS}),
    "objects": frame(c=pd.Series([day.date() for day in DAYS], dtype=object)),
    "arrow": pa.table({"a": A, "c": pa.array(DAYS)}),
    "arrow's days": pa.table({"a": A, "c": pa.array([day.date() for day in DAYS])}),
    "a dict": {"a": A, "c": DAYS.to_numpy()},
    "named fields": np.rec.fromarrays([A, DAYS.to_numpy()], names="a,c"),
}


@pytest.mark.parametrize("kind", DATES)
def test_a_column_of_dates_is_refused_with_the_line_that_makes_days_of_it(kind: str) -> None:
    with pytest.raises(DataError, match=r"column 'c' holds dates \(.*\), expected numbers") as said:
        mixtura.fit(DATES[kind], 1)
    line = re.search(r"since the first, with (.*), or leave it out", str(said.value))
    assert line is not None
    known = {"X": DATES[kind], "numpy": np, "pandas": pd, "pyarrow": pa}
    days = np.asarray(eval(line[1], known), dtype=float)
    assert days.tolist() == list(range(N))


@pytest.mark.parametrize("kind", ["pandas", "arrow", "a dict"])
def test_a_column_of_lengths_of_time_is_refused_with_the_line_that_makes_seconds(kind: str) -> None:
    X: Any = {
        "pandas": frame(c=LENGTHS),
        "arrow": pa.table({"a": A, "c": pa.array(LENGTHS).cast(pa.duration("s"))}),
        "a dict": {"a": A, "c": LENGTHS.to_numpy()},
    }[kind]
    with pytest.raises(DataError, match=r"column 'c' holds lengths of time \(") as said:
        mixtura.fit(X, 1)
    line = re.search(r"such as seconds, with (.*), or leave it out", str(said.value))
    assert line is not None
    seconds = np.asarray(eval(line[1], {"X": X, "numpy": np, "pandas": pd}), dtype=float)
    assert seconds.tolist() == [3600.0 * i for i in range(N)]


def test_arrays_of_dates_are_refused_too() -> None:
    days = np.tile(DAYS.to_numpy()[:, None], 2)
    for refused in (
        lambda: mixtura.fit(days, 1),
        lambda: GaussianMixture(1).fit(days),
        lambda: mixtura.fit([days], 1),
        lambda: Mixture([1.0], [[0.0, 0.0]], [np.eye(2)]).score(days),
    ):
        with pytest.raises(DataError, match=r"X holds dates \(datetime64\[(ns|us)\]\)"):
            refused()
    with pytest.raises(DataError, match=r"X holds lengths of time \(timedelta64"):
        mixtura.fit(days - days[0], 1)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ("x", r"holds text, such as 'x', expected numbers: encode it as numbers, or leave it out"),
        ("1.5", r"holds text, such as '1.5', .* convert it, as with X\['c'\]\.astype\(float\)"),
        (1j, r"holds complex numbers, expected real ones: use numpy\.real\(X\['c'\]\)"),
        (pd.Categorical(["x", "y"] * (N // 2)), r"holds text, such as 'x'"),
        (pd.period_range("2024-01", periods=N, freq="D"), "holds values of type Period"),
        (pd.Series([10**400] * N, dtype=object), r"holds a number beyond 1\.8e308"),
    ],
)
def test_a_column_of_anything_else_is_named(values: Any, said: str) -> None:
    table = frame(c=values)
    for refused in (
        lambda: mixtura.fit(table, 1),
        lambda: mixtura.fit([table], 1),
        lambda: GaussianMixture(1).fit(table),
    ):
        with pytest.raises(DataError, match=f"column 'c' {said}"):
            refused()


@pytest.mark.parametrize(
    "values",
    [
        pd.array([1] * (N - 1) + [None], dtype="Int64"),
        pd.array([1.0] * (N - 1) + [None], dtype="Float64"),
        pd.array([True] * (N - 1) + [None], dtype="boolean"),
        pd.array([1] * (N - 1) + [None], dtype="int64[pyarrow]"),
        pd.Series([1.0] * (N - 1) + [None], dtype=object),
        [1.0] * (N - 1) + [None],
    ],
)
def test_a_missing_value_is_named_by_its_row_and_column(values: Any) -> None:
    what = "NaN" if isinstance(values, list) else "null"  # as a frame has a list of numbers
    with pytest.raises(DataError, match=f"row 29, column 'c' is {what}: expected finite numbers"):
        mixtura.fit(frame(c=values), 1)
    with pytest.raises(DataError, match="row 29, column 'c' is null"):
        mixtura.fit({"a": A, "c": values}, 1)
    with pytest.raises(ValueError, match="contains NaN"):
        GaussianMixture(1).fit(frame(c=values))


@pytest.mark.parametrize(
    "kind", ["Int64", "Float32", "int64[pyarrow]", "category", "Sparse[float]"]
)
def test_numbers_of_pandas_own_types_are_those_numbers(kind: str) -> None:
    numbers = np.tile([1, 2, 5], N // 3)
    plain = mixtura.fit(frame(c=numbers), 1).mixture.means
    assert mixtura.fit(frame(c=pd.Series(numbers).astype(kind)), 1).mixture.means == (
        pytest.approx(plain, rel=1e-12)
    )


@pytest.mark.parametrize("number", [Decimal, Fraction, np.float16, np.longdouble, int])
def test_numbers_as_objects_are_those_numbers(number: Any) -> None:
    rows = np.array([[number(i % 5), number(i % 3)] for i in range(N)], dtype=object)
    expected = [np.arange(N).__mod__(5).mean(), np.arange(N).__mod__(3).mean()]
    assert mixtura.fit(rows, 1).mixture.means[0] == pytest.approx(expected)


def test_a_column_that_is_not_used_may_hold_anything() -> None:
    named = Mixture([1.0], [[0.0]], [[[1.0]]], feature_names=["a"])
    alone = named.score(A[:, None])
    assert named.score(frame(c=DAYS, d="x")) == pytest.approx(alone, rel=1e-12)
    assert named.score([frame(c=DAYS, d="x")]) == pytest.approx(alone, rel=1e-12)


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        (DAYS, "holds dates"),
        (LENGTHS, "holds lengths of time"),
        ([1j] * N, "holds complex numbers"),
        (["1"] * N, "holds text, such as '1'"),
        ([10**400] * N, "holds a number beyond"),
        ([datetime.datetime(2024, 1, 1)] * N, "holds dates"),
        ([1e308] * N, r"the 30 weights have the mean 1e\+308, expected a sum of at most 1e\+300"),
        (1e308, r"the 30 weights have the mean 1e\+308"),
        (pd.array([1] * (N - 1) + [None], dtype="Int64"), r"sample_weight\[29\] is nan"),
    ],
)
def test_weights_are_numbers_whose_sum_is_one(weights: Any, said: str) -> None:
    rows = np.column_stack([A, A**2])
    mixture = mixtura.fit(rows, 2).mixture
    for refused in (
        lambda: mixtura.fit(rows, 2, sample_weight=weights),
        lambda: mixtura.select(rows, [1], sample_weight=weights),
        lambda: mixtura.merge_components(mixture, rows, weights),
        lambda: mixture.bic(rows, weights),
        lambda: mixtura.statistics(rows, mixture, weights),
        lambda: GaussianMixture(2).fit(rows, sample_weight=weights),
        lambda: GaussianMixture(2).partial_fit(rows, sample_weight=weights),
    ):
        with pytest.raises(DataError, match=said):
            refused()
