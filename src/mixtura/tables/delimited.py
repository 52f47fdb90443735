"""Delimited text: CSV, with commas, semicolons, tabs or blanks."""

from __future__ import annotations

import math
import warnings
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from mixtura.errors import DataError
from mixtura.tables.cells import is_missing, is_number, number
from mixtura.tables.diagnosis import diagnose
from mixtura.tables.dialect import Dialect, dialect_of
from mixtura.tables.records import Records
from mixtura.tables.selection import Selection
from mixtura.tables.table import Table, made_up_names

__all__ = ["delimited_table", "is_header", "width_fault"]


def delimited_table(
    data: bytes, source: str, selection: Selection, header: bool | None = None
) -> Table:
    """The table in the bytes of a CSV file; see `read_table`.

    Raises
    ------
    DataError : the contents cannot be used; the line and the column are named.
    """
    text = _decoded(data, source)
    dialect = dialect_of(text)
    records = Records(text, dialect, source)
    first = next(iter(records), None)
    if first is None:
        raise DataError(f"{source} is empty, expected rows of numbers")
    cells = dialect.named(first[1])
    named = is_header(cells, selection, source, dialect) if header is None else header
    names = cells if named else made_up_names(len(first[1]))
    chosen = replace(selection, aside=dialect.aside(names)) if named else selection
    features, ids = chosen.positions(names, source, named=named)
    body = _Body(records, named, len(names))
    # float() reads 1_000 as 1000, which in a file is more likely a mistake than a number.
    convert = partial(number, comma=dialect.comma) if "_" in text or dialect.comma else float
    try:
        rows, texts = body.parsed(features, ids, convert)
    except DataError:
        raise
    except ValueError:
        diagnose(body, source, names, features, comma=dialect.comma)
        raise
    if not len(rows):
        raise DataError(f"{source} has a header and no rows, expected rows of numbers below it")
    if not np.isfinite(rows).all():
        diagnose(body, source, names, features, comma=dialect.comma)
    carried = {names[j]: column for j, column in zip(ids, texts, strict=True)}
    return Table(tuple(names[j] for j in features), rows, carried, named)


@dataclass(frozen=True)
class _Body:
    """The records below the header, each as wide as the first.

    Parameters
    ----------
    records : of the whole text.
    named : whether the first is a header.
    width : cells in the first.
    """

    records: Records
    named: bool
    width: int

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        """The line and the cells of each.

        Raises
        ------
        DataError : one is of another width.
        """
        for line, record in islice(self.records, int(self.named), None):
            if len(record) != self.width:
                separator = self.records.dialect.delimiter
                fault = width_fault(line, record, self.width, self.named, separator)
                raise DataError(f"{self.records.source}: {fault}")
            yield line, record

    def parsed(
        self, features: list[int], ids: list[int], convert: Callable[[str], float]
    ) -> tuple[NDArray[np.float64], list[tuple[str, ...]]]:
        """The numbers (N, D), and the texts of each id.

        Raises
        ------
        DataError : a record is of another width, or not CSV.
        ValueError : a feature's cell holds no number.
        """
        values = array("d")
        texts: list[list[str]] = [[] for _ in ids]
        for _, record in self:
            values.extend([convert(record[j]) for j in features])
            for text, j in zip(texts, ids, strict=True):
                text.append(record[j])
        rows = np.array(values, dtype=np.float64).reshape(-1, len(features))
        return rows, [tuple(text) for text in texts]


def width_fault(line: int, record: Sequence[str], width: int, named: bool, delimiter: str) -> str:
    """What is wrong with a record that has not as many cells as the first."""
    first = "the header" if named else "the first row"
    return (
        f"line {line} has {len(record)} cell{'s' if len(record) != 1 else ''}, expected {width} as "
        f"in {first}: correct the line, or quote cells that hold the separator {delimiter!r}"
    )


def _decoded(data: bytes, source: str) -> str:
    """The text, without a byte order mark."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{source} is not UTF-8 text: line {line} holds the byte 0x{data[error.start]:02x}; "
            "save it as CSV in UTF-8"
        ) from None


def is_header(cells: Sequence[str], selection: Selection, source: str, dialect: Dialect) -> bool:
    """Whether the first record names the columns."""
    if any(name in cells for name in selection.wanted):
        return True
    used = [
        cell
        for name, cell in zip(made_up_names(len(cells)), cells, strict=True)
        if name not in selection.ids and (selection.columns is None or name in selection.columns)
    ]
    comma = dialect.comma
    numbers = [cell for cell in used if is_number(cell, comma=comma)]
    found = any(cell not in numbers and not is_missing(cell) for cell in used)
    odd = [cell for cell in numbers if math.isfinite(number(cell, comma=comma))]
    if found and odd:
        warnings.warn(
            f"{source}: the first row is read as a header, though it holds the number {odd[0]}; "
            "if it is data, say --no-header",
            stacklevel=4,
        )
    return found
