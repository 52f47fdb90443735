"""Text: CSV a part at a time, packed or not."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from mixtura.errors import DataError
from mixtura.tables.cells import number
from mixtura.tables.delimited import is_header, width_fault
from mixtura.tables.diagnosis import cell_fault
from mixtura.tables.dialect import Dialect, dialect_of
from mixtura.tables.parquet import pyarrow
from mixtura.tables.records import Records
from mixtura.tables.selection import Selection
from mixtura.tables.streams.arrow import chunk_of
from mixtura.tables.streams.bad_rows import BadRows
from mixtura.tables.streams.chunk import Chunk
from mixtura.tables.streams.header import Header
from mixtura.tables.streams.scan import Columns
from mixtura.tables.table import made_up_names

__all__ = ["TextHeader", "chunks_of_parts", "header_of_part", "text_chunks", "text_header"]

#: bytes that are read at a time
_PART = 2**21
#: bytes without the end of a record, after which one is a mistake
_LONGEST = 2**26


@dataclass(frozen=True)
class TextHeader(Header):
    """What is found out from the beginning of a CSV file.

    Parameters
    ----------
    dialect : how it is written.
    """

    dialect: Dialect = field(default_factory=Dialect)


def text_header(path: Path, selection: Selection, header: bool | None) -> TextHeader | None:
    """The columns of a CSV file, None where it is empty.

    Parameters
    ----------
    path : the file.
    selection : a name that is wanted and stands in the first row makes that a header.
    header : whether it begins with one; None finds out.
    """
    with closing(_parts(path)) as parts:
        part = next(parts, None)
    return None if part is None else header_of_part(part[1], str(path), selection, header)


def header_of_part(
    data: bytes, source: str, selection: Selection, header: bool | None
) -> TextHeader | None:
    """The columns of CSV by its first bytes, whole records; see `text_header`."""
    text = _decoded(data, source, 1)
    dialect = dialect_of(text)
    first = next(iter(Records(text, dialect, source)), None)
    if first is None:
        return None
    cells = dialect.named(first[1])
    named = is_header(cells, selection, source, dialect) if header is None else header
    if not named:
        return TextHeader(made_up_names(len(first[1])), {}, False, (), dialect)
    return TextHeader(cells, {}, True, dialect.aside(cells), dialect)


def text_chunks(path: Path, columns: Columns, header: Header, bad: BadRows) -> Iterator[Chunk]:
    """The rows of a CSV file.

    Arrow reads each part, where it is installed and finds nothing odd; else cells are read one by
    one, so that the line at fault is known.
    """
    assert isinstance(header, TextHeader)
    return chunks_of_parts(_parts(path), str(path), columns, header, bad)


def chunks_of_parts(
    parts: Iterable[tuple[int, bytes]],
    source: str,
    columns: Columns,
    header: TextHeader,
    bad: BadRows,
) -> Iterator[Chunk]:
    """The rows of CSV that comes in whole records, each part with the line that it begins on."""
    fast = _arrow()
    row, pending = 0, header.named
    for line, data in parts:
        if pending:  # the header, and blank lines before it
            text = _decoded(data, source, line)
            records = iter(Records(text, header.dialect, source, line))
            if next(records, None) is None:
                continue
            pending = False
            after = next(records, None)
            if after is None:
                continue
            data = b"\n".join(data.split(b"\n")[after[0] - line :])
            line = after[0]
        read = None if fast is None else _quickly(fast, data, columns, header, source, row)
        if read is None:
            text = _decoded(data, source, line)
            read = _slowly(text, columns, header, source, row, line, bad)
        yield read
        row += len(read)


def _quickly(
    arrow: Any, data: bytes, columns: Columns, header: TextHeader, source: str, row: int
) -> Chunk | None:
    """The rows of a part, None where anything in it is not a finite number."""
    csv = arrow.csv
    numbers = [*columns.features, *([columns.weights] if columns.weights else [])]
    types = dict.fromkeys(numbers, arrow.float64()) | dict.fromkeys(columns.ids, arrow.string())
    # Only the columns in use need names of their own.
    names = [name if name in types else f"\0{j}" for j, name in enumerate(header.names)]
    dialect = header.dialect
    names += ["\0"] * dialect.trailing
    try:
        table = csv.read_csv(
            arrow.BufferReader(data),
            csv.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=names),
            csv.ParseOptions(delimiter=dialect.delimiter, newlines_in_values=True),
            csv.ConvertOptions(
                column_types=types,
                include_columns=list(types),
                decimal_point="," if dialect.comma else ".",
                null_values=[],
                strings_can_be_null=False,
            ),
        )
    except arrow.ArrowException:
        return None
    batches = table.combine_chunks().to_batches()
    if len(batches) != 1:
        return None
    chunk = chunk_of(batches[0], columns, source, row)
    sound = np.isfinite(chunk.rows).all() and (
        chunk.weights is None or bool((np.isfinite(chunk.weights) & (chunk.weights >= 0.0)).all())
    )
    return chunk if sound else None


def _slowly(
    text: str,
    columns: Columns,
    header: TextHeader,
    source: str,
    row: int,
    line: int,
    bad: BadRows,
) -> Chunk:
    """The rows of a part, NaN where they are bad; `bad` is told of those."""
    at = {name: j for j, name in enumerate(header.names)}
    numbers = [*columns.features, *([columns.weights] if columns.weights else [])]
    values: list[list[float]] = []
    texts: list[list[str]] = []
    comma = header.dialect.comma
    for where, record in Records(text, header.dialect, source, line):
        fault = _fault(record, numbers, at, header, source, where, row + len(values))
        if fault is not None:
            bad.add(1, iter([fault]))
        sound = fault is None
        values.append([number(record[at[n]], comma=comma) if sound else np.nan for n in numbers])
        whole = len(record) == len(header.names)
        texts.append([record[at[n]] if whole else "" for n in columns.ids])
    cells = np.array(values, np.float64).reshape(-1, len(numbers))
    d = len(columns.features)
    return Chunk(
        np.ascontiguousarray(cells[:, :d]),
        cells[:, d].copy() if columns.weights else None,
        {name: [each[j] for each in texts] for j, name in enumerate(columns.ids)},
        source,
        row,
        told=True,
    )


def _fault(
    record: Sequence[str],
    numbers: Sequence[str],
    at: dict[str, int],
    header: TextHeader,
    source: str,
    line: int,
    row: int,
) -> str | None:
    """What is wrong with a record, None where nothing is."""
    width = len(header.names)
    if len(record) != width:
        return f"{source}: " + width_fault(
            line, record, width, header.named, header.dialect.delimiter
        )
    for name in numbers:
        cell = record[at[name]]
        try:
            if np.isfinite(number(cell, comma=header.dialect.comma)):
                continue
        except ValueError:
            pass
        return cell_fault(source, line, row, name, cell, comma=header.dialect.comma)
    return None


def _parts(path: Path) -> Generator[tuple[int, bytes], None, None]:
    """Whole records of a file, some MB at a time, and the line that they begin on."""
    line, held = 1, b""
    with closing(_read(path)) as pieces:
        for data in pieces:
            held += data
            cut = _record_end(held)
            if not cut:
                if len(held) > _LONGEST:
                    raise DataError(
                        f"{path}: line {line} is not CSV: no record ends within "
                        f"{_LONGEST >> 20} MB; check its quotes"
                    )
                continue
            yield line, held[:cut]
            line += held.count(b"\n", 0, cut)
            held = held[cut:]
    if held.strip():
        yield line, held


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


def _arrow() -> Any:
    """The module pyarrow with its CSV part, None where it is not installed."""
    try:
        import pyarrow
        import pyarrow.csv
    except ImportError:
        return None
    return pyarrow
