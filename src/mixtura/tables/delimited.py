"""Delimited text: CSV, with commas, semicolons, tabs or blanks, a part at a time, packed or not."""

from __future__ import annotations

import gzip
import math
import re
import sys
import warnings
import zlib
from array import array
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from mixtura.errors import DataError
from mixtura.tables.arrow import chunk_of, pyarrow
from mixtura.tables.cells import cell_fault, diagnose, is_missing, is_number, number, numbers_or_nan
from mixtura.tables.chunk import BadRows, Chunk
from mixtura.tables.dialect import MARKS, Dialect, Records, dialect_of
from mixtura.tables.selection import Columns, Header, Selection
from mixtura.tables.table import made_up_names

#: bytes that are read at a time
_PART = 2**21
#: bytes without the end of a record, after which one is a mistake
_LONGEST = 2**26
#: the end of a line, to Python's csv module
_LINE_END = re.compile(rb"\r\n?|\n")


@dataclass(frozen=True)
class TextHeader(Header):
    """What is found out from the beginning of a CSV file.

    Parameters
    ----------
    dialect : how it is written.
    """

    dialect: Dialect = field(default_factory=Dialect)


def text_header(
    data: bytes, source: str, selection: Selection, header: bool | None
) -> TextHeader | None:
    """The columns of CSV by its first bytes, whole records; None where there are none.

    Parameters
    ----------
    data : the bytes, UTF-8.
    source : the file, for the messages.
    selection : a name that is wanted and stands in the first row makes that a header.
    header : whether it begins with one; None finds out.

    Raises
    ------
    DataError : it is no text, or no CSV.
    """
    text = _decoded(data, source, 1)
    dialect = dialect_of(text)
    first = next(iter(Records(text, dialect, source)), None)
    if first is None:
        return None
    cells = dialect.named(first[1])
    named = _is_header(cells, selection, source, dialect) if header is None else header
    if not named:
        return TextHeader(made_up_names(len(first[1])), named=False, dialect=dialect)
    return TextHeader(cells, aside=dialect.aside(cells), dialect=dialect)


def file_header(path: Path, selection: Selection, header: bool | None) -> TextHeader | None:
    """The columns of a CSV file, None where it is empty; see `text_header`."""
    with closing(cut_into_parts(_read(path), str(path))) as parts:
        part = next(parts, None)
    return None if part is None else text_header(part[1], str(path), selection, header)


def file_chunks(path: Path, columns: Columns, header: Header, bad: BadRows) -> Iterator[Chunk]:
    """The rows of a CSV file."""
    assert isinstance(header, TextHeader)
    return text_chunks(cut_into_parts(_read(path), str(path)), str(path), columns, header, bad)


def text_chunks(
    parts: Iterable[tuple[int, bytes]],
    source: str,
    columns: Columns,
    header: TextHeader,
    bad: BadRows,
    *,
    strict: bool = False,
) -> Iterator[Chunk]:
    """The rows of CSV that comes in whole records, each part with the line that it begins on.

    Arrow reads each part, where it is installed and finds nothing odd; else cells are read one by
    one, so that the line at fault is known.

    Parameters
    ----------
    parts : as `cut_into_parts` gives them.
    source : the file, for the messages.
    columns, header : what is read of it, and what it has.
    bad : is told of rows that are no numbers.
    strict : whether what only Python's csv module refuses, text after a closing quote, is refused;
        and no library loaded for a few rows.
    """
    reading = _Reading(columns, header, source, bad)
    row, pending = 0, header.named
    for line, data in parts:
        if pending:  # the header, and blank lines before it
            text = _decoded(data, source, line)
            begun = [at for at, _ in islice(Records(text, header.dialect, source, line), 2)]
            pending = not begun
            if len(begun) < 2:
                continue
            ends = islice(_LINE_END.finditer(data), begun[1] - line - 1, None)
            line, data = begun[1], data[next(ends).end() :]
        slow = strict and (b'"' in data or not _is_worth_it(data))
        read = None if slow else reading.quickly(data, row)
        if read is None:
            read = reading.slowly(_decoded(data, source, line), row, line)
        yield read
        row += len(read)


def diagnose_text(data: bytes, source: str, columns: Columns, header: TextHeader) -> None:
    """Raise the sentence for what keeps CSV in memory from being rows of numbers.

    A record that is no CSV comes first, then one of another width, then a column that is text from
    top to bottom, then the first bad cell.

    Raises
    ------
    DataError : always, where there is something to find.
    """
    records = Records(_decoded(data, source, 1), header.dialect, source)

    def body() -> Iterator[tuple[int, list[str]]]:
        for line, record in islice(records, int(header.named), None):
            if len(record) != len(header.names):
                raise DataError(f"{source}: {_width_fault(line, record, header)}")
            yield line, columns.unmarked(record, features)

    features = [header.names.index(name) for name in columns.features]
    comma = header.dialect.comma
    diagnose(body(), source, header.names, features, comma=comma, holes=columns.holes)


