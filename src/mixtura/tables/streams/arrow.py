"""Arrow: Parquet and Feather files, and record batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.tables.damage import blamed, check_texts
from mixtura.tables.parquet import is_numeric, pyarrow
from mixtura.tables.streams.bad_rows import BadRows
from mixtura.tables.streams.chunk import Chunk
from mixtura.tables.streams.header import Header
from mixtura.tables.streams.scan import Columns

__all__ = [
    "BATCH",
    "chunk_of",
    "feather_chunks",
    "feather_header",
    "header_of",
    "parquet_chunks",
    "parquet_header",
]

#: rows that are decoded at a time
BATCH = 2**16


def parquet_header(path: Path) -> Header:
    """The columns of a Parquet file."""
    arrow = pyarrow("reading Parquet")
    with blamed(arrow, path, "a Parquet"), arrow.parquet.ParquetFile(path) as file:
        return header_of(arrow, file.schema_arrow)


def parquet_chunks(path: Path, columns: Columns, header: Header, _: BadRows) -> Iterator[Chunk]:
    """The rows of a Parquet file, of which a batch is decoded at a time."""
    arrow = pyarrow("reading Parquet")
    first = 0
    # Without pre_buffer, a column's part of a row group is read through a small buffer.
    with (
        blamed(arrow, path, "a Parquet", lambda: first),
        arrow.parquet.ParquetFile(
            path, pre_buffer=False, buffer_size=2**18, page_checksum_verification=True
        ) as file,
    ):
        for batch in file.iter_batches(BATCH, columns=_all(columns), use_threads=False):
            yield chunk_of(batch, columns, str(path), first)
            first += batch.num_rows
        if first != file.metadata.num_rows:
            raise ValueError(f"its footer tells of {file.metadata.num_rows} rows, it holds {first}")


def feather_header(path: Path) -> Header:
    """The columns of a file of Arrow's own: Feather, or a stream."""
    arrow = pyarrow("reading Arrow files")
    with blamed(arrow, path, "an Arrow"), arrow.OSFile(str(path)) as file:
        return header_of(arrow, _opened(arrow, file, None)[0])


def feather_chunks(path: Path, columns: Columns, header: Header, _: BadRows) -> Iterator[Chunk]:
    """The rows of a file of Arrow's own, a record batch at a time."""
    arrow = pyarrow("reading Arrow files")
    first = 0
    with blamed(arrow, path, "an Arrow", lambda: first), arrow.OSFile(str(path)) as file:
        places = [header.names.index(name) for name in _all(columns)]
        for batch in _opened(arrow, file, places)[1]:
            for at in range(0, batch.num_rows, BATCH):
                yield chunk_of(batch.slice(at, BATCH), columns, str(path), first + at)
            first += batch.num_rows


def _opened(arrow: Any, file: Any, places: Sequence[int] | None) -> tuple[Any, Iterator[Any]]:
    """The schema and the batches of an Arrow file, of the one kind or the other."""
    options = arrow.ipc.IpcReadOptions(included_fields=places, use_threads=False)
    if file.read(6) == b"ARROW1":
        reader = arrow.ipc.open_file(file, options=options)
        return reader.schema, map(reader.get_batch, range(reader.num_record_batches))
    file.seek(0)
    stream = arrow.ipc.open_stream(file, options=options)
    return stream.schema, iter(stream)


def header_of(arrow: Any, schema: Any) -> Header:
    """The columns of an Arrow schema, but for the index that pandas stores beside them."""
    kinds = {
        name: "" if is_numeric(arrow, schema, name) else str(schema.field(name).type)
        for name in dict.fromkeys(schema.names)
        if schema.names.count(name) == 1
    }
    return Header(tuple(schema.names), kinds)


def chunk_of(batch: Any, columns: Columns, origin: str, first: int) -> Chunk:
    """The rows of a record batch; missing values are NaN.

    Arrow believes what a batch says of its own length, and leaves it to the reader to compare that
    with what is there.

    Raises
    ------
    ValueError : its columns are shorter than it says, or a text that is carried along is none.
    """
    batch.validate()
    values = [_numbers(batch, name) for name in columns.features]
    rows: NDArray[Any] = np.stack(values, axis=1, dtype=np.result_type(np.float32, *values))
    weights = columns.weights
    return Chunk(
        rows,
        None if weights is None else _numbers(batch, weights).astype(np.float64),
        {name: _texts(batch, name) for name in columns.ids},
        origin,
        first,
    )


def _numbers(batch: Any, name: str) -> NDArray[Any]:
    column = batch.column(batch.schema.get_field_index(name))
    values = column.to_numpy(zero_copy_only=False)  # NaN where it is null
    single = values.dtype.kind == "f" and values.dtype.itemsize <= 4
    return values if single else values.astype(np.float64, copy=False)


def _texts(batch: Any, name: str) -> list[str]:
    column = batch.column(batch.schema.get_field_index(name))
    check_texts(column, name)
    return ["" if value is None else str(value) for value in column.to_pylist()]


def _all(columns: Columns) -> list[str]:
    return [*columns.features, *([columns.weights] if columns.weights else []), *columns.ids]
