"""A table is the same table however R, pandas, instruments and spreadsheets write it.

pandas reads the same files, told how they are written; what it finds is what is expected.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mixtura
from mixtura.errors import DataError
from mixtura.tables import read_table
from mixtura.tables.streams import concat, scan

RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal([50.0, -3.0], [5.0, 0.1], (40, 2)).round(3)
POINTS = [[f"{x}" for x in row] for row in ROWS]
COMMAS = [[cell.replace(".", ",") for cell in row] for row in POINTS]


def lines(rows: list[list[str]], separator: str, *before: str, end: str = "") -> str:
    return "\n".join([*before, *(separator.join(row) + end for row in rows)]) + "\n"


def numbered(rows: list[list[str]], first: int) -> list[list[str]]:
    return [[f'"{first + i}"', *row] for i, row in enumerate(rows)]


FILES: dict[str, str] = {
    "R's write.csv": lines(numbered(POINTS, 1), ",", '"","a","b"'),
    "R's write.csv2": lines(numbered(COMMAS, 1), ";", '"";"a";"b"'),
    "R's write.table": lines(numbered(POINTS, 1), " ", '"a" "b"'),
    "R's row names": lines([[f"car {i}", *r] for i, r in enumerate(POINTS)], ",", '"","a","b"'),
    "pandas' to_csv": pd.DataFrame(ROWS, columns=["a", "b"]).to_csv(),
    "pandas, filtered": pd.DataFrame(ROWS, columns=["a", "b"], index=range(0, 120, 3)).to_csv(),
    "pandas, dates": pd.DataFrame(
        ROWS, columns=["a", "b"], index=pd.date_range("2024-01-01", periods=40)
    ).to_csv(),
    "decimal commas": lines(COMMAS, ";", "a;b"),
    "decimal commas and tabs": lines(COMMAS, "\t", "a\tb"),
    "whole and decimal commas": lines(COMMAS, ";", "a;b").replace(",0;", ";"),
    "blanks": lines(POINTS, " ", "a b"),
    "columns of blanks": lines(
        [[f"{c:>12}" for c in r] for r in POINTS], "", f"{'a':>12}{'b':>12}"
    ),
    "blanks at the ends": lines(POINTS, "   ", "  a   b  ", end="  "),
    "blanks and tabs": lines(POINTS, " \t ", "a \t b"),
    "comments": lines(POINTS, ",", "# instrument 7", "# mm, 2024", "a,b"),
    "comments amid": lines([*POINTS[:9], ["# paused, then on"], *POINTS[9:]], ",", "# mm", "a,b"),
    "one comment": lines(POINTS, ";", "# written by hand", "a;b"),
    "a header behind a mark": lines(POINTS, ",", "# a,b"),
    "trailing commas": lines(POINTS, ",", "a,b,", end=","),
    "trailing commas below": lines(POINTS, ",", "a,b", end=","),
    "a trailing comma above": lines(POINTS, ",", "a,b,"),
    "trailing semicolons": lines(COMMAS, ";", "a;b;", end=";"),
    "byte order mark": "\ufeff" + lines(COMMAS, ";", "a;b"),
    "windows": lines(COMMAS, ";", "a;b").replace("\n", "\r\n"),
}


def in_memory(path: Path) -> Any:
    table = read_table(str(path))
    return table.names, table.rows


def in_parts(path: Path) -> Any:
    rows = scan(path)
    return rows.columns.features, concat(list(rows.chunks())).rows


@pytest.mark.parametrize("read", [in_memory, in_parts])
@pytest.mark.parametrize("kind", FILES)
def test_the_same_rows_are_read(kind: str, read: Callable[[Path], Any], tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(FILES[kind].encode())
    names, rows = read(path)
    assert names == ("a", "b")
    assert np.array_equal(rows, ROWS)


def test_cell_by_cell_as_by_arrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mixtura.tables.delimited._arrow", lambda: None)
    for kind, text in FILES.items():
        path = tmp_path / "rows.csv"
        path.write_bytes(text.encode())
        names, rows = in_parts(path)
        assert names == ("a", "b"), kind
        assert np.array_equal(rows, ROWS), kind


@pytest.mark.parametrize("read", [in_memory, in_parts])
@pytest.mark.parametrize(
    "text", [lines(COMMAS, ";"), lines(POINTS, " "), lines(POINTS, ",", "# mm", end=",")]
)
def test_without_a_header_too(text: str, read: Callable[[Path], Any], tmp_path: Path) -> None:
    path = tmp_path / "rows.txt"
    path.write_text(text)
    names, rows = read(path)
    assert names == ("x0", "x1")
    assert np.array_equal(rows, ROWS)


def test_row_names_are_carried_along_where_they_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(FILES["R's row names"])
    assert read_table(str(path), ids=["index"]).ids["index"][:2] == ("car 0", "car 1")
    path.write_text(FILES["pandas, filtered"])
    assert read_table(str(path), columns=["index", "b"]).rows[:2, 0].tolist() == [0.0, 3.0]
    assert scan(path, columns=["index"]).columns.features == ("index",)


def test_a_first_column_that_is_no_index_keeps_its_place(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(",a\n0.5,1\n0.5,2\n")
    with pytest.raises(DataError, match="has no name for column 0"):
        read_table(str(path))
    path.write_text("a,b\n7,2,3\n4,5,6\n")
    with pytest.raises(DataError, match="line 2 has 3 cells, expected 2 as in the header"):
        read_table(str(path))


def test_marks_within_the_rows_are_data_where_no_comment_begins_the_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("who,a\n#12,1\n#13,2\n")
    assert read_table(str(path), ids=["who"]).ids["who"] == ("#12", "#13")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('a,b\n"1,234",2\n"5,678",3\n', r"column 'a' holds '1,234'.*without separators of tho"),
        ("a;b\n1,5;1\n2,5;1.234\n3;4\n", "holds text|holds '1,5', expected a number"),
        ("a;b\n" + "1,5;1\n" * 30 + "1.5;2\n", "holds '1.5', .*write all decimals with a comma"),
        ("a;b\n" + "1,5;1\n" * 30 + "1.234,5;2\n", "holds '1.234,5', .*separators of thousands"),
        ("a b\n1 2\n3\n", r"holds text, such as '1 2' on line 2|holds '1 2', expected"),
        ("a,b,\n1,2,\n3,4,5\n", r"has no name for column 2|line 3 has 3 cells, expected 2"),
    ],
)
def test_what_is_written_two_ways_is_refused(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=said):
        read_table(str(path))
    with pytest.raises(DataError, match=said):
        mixtura.fit(path, 1)


#: what Arrow would read otherwise, and what pandas is told of it
CARRIED = {
    "blanks before texts": ("who,a,b\nann, 1,2\n bob,3, 4\n", {"skipinitialspace": True}),
    "a comment that has as many cells": (
        "# mm\nwho,a,b\nann,1,2\n# bob,3,4\ncy,5,6\n",
        {"comment": "#"},
    ),
    "a line's end inside the header": ('"who","a","b\rc"\nann,1,2\nbob,3,4\n', {}),
}


@pytest.mark.parametrize("kind", CARRIED)
def test_texts_go_along_in_memory_as_in_parts(kind: str, tmp_path: Path) -> None:
    text, told = CARRIED[kind]
    path = tmp_path / "rows.csv"
    path.write_bytes(text.encode())
    expected = pd.read_csv(path, **told)
    table = read_table(str(path), ids=["who"])
    part = concat(list(scan(path, ids=["who"]).chunks()))
    for rows, ids in ((table.rows, table.ids), (part.rows, part.ids)):
        assert list(ids["who"]) == expected["who"].tolist()
        assert np.array_equal(rows, expected.iloc[:, 1:].to_numpy(np.float64))


def test_many_rows_are_read_by_arrow_as_cell_by_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = np.random.default_rng(7).normal(size=(60_000, 2)) * 10.0 ** np.arange(-3, 57, 30)
    path = tmp_path / "rows.csv"
    pd.DataFrame(numbers, columns=["a", "b"]).to_csv(path, index_label="who")
    found = [read_table(str(path), ids=["who"])]
    monkeypatch.setattr("mixtura.tables.delimited._arrow", lambda: None)
    found.append(read_table(str(path), ids=["who"]))
    for table in found:
        assert np.array_equal(table.rows, numbers)
        assert table.ids["who"] == tuple(map(str, range(len(numbers))))
