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

__all__ = ["read_checkpoint", "read_model", "read_record", "read_rows", "weights_of"]


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
) -> Table:
    """The rows that a command works on.

    Parameters
    ----------
    source : a file, ``-``, or ``@name``.
    columns, ids, header : as the options of the same names say; no columns are all of them.
    mixture : whose features are taken where the file names its columns and `columns` does not
        choose.

    Raises
    ------
    As `mixtura.tables.read_table`.
    """
    from mixtura.tables import read_table

    expected = mixture.feature_names if mixture is not None else None
    return read_table(source, columns=columns or None, ids=ids, expected=expected, header=header)


def weights_of(table: Table, column: str | None) -> list[float] | None:
    """The numbers in the id column that weighs the rows; None where there is none.

    Raises
    ------
    DataError : a cell of it is no number.
    """
    from mixtura.errors import DataError
    from mixtura.tables.cells import number

    if column is None:
        return None
    weights = []
    for row, cell in enumerate(table.ids[column]):
        try:
            weights.append(number(cell))
        except ValueError:
            raise DataError(
                f"row {row} of the weights' column {column!r} holds {cell!r}, expected a number "
                "of at least 0: a weight of 0 leaves a row out"
            ) from None
    return weights
