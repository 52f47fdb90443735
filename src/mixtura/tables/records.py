"""Records: the rows of a delimited text as cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from mixtura.errors import DataError

__all__ = ["Records", "delimiter_of"]

#: how many records the separator is judged by
_SAMPLE = 20
#: characters that surely hold them
_ENOUGH = 1 << 16


@dataclass(frozen=True)
class Records:
    """The records of a text; blank lines are none.

    Parameters
    ----------
    text : everything.
    delimiter : between the cells.
    source : the file, for the messages.
    first_line : the number of the text's first line in the file.
    """

    text: str
    delimiter: str
    source: str
    first_line: int = 1

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        """The line on which a record begins, and its cells.

        Raises
        ------
        DataError : a quote is never closed, or a cell is absurdly long.
        """
        lines = io.StringIO(self.text, newline="")
        reader = csv.reader(lines, delimiter=self.delimiter, skipinitialspace=True, strict=True)
        line = self.first_line
        try:
            for record in reader:
                if len(record) > 1 or (record and record[0].strip()):
                    yield line, record
                line = self.first_line + reader.line_num
        except csv.Error as error:
            raise DataError(
                f"{self.source}: line {line} is not CSV: {error}; check its quotes"
            ) from None


def delimiter_of(text: str) -> str:
    """The separator: the one that splits the first records evenly, else the first one most."""
    end = text.find("\n", _ENOUGH)
    beginning = text if end < 0 else text[:end]
    widths = {",": 1}
    for delimiter in "\t;,":
        try:
            sample = list(islice(Records(beginning, delimiter, ""), _SAMPLE))
        except DataError:
            continue  # the quotes of another separator's cells
        counts = [len(record) for _, record in sample]
        if counts and counts[0] > 1 and len(set(counts)) == 1:
            return delimiter
        widths[delimiter] = counts[0] if counts else 0
    best = max(widths, key=lambda delimiter: widths[delimiter])
    return best if widths[best] > 1 else ","
