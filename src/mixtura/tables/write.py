"""Writing: columns into the bytes of a file."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.errors import ParameterError
from mixtura.tables.parquet import pyarrow

__all__ = [
    "Columns",
    "arrow_table",
    "csv_text",
    "encoded",
    "json_lines",
    "plain",
    "stacked",
]

Columns = Mapping[str, Any]
"""name -> N values: an array of numbers, masked where values are missing, or a sequence of texts"""

#: rows of CSV made at a time
_CHUNK = 4096


def encoded(columns: Columns, suffix: str) -> bytes:
    r"""The bytes of a file that holds the columns.

    Parameters
    ----------
    columns : all of the same length.
    suffix : of the file's name: ``.npy``, ``.parquet``, ``.pq``; anything else is CSV in UTF-8.

    Raises
    ------
    ParameterError : texts are to go into ``.npy``, which holds numbers alone.
    MissingExtraError : Parquet, and pyarrow is not installed.

    Examples
    --------
    >>> encoded({"who": ["ann"], "log_likelihood": [-1.5]}, ".csv")
    b'who,log_likelihood\nann,-1.5\n'
    """
    if suffix == ".npy":
        return _npy(columns)
    if suffix in (".parquet", ".pq"):
        return _parquet(columns)
    return "".join(csv_text(columns)).encode()


def csv_text(columns: Columns) -> Iterator[str]:
    """CSV with a header, some thousand rows at a time; numbers to their last digit."""
    rows = zip(*plain(columns).values(), strict=True)
    yield _lines([tuple(columns)])
    while chunk := list(islice(rows, _CHUNK)):
        yield _lines(chunk)


def plain(columns: Columns) -> dict[str, list[Any]]:
    """As Python's own numbers, which print the digits that tell them apart and no more."""
    return {
        name: column.tolist() if isinstance(column, np.ndarray) else list(column)
        for name, column in columns.items()
    }


def _lines(rows: Sequence[tuple[Any, ...]]) -> str:
    # The writer quotes what its line end holds: with \r\n a cell with a lone \r is quoted too,
    # which readers need. It hands over one row at a time, so the end is exchanged afterwards.
    lines: list[str] = []
    csv.writer(SimpleNamespace(write=lines.append), lineterminator="\r\n").writerows(rows)
    return "".join(f"{line[:-2]}\n" for line in lines)


def stacked(columns: Columns) -> NDArray[Any]:
    """Columns of numbers as one array (N, C); NaN where a value is missing.

    Raises
    ------
    ParameterError : one is of text.
    """
    for name, column in columns.items():
        if np.asarray(column).dtype.kind not in "fiu":
            raise ParameterError(
                f"column {name!r} holds text, which .npy cannot hold: write .csv or .parquet, or "
                "leave the column out"
            )
    return np.column_stack([_filled(column) for column in columns.values()])


def arrow_table(arrow: Any, columns: Columns) -> Any:
    """Columns as a table of Arrow's; null where a value is missing."""
    arrays = {}
    for name, column in columns.items():
        if isinstance(column, np.ma.MaskedArray):
            mask = np.ma.getmaskarray(column)
            arrays[name] = arrow.array(column.data, mask=mask)
        else:
            arrays[name] = arrow.array(column)
    return arrow.table(arrays)


def json_lines(columns: Columns) -> Iterator[str]:
    """An object of JSON a row, some thousand rows at a time.

    JSON has no infinity: such numbers are the texts ``"inf"``, ``"-inf"`` and ``"nan"``.
    """
    names = list(columns)
    rows = zip(*plain(columns).values(), strict=True)
    while chunk := list(islice(rows, _CHUNK)):
        yield "".join(
            json.dumps(dict(zip(names, map(_finite, row), strict=True)), ensure_ascii=False) + "\n"
            for row in chunk
        )


def _finite(value: Any) -> Any:
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _filled(column: Any) -> NDArray[Any]:
    if not isinstance(column, np.ma.MaskedArray):
        return np.asarray(column)
    return np.where(np.ma.getmaskarray(column), np.nan, column.data)


def _npy(columns: Columns) -> bytes:
    file = io.BytesIO()
    np.save(file, stacked(columns))
    return file.getvalue()


def _parquet(columns: Columns) -> bytes:
    arrow = pyarrow("writing Parquet")
    sink = arrow.BufferOutputStream()
    arrow.parquet.write_table(arrow_table(arrow, columns), sink)
    return bytes(sink.getvalue())
