"""The same rows have the same answers, in whatever format and type they are, however opened."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

import mixtura
from mixtura.datasets import faithful

ROWS = faithful().rows[:120]
NAMES = ["eruptions", "waiting"]

#: dtype -> the rows in it, of NumPy
NUMPY = ["f2", "f4", "f8", ">f4", ">f8", "longdouble", "i1", "i8", ">i2", "u1", "u8"]
#: of Arrow
ARROW = {
    "float16": pa.float16(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "int8": pa.int8(),
    "int64": pa.int64(),
    "uint64": pa.uint64(),
    "decimal": pa.decimal128(12, 3),
    "decimal of many digits": pa.decimal128(38, 20),
    "float32 beside float64": None,
}


def numpy_file(path: Path, dtype: str) -> np.ndarray:
    array = ROWS.astype(dtype)
    np.save(path, np.asfortranarray(array) if dtype == "f4" else array)
    return array.astype(np.float64)


def arrow_table(kind: str) -> tuple[pa.Table, np.ndarray]:
    if kind.startswith("decimal"):
        places = "0.001" if kind == "decimal" else "0.00000000000000000001"
        odd = (ROWS + 1.0 / 3.0).tolist()
        cells = [[Decimal(repr(row[j])).quantize(Decimal(places)) for row in odd] for j in range(2)]
        columns = [pa.array(each, ARROW[kind]) for each in cells]
        return pa.table(columns, NAMES), np.array(cells, dtype=np.float64).T
    if ARROW[kind] is None:
        columns = [pa.array(ROWS[:, 0].astype("f4")), pa.array(ROWS[:, 1])]
    else:
        dtype = ARROW[kind].to_pandas_dtype()
        columns = [pa.array(ROWS[:, j].astype(dtype), ARROW[kind]) for j in range(2)]
    doubles = [column.to_numpy(zero_copy_only=False).astype(np.float64) for column in columns]
    return pa.table(columns, NAMES), np.column_stack(doubles)


def write_npy(path: Path, dtype: str) -> np.ndarray:
    return numpy_file(path, dtype)


def write_parquet(path: Path, kind: str) -> np.ndarray:
    table, rows = arrow_table(kind)
    pa.parquet.write_table(table, path, row_group_size=37)
    return rows


def write_feather(path: Path, kind: str) -> np.ndarray:
    table, rows = arrow_table(kind)
    pa.feather.write_feather(table, path)
    return rows


def write_csv(path: Path, kind: str) -> np.ndarray:
    rows = ROWS.astype(kind)
    text = pd.DataFrame(rows, columns=NAMES).to_csv(index=False)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    read = [line.split(",") for line in text.splitlines()[1:]]
    return np.array(read, dtype=np.float64)


FILES: list[tuple[str, str, Callable[[Path, str], np.ndarray]]] = [
    *((".npy", dtype, write_npy) for dtype in NUMPY),
    *((".parquet", kind, write_parquet) for kind in ARROW),
    *((".feather", kind, write_feather) for kind in ARROW if kind != "float16"),
    *((suffix, kind, write_csv) for suffix in (".csv", ".csv.gz") for kind in ("f4", "f8", "i4")),
]


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("models") / "geyser.safetensors"
    mixtura.save(mixtura.fit(ROWS, 3).mixture, path)
    return path


@pytest.mark.filterwarnings("default:.*read as a header")
@pytest.mark.parametrize(("suffix", "kind", "write"), FILES, ids=lambda each: str(each)[:24])
def test_a_row_scores_as_it_does_in_memory_however_it_is_opened(
    typed, model, tmp_path, suffix, kind, write
):
    folder = tmp_path / "rows"
    folder.mkdir()
    path = folder / f"part{suffix}"
    rows = write(path, kind)
    mixture = mixtura.load(model)
    expected = np.column_stack([mixture.predict(rows), mixture.predict_proba(rows)])
    for data in (path, folder / f"*{suffix}", folder):
        for policy in ("error", "keep"):
            out = tmp_path / "out.npy"
            words = (model, data, "--on-bad-row", policy, "-o", out, "--force")
            assert typed("score", *words).code == 0
            np.testing.assert_array_equal(np.load(out)[:, 0], mixture.score_samples(rows))
            assert typed("predict", *words, "--proba").code == 0
            np.testing.assert_array_equal(np.load(out), expected)


def test_columns_are_matched_by_name_however_they_are_opened(typed, model, tmp_path):
    frame = pd.DataFrame(ROWS[:, ::-1], columns=NAMES[::-1])
    frame.to_parquet(tmp_path / "rows.parquet")
    stored = mixtura.load(model)
    named = mixtura.Mixture(
        stored.weights, stored.means, stored.covariances, stored.structure, NAMES
    )
    mixtura.save(named, tmp_path / "named")
    expected = named.score_samples(ROWS)
    for data in (tmp_path / "rows.parquet", tmp_path / "*.parquet"):
        for columns in ([], ["--columns", "waiting,eruptions"]):
            out = tmp_path / "out.npy"
            ended = typed("score", tmp_path / "named", data, *columns, "-o", out, "--force")
            assert ended.code == 0
            np.testing.assert_array_equal(np.load(out)[:, 0], expected)


def test_what_is_explained_and_reported_is_what_is_scored(typed, model, tmp_path):
    np.save(tmp_path / "rows.npy", ROWS.astype("f4"))
    for data in (tmp_path / "rows.npy", tmp_path / "*.npy"):
        said = [typed("explain", model, data, "--worst", 2, "--json").out,
                typed("report", model, data, "--worst", 2, "--text").out.split("\n", 2)[2],
                typed("validate", model, data, "--json").out]  # fmt: skip
        if data.name == "rows.npy":
            first = said
    assert first[0] == said[0]
    assert first[2] == said[2]
    assert first[1].split("the same again")[0] == said[1].split("the same again")[0]
