"""Rows are rows, wherever they are: a fit has the same bits in memory and from any file."""

from __future__ import annotations

import gzip
import warnings
from itertools import chain, repeat
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset
import pyarrow.feather
import pyarrow.parquet
import pytest

import mixtura
from mixtura.errors import DataError, ParameterError
from mixtura.tables.streams import scan

N, NAMES = 30_011, ["a", "b", "c"]
RANDOM = np.random.default_rng(0)
ROWS = np.concatenate([RANDOM.normal(0, 1, (N - 9_000, 3)), RANDOM.normal(3, 0.5, (9_000, 3))])
RANDOM.shuffle(ROWS)
WEIGHTS = RANDOM.integers(0, 4, N).astype(np.float64)
TABLE = pa.table(
    {name: ROWS[:, j] for j, name in enumerate(NAMES)}
    | {"w": WEIGHTS, "who": [f"row {i}" for i in range(N)]}
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rows in files of every kind."""
    at = tmp_path_factory.mktemp("rows")
    pa.parquet.write_table(TABLE, at / "rows.parquet", row_group_size=1_777)
    pa.feather.write_feather(TABLE, at / "rows.feather", chunksize=5_003)
    with pa.ipc.new_stream(at / "rows.arrows", TABLE.schema) as stream:
        stream.write_table(TABLE, max_chunksize=911)
    pa.csv.write_csv(TABLE, at / "rows.csv")
    text = (at / "rows.csv").read_bytes()
    (at / "rows.csv.gz").write_bytes(gzip.compress(text, 1))
    with pa.CompressedOutputStream(str(at / "packed.csv.zst"), "zstd") as packed:
        packed.write(text)
    np.save(at / "rows.npy", np.column_stack([ROWS, WEIGHTS]))
    np.save(at / "columns.npy", np.asfortranarray(np.column_stack([ROWS, WEIGHTS])))
    (at / "parts").mkdir()
    for number, first in enumerate(range(0, N, 7_000)):
        part = TABLE.slice(first, 7_000).select(["who", "c", "w", "a", "b"])
        pa.parquet.write_table(part, at / "parts" / f"{number}.parquet")
    return at


def the_same(one: mixtura.Fit, other: mixtura.Fit) -> None:
    np.testing.assert_array_equal(one.mixture.weights, other.mixture.weights)
    np.testing.assert_array_equal(one.mixture.means, other.mixture.means)
    np.testing.assert_array_equal(one.mixture.covariances, other.mixture.covariances)
    np.testing.assert_array_equal(one.trace, other.trace)
    assert (one.n_rows, one.total_weight) == (other.n_rows, other.total_weight)


FILES = [
    "rows.parquet",
    "rows.feather",
    "rows.arrows",
    "rows.csv",
    "rows.csv.gz",
    "packed.csv.zst",
    "rows.npy",
    "columns.npy",
    "parts",
    "parts/*.parquet",
]


@pytest.mark.parametrize("structure", ["full", "tied"])
@pytest.mark.parametrize("name", FILES)
def test_a_file_is_fitted_with_the_bits_of_the_array(folder, name, structure):
    names = ["x0", "x1", "x2"] if name.endswith(".npy") else NAMES
    streamed = mixtura.fit(
        scan(folder / name, columns=names), 2, structure=structure, random_state=3
    )
    the_same(streamed, mixtura.fit(ROWS, 2, structure=structure, random_state=3))
    assert streamed.mixture.feature_names == (None if name.endswith(".npy") else tuple(NAMES))


@pytest.mark.parametrize("name", FILES)
def test_a_column_of_weights_weighs_as_an_array_of_them_does(folder, name):
    made_up = name.endswith(".npy")
    rows = scan(folder / name, columns=["x0", "x1", "x2"] if made_up else NAMES,
                weights="x3" if made_up else "w")  # fmt: skip
    the_same(mixtura.fit(rows, 2), mixtura.fit(ROWS, 2, sample_weight=WEIGHTS))


@pytest.mark.parametrize("start", ["kmeans", "k-means++", "random", "random_from_data", "auto"])
def test_a_start_is_that_of_the_array_where_all_rows_are_in_the_sample(folder, start):
    rows = scan(folder / "rows.parquet", columns=NAMES)
    options = {"start": start, "max_iter": 3, "random_state": 5}
    the_same(mixtura.fit(rows, 3, **options), mixtura.fit(ROWS, 3, **options))


def test_labels_and_mixtures_start_a_stream_as_they_start_an_array(folder):
    rows = scan(folder / "rows.csv", columns=NAMES)
    labels = (ROWS[:, 0] > 1.5).astype(int)
    first = mixtura.fit(ROWS, 2, start=labels, max_iter=2)
    the_same(mixtura.fit(rows, 2, start=labels, max_iter=2), first)
    the_same(
        mixtura.fit(rows, 2, start=first.mixture, max_iter=2),
        mixtura.fit(ROWS, 2, start=first.mixture, max_iter=2),
    )


def test_datasets_iterables_and_memory_maps_are_fitted_with_the_bits_of_the_array(folder):
    expected = mixtura.fit(ROWS, 2)
    dataset = pa.dataset.dataset(folder / "parts")
    the_same(mixtura.fit(scan(dataset, columns=NAMES), 2), expected)
    the_same(mixtura.fit([ROWS[:17], ROWS[17:20_000], ROWS[20_000:]], 2), expected)
    the_same(mixtura.fit(lambda: (ROWS[i : i + 999] for i in range(0, N, 999)), 2), expected)
    batches = TABLE.select(NAMES).to_batches(max_chunksize=4_001)
    the_same(mixtura.fit(batches, 2), expected)
    the_same(mixtura.fit(np.load(folder / "rows.npy", mmap_mode="r")[:, :3], 2), expected)


def test_very_many_sums_have_the_bits_of_the_array(tmp_path):
    rows = np.random.RandomState(0).normal(size=(6_000, 64))
    np.save(tmp_path / "rows.npy", rows)
    start = mixtura.Mixture(np.full(40, 1 / 40), rows[:40], np.ones(40), "spherical")
    options = {"start": start, "max_iter": 1, "search": "exact"}
    there = mixtura.fit(rows, 40, **options)
    the_same(mixtura.fit(tmp_path / "rows.npy", 40, **options), there)
    the_same(mixtura.fit([rows[:1_111], rows[1_111:]], 40, **options), there)


def test_the_filter_of_a_dataset_is_kept(folder):
    dataset = pa.dataset.dataset(folder / "parts").filter(pa.dataset.field("w") > 2)
    fitted = mixtura.fit(scan(dataset, columns=NAMES), 2)
    the_same(fitted, mixtura.fit(ROWS[WEIGHTS > 2], 2))


def test_single_precision_stays_single_unless_one_file_is_double(tmp_path):
    single = ROWS.astype(np.float32)
    table = pa.table({name: single[:, j] for j, name in enumerate(NAMES)})
    pa.parquet.write_table(table.slice(0, 20_000), tmp_path / "0.parquet")
    pa.parquet.write_table(table.slice(20_000), tmp_path / "1.parquet")
    the_same(mixtura.fit(tmp_path, 2), mixtura.fit(single, 2))
    double = table.slice(20_000).cast(pa.schema([(name, pa.float64()) for name in NAMES]))
    pa.parquet.write_table(double, tmp_path / "1.parquet")
    the_same(mixtura.fit(tmp_path, 2), mixtura.fit(single.astype(np.float64), 2))


def test_what_folders_say_of_their_files_can_be_a_column(tmp_path):
    for year in (1, 2):
        (tmp_path / f"year={year}").mkdir()
        part = TABLE.slice(1_000 * year, 1_000).select(NAMES)
        pa.parquet.write_table(part, tmp_path / f"year={year}" / "rows.parquet")
    the_same(mixtura.fit(tmp_path, 2), mixtura.fit(ROWS[1_000:3_000], 2))
    years = np.repeat([1.0, 2.0], 1_000)
    the_same(
        mixtura.fit(scan(tmp_path, columns=NAMES, weights="year"), 2),
        mixtura.fit(ROWS[1_000:3_000], 2, sample_weight=years),
    )
    wide = scan(tmp_path, columns=["a", "year"])
    assert [chunk.rows[0, 1] for chunk in wide.chunks()] == [1.0, 2.0]


def test_rows_beyond_the_sample_are_all_fitted():
    rows = np.concatenate([ROWS + shift for shift in (0.0, 0.5, 1.0, 1.5, 2.0)])
    assert len(rows) > 2**17
    begun = mixtura.fit([rows[:70_000], rows[70_000:]], 3, max_iter=4)
    assert begun.n_rows == len(rows)
    # From the first step on, the bits are those of the array.
    first = mixtura.fit([rows], 3, max_iter=0).mixture
    the_same(
        mixtura.fit([rows], 3, start=first, max_iter=4),
        mixtura.fit(rows, 3, start=first, max_iter=4),
    )


@pytest.mark.parametrize("make", [lambda: iter([ROWS]), lambda: (rows for rows in [ROWS])])
def test_what_can_be_read_only_once_is_refused_with_the_remedy(make):
    with pytest.raises(DataError, match=r"can be read only once.*pass the function that makes it"):
        mixtura.fit(make(), 2)


def test_an_iterable_that_gives_other_rows_later_is_refused():
    calls = chain([N, N], repeat(N - 1))

    def batches():
        return [ROWS[: next(calls)]]

    with pytest.raises(DataError, match="30,011 rows at first, 30,010 in a later pass"):
        mixtura.fit(batches, 2)


def test_weights_of_a_stream_are_a_column_s_name():
    with pytest.raises(ParameterError, match="name their column of weights instead"):
        mixtura.fit([ROWS], 2, sample_weight=WEIGHTS)
    the_same(
        mixtura.fit([np.column_stack([ROWS, WEIGHTS])], 2, sample_weight="x3"),
        mixtura.fit(ROWS, 2, sample_weight=WEIGHTS),
    )


def test_bad_rows_are_left_out_and_the_fit_says_so():
    spoilt = np.insert(ROWS, 100, np.nan, axis=0)
    spoilt = np.insert(spoilt, 25_000, [1.0, np.inf, 2.0], axis=0)
    with pytest.raises(DataError, match="batch 0: row 100, column 'x0' is NaN"):
        mixtura.fit([spoilt], 2)
    with pytest.warns(UserWarning, match="2 bad rows were left out; the first: batch 0: row 100"):
        fitted = mixtura.fit(scan([spoilt], on_bad_row="skip"), 2)
    the_same(fitted, mixtura.fit(ROWS, 2))
    assert fitted.notes[-1].startswith("2 bad rows were left out")


def test_each_bad_row_is_reported_and_labels_cannot_be_matched_to_the_others():
    spoilt = np.insert(ROWS, 25_000, [1.0, np.inf, 2.0], axis=0)
    labels = np.zeros(N + 1, int)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with pytest.raises(
            ParameterError, match=r"some rows were left out, bad or of weight 0 \(1\)"
        ):
            mixtura.fit(scan([spoilt], on_bad_row="report"), 2, start=labels)
    assert "left out: batch 0: row 25000, column 'x1' is infinity" in str(said[0].message)
    assert str(said[1].message).startswith("1 bad row was left out")


def test_a_stream_without_rows_that_count_is_refused():
    with pytest.raises(DataError, match="X has 1 row, expected at least 2"):
        mixtura.fit([ROWS[:1]], 1)
    with pytest.raises(DataError, match="every weight is zero"):
        mixtura.fit([np.zeros((5, 2))], 1, sample_weight="x1")
    with pytest.raises(DataError, match="goes from -1e\\+300 to 1e\\+300"):
        mixtura.fit([np.array([[1e300], [-1e300], [0.0]])], 1)
