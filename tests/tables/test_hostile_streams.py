"""Files as they are found: an error names the file and the row, or the count says what is gone."""

from __future__ import annotations

import gzip
import os
import warnings

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

import mixtura
from mixtura.errors import DataError, ParameterError
from mixtura.tables import read_table
from mixtura.tables.streams import bad_rows, scan

ROWS = np.random.default_rng(0).normal(size=(200_000, 2))


def lines(rows: np.ndarray) -> list[str]:
    return [f"{a!r},{b!r}" for a, b in rows.tolist()]


def everything(rows) -> np.ndarray:
    return np.concatenate([chunk.rows for chunk in rows.chunks()])


@pytest.fixture
def text(tmp_path):
    """200,000 lines below a header."""
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(["a,b", *lines(ROWS)]) + "\n")
    return path


def test_a_late_line_of_another_width_is_named_or_left_out_and_counted(text):
    all_lines = text.read_text().splitlines()
    all_lines[150_001] = "1,2,3"  # line 150002
    text.write_text("\n".join(all_lines))
    with pytest.raises(DataError, match=r"rows\.csv: line 150002 has 3 cells, expected 2"):
        mixtura.fit(text, 2)
    count = bad_rows("skip")
    rows = scan(text, on_bad_row="skip")
    found = np.concatenate([chunk.rows for chunk in rows.chunks(count)])
    np.testing.assert_array_equal(found, np.delete(ROWS, 150_000, axis=0))
    assert count.count == 1


@pytest.mark.slow
def test_another_width_at_row_three_million_is_named_or_left_out_and_counted(tmp_path):
    path = tmp_path / "rows.csv"
    part = "\n".join(lines(ROWS[:100_000])) + "\n"
    with path.open("w") as file:
        file.write("a,b\n")
        for _ in range(30):
            file.write(part)
        file.write("1,2,3\n" + part)  # row 3,000,000, line 3,000,002
    with pytest.raises(DataError, match=r"rows\.csv: line 3000002 has 3 cells, expected 2"):
        mixtura.fit(path, 2)
    with pytest.warns(UserWarning, match=r"1 bad row was left out; .*: line 3000002 has 3 cells"):
        fitted = mixtura.fit(scan(path, on_bad_row="skip"), 1, max_iter=1)
    assert fitted.n_rows == 3_100_000


def test_a_late_cell_that_is_no_number_is_named_by_line_and_row(text):
    all_lines = text.read_text().splitlines()
    all_lines[150_001] = "1,two"
    all_lines[5] = "\n\nnan,1"  # blank lines are counted as lines and are no rows
    text.write_text("\n".join(all_lines))
    count = bad_rows("report")
    list(scan(text, on_bad_row="report").chunks(count))
    assert count.count == 2
    assert "line 8 (row 4), column 'a' is NaN" in count.sentences[0]
    assert "line 150004 (row 150000), column 'b' holds 'two'" in count.sentences[1]


def test_quoted_line_ends_do_not_end_a_record(tmp_path):
    path = tmp_path / "rows.csv"
    texts = [f'"say ""{i}""\nand more",{i}.5' for i in range(100_000)]
    path.write_text("\n".join(["who,a", *texts]))
    chunks = list(scan(path, ids=["who"]).chunks())
    assert len(chunks) > 1
    np.testing.assert_array_equal(
        np.concatenate([chunk.rows[:, 0] for chunk in chunks]), np.arange(100_000) + 0.5
    )
    assert chunks[-1].ids["who"][-1] == 'say "99999"\nand more'


def test_a_stream_of_csv_holds_what_the_table_holds(text):
    np.testing.assert_array_equal(everything(scan(text)), read_table(str(text)).rows)


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_parquet_file_is_named(tmp_path, share):
    path = tmp_path / "rows.parquet"
    pa.parquet.write_table(pa.table({"a": ROWS[:, 0], "b": ROWS[:, 1]}), path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(DataError, match=r"rows\.parquet is not a Parquet file .* cut short"):
        mixtura.fit(path, 2)


def test_damage_within_a_parquet_file_is_named_with_the_row(tmp_path):
    path = tmp_path / "rows.parquet"
    table = pa.table({"a": ROWS[:, 0], "b": ROWS[:, 1]})
    pa.parquet.write_table(table, path, row_group_size=50_000, use_dictionary=False)
    data = bytearray(path.read_bytes())
    third = pa.parquet.ParquetFile(path).metadata.row_group(2).column(0).data_page_offset
    data[third : third + 64] = b"\xff" * 64
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"rows\.parquet .* from row \d+ on") as caught:
        mixtura.fit(path, 2)
    row = int(str(caught.value).partition("from row ")[2].split()[0])
    assert 100_000 - 2**16 < row <= 100_000  # the batch in which the damage is


def test_a_truncated_npy_file_is_named_with_the_row(tmp_path):
    path = tmp_path / "rows.npy"
    np.save(path, ROWS)
    path.write_bytes(path.read_bytes()[: 128 + 16 * 150_000 + 5])
    with pytest.raises(DataError, match=r"rows\.npy ends within row 150000, expected 200000 rows"):
        mixtura.fit(path, 2)


