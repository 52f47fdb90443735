"""Text may spell a missing cell in ways of its own, and numbers may be among them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas
import pytest

from mixtura.errors import DataError, ParameterError
from mixtura.tables import read_table
from mixtura.tables.streams import scan

MARKS = ("-9", "n.d.", "7")
TEXT = 'name,a,b,w\n-9,1,2,1\nbob,-9,4,1\ncid,n.d.,,7\n n.d., -9,"-9",2\nfay,-9.5,-90,1\n'
PLAIN = TEXT.replace(" -9", "-9").replace('"', "")


@pytest.fixture(params=[TEXT, PLAIN, TEXT.replace("\n", "\r\n")], ids=["odd", "plain", "lines"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    path = tmp_path / "rows.csv"
    path.write_bytes(request.param.encode())
    return str(path)


def by_pandas(file: str) -> np.ndarray:
    frame = pandas.read_csv(file, skipinitialspace=True, na_values=list(MARKS))
    return frame[["a", "b"]].to_numpy(float)


def test_a_table_and_a_scan_have_holes_where_pandas_has_them(file: str) -> None:
    asked = {"columns": ["a", "b"], "ids": ["name"], "missing": "em", "missing_values": MARKS}
    table = read_table(file, **asked)
    np.testing.assert_array_equal(table.rows, by_pandas(file))
    assert table.ids["name"] == ("-9", "bob", "cid", "n.d.", "fay")
    chunks = list(scan(file, **asked).chunks())
    np.testing.assert_array_equal(np.vstack([chunk.rows for chunk in chunks]), by_pandas(file))


def test_fields_of_rows_keep_their_numbers(file: str) -> None:
    asked = {"columns": ["a", "b"], "weights": "w", "ids": ["name"], "missing": "em"}
    (chunk,) = scan(file, **asked, missing_values=MARKS).chunks()
    assert chunk.fields["weights"].tolist() == [1.0, 1.0, 7.0, 2.0, 1.0]


def test_other_text_is_still_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a,b\nn.d.,1\n2,n/d\n", "utf-8")
    with pytest.raises(DataError, match=r"line 3 .*'n/d'"):
        read_table(str(path), missing="em", missing_values=MARKS)
    with pytest.raises(DataError, match=r"line 2 .*'n\.d\.'"):
        read_table(str(path), missing="em")


def test_a_first_row_with_a_mark_is_no_header(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("n.d.,1\n2,3\n", "utf-8")
    table = read_table(str(path), missing="em", missing_values=MARKS)
    np.testing.assert_array_equal(table.rows, [[np.nan, 1.0], [2.0, 3.0]])


def test_marks_are_told_only_where_a_cell_may_be_missing(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a\n1\n", "utf-8")
    with pytest.raises(ParameterError, match="missing='em'"):
        read_table(str(path), missing_values=MARKS)
    with pytest.raises(ParameterError, match="missing='em'"):
        scan(str(path), missing_values=MARKS)