def cut_into_parts(
    pieces: Generator[bytes, None, None], source: str
) -> Generator[tuple[int, bytes], None, None]:
    """Whole records of CSV, some MB at a time, and the line that they begin on.

    Parameters
    ----------
    pieces : the bytes, cut anywhere.
    source : the file, for the messages.
    """
    line, held = 1, b""
    with closing(pieces):
        for data in pieces:
            held += data
            cut = _record_end(held)
            if not cut:
                if len(held) > _LONGEST:
                    raise DataError(
                        f"{source}: line {line} is not CSV: no record ends within "
                        f"{_LONGEST >> 20} MB; check its quotes"
                    )
                continue
            yield line, held[:cut]
            line += held.count(b"\n", 0, cut)
            held = held[cut:]
    if held.strip():
        yield line, held


@dataclass(frozen=True)
class _Reading:
    """Makes numbers of a CSV file's records.

    Parameters
    ----------
    columns, header : what is read of it, and what it has.
    source : the file, for the messages.
    bad : is told of rows that are no numbers.
    """

    columns: Columns
    header: TextHeader
    source: str
    bad: BadRows

    def quickly(self, data: bytes, row: int) -> Chunk | None:
        """The rows of a part as Arrow reads them, None where anything is not a finite number."""
        arrow = _arrow()
        ids, dialect = self.columns.ids, self.header.dialect
        if arrow is None or (dialect.comments and b"#" in data):
            return None
        marks = self.columns.marks
        if marks and (b" " in data or (b"\t" in data and dialect.delimiter != "\t")):
            return None  # nor does it find a mark with blanks about it
        between = dialect.delimiter.encode() + b" "
        if ids and (data.startswith(b" ") or b"\n " in data or between in data):
            return None  # blanks before a text are none of it, which Arrow does not know
        numbers = self.columns.numbers
        types = dict.fromkeys(numbers, arrow.float64()) | dict.fromkeys(ids, arrow.string())
        # Only the columns in use need names of their own.
        names = [name if name in types else f"\0{j}" for j, name in enumerate(self.header.names)]
        names += ["\0"] * dialect.trailing
        csv = arrow.csv
        try:
            table = csv.read_csv(
                arrow.BufferReader(data),
                csv.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=names),
                csv.ParseOptions(delimiter=dialect.delimiter, newlines_in_values=True),
                csv.ConvertOptions(
                    column_types=types,
                    include_columns=list(types),
                    decimal_point="," if dialect.comma else ".",
                    null_values=[*MARKS, *marks] if self.columns.holes else [],
                    strings_can_be_null=False,
                ),
            )
        except arrow.ArrowException:
            return None
        batches = table.combine_chunks().to_batches()
        if len(batches) != 1:
            return None
        chunk = chunk_of(batches[0], self.columns, self.source, row)
        return chunk if chunk.sound(holes=self.columns.holes) else None

    def slowly(self, text: str, row: int, line: int) -> Chunk:
        """The rows of a part, cell by cell, NaN where they are bad; `bad` is told of those."""
        at = {name: j for j, name in enumerate(self.header.names)}
        places = [at[name] for name in self.columns.numbers]
        texts: dict[str, list[str]] = {name: [] for name in self.columns.ids}
        carried = [(texts[name], at[name]) for name in texts]
        width, comma = len(self.header.names), self.header.dialect.comma
        # float() reads 1_000 as 1000, which in a file is more likely a mistake than a number.
        convert: Callable[[str], float]
        convert = partial(number, comma=comma) if comma or "_" in text else float
        holes, d = self.columns.holes, len(self.columns.features)
        # What is no number at all is infinite where what is missing is NaN.
        fault, usable = (math.inf, _is_no_infinity) if holes else (math.nan, math.isfinite)
        values = array("d")
        for count, (where, record) in enumerate(
            Records(text, self.header.dialect, self.source, line)
        ):
            whole = len(record) == width
            record = self.columns.unmarked(record, places[:d]) if whole else record
            try:
                found = [convert(record[j]) for j in places] if whole else []
            except ValueError:
                found = numbers_or_nan([record[j] for j in places], d, convert) if holes else []
            if not found or not all(map(usable, found)):
                self.bad.add(1, iter([self._fault(record, where, row + count)]))
                found = [fault] * len(places)
            values.extend(found)
            for column, j in carried:
                column.append(record[j] if whole else "")
        cells = np.array(values, np.float64).reshape(-1, len(places))
        rows = np.ascontiguousarray(cells[:, :d])
        fields = {name: cells[:, d + j].copy() for j, name in enumerate(self.columns.fields)}
        return Chunk(rows, fields, texts, self.source, row, told=True)

    def _fault(self, record: Sequence[str], line: int, row: int) -> str:
        """What is wrong with a record of which a number is needed that is not there."""
        header = self.header
        if len(record) != len(header.names):
            return f"{self.source}: " + _width_fault(line, record, header)
        comma = header.dialect.comma
        at = dict(zip(header.names, record, strict=True))
        unusable = (
            n for n in self.columns.numbers if not is_number(at[n], comma=comma, finite=True)
        )
        excused = self.columns.features if self.columns.holes else ()
        name = next(n for n in unusable if n not in excused or not is_missing(at[n]))
        return cell_fault(self.source, line, row, name, at[name], comma=comma)