def test_a_truncated_gz_file_is_named(text):
    packed = text.with_suffix(".csv.gz")
    packed.write_bytes(gzip.compress(text.read_bytes())[:-5000])
    with pytest.raises(DataError, match=r"rows\.csv\.gz cannot be unpacked beyond its first"):
        mixtura.fit(packed, 2)


def test_a_column_that_one_file_lacks_is_named_with_the_file(tmp_path):
    for number, names in enumerate((["a", "b"], ["b", "a"], ["a", "c"])):
        columns = {name: ROWS[:100, j] for j, name in enumerate(names)}
        pa.parquet.write_table(pa.table(columns), tmp_path / f"{number}.parquet")
    with pytest.raises(DataError, match=r"2\.parquet has no column 'b', it has: a, c"):
        mixtura.fit(tmp_path, 2)


def test_a_column_that_is_text_in_one_file_is_named_with_the_file(tmp_path):
    pa.parquet.write_table(pa.table({"a": [1.0, 2.0]}), tmp_path / "0.parquet")
    pa.parquet.write_table(pa.table({"a": ["1", "2"]}), tmp_path / "1.parquet")
    with pytest.raises(DataError, match=r"1\.parquet: column 'a' is of type string"):
        mixtura.fit(tmp_path, 1)


def test_empty_files_among_full_ones_are_nothing(tmp_path):
    (tmp_path / "0.csv").write_text("")
    (tmp_path / "1.csv").write_text("a,b\n1,2\n")
    (tmp_path / "2.csv").write_text("a,b\n")
    (tmp_path / "3.csv").write_text("a,b\n3,4\n5,7")
    pa.parquet.write_table(pa.table({"a": [], "b": []}).cast(
        pa.schema([("a", pa.float64()), ("b", pa.float64())])), tmp_path / "4.parquet")  # fmt: skip
    assert everything(scan(tmp_path)).tolist() == [[1, 2], [3, 4], [5, 7]]
    with pytest.raises(DataError, match="is empty, expected rows of numbers"):
        scan(tmp_path / "0.csv")


def written(path, rows: np.ndarray) -> None:
    """Rows in a file of the kind that its name says."""
    if path.suffix == ".npy":
        np.save(path, rows)
    elif path.suffix == ".csv":
        path.write_text("\n".join(["x0,x1", *lines(rows)]) + "\n")
    else:
        table = pa.table({"x0": rows[:, 0], "x1": rows[:, 1]})
        write = pa.parquet.write_table if path.suffix == ".parquet" else pa.feather.write_feather
        write(table, path)


CHANGES = {
    "longer": lambda path: written(path, ROWS[:30_001]),
    "shorter": lambda path: written(path, ROWS[:10_000]),
    "other numbers": lambda path: written(path, ROWS[1:30_001]),
    "deleted": lambda path: path.unlink(),
    "emptied": lambda path: path.write_bytes(b""),
}


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".feather", ".npy"])
@pytest.mark.parametrize("how", CHANGES)
def test_a_file_that_changes_during_the_run_ends_it(tmp_path, suffix, how):
    first, second = tmp_path / f"0{suffix}", tmp_path / f"1{suffix}"
    written(first, ROWS[:30_000])
    written(second, ROWS[:30_000])

    class Meddler:
        def begun(self, run):
            pass

        def iterated(self, iteration, trace, mixture):
            if iteration == 2:
                CHANGES[how](second)

        def ended(self, fit):
            raise AssertionError("it went on")

    with pytest.raises(DataError) as caught:
        mixtura.fit(tmp_path, 2, max_iter=9, tol=0.0, observer=Meddler())
    assert str(caught.value).startswith(f"{second} ")
    assert "was deleted" in str(caught.value) or "changed while it was in use" in str(caught.value)


def test_a_file_that_changes_in_the_middle_of_a_pass_ends_it(text):
    chunks = scan(text).chunks()
    next(chunks)
    with text.open("a") as file:
        file.write("1,2\n")
    with pytest.raises(DataError, match=r"rows\.csv changed while it was in use: it had "):
        list(chunks)


def test_a_file_that_was_written_to_is_known_by_its_time_too(text):
    rows = scan(text)
    os.utime(text, ns=(1, 1))
    with pytest.raises(DataError, match=r"rows\.csv changed while it was in use: it was written"):
        list(rows.chunks())
    text.unlink()
    with pytest.raises(DataError, match=r"rows\.csv was deleted while it was in use"):
        list(rows.chunks())


def test_a_negative_weight_is_a_bad_row(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("a,w\n1,1\n2,-1\n3,2\n5,1\n")
    with pytest.raises(DataError, match=r"row 1 has the weight -1, expected a finite number"):
        mixtura.fit(path, 1, sample_weight="w")
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        fitted = mixtura.fit(scan(path, weights="w", on_bad_row="skip"), 1)
    assert fitted.mixture.means[0, 0] == pytest.approx((1 + 2 * 3 + 5) / 4)


def test_a_policy_that_does_not_exist_lists_those_that_do(text):
    with pytest.raises(ParameterError, match="expected one of: error, skip, report"):
        scan(text, on_bad_row="ignore")


def test_a_glob_without_files_and_a_folder_without_rows_are_named(tmp_path):
    with pytest.raises(DataError, match="no file matches"):
        mixtura.fit(tmp_path / "*.parquet", 2)
    with pytest.raises(DataError, match="is a folder without files of rows"):
        mixtura.fit(tmp_path, 2)
