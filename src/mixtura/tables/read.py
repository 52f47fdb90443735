"""Reading: a table from wherever it is, which is the rows of a scan, collected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np

from mixtura.arguments import takes_missing
from mixtura.errors import DataError, ParameterError
from mixtura.tables.chunk import Chunk, bad_rows
from mixtura.tables.delimited import diagnose_text
from mixtura.tables.reading import Reading
from mixtura.tables.selection import Columns, Selection
from mixtura.tables.streams.files import needs_scan, scan_files
from mixtura.tables.streams.formats import TEXT, format_of
from mixtura.tables.streams.held import HeldText, scan_text
from mixtura.tables.streams.opening import scan
from mixtura.tables.streams.piped import ORIGIN, scan_input
from mixtura.tables.streams.scan import Scan
from mixtura.tables.table import Table

#: the data sets that come along, each with the number of its first columns that are features
BUNDLED = {"faithful": 2, "iris": 4, "galaxies": 1}


def read_table(
    source: str,
    *,
    columns: Sequence[str] | None = None,
    ids: Sequence[str] = (),
    expected: Sequence[str] | None = None,
    header: bool | None = None,
    missing: str = "refuse",
    missing_values: Sequence[str] = (),
    reading: Reading | None = None,
) -> Table:
    r"""The table in a file, in a dataset, or on the standard input.

    Parameters
    ----------
    source : a path (``.npy``, ``.parquet``, ``.feather``, ``.arrow``, ``.fits``, ``.fcs``,
        ``.h5ad``, by how it begins or else by its name; anything else is CSV, also ``.gz`` and
        ``.zst``), a glob or a folder of such files, ``-`` for CSV or Arrow on the standard input,
        or ``@name`` for a dataset of `mixtura.datasets`. CSV is UTF-8, separated by commas,
        semicolons, tabs or blanks, with a header or without, with decimal points or, where they do
        not separate, commas. Lines that begin with ``#`` are left out where the first does.
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
    reading : which numbers of a file are the rows, compensated or transformed; see `Reading`.

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
    selection = Selection.of(
        columns, ids, expected, holes=holes, marks=missing_values, reading=reading
    )
    if source == "-":
        return _of_rows(scan_input(selection, header=header, on_bad_row="error"), ORIGIN)
    if source.startswith("@"):
        selection.reading.check((), source)
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
            reading=reading,
        )
        nothing = f"{source} has 0 rows, expected at least one"
        return _collected(rows.chunks(), rows.columns, nothing)
    path = Path(source)
    if format_of(path) is not TEXT:
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


def _of_binary(path: Path, selection: Selection) -> Table:
    """The table in a file of numbers; one that is missing is NaN, for whoever computes with it."""
    rows = scan_files([path], selection, header=None, on_bad_row="skip")
    chunks = rows.chunks(bad_rows("skip"), keep=True)
    return _collected(chunks, rows.columns, f"{path} has 0 rows, expected at least one")


def _of_text(data: bytes, source: str, selection: Selection, header: bool | None) -> Table:
    """The table in CSV that is in memory, so that a fault is told of with all of it in view."""
    rows = scan_text(data, source, selection, header=header, on_bad_row="error")
    return _of_rows(rows, source)


def _of_rows(rows: Scan, source: str) -> Table:
    """The table of rows that are held, of whose CSV a fault is told with all of it in view."""
    nothing = f"{source} has a header and no rows, expected rows of numbers below it"
    try:
        return _collected(rows.chunks(), rows.columns, nothing)
    except DataError:
        if isinstance(rows, HeldText):
            diagnose_text(rows.data, source, rows.columns, rows.header)
        raise


def _collected(chunks: Iterable[Chunk], columns: Columns, nothing: str) -> Table:
    """The table of all rows of a scan; `nothing` says what is wrong where there are none."""
    held = list(chunks)
    if not held:
        raise DataError(nothing)
    rows = np.empty((sum(map(len, held)), len(columns.features)))
    ids: dict[str, list[str]] = {name: [] for name in columns.ids}
    nulls = None
    if any(chunk.nulls is not None for chunk in held):
        nulls = np.zeros(rows.shape, np.bool_)
    at, held = 0, held[::-1]
    while held:  # each is let go of once it is copied, so that there are no two copies of all
        chunk = held.pop()
        rows[at : at + len(chunk)] = chunk.rows
        if nulls is not None and chunk.nulls is not None:
            nulls[at : at + len(chunk)] = chunk.nulls
        at += len(chunk)
        for name, texts in ids.items():
            texts += chunk.ids[name]
    carried = {name: tuple(texts) for name, texts in ids.items()}
    return Table(columns.features, rows, carried, columns.named, nulls=nulls)


def _selected(table: Table, source: str, selection: Selection) -> Table:
    """The chosen columns of a table of numbers that is already in memory.

    Raises
    ------
    DataError : a column does not exist.
    """
    features, ids = selection.positions(table.names, source, named=table.named)
    carried = {table.names[j]: tuple(map(str, table.rows[:, j].tolist())) for j in ids}
    names = tuple(table.names[j] for j in features)
    rows = np.ascontiguousarray(table.rows[:, features])
    for name, scale in selection.reading.transforms(names).items():
        rows[:, names.index(name)] = scale(rows[:, names.index(name)])
    return Table(names, rows, carried, table.named)
