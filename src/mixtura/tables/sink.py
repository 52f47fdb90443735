"""Sink: a file that columns are written to, some rows at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import numpy as np

from mixtura.tables.parquet import pyarrow
from mixtura.tables.write import Columns, arrow_table, csv_text, json_lines, stacked

__all__ = ["Sink", "sink"]


class Sink(ABC):
    """Takes columns of equal length again and again: the same names every time."""

    @abstractmethod
    def add(self, columns: Columns) -> None:
        """Write some rows.

        Raises
        ------
        OSError : they cannot be written.
        """

    @abstractmethod
    def end(self) -> None:
        """Write what belongs at the end."""


class CsvSink(Sink):
    """CSV in UTF-8, with a header.

    Parameters
    ----------
    file : where to write.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._begun = False

    def add(self, columns: Columns) -> None:
        parts = csv_text(columns)
        header = next(parts)
        if not self._begun:
            self._file.write(header.encode())
            self._begun = True
        for part in parts:
            self._file.write(part.encode())

    def end(self) -> None:
        pass


class JsonSink(Sink):
    """JSON lines: an object a row. JSON has no infinity: it is a text there, as NaN is.

    Parameters
    ----------
    file : where to write.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def add(self, columns: Columns) -> None:
        for part in json_lines(columns):
            self._file.write(part.encode())

    def end(self) -> None:
        pass


class NpySink(Sink):
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
        rows = stacked(columns)
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


class ParquetSink(Sink):
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
        table = arrow_table(arrow, columns)
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
        return JsonSink(file)
    return _SINKS.get(suffix, CsvSink)(file)


_SINKS: Mapping[str, Callable[[BinaryIO], Sink]] = {
    ".npy": NpySink,
    ".parquet": ParquetSink,
    ".pq": ParquetSink,
}
