"""Rows on workers that are none are left out, or named; and one sentence says it."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest

import mixtura
from mixtura.errors import DataError, ParameterError
from mixtura.tables import collection

N, NAMES = 30_000, ["a", "b"]
ROWS = np.random.default_rng(0).normal(size=(N, 2)) + np.repeat([[0.0], [6.0]], N // 2, axis=0)
BAD = np.array([3, 9_999, 10_000, 25_000])
SPOILT = ROWS.copy()
SPOILT[BAD] = [[np.nan, 0.0], [0.0, np.inf], [-np.inf, 0.0], [np.nan, np.nan]]
GOOD = np.delete(ROWS, BAD, axis=0)
OPTIONS = {"start": mixtura.Mixture([0.5, 0.5], [[0.0] * 2, [6.0] * 2], [np.eye(2)] * 2)}


@pytest.fixture(autouse=True)
def threads():
    """Dask's own threads, where a test has no cluster."""
    with dask.config.set(scheduler="threads", num_workers=2):
        yield


def alike(one: mixtura.Fit, other: mixtura.Fit) -> None:
    assert (one.n_rows, one.total_weight) == (other.n_rows, other.total_weight)
    np.testing.assert_allclose(one.mixture.means, other.mixture.means, rtol=1e-10)
    np.testing.assert_allclose(one.trace, other.trace, rtol=1e-12)


@pytest.mark.parametrize("chunk", [10_000, N])
def test_bad_rows_are_left_out_where_that_is_allowed(chunk):
    rows = da.from_array(SPOILT, chunks=(chunk, 2))
    where = (
        r"4 bad rows were left out; the first: partition 0 of X, counted from 0: row 3, column 'x0'"
    )
    with pytest.warns(UserWarning, match=where):
        found = mixtura.fit(collection(rows, on_bad_row="skip"), 2, **OPTIONS)
    alike(found, mixtura.fit(GOOD, 2, **OPTIONS))
    assert found.notes[0].startswith("4 bad rows were left out")
    with pytest.warns(UserWarning, match="left out") as told:
        mixtura.fit(collection(rows, on_bad_row="report"), 2, max_iter=1, **OPTIONS)
    sentences = [str(each.message) for each in told]
    assert sum(sentence.startswith("left out: partition") for sentence in sentences) == 4
    number = BAD[1] // chunk
    assert any(f"partition {number} of X, counted from 0: row 9999, column 'x1' is infinity" in s
               for s in sentences)  # fmt: skip


def test_weights_that_are_none_are_bad_rows():
    weights = np.ones(N)
    weights[[5, 20_000]] = np.nan, -1.0
    frame = dd.from_pandas(pd.DataFrame(ROWS, columns=NAMES).assign(w=weights), npartitions=3)
    with pytest.warns(UserWarning, match="2 bad rows were left out; the first: .*row 5 has the w"):
        found = mixtura.fit(collection(frame, "w", on_bad_row="skip"), 2, **OPTIONS)
    alike(found, mixtura.fit(np.delete(ROWS, [5, 20_000], axis=0), 2, **OPTIONS))
    with pytest.raises(ParameterError, match="with its weights, and sample_weight was given bes"):
        mixtura.fit(collection(frame, "w"), 2, sample_weight="w")


def test_scores_selections_and_merges_leave_bad_rows_out_too():
    mixture = OPTIONS["start"]
    rows = collection(da.from_array(SPOILT, chunks=(10_000, 2)), on_bad_row="skip")
    with pytest.warns(UserWarning, match="4 bad rows"):
        assert mixture.score(rows) == pytest.approx(mixture.score(GOOD), rel=1e-12)
    with pytest.warns(UserWarning, match="4 bad rows"):
        found = mixtura.select(rows, [1, 2], structures=["VII"])
    assert found.best.n_rows == len(GOOD)
    with pytest.warns(UserWarning, match="4 bad rows"):
        merged = mixtura.merge_components(mixture, rows)
    assert merged.entropy == pytest.approx(mixtura.merge_components(mixture, GOOD).entropy)
    with pytest.raises(ParameterError, match="there is an answer for every row"):
        mixture.predict(rows)
    with pytest.raises(ParameterError, match="on_bad_row is 'drop', expected one of"):
        collection(rows, on_bad_row="drop")


