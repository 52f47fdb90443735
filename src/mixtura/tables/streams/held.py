"""Held: a scan over rows that are in memory already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from mixtura.errors import DataError
from mixtura.tables.cells import numbers_of
from mixtura.tables.chunk import BadRows, Chunk, bad_rows
from mixtura.tables.delimited import TextHeader, cut_into_parts, text_chunks, text_header
from mixtura.tables.selection import Columns, Selection
from mixtura.tables.streams.scan import Scan
from mixtura.tables.table import Table

#: bytes that are read at a time
_PART = 2**21


@dataclass(frozen=True, eq=False)
class _HeldRows(Scan):
    """A scan over the rows of one chunk in memory.

    Parameters
    ----------
    chunk : with the columns that are asked for.
    """

    chunk: Chunk

    def read(self, bad: BadRows) -> Iterator[Chunk]:
        yield self.chunk


@dataclass(frozen=True, eq=False)
class HeldText(Scan):
    """A scan over the rows of CSV in memory.

    Parameters
    ----------
    data : whole, as bytes.
    header : its columns.
    origin : what it is called, for the messages.
    """

    data: bytes
    header: TextHeader
    origin: str

    def read(self, bad: BadRows) -> Iterator[Chunk]:
        pieces = (self.data[at : at + _PART] for at in range(0, len(self.data), _PART))
        parts = cut_into_parts(pieces, self.origin)
        return text_chunks(parts, self.origin, self.columns, self.header, bad, strict=True)


def scan_table(table: Table, origin: str, *, fields: Mapping[str, str], on_bad_row: str) -> Scan:
    """A scan over the rows of a table, of whose ids some may be fields of them, by their names.

    Raises
    ------
    DataError : what belongs to a row is no number.
    ParameterError : there is no such policy.
    """
    bad_rows(on_bad_row)
    ids = {name: texts for name, texts in table.ids.items() if name not in fields.values()}
    values = {
        name: np.array(numbers_of(table.ids[n], n, name.partition(".")[0]))
        for name, n in fields.items()
    }
    columns = Columns(table.names, fields, tuple(ids), table.named)
    return _HeldRows(columns, on_bad_row, Chunk(table.rows, values, ids, origin))


def scan_text(
    data: bytes,
    origin: str,
    selection: Selection,
    *,
    header: bool | None,
    on_bad_row: str,
) -> HeldText:
    """A scan over the bytes of CSV; see `mixtura.tables.streams.scan`.

    Raises
    ------
    DataError : there are none, or a column is missing.
    ParameterError : there is no such policy.
    """
    bad_rows(on_bad_row)
    selection.reading.check((), origin)
    text = data.removeprefix(b"\xef\xbb\xbf")
    if b"\n" not in text:
        text = text.replace(b"\r", b"\n")
    found = text_header(text, origin, selection, header)
    if found is None:
        raise DataError(f"{origin} is empty, expected rows of numbers")
    columns = found.columns(selection, origin)
    return HeldText(columns, on_bad_row, text, found, origin)
