"""Arrow: Parquet and Feather files and record batches as named columns, and what damages them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.errors import DataError, MissingExtraError, MixturaError
from mixtura.tables.chunk import BadRows, Chunk
from mixtura.tables.selection import Columns, Header
from mixtura.tables.vectors import element_names, is_vector, length_of, matrix_of_vectors
from mixtura.textual import words_of

#: how files of Arrow's own begin: as files, or as streams
MAGICS = (b"ARROW1", b"\xff\xff\xff\xff")
#: rows that are decoded at a time
BATCH = 2**16


def pyarrow(purpose: str) -> Any:
    """The module pyarrow, with its Parquet part loaded.

    Parameters
    ----------
    purpose : what it is needed for, as the subject of a sentence.

    Raises
    ------
    MissingExtraError : it is not installed.
    """
    try:
        import pyarrow
        import pyarrow.ipc
        import pyarrow.parquet
    except ImportError:
        raise MissingExtraError("pyarrow", "parquet", purpose) from None
    return pyarrow


def parquet_header(path: Path) -> Header:
    """The columns of a Parquet file."""
    arrow = pyarrow("reading Parquet")
    with _blamed(arrow, path, "a Parquet"), arrow.parquet.ParquetFile(path) as file:
        return header_of(file.schema_arrow, lambda name: file.iter_batches(BATCH, columns=[name]))


def parquet_chunks(path: Path, columns: Columns, header: Header, _: BadRows) -> Iterator[Chunk]:
    """The rows of a Parquet file, of which a batch is decoded at a time."""
    arrow = pyarrow("reading Parquet")
    first = 0
    # Without pre_buffer, a column's part of a row group is read through a small buffer.
    with (
        _blamed(arrow, path, "a Parquet", lambda: first),
        arrow.parquet.ParquetFile(
            path, pre_buffer=False, buffer_size=2**18, page_checksum_verification=True
        ) as file,
    ):
        for batch in file.iter_batches(BATCH, columns=columns.stored, use_threads=False):
            yield chunk_of(batch, columns, str(path), first)
            first += batch.num_rows
        if first != file.metadata.num_rows:
            raise ValueError(f"its footer tells of {file.metadata.num_rows} rows, it holds {first}")


def feather_header(path: Path) -> Header:
    """The columns of a file of Arrow's own: Feather, or a stream."""
    arrow = pyarrow("reading Arrow files")
    with arrow.OSFile(str(path)) as file:
        return ipc_header(file, str(path))


def feather_chunks(path: Path, columns: Columns, header: Header, _: BadRows) -> Iterator[Chunk]:
    """The rows of a file of Arrow's own, a record batch at a time."""
    arrow = pyarrow("reading Arrow files")
    with arrow.OSFile(str(path)) as file:
        yield from ipc_chunks(file, columns, str(path))


def ipc_header(file: Any, origin: str) -> Header:
    """The columns of Arrow's own format in a file that is open, called `origin`."""
    arrow = pyarrow("reading Arrow files")
    held: list[Any] = []
    with _blamed(arrow, origin, "an Arrow"):
        schema, batches = _opened(arrow, file, None)

        def begun(_: str) -> Iterator[Any]:
            held.extend(islice(batches, 0 if held else 1))
            return iter(held)

        return header_of(schema, begun)


def ipc_chunks(file: Any, columns: Columns, origin: str) -> Iterator[Chunk]:
    """The rows of Arrow's own format in a file that is open; no batch before the last is held."""
    arrow = pyarrow("reading Arrow files")
    first = 0
    with _blamed(arrow, origin, "an Arrow", lambda: first):
        schema, _ = _opened(arrow, file, None)
        places = [schema.get_field_index(name) for name in columns.stored]
        file.seek(0)
        for batch in _opened(arrow, file, places)[1]:
            for at in range(0, batch.num_rows, BATCH):
                yield chunk_of(batch.slice(at, BATCH), columns, origin, first + at)
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


def header_of(schema: Any, begun: Callable[[str], Iterable[Any]]) -> Header:
    """The columns of an Arrow schema, each with its type where that is no number.

    Parameters
    ----------
    schema : with a column of vectors, if it has one.
    begun : begins the batches that a column of vectors is in, by its name; how long they are
        stands in the first row alone.
    """
    is_a = pyarrow("reading record batches").types
    kinds: dict[str, str] = {}
    names: list[str] = []
    vectors: dict[str, tuple[str, ...]] = {}
    for name in schema.names:
        if schema.names.count(name) == 1:
            kind = schema.field(name).type
            numeric = is_a.is_integer(kind) or is_a.is_floating(kind) or is_a.is_decimal(kind)
            kinds[name] = "" if numeric else str(kind)
            if is_vector(is_a, kind):
                columns = (
                    batch.column(batch.schema.get_field_index(name)) for batch in begun(name)
                )
                length = next(filter(None, map(length_of, columns)), 0)
                vectors[name] = element_names(name, (length,))
        names += vectors.get(name) or (name,)
    whole = tuple(name for name, parts in vectors.items() if parts)
    vectors = {name: vectors[name] for name in whole}
    return Header((*names, *whole), kinds, aside=whole, vectors=vectors)


