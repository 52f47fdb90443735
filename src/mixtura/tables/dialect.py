"""Dialect: how a delimited text is written, and its records by it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from mixtura.errors import DataError
from mixtura.tables.cells import MISSING, is_number

#: the marks of what is missing as people write them, for who compares cells as they are
MARKS = sorted(
    {form for mark in MISSING for form in (mark, mark.upper(), mark.capitalize(), "NaN")}
)
#: what the column of row names is called
_INDEX = "index"
#: how many records are judged by
_SAMPLE = 20
#: characters that surely hold them
_ENOUGH = 1 << 16
#: a number with a decimal comma, and one with a point
_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
_POINT = re.compile(r"[+-]?\d*\.\d+([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Dialect:
    """How cells, numbers and comments are told apart.

    Parameters
    ----------
    delimiter : between the cells; a blank stands for any run of blanks and tabs.
    comma : whether numbers have a decimal comma.
    comments : whether lines that begin with ``#`` are none of the table.
    trailing : whether a separator ends each line.
    index : whether the first column, of row names or numbers, has no name: empty in the header, as
        pandas and R's ``write.csv`` leave it, or left out of it, as ``write.table`` does.
    """

    delimiter: str = ","
    comma: bool = False
    comments: bool = False
    trailing: bool = False
    index: bool = False

    def text(self, text: str) -> str:
        """The text with one separator throughout."""
        return text.replace("\t", " ") if self.delimiter == " " else text

    def cells(self, record: list[str]) -> list[str]:
        """The cells of a record; none of a comment or a blank line."""
        if self.comments and record and record[0].lstrip().startswith("#"):
            return []
        ends = self.trailing or self.delimiter == " "
        if ends and len(record) > 1 and not record[-1].strip():
            return record[:-1]
        return record if len(record) > 1 or (record and record[0].strip()) else []

    def named(self, cells: Sequence[str]) -> tuple[str, ...]:
        """The names that the cells of a header give to the columns; an index is called so."""
        names = [cell.strip() for cell in cells]
        if names and names[0].startswith("#"):
            names[0] = names[0].lstrip("# \t")
        if not self.index:
            return tuple(names)
        rest = names[1:] if names[0] == "" else names
        return (_INDEX if _INDEX not in rest else "", *rest)

    def aside(self, names: Sequence[str]) -> tuple[str, ...]:
        """Those of the names that are no features unless they are asked for."""
        return tuple(names[:1]) if self.index else ()


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


def dialect_of(text: str) -> Dialect:
    """The dialect that the beginning of a text is written in.

    The separator is the one that splits the first records evenly, the header perhaps one cell short
    of them; else the one that splits the first most.
    """
    end = text.find("\n", _ENOUGH)
    beginning = text if end < 0 else text[:end]
    comments = _begins_with_comments(beginning)
    widths = {",": 1}
    for delimiter in "\t;, ":
        first = Dialect(delimiter, comments=comments)
        sample = _sample(beginning, first)
        if sample is None:
            continue
        found = _even(first, sample)
        if found is not None:
            return found
        if delimiter != " ":
            widths[delimiter] = len(sample[0]) if sample else 0
    best = max(widths, key=lambda delimiter: widths[delimiter])
    return Dialect(best if widths[best] > 1 else ",", comments=comments)


def _even(dialect: Dialect, sample: list[list[str]]) -> Dialect | None:
    """The dialect in full, where its separator splits the sample evenly; else None."""
    if not sample or max(map(len, sample)) < 2:
        return None
    header, rows = sample[0], sample[1:]
    if dialect.delimiter == " " and any("," in cell or ";" in cell for r in sample for cell in r):
        return None
    short = {len(header) + 1}
    if rows and {len(row) for row in rows} == short and not any(row[-1].strip() for row in rows):
        rows, dialect = [row[:-1] for row in rows], replace(dialect, trailing=True)
    elif all(len(r) == len(header) and not r[-1].strip() for r in sample) and len(header) > 1:
        dialect, header = replace(dialect, trailing=True), header[:-1]
        rows = [row[:-1] for row in rows]
    elif rows and not header[-1].strip() and {len(row) for row in rows} == {len(header) - 1}:
        dialect, header = replace(dialect, trailing=True), header[:-1]
    lengths = {len(row) for row in rows}
    if lengths == {len(header) + 1} and not any(map(is_number, header)):
        if not _is_index([row[0] for row in rows], counted=True):
            return None
        dialect = replace(dialect, index=True)
    elif lengths not in (set(), {len(header)}):
        return None
    elif rows and len(header) > 1 and not header[0].strip() and all(c.strip() for c in header[1:]):
        dialect = replace(dialect, index=_is_index([row[0] for row in rows]))
    numbers = [cell.strip() for row in sample for cell in row]
    comma = dialect.delimiter != "," and any(map(_COMMA.fullmatch, numbers))
    return replace(dialect, comma=bool(comma and not any(map(_POINT.fullmatch, numbers))))


def _is_index(cells: Sequence[str], *, counted: bool = False) -> bool:
    """Whether cells are names or numbers of rows.

    Texts are, and whole numbers that are all different; `counted` asks that each be the next.
    """
    if not all(map(is_number, cells)):
        return True
    if not all(cell.strip().isdigit() for cell in cells):
        return False
    numbers = [int(cell) for cell in cells]
    if len(numbers) < 2:
        return False
    if counted:
        return numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    return len(set(numbers)) == len(numbers)


def _begins_with_comments(text: str) -> bool:
    """Whether lines that begin with # are comments.

    One such line at the beginning, of as many cells as the next, is a header.
    """
    lines = [line for line in islice(text.split("\n"), _SAMPLE) if line.strip()]
    marked = [line.lstrip().startswith("#") for line in lines]
    if not marked or not marked[0]:
        return False
    if len(lines) < 2 or marked[1]:
        return True
    sample = _sample("\n".join(lines[:2]), Dialect(_alike(lines[1])))
    return sample is None or len(sample) < 2 or not 1 < len(sample[0]) == len(sample[1])


def _alike(line: str) -> str:
    """The separator in a line that is there most often."""
    return max("\t;,", key=line.count) if any(map(line.count, "\t;,")) else " "


def _sample(text: str, dialect: Dialect) -> list[list[str]] | None:
    """The first records; None where the quotes are another separator's."""
    lines = io.StringIO(dialect.text(text), newline="")
    reader = csv.reader(lines, delimiter=dialect.delimiter, skipinitialspace=True, strict=True)
    try:
        return list(islice(filter(None, map(dialect.cells, reader)), _SAMPLE))
    except csv.Error:
        return None
