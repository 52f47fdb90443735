"""Writing: columns into a file, some rows at a time, in the format that its name says."""

from __future__ import annotations

import csv
import io
import json
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from types import SimpleNamespace
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from mixtura.errors import ParameterError
from mixtura.tables.arrow import pyarrow

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
    file = io.BytesIO()
    target = sink(file, suffix)
    target.add(columns)
    target.end()
    return file.getvalue()


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


def _stacked(columns: Columns) -> NDArray[Any]:
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


def _arrow_table(arrow: Any, columns: Columns) -> Any:
    """Columns as a table of Arrow's; null where a value is missing."""
    arrays = {}
    for name, column in columns.items():
        if isinstance(column, np.ma.MaskedArray):
            mask = np.ma.getmaskarray(column)
            arrays[name] = arrow.array(column.data, mask=mask)
        else:
            arrays[name] = arrow.array(column)
    return arrow.table(arrays)


def _json_lines(columns: Columns) -> Iterator[str]:
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


class Sink(ABC):
    """Takes columns of equal length again and again: the same names every time."""

    @abstractmethod
    def add(self, columns: Columns) -> None:
        """Write the next rows, all columns of one length.

        Raises
        ------
        OSError : they cannot be written.
        """

    @abstractmethod
    def end(self) -> None:
        """Write what belongs at the end."""


class _TextSink(Sink):
    """A sink of rows as delimited text in UTF-8.

    Parameters
    ----------
    file : where to write.
    text : makes it of columns, part by part.
    headed : whether its first part is a header, which is written once.
    """

    def __init__(
        self, file: BinaryIO, text: Callable[[Columns], Iterator[str]], *, headed: bool
    ) -> None:
        self._file, self._text, self._headed = file, text, headed
        self._begun = False

    def add(self, columns: Columns) -> None:
        known = int(self._headed and self._begun)
        self._begun = True
        for part in islice(self._text(columns), known, None):
            self._file.write(part.encode())

    def end(self) -> None:
        pass


class _NpySink(Sink):
    """NumPy's own format, whose beginning is written again when the number of rows is known.

    Parameters
    ----------
    file : where to write; it can be written at its beginning once more.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._dtype: np.dtype[Any] | None = None
        self._shape = (0, 0)

    def add(self, columns: Columns) -> None:
        rows = _stacked(columns)
        if self._dtype is None:
            self._dtype = rows.dtype
            self._begin((0, rows.shape[1]))
        self._shape = (self._shape[0] + len(rows), rows.shape[1])
        self._file.write(rows.astype(self._dtype, copy=False).tobytes())

    def end(self) -> None:
        if self._dtype is not None:
            self._file.seek(0)
            self._begin(self._shape)

    def _begin(self, shape: tuple[int, int]) -> None:
        """The header: as long for any number of rows, since NumPy leaves room for its digits."""
        assert self._dtype is not None
        descr = np.lib.format.dtype_to_descr(self._dtype)
        header = {"descr": descr, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self._file, header)


class _ParquetSink(Sink):
    """Parquet; each call of `add` is a row group.

    Parameters
    ----------
    file : where to write.

    Raises
    ------
    MissingExtraError : pyarrow is not installed.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._arrow = pyarrow("writing Parquet")
        self._file = file
        self._writer: Any = None

    def add(self, columns: Columns) -> None:
        arrow = self._arrow
        table = _arrow_table(arrow, columns)
        if self._writer is None:
            self._writer = arrow.parquet.ParquetWriter(self._file, table.schema)
        self._writer.write_table(table)

    def end(self) -> None:
        if self._writer is not None:
            self._writer.close()


def sink(file: BinaryIO, suffix: str, *, as_json: bool = False) -> Sink:
    """The sink for a file whose name has that suffix: ``.parquet``, ``.pq``, ``.npy``; else CSV.

    Parameters
    ----------
    file : where to write.
    suffix : the end of its name.
    as_json : JSON lines, whatever the name.
    """
    if as_json:
        return _TextSink(file, _json_lines, headed=False)
    binary = _SINKS.get(suffix)
    return _TextSink(file, csv_text, headed=True) if binary is None else binary(file)


_SINKS: Mapping[str, Callable[[BinaryIO], Sink]] = {
    ".npy": _NpySink,
    ".parquet": _ParquetSink,
    ".pq": _ParquetSink,
}
