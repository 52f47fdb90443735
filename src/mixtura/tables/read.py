"""Reading: a table from wherever it is, which is the rows of a scan, collected."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np

from mixtura.arguments import takes_missing
from mixtura.errors import DataError, ParameterError
from mixtura.tables.chunk import Chunk, bad_rows
from mixtura.tables.delimited import diagnose_text
from mixtura.tables.selection import Columns, Selection
from mixtura.tables.streams.files import needs_scan, scan_files
from mixtura.tables.streams.held import scan_text
from mixtura.tables.streams.opening import scan
from mixtura.tables.table import Table

#: the data sets that come along, each with the number of its first columns that are features
BUNDLED = {"faithful": 2, "iris": 4, "galaxies": 1}

_BINARY = (".npy", ".npz", ".parquet", ".pq")


def read_table(
    source: str,
    *,
    columns: Sequence[str] | None = None,
    ids: Sequence[str] = (),
    expected: Sequence[str] | None = None,
    header: bool | None = None,
    missing: str = "refuse",
    missing_values: Sequence[str] = (),
) -> Table:
    r"""The table in a file, in a dataset, or on the standard input.

    Parameters
    ----------
    source : a path (``.npy``, ``.parquet``, ``.feather``, ``.arrow``, ``.fits``; anything else is
        CSV, also ``.gz`` and ``.zst``), a glob or a folder of such files, ``-`` for CSV on the
        standard input, or ``@name`` for a dataset of `mixtura.datasets`. CSV is UTF-8, separated by
        commas, semicolons, tabs or blanks, with a header or without, with decimal points or, where
        they do not separate, commas. Lines that begin with ``#`` are left out where the first does.
        A first column of row names without a name is called index, and no feature unless named.
    columns : the features by name, in this order; every column that is not an id by default.
    ids : columns carried along as text.
    expected : the feature names of a model, taken from a file that names its columns where
        `columns` is None; what else the file holds is left alone.
    header : whether CSV begins with a header; None finds out: a first row in which any cell of
        the features is not a number is one.
    missing : ``"em"`` where features may be missing, as for `mixtura.tables.streams.scan`: NaN.
    missing_values : further spellings of a cell that is missing in CSV, numbers among them, such as
        ``["-9", "n.d."]``, each as it is written there; with `missing` ``"em"``.

    Raises
    ------
    DataError : the contents cannot be used; the line and the column are named.
    ParameterError : there is no such dataset, or a column is chosen twice.
    MissingExtraError : Parquet, and pyarrow is not installed.
    OSError : it cannot be read.

    Notes
    -----
    The file is held in memory once as text and once as numbers.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "people.csv"
    >>> _ = path.write_text("name;height;mass\nann;1.71;64\nbob;1.83;80\n")
    >>> table = read_table(str(path), ids=["name"])
    >>> table.names, table.rows.tolist(), table.ids
    (('height', 'mass'), [[1.71, 64.0], [1.83, 80.0]], {'name': ('ann', 'bob')})
    """
    holes = takes_missing(missing)
    selection = Selection.of(columns, ids, expected, holes=holes, marks=missing_values)
    if source == "-":
        return _of_text(standard_input(), "standard input", selection, header)
    if source.startswith("@"):
        return _selected(bundled(source[1:]), source, selection)
    if needs_scan(source):
        rows = scan(
            source,
            columns=columns,
            ids=ids,
            expected=expected,
            header=header,
            missing=missing,
            missing_values=missing_values,
        )
        nothing = f"{source} has 0 rows, expected at least one"
        return _collected(rows.chunks(), rows.columns, nothing)
    path = Path(source)
    if path.suffix.lower() in _BINARY:
        return _of_binary(path, selection)
    return _of_text(path.read_bytes(), source, selection, header)


def bundled(name: str, *, whole: bool = False) -> Table:
    """The data set of that name that comes along with the package.

    Parameters
    ----------
    name : one of `BUNDLED`.
    whole : whether with the columns that are no features.

    Raises
    ------
    ParameterError : there is none of that name; those that exist are listed.
    """
    if name not in BUNDLED:
        known = ", ".join(BUNDLED)
        raise ParameterError(f"there is no dataset {name!r}, expected one of: {known}")
    data = (files("mixtura") / "data" / f"{name}.csv").read_bytes()
    table = _of_text(data, f"@{name}", Selection(), True)
    d = len(table.names) if whole else BUNDLED[name]
    return Table(table.names[:d], np.ascontiguousarray(table.rows[:, :d]))


def standard_input() -> bytes:
    """All that comes on the standard input.

    Raises
    ------
    OSError : it is closed.
    """
    if sys.stdin is None:
        raise OSError("the standard input is closed")
    return sys.stdin.buffer.read()


def _of_binary(path: Path, selection: Selection) -> Table:
    """The table in a file of numbers; one that is missing is NaN, for whoever computes with it."""
    rows = scan_files([path], selection, header=None, on_bad_row="skip")
    chunks = rows.chunks(bad_rows("skip"), keep=True)
    return _collected(chunks, rows.columns, f"{path} has 0 rows, expected at least one")


def _of_text(data: bytes, source: str, selection: Selection, header: bool | None) -> Table:
    """The table in CSV that is in memory, so that a fault is told of with all of it in view."""
    rows = scan_text(data, source, selection, header=header, on_bad_row="error")
    nothing = f"{source} has a header and no rows, expected rows of numbers below it"
    try:
        return _collected(rows.chunks(), rows.columns, nothing)
    except DataError:
        diagnose_text(rows.data, source, rows.columns, rows.header)
        raise


def _collected(chunks: Iterable[Chunk], columns: Columns, nothing: str) -> Table:
    """The table of all rows of a scan; `nothing` says what is wrong where there are none."""
    held = list(chunks)
    if not held:
        raise DataError(nothing)
    rows = np.empty((sum(map(len, held)), len(columns.features)))
    ids: dict[str, list[str]] = {name: [] for name in columns.ids}
    at, held = 0, held[::-1]
    while held:  # each is let go of once it is copied, so that there are no two copies of all
        chunk = held.pop()
        rows[at : at + len(chunk)] = chunk.rows
        at += len(chunk)
        for name, texts in ids.items():
            texts += chunk.ids[name]
    return Table(
        columns.features, rows, {name: tuple(texts) for name, texts in ids.items()}, columns.named
    )


def _selected(table: Table, source: str, selection: Selection) -> Table:
    """The chosen columns of a table of numbers that is already in memory.

    Raises
    ------
    DataError : a column does not exist.
    """
    features, ids = selection.positions(table.names, source, named=table.named)
    carried = {table.names[j]: tuple(map(str, table.rows[:, j].tolist())) for j in ids}
    names = tuple(table.names[j] for j in features)
    return Table(names, np.ascontiguousarray(table.rows[:, features]), carried, table.named)
