"""What a file says of itself is compared with what it holds, however it is opened."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet
import pytest

import mixtura
from mixtura.engine.statistics import Statistics
from mixtura.errors import DataError
from mixtura.tables import read_table
from mixtura.tables.arrow import chunk_of
from mixtura.tables.selection import Columns
from mixtura.tables.streams import scan

ROWS = np.random.default_rng(0).normal(size=(300, 2))


def refused(path: Path, words: str, **options: Any) -> None:
    """The file, and a glob that leads to it, are refused with the same words."""
    glob = path.with_name(f"[{path.name[0]}]{path.name[1:]}")
    for source in (path, glob):
        with pytest.raises(DataError, match=words) as caught:
            read_table(str(source), **options)
        assert str(caught.value).startswith(str(path))
        with pytest.raises(DataError, match=words):
            list(scan(str(source), **options).chunks())


# -- NumPy's own files ------------------------------------------------------------------------


def npy(path: Path, array: np.ndarray, old: bytes = b"", new: bytes = b"", cut: int = 0) -> Path:
    """A ``.npy`` file with something of its header replaced, or its end cut off."""
    np.save(path, array)
    data = path.read_bytes()
    assert old in data[:128]
    data = data.replace(old, new.ljust(len(old)), 1)
    path.write_bytes(data[: len(data) - cut])
    return path


@pytest.mark.parametrize("dtype", ["<f8", ">f4", "<i2"])
def test_an_array_that_is_cut_short_is_refused(tmp_path, dtype):
    by_columns = np.asfortranarray((100 * ROWS).astype(dtype))
    size = by_columns.dtype.itemsize
    for cut in (1, size, 100 * size):
        path = npy(tmp_path / "rows.npy", by_columns, cut=cut)
        there = 600 - -(-cut // size)
        refused(path, rf"ends after {there} of 600 numbers, expected 300 rows: it is cut short")
        path = npy(tmp_path / "rows.npy", np.ascontiguousarray(by_columns), cut=cut)
        refused(path, rf"ends within row {there // 2}, expected 300 rows: it is cut short")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"}", b" ", "is not a .npy file that mixtura reads"),
        (b"{", b"[", "is not a .npy file that mixtura reads"),
        (b"'descr'", b"[]:1,", "is not a .npy file that mixtura reads"),
        (b"'<f8'", b"'<q8'", "is not a .npy file that mixtura reads"),
        (b"'<f8'", b"'<c8'", "holds values of type complex64, expected real numbers"),
        (b"(300, 2)", b"(-30, 2)", r"an array of shape \(-30, 2\), expected at least one row"),
        (b"(300, 2)", b"(0, 2)", r"an array of shape \(0, 2\), expected at least one row"),
        (b"(300, 2)", b"(600,)", r"an array of shape \(600,\), expected \(n_rows, n_features\)"),
        (b"(300, 2)", b"(900, 2)", "ends within row 300, expected 900 rows"),
        (b"(300, 2), }        ", b"(9000000000, 2), }", "ends within row 300, expected 9000000000"),
        (b"(300, 2), }        ", b"(2, 9000000000), }", "ends within row 0, expected 2 rows"),
    ],
)
def test_a_header_that_is_no_header_is_refused(tmp_path, old, new, words):
    refused(npy(tmp_path / "rows.npy", ROWS, old, new), words)


def test_an_archive_of_arrays_is_refused_by_name(tmp_path):
    np.savez(tmp_path / "rows.npz", ROWS)
    refused(tmp_path / "rows.npz", r"is a \.npz archive, .* expected a \.npy file of one")


def test_every_layout_type_and_version_of_an_array_is_read(tmp_path):
    path = tmp_path / "rows.npy"
    for dtype in ("<f8", ">f8", "<f4", "<f2", "<i4", ">u2", "<f16"):
        for order in ("C", "F"):
            for version in ((1, 0), (2, 0), (3, 0)):
                array = np.asarray(np.abs(100 * ROWS), dtype, order=order)
                with path.open("wb") as file:
                    np.lib.format.write_array(file, array, version)
                expected = np.load(path).astype(np.float64)
                np.testing.assert_array_equal(read_table(str(path)).rows, expected)
                (chunk,) = scan(path).chunks()
                np.testing.assert_array_equal(chunk.rows, expected)


# -- Arrow's ---------------------------------------------------------------------------------


@pytest.fixture(params=["arrow", "arrows"])
def claims(request, tmp_path) -> Path:
    """A file of three rows that says it has four; the fourth is in the zeros that fill it up."""
    path = tmp_path / f"rows.{request.param}"
    batch = pa.record_batch({"x": [1.0, 2.0, 3.0], "y": [4.0, 5.0, 6.0]})
    new = pa.ipc.new_file if request.param == "arrow" else pa.ipc.new_stream
    with new(path, batch.schema) as writer:
        writer.write_batch(batch)
    data = path.read_bytes()
    numbers = data.index(struct.pack("<d", 1.0))
    said = data[:numbers].replace(struct.pack("<q", 3), struct.pack("<q", 4))
    path.write_bytes(said + data[numbers:])
    return path


def test_a_batch_of_fewer_rows_than_it_says_is_refused(claims):
    refused(claims, "is not an Arrow file that mixtura reads: .* length 4: expected at least 32")


def test_a_table_of_fewer_rows_than_it_says_is_refused(claims):
    new = pa.ipc.open_file if claims.suffix == ".arrow" else pa.ipc.open_stream
    with claims.open("rb") as file:
        table = new(file).read_all()
    with pytest.raises(DataError, match=r"X is damaged: .* length 4"):
        mixtura.fit(table, 1)
    with pytest.raises(DataError, match=r"batch 0 is damaged: .* length 4"):
        mixtura.fit([table, table], 1)


@pytest.mark.parametrize("claims", ["arrow"], indirect=True)
def test_a_dataset_of_fewer_rows_than_it_says_is_refused(claims):
    rows = pa.dataset.dataset(claims, format="ipc")
    with pytest.raises(DataError, match=r"the dataset cannot be read, .* length 4"):
        mixtura.fit(rows, 1)


def test_statistics_of_fewer_numbers_than_they_say_are_refused():
    mixture = mixtura.fit(ROWS, 1).mixture
    row = mixtura.statistics(ROWS, mixture).to_arrow()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, row.schema) as writer:
        writer.write_batch(row)
    data = bytes(sink.getvalue())
    numbers = data.index(struct.pack("<d", mixture.means[0, 0]))  # of the body; before are lengths
    said = data[:numbers].replace(struct.pack("<q", 2), struct.pack("<q", 3))
    assert said != data[:numbers]
    (claims,) = pa.ipc.open_stream(said + data[numbers:])
    assert Statistics.from_arrow(row).n_rows == 300
    with pytest.raises(DataError, match="expected at least"):
        Statistics.from_arrow(claims)


@pytest.mark.parametrize("kind", ["string", "large_string", "dictionary"])
@pytest.mark.parametrize("suffix", ["feather", "arrow", "parquet"])
def test_a_text_that_is_no_utf_8_is_refused_where_it_is_carried(tmp_path, suffix, kind):
    who = [f"né{i}" for i in range(300)]
    texts = pa.array(who, pa.large_string() if kind == "large_string" else pa.string())
    if kind == "dictionary":
        texts = texts.dictionary_encode()
    table = pa.table({"who": texts, "x": ROWS[:, 0], "y": ROWS[:, 1]})
    path = tmp_path / f"rows.{suffix}"
    if suffix == "parquet":
        pa.parquet.write_table(table, path, compression="none", use_dictionary=False)
    else:
        pa.feather.write_feather(table, path, compression="uncompressed")
    assert read_table(str(path), ids=["who"]).ids["who"] == tuple(who)
    data = path.read_bytes()
    at = data.index("né100".encode()) + 1
    path.write_bytes(data[:at] + b"\xff" + data[at + 1 :])
    refused(path, r"column 'who' is damaged: .*UTF8", ids=["who"])
    assert read_table(str(path), columns=["x", "y"]).rows.shape == (300, 2)  # nobody asks for it


def test_a_name_that_is_no_utf_8_is_refused(tmp_path):
    path = tmp_path / "rows.arrow"
    pa.feather.write_feather(pa.table({"hé": [1.0, 2.0]}), path, compression="uncompressed")
    path.write_bytes(path.read_bytes().replace("hé".encode(), b"h\xff\xa9"))
    refused(path, "is not an Arrow file that mixtura reads: .*utf-8")


def test_a_time_in_a_zone_that_does_not_exist_is_refused_where_it_is_carried(tmp_path):
    path = tmp_path / "rows.arrow"
    when = pa.array([0, 1], pa.timestamp("s", "Europe/Rome"))
    pa.feather.write_feather(pa.table({"x": [1.0, 2.0], "when": when}), path, "uncompressed")
    path.write_bytes(path.read_bytes().replace(b"Europe/Rome", b"Europe/Roma"))
    refused(path, "is not an Arrow file that mixtura reads", ids=["when"])


def test_a_time_that_no_calendar_has_is_refused_where_it_is_carried(tmp_path):
    path = tmp_path / "rows.parquet"
    when = pa.array([0, 2**60], pa.timestamp("us"))
    pa.parquet.write_table(pa.table({"x": [1.0, 2.0], "when": when}), path)
    refused(path, "is not a Parquet file that mixtura reads", ids=["when"])


def test_every_batch_is_asked_whether_it_is_sound():
    batch = pa.record_batch({"x": [1.0, 2.0]})
    asked = []

    class Watched:
        schema = batch.schema

        def validate(self) -> None:
            asked.append("batch")

        def column(self, place: int) -> Any:
            return batch.column(place)

    chunk_of(Watched(), Columns(("x",)), "it", 0)
    assert asked == ["batch"]


# -- Parquet's -------------------------------------------------------------------------------


@pytest.fixture(params=[True, False], ids=["with checksums", "without"])
def flipped(request, tmp_path) -> tuple[Path, bool]:
    """A file of which one bit of one number is another, and whether it has checksums."""
    path = tmp_path / "rows.parquet"
    table = pa.table({"x": ROWS[:, 0], "y": ROWS[:, 1]})
    plain: dict[str, Any] = {"compression": "none", "use_dictionary": False}
    pa.parquet.write_table(table, path, write_page_checksum=request.param, **plain)
    data = bytearray(path.read_bytes())
    at = data.index(struct.pack("<d", ROWS[100, 0]))
    data[at + 6] ^= 1
    path.write_bytes(data)
    return path, request.param


def test_a_page_s_checksum_is_held_to_where_there_is_one(flipped):
    path, checked = flipped
    if checked:
        refused(path, "is not a Parquet file that mixtura reads.*[Cc][Rr][Cc]")
        with pytest.raises(DataError, match=r"the dataset cannot be read.*[Cc][Rr][Cc]"):
            mixtura.fit(pa.dataset.dataset(path), 1)
        return
    expected = pa.parquet.read_table(path)["x"].to_numpy()
    assert (expected != ROWS[:, 0]).sum() == 1
    np.testing.assert_array_equal(read_table(str(path)).rows[:, 0], expected)
    np.testing.assert_array_equal(next(scan(path).chunks()).rows[:, 0], expected)


def test_a_dataset_keeps_the_options_that_it_was_opened_with(tmp_path):
    path = tmp_path / "rows.parquet"
    pa.parquet.write_table(pa.table({"x": ROWS[:, 0]}), path)
    options = pa.dataset.ParquetFragmentScanOptions(thrift_string_size_limit=1)
    form = pa.dataset.ParquetFileFormat(default_fragment_scan_options=options)
    own = pa.dataset.dataset(path, schema=pa.schema({"x": pa.float64()}), format=form)
    with pytest.raises(DataError, match="the dataset cannot be read"):
        mixtura.fit(own, 1)
    both = pa.dataset.dataset([pa.dataset.dataset(path), pa.dataset.dataset(path)])
    assert mixtura.fit(both, 1).n_rows == 600


# -- numbers ---------------------------------------------------------------------------------


def test_single_precision_whose_differences_overflow_is_refused(tmp_path):
    rows = ROWS.astype(np.float32)
    rows[:2, 0] = -3e38, 3e38
    np.save(tmp_path / "rows.npy", rows)
    for source in (rows, tmp_path / "rows.npy"):
        with pytest.raises(DataError, match=r"goes from -3e\+38 to 3e\+38: its variance overflows"):
            mixtura.fit(source, 1)
    variance = mixtura.fit(rows.astype(np.float64), 1).mixture.covariances[0, 0, 0]
    assert variance == pytest.approx(np.var(rows[:, 0].astype(np.float64)))
