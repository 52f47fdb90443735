"""A column of vectors is as many columns, wherever it comes from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset
import pyarrow.feather
import pyarrow.parquet
import pytest

import mixtura
from mixtura.errors import DataError
from mixtura.tables import read_table
from mixtura.tables.streams import scan

ROWS = np.random.default_rng(4).normal(size=(120, 3))
SPARK = pa.struct(
    [
        ("type", pa.int8()),
        ("size", pa.int32()),
        ("indices", pa.list_(pa.int32())),
        ("values", pa.list_(pa.float64())),
    ]
)


def dense(row: np.ndarray) -> dict[str, Any]:
    return {"type": 1, "size": None, "indices": None, "values": row.tolist()}


def sparse(row: np.ndarray) -> dict[str, Any]:
    at = np.flatnonzero(row)
    return {"type": 0, "size": len(row), "indices": at.tolist(), "values": row[at].tolist()}


THINNED = np.where(np.arange(360).reshape(120, 3) % 4 == 0, 0.0, ROWS)
KINDS: dict[str, tuple[pa.Array, np.ndarray]] = {
    "list": (pa.array(ROWS.tolist(), pa.list_(pa.float64())), ROWS),
    "large list": (pa.array(ROWS.tolist(), pa.large_list(pa.float64())), ROWS),
    "fixed size": (pa.array(ROWS.tolist(), pa.list_(pa.float64(), 3)), ROWS),
    "whole numbers": (
        pa.array((100 * ROWS).astype(int).tolist(), pa.list_(pa.int32())),
        (100 * ROWS).astype(int),
    ),
    "Spark's": (
        pa.array([(sparse if i % 3 else dense)(row) for i, row in enumerate(THINNED)], SPARK),
        THINNED,
    ),
}
SOURCES: dict[str, Callable[[pa.Table, Path], Any]] = {
    "parquet": lambda table, path: pa.parquet.write_table(table, path, row_group_size=50),
    "feather": lambda table, path: pa.feather.write_feather(table, path, chunksize=50),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("source", SOURCES)
def test_files_of_vectors(tmp_path: Path, kind: str, source: str) -> None:
    column, expected = KINDS[kind]
    path = tmp_path / f"rows.{source}"
    SOURCES[source](pa.table({"id": list(map(str, range(120))), "x": column}), path)
    table = read_table(str(path), columns=["x"], ids=["id"])
    assert table.names == ("x[0]", "x[1]", "x[2]")
    np.testing.assert_array_equal(table.rows, expected)
    rows = scan(path, columns=["x[2]", "x[0]"])
    read = np.concatenate([chunk.rows for chunk in rows.chunks()])
    np.testing.assert_array_equal(read, expected[:, [2, 0]])
    whole = scan(pa.dataset.dataset(path, format=source), columns=["x"])
    read = np.concatenate([chunk.rows for chunk in whole.chunks()])
    np.testing.assert_array_equal(read, expected)


@pytest.mark.parametrize("kind", KINDS)
def test_tables_in_memory_and_batches(kind: str) -> None:
    column, expected = KINDS[kind]
    table = pa.table({"x": column})
    mixture = mixtura.fit(table, 1).mixture
    np.testing.assert_allclose(mixture.means[0], expected.mean(axis=0), atol=1e-12)
    assert mixture.feature_names == ("x[0]", "x[1]", "x[2]")
    assert np.array_equal(mixture.score_samples(table), mixture.score_samples(expected))
    streamed = mixtura.fit(scan(table.to_batches(max_chunksize=50)), 1).mixture
    np.testing.assert_allclose(streamed.means, mixture.means, atol=1e-12)


@pytest.mark.parametrize("kind", [pa.list_(pa.float64()), pa.list_(pa.float64(), 2)])
def test_a_vector_that_is_null_is_called_so(tmp_path: Path, kind: pa.DataType) -> None:
    table = pa.table({"x": pa.array([[1.0, 2.0], None, [3.0, 1.0], [2.0, 2.5]], kind)})
    path = tmp_path / "rows.parquet"
    pa.parquet.write_table(table, path)
    for source in (path, table):
        with pytest.raises(DataError, match=r"row 1, column 'x\[0\]' is null"):
            mixtura.fit(source, 1)
    found = read_table(str(path), missing="em").rows
    np.testing.assert_array_equal(found, [[1.0, 2.0], [np.nan] * 2, [3.0, 1.0], [2.0, 2.5]])


def test_vectors_of_different_lengths_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    vectors = [[1.0, 2.0], None, [3.0, 1.0, 4.0]]
    pa.parquet.write_table(pa.table({"x": pa.array(vectors, pa.list_(pa.float64()))}), path)
    with pytest.raises(DataError, match="3 numbers in row 2, expected 2 as in the first"):
        read_table(str(path))


@pytest.mark.parametrize(
    ("vector", "said"),
    [
        ({"type": 0, "size": 3, "indices": [3], "values": [1.0]}, "beyond its length of 3"),
        ({"type": 0, "size": 3, "indices": [-1], "values": [1.0]}, "beyond its length of 3"),
        ({"type": 0, "size": 3, "indices": [1], "values": [1.0, 2.0]}, "more values than places"),
        ({"type": 0, "size": 2**31 - 1, "indices": [1], "values": [1.0]}, "different lengths"),
        ({"type": 1, "size": 3, "indices": None, "values": [1.0]}, "different lengths"),
    ],
)
def test_sparse_vectors_that_make_no_sense_are_refused(
    tmp_path: Path, vector: dict[str, Any], said: str
) -> None:
    path = tmp_path / "rows.parquet"
    vectors = pa.array([dense(np.ones(3)), vector], SPARK)
    pa.parquet.write_table(pa.table({"x": vectors}), path)
    with pytest.raises(DataError, match=said):
        read_table(str(path))


def test_a_length_that_lies_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    vector = {"type": 0, "size": 2**31 - 1, "indices": [1], "values": [1.0]}
    pa.parquet.write_table(pa.table({"x": pa.array([vector], SPARK)}), path)
    with pytest.raises(DataError, match="vectors of 2,147,483,647 numbers, expected at most"):
        read_table(str(path))
