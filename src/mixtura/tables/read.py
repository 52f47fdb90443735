"""Reading: a table from wherever it is."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from mixtura.errors import DataError
from mixtura.tables.delimited import delimited_table
from mixtura.tables.npy import archive, npy_table
from mixtura.tables.parquet import parquet_table
from mixtura.tables.selection import Selection
from mixtura.tables.streams import joined, needs_scan, scan
from mixtura.tables.table import Table

__all__ = ["read_table", "standard_input"]


def read_table(
    source: str,
    *,
    columns: Sequence[str] | None = None,
    ids: Sequence[str] = (),
    expected: Sequence[str] | None = None,
    header: bool | None = None,
) -> Table:
    r"""The table in a file, in a dataset, or on the standard input.

    Parameters
    ----------
    source : a path (``.npy``, ``.parquet``, ``.feather``, ``.arrow``; anything else is CSV, also
        ``.gz`` and ``.zst``), a glob or a folder of such files, ``-`` for CSV on the standard
        input, or ``@name`` for a dataset of `mixtura.datasets`. CSV is UTF-8, separated by
        commas, semicolons, tabs or blanks, with a header or without, with decimal points or, where
        they do not separate, commas. Lines that begin with ``#`` are left out where the first does.
        A first column of row names without a name is called index, and no feature unless named.
    columns : the features by name, in this order; every column that is not an id by default.
    ids : columns carried along as text.
    expected : the feature names of a model, taken from a file that names its columns where
        `columns` is None; what else the file holds is left alone.
    header : whether CSV begins with a header; None finds out: a first row in which any cell of
        the features is not a number is one.

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
    selection = Selection(
        None if columns is None else tuple(columns),
        tuple(ids),
        None if expected is None else tuple(expected),
    )
    if source == "-":
        return delimited_table(standard_input(), "standard input", selection, header)
    if source.startswith("@"):
        from mixtura import datasets

        return _selected(datasets.load(source[1:]), source, selection)
    if needs_scan(source):
        return _collected(source, selection, header)
    path = Path(source)
    suffix = path.suffix.lower()
    if suffix == ".npz":
        raise DataError(archive(path))
    if suffix == ".npy":
        return npy_table(path, selection)
    if suffix in (".parquet", ".pq"):
        return parquet_table(path, selection)
    return delimited_table(path.read_bytes(), source, selection, header)


def _collected(source: str, selection: Selection, header: bool | None) -> Table:
    """All rows of a scan."""
    rows = scan(
        source,
        columns=selection.columns,
        ids=selection.ids,
        expected=selection.expected,
        header=header,
    )
    chunks = list(rows.chunks())
    if not chunks:
        raise DataError(f"{source} has 0 rows, expected at least one")
    whole = joined(chunks)
    ids = {name: tuple(texts) for name, texts in whole.ids.items()}
    columns = rows.columns
    return Table(columns.features, whole.rows.astype(np.float64), ids, columns.named)


def standard_input() -> bytes:
    """All that comes on the standard input.

    Raises
    ------
    OSError : it is closed.
    """
    if sys.stdin is None:
        raise OSError("the standard input is closed")
    return sys.stdin.buffer.read()


def _selected(table: Table, source: str, selection: Selection) -> Table:
    """The chosen columns of a table that is already in memory; its ids stay unless some are named.

    Raises
    ------
    DataError : a column does not exist, or is text.
    """
    texts = tuple(name for name in table.ids if name in selection.ids)
    if selection.columns is None and not selection.ids and selection.expected is None:
        return table
    inner = replace(selection, ids=tuple(name for name in selection.ids if name not in texts))
    features, ids = inner.positions(table.names, source, named=table.named)
    carried = {name: table.ids[name] for name in texts or (() if ids else tuple(table.ids))}
    for position in ids:
        carried[table.names[position]] = tuple(map(str, table.rows[:, position].tolist()))
    names = tuple(table.names[j] for j in features)
    return Table(names, np.ascontiguousarray(table.rows[:, features]), carried, table.named)
