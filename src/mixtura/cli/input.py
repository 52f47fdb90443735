"""Input: the model and the rows that a command line names."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from mixtura.fitting.checkpoints.record import Record
    from mixtura.model.mixture import Mixture
    from mixtura.model.storage import StoredModel
    from mixtura.tables import Table
    from mixtura.tables.streams import Scan

__all__ = [
    "number_of",
    "places_of",
    "read_checkpoint",
    "read_model",
    "read_record",
    "read_rows",
    "weights_of",
]


def read_checkpoint(source: str) -> Record | None:
    """The checkpoint in a file; None where it holds something else, or is the standard input.

    Raises
    ------
    ModelError : it is damaged.
    OSError : it cannot be read.
    """
    from pathlib import Path

    from mixtura.fitting.checkpoints.generations import decoded, is_checkpoint

    data = b"" if source == "-" else Path(source).read_bytes()
    return decoded(data, source) if is_checkpoint(data) else None


def read_model(source: str, data: str | None = None) -> StoredModel:
    """The model in a file, or on the standard input for ``-``.

    Parameters
    ----------
    source : the path, or ``-``.
    data : where the command reads its rows, if it reads any.

    Raises
    ------
    click.UsageError : both are to come from the standard input.
    ModelError : it is not a sound model file.
    OSError : it cannot be read.
    """
    from mixtura.model import storage

    if source != "-":
        return storage.read(source)
    if data == "-":
        raise click.UsageError("MODEL and DATA are both -, expected one of them to be a file")
    return storage.decoded(sys.stdin.buffer.read(), "standard input")


def read_record(source: str) -> dict[str, Any]:
    """The JSON record in a file, or on the standard input for ``-``.

    Raises
    ------
    ModelError : it is no JSON object.
    OSError : it cannot be read.
    """
    import json
    from pathlib import Path

    from mixtura.errors import ModelError

    data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    try:
        record = json.loads(data)
    except ValueError:
        record = None
    if not isinstance(record, dict):
        raise ModelError(
            f"{'standard input' if source == '-' else source} is not the record of a selection: "
            "write one with mixtura select --json"
        )
    return record


def read_rows(
    source: str,
    columns: Sequence[str],
    ids: Sequence[str],
    header: bool | None,
    mixture: Mixture | None = None,
    *,
    on_bad_row: str = "error",
    weights: str | None = None,
) -> Table:
    """The rows that a command works on, in memory.

    Parameters
    ----------
    source : a file, a glob, a folder, ``-``, or ``@name``.
    columns, ids, header : as the options of the same names say; no columns are all of them.
    mixture : whose features are taken where the file names its columns and `columns` does not
        choose.
    on_bad_row : as the option of that name says; rows that are left out are told of.
    weights : the column that weighs the rows, or None; it is among the ids of the table.

    Raises
    ------
    As `mixtura.tables.read_table`.
    """
    from mixtura.tables import read_table

    if on_bad_row != "error":
        from mixtura.cli.streaming import scan_of

        found = scan_of(source, columns, ids, header, on_bad_row, weights=weights, mixture=mixture)
        return _collected(found, source)
    expected = mixture.feature_names if mixture is not None else None
    carried = ids if weights is None else (*ids, weights)
    return read_table(
        source, columns=columns or None, ids=carried, expected=expected, header=header
    )


def _collected(scan: Scan, source: str) -> Table:
    """The good rows of a scan, with their numbers."""
    from mixtura.errors import DataError
    from mixtura.tables import Table
    from mixtura.tables.streams import bad_rows, concat

    bad = bad_rows(scan.on_bad_row)
    chunks = list(scan.chunks(bad))
    bad.warn()
    if not chunks:
        raise DataError(f"{source} has no row that can be used, expected at least one")
    whole = concat(chunks)
    ids = {name: tuple(texts) for name, texts in whole.ids.items()}
    if scan.columns.weights is not None and whole.weights is not None:
        ids[scan.columns.weights] = tuple(map(repr, whole.weights.tolist()))
    features = scan.columns.features
    rows = whole.rows.astype("float64", copy=False)
    return Table(features, rows, ids, scan.columns.named, whole.numbers)


def places_of(table: Table, rows: Sequence[int]) -> list[int]:
    """Where rows of those numbers stand in a table from which bad rows were left out.

    Raises
    ------
    ParameterError : one was left out, or there is none of that number.
    """
    from mixtura.errors import ParameterError

    if table.numbers is None:
        return list(rows)
    at = {number: place for place, number in enumerate(table.numbers.tolist())}
    for row in rows:
        if row not in at:
            raise ParameterError(f"row {row} is not there, or was left out as a bad one")
    return [at[row] for row in rows]


def number_of(table: Table, place: int) -> int:
    """The number in the data of the row at a place in a table."""
    return place if table.numbers is None else int(table.numbers[place])


def weights_of(table: Table, column: str | None) -> list[float] | None:
    """The numbers in the id column that weighs the rows; None where there is none.

    Raises
    ------
    DataError : a cell of it is no number.
    """
    from mixtura.tables.cells import numbers_of

    return None if column is None else numbers_of(table.ids[column], column)