def chunk_of(batch: Any, columns: Columns, origin: str, first: int) -> Chunk:
    """The rows of a record batch; missing values are NaN.

    Arrow believes what a batch says of its own length, and leaves it to the reader to compare that
    with what is there. Python rounds a decimal to the nearest float64; a cast of Arrow's does not.

    Raises
    ------
    ValueError : its columns are shorter than it says, or a text that is carried along is none.
    """
    batch.validate()
    held: dict[str, NDArray[Any]] = {}
    for name in columns.stored:
        column = batch.column(batch.schema.get_field_index(name))
        if (parts := columns.vectors.get(name)) is not None:
            of = f"{origin}: column {name!r}"
            matrix = matrix_of_vectors(column, len(parts), of, first)
            held |= dict(zip(parts, matrix.T, strict=True))
        elif name in columns.numbers:
            held[name] = _numbers(column)
    values = [held[name] for name in columns.features]
    rows: NDArray[Any] = np.stack(values, axis=1, dtype=np.result_type(np.float32, *values))
    return Chunk(
        rows,
        {name: held[n].astype(np.float64) for name, n in columns.fields.items()},
        {name: _texts(batch, name) for name in columns.ids},
        origin,
        first,
        nulls=_nulls(batch, columns),
    )


def _nulls(batch: Any, columns: Columns) -> NDArray[np.bool_] | None:
    """Which features (m, D) are null, and no NaN; None where no column has a null."""
    elements, found = columns.elements, {}
    for j, name in enumerate(columns.features):
        column = batch.column(batch.schema.get_field_index(elements.get(name, (name, 0))[0]))
        if column.null_count:
            found[j] = column.is_null().to_numpy(zero_copy_only=False)
    if not found:
        return None
    nulls = np.zeros((batch.num_rows, len(columns.features)), np.bool_)
    for j, mask in found.items():
        nulls[:, j] = mask
    return nulls


def _numbers(column: Any) -> NDArray[Any]:
    values = column.to_numpy(zero_copy_only=False)  # NaN where it is null
    single = values.dtype.kind == "f" and values.dtype.itemsize <= 4
    return values if single else values.astype(np.float64, copy=False)


def _texts(batch: Any, name: str) -> list[str]:
    """A column that is carried along, which may be anything; empty where it is missing."""
    column = batch.column(batch.schema.get_field_index(name))
    try:
        column.validate(full=True)
    except ValueError as error:
        raise ValueError(f"column {name!r} is damaged: {words_of(error)}") from None
    try:  # many rows may have one value, which then is one text
        coded = column.dictionary_encode()
    except NotImplementedError:  # of what is no single value
        return ["" if value is None else str(value) for value in column.to_pylist()]
    known = ["" if value is None else str(value) for value in coded.dictionary.to_pylist()]
    places = coded.indices.fill_null(len(known)).to_pylist()
    return list(map([*known, ""].__getitem__, places))


def faults(arrow: Any) -> tuple[type[BaseException], ...]:
    """The kinds of error by which pyarrow tells of damage.

    Besides its own they are Python's: of names and texts that are no UTF-8, dates and time zones
    that do not exist, lengths below 0.
    """
    return (arrow.ArrowException, OSError, ValueError, OverflowError, LookupError)


@contextmanager
def _blamed(
    arrow: Any, origin: Path | str, kind: str, row: Callable[[], int] = lambda: 0
) -> Iterator[None]:
    """Turns what pyarrow finds wrong within the block into a sentence of the file.

    Parameters
    ----------
    arrow : the module pyarrow.
    origin : the file.
    kind : of its format, with an article.
    row : how many rows were read before.

    Raises
    ------
    DataError : it is damaged, or another kind of file.
    OSError : it cannot be read.
    """
    try:
        yield
    except MixturaError:
        raise
    except faults(arrow) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # Arrow reports damage as an OSError without a number
        where = f" from row {row()} on" if row() else ""
        raise DataError(
            f"{origin} is not {kind} file that mixtura reads{where}: {words_of(error)}; it is cut "
            "short or damaged, so fetch or write it again"
        ) from None