def test_there_is_nothing_to_fit_where_every_row_is_bad():
    rows = collection(da.full((10, 2), np.nan), on_bad_row="skip")
    with (
        pytest.warns(UserWarning, match="10 bad"),
        pytest.raises(DataError, match="all 10 are bad"),
    ):
        mixtura.fit(rows, 1)


def same(part: object) -> object:
    return part


def pieces(*parts: object) -> dd.DataFrame:
    """A frame whose partitions nobody looks at before they are used."""
    meta = pd.DataFrame({"a": [0.5], "b": [0.5]})
    return dd.from_map(same, parts, meta=meta)


SOUND = pd.DataFrame(ROWS[:100], columns=NAMES)


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (["1.5"] * 100, r"partition 1 of X, .*column 'b' .*text"),
        (pd.Series([1.5] * 99 + ["2"], dtype=object), r"partition 1 of X, .*'b' .*text"),
        (pd.date_range("2024-01-01", periods=100), r"partition 1 of X, .*'b' is .*dates"),
        (pd.to_timedelta(np.arange(100), "s"), r"partition 1 of X, .*'b' is .*lengths of time"),
        (pd.Categorical(["1", "2"] * 50), r"partition 1 of X, .*'b' is of type category, text"),
    ],
)
def test_a_partition_whose_text_or_dates_read_as_numbers_is_refused(column, words):
    wrong = SOUND.assign(b=column)
    with pytest.raises(DataError, match=words):
        mixtura.fit(pieces(SOUND, wrong), 2)
    with pytest.raises(DataError, match="column 'b'"):
        OPTIONS["start"].score_samples(pieces(SOUND, wrong)).compute()
    with pytest.raises(DataError, match="column 'b'"):
        OPTIONS["start"].score(pieces(SOUND, wrong))


def test_an_array_of_text_is_refused_and_numbers_as_objects_are_read():
    text = da.from_array(SOUND.to_numpy().astype(str), chunks=(50, 2))
    with pytest.raises(DataError, match=r"partition 0 of X, .*text"):
        mixtura.fit(text, 2)
    mixed = SOUND.to_numpy().astype(object)
    alike(mixtura.fit(da.from_array(mixed, chunks=(50, 2)), 1), mixtura.fit(SOUND.to_numpy(), 1))
    mixed[70, 1] = "0.5"
    with pytest.raises(DataError, match=r"partition 1 of X, .*column 1 holds text, such as '0.5'"):
        mixtura.fit(da.from_array(mixed, chunks=(50, 2)), 1)


def test_a_column_of_text_is_named_before_anything_is_read():
    frame = SOUND.assign(who=[f"n{i}" for i in range(100)], when=pd.Timestamp("2024-01-01"))
    with pytest.raises(DataError, match=r"column 'who' is of type .*, text, expected numbers"):
        mixtura.fit(dd.from_pandas(frame, npartitions=2), 2)
    with pytest.raises(DataError, match=r"column 'when' is of type datetime64.*dates, .*subtract"):
        mixtura.fit(dd.from_pandas(frame[["a", "when"]], npartitions=2), 2)
    named = mixtura.Mixture([1.0], [[0.0] * 2], [np.eye(2)], "full", ["a", "who"])
    with pytest.raises(DataError, match="column 'who'"):
        named.score_samples(dd.from_pandas(frame, npartitions=2))
    whole = dd.from_pandas(SOUND.assign(b=pd.array([1, 2] * 50, "Int64")), npartitions=2)
    assert mixtura.fit(whole, 1).mixture.means[0, 1] == pytest.approx(1.5)


def test_no_worker_tells_in_a_traceback_what_one_sentence_says(tmp_path):
    script = tmp_path / "spoilt.py"
    script.write_text(
        textwrap.dedent(
            """
            import dask.array as da, numpy as np, mixtura
            from distributed import Client, LocalCluster

            if __name__ == "__main__":
                rows = np.ones((1000, 2))
                rows[700, 1] = np.nan
                with LocalCluster(n_workers=1, dashboard_address=":0") as c, Client(c) as client:
                    spread = client.persist(da.from_array(rows, chunks=(500, 2)))
                    try:
                        mixtura.fit(spread, 2, client=client)
                    except mixtura.errors.DataError as error:
                        print(error)
            """
        )
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120)
    assert "partition 1 of X, counted from 0: row 200, column 1 is NaN" in done.stdout
    assert "Traceback" not in done.stderr
    assert "Compute Failed" not in done.stderr