def _width_fault(line: int, record: Sequence[str], header: TextHeader) -> str:
    """What is wrong with a record that has not as many cells as the first."""
    first = "the header" if header.named else "the first row"
    return (
        f"line {line} has {len(record)} cell{'s' if len(record) != 1 else ''}, expected "
        f"{len(header.names)} as in {first}: correct the line, or quote cells that hold the "
        f"separator {header.dialect.delimiter!r}"
    )


def _is_header(cells: Sequence[str], selection: Selection, source: str, dialect: Dialect) -> bool:
    """Whether the first record names the columns."""
    if any(name in cells for name in selection.wanted):
        return True
    used = [
        cell
        for name, cell in zip(made_up_names(len(cells)), cells, strict=True)
        if name not in selection.ids and (selection.columns is None or name in selection.columns)
    ]
    comma = dialect.comma
    if not used:  # none of the wanted columns is there, under either name
        return not any(is_number(cell, comma=comma) for cell in cells)
    numbers = [cell for cell in used if is_number(cell, comma=comma)]
    lacking = [cell for cell in used if is_missing(cell) or cell.strip() in selection.marks]
    found = any(cell not in numbers and cell not in lacking for cell in used)
    odd = [cell for cell in numbers if is_number(cell, comma=comma, finite=True)]
    if found and odd:
        warnings.warn(
            f"{source}: the first row is read as a header, though it holds the number {odd[0]}; "
            "if it is data, say --no-header",
            stacklevel=6,
        )
    return found


def _record_end(data: bytes) -> int:
    """One past the last line's end outside quotes: as many quotes are before it as are closed."""
    cut = data.rfind(b"\n") + 1
    if not cut or b'"' not in data:
        return cut
    quotes = data.count(b'"', 0, cut)
    while cut and quotes % 2:
        before = data.rfind(b"\n", 0, cut - 1) + 1
        quotes -= data.count(b'"', before, cut)
        cut = before
    return cut


def _read(path: Path) -> Generator[bytes, None, None]:
    """The bytes of a file, unpacked, without a byte order mark; no line ends with a lone CR."""
    place = 0
    try:
        with _opened(path) as file:
            lone = None
            while data := file.read(_PART):
                if not place:
                    data = data.removeprefix(b"\xef\xbb\xbf")
                    lone = b"\n" not in data and b"\r" in data
                place += len(data)
                yield data.replace(b"\r", b"\n") if lone else data
    except (EOFError, zlib.error, gzip.BadGzipFile, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise DataError(
            f"{path} cannot be unpacked beyond its first {place:,} bytes: {error}; it is cut short "
            "or damaged, so fetch or write it again"
        ) from None


def _opened(path: Path) -> BinaryIO:
    suffix = path.suffix.lower()
    if suffix == ".gz":
        return gzip.open(path, "rb")  # type: ignore[return-value]
    if suffix == ".zst":
        return pyarrow("reading .zst").CompressedInputStream(str(path), "zstd")
    return path.open("rb")


def _decoded(data: bytes, source: str, line: int) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line += data.count(b"\n", 0, error.start)
        raise DataError(
            f"{source} is not UTF-8 text: line {line} holds the byte 0x{data[error.start]:02x}; "
            "save it as CSV in UTF-8"
        ) from None


def _is_no_infinity(value: float) -> bool:
    return not math.isinf(value)


def _is_worth_it(data: bytes) -> bool:
    """Whether there are so many bytes that loading Arrow takes less time than it saves."""
    return len(data) >= _PART // 2 or "pyarrow.csv" in sys.modules


def _arrow() -> Any:
    """The module pyarrow with its CSV part, None where it is not installed."""
    try:
        import pyarrow
        import pyarrow.csv
    except ImportError:
        return None
    return pyarrow
