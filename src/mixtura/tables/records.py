"""Records: the rows of a delimited text as cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from mixtura.errors import DataError
from mixtura.tables.dialect import Dialect

__all__ = ["Records"]


@dataclass(frozen=True)
class Records:
    """The records of a text; blank lines and comments are none.

    Parameters
    ----------
    text : everything.
    dialect : how it is written.
    source : the file, for the messages.
    first_line : the number of the text's first line in the file.
    """

    text: str
    dialect: Dialect
    source: str
    first_line: int = 1

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        """The line on which a record begins, and its cells.

        Raises
        ------
        DataError : a quote is never closed, or a cell is absurdly long.
        """
        dialect = self.dialect
        lines = io.StringIO(dialect.text(self.text), newline="")
        reader = csv.reader(lines, delimiter=dialect.delimiter, skipinitialspace=True, strict=True)
        line = self.first_line
        try:
            for record in reader:
                cells = dialect.cells(record)
                if cells:
                    yield line, cells
                line = self.first_line + reader.line_num
        except csv.Error as error:
            raise DataError(
                f"{self.source}: line {line} is not CSV: {error}; check its quotes"
            ) from None
