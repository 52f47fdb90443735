"""Sink: a file that columns are written to, some rows at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, BinaryIO

from mixtura.errors import ParameterError
from mixtura.tables.parquet import pyarrow
from mixtura.tables.write import Columns, csv_text

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
        table = arrow.table({name: arrow.array(column) for name, column in columns.items()})
        if self._writer is None:
            self._writer = arrow.parquet.ParquetWriter(self._file, table.schema)
        self._writer.write_table(table)

    def end(self) -> None:
        if self._writer is not None:
            self._writer.close()


def sink(file: BinaryIO, suffix: str) -> Sink:
    """The sink for a file whose name has that suffix: ``.parquet``, ``.pq``; else CSV.

    Raises
    ------
    ParameterError : ``.npy``, which says at its beginning how many rows it has.
    """
    if suffix == ".npy":
        raise ParameterError(
            ".npy says at its beginning how many rows it has, which nobody knows of rows that are "
            "streamed: write .parquet or .csv"
        )
    return ParquetSink(file) if suffix in (".parquet", ".pq") else CsvSink(file)
