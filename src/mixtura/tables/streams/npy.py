"""NumPy's own files, a part at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from mixtura.errors import DataError
from mixtura.tables.npy import checked_shape
from mixtura.tables.streams.arrow import BATCH
from mixtura.tables.streams.bad_rows import BadRows
from mixtura.tables.streams.chunk import Chunk
from mixtura.tables.streams.header import Header
from mixtura.tables.streams.scan import Columns
from mixtura.tables.table import made_up_names

__all__ = ["npy_chunks", "npy_header"]


def npy_header(path: Path) -> Header:
    """The columns of a ``.npy`` file: x0, x1, …"""
    with path.open("rb") as file:
        shape, _, _ = _begun(file, path)
    return Header(made_up_names(shape[1]), {}, named=False)


def npy_chunks(path: Path, columns: Columns, header: Header, _: BadRows) -> Iterator[Chunk]:
    """The rows of a ``.npy`` file.

    Rows are read, not mapped: a file that is cut short under a map ends the process, and mapped
    pages count as memory in use. Only an array that lies column by column is mapped.
    """
    at = {name: j for j, name in enumerate(header.names)}
    features = [at[name] for name in columns.features]
    whole = features == list(range(len(header.names)))
    first = 0
    for array in _parts(path):
        rows = array if whole else array[:, features]
        single = rows.dtype.kind == "f" and rows.dtype.itemsize <= 4
        weights = None if columns.weights is None else array[:, at[columns.weights]]
        yield Chunk(
            np.ascontiguousarray(rows, np.float32 if single else np.float64),
            None if weights is None else weights.astype(np.float64),
            {name: [str(value) for value in array[:, at[name]].tolist()] for name in columns.ids},
            str(path),
            first,
        )
        first += len(array)


def _parts(path: Path) -> Iterator[NDArray[Any]]:
    """The array, some rows at a time."""
    with path.open("rb") as file:
        (n, d), by_columns, dtype = _begun(file, path)
        if by_columns:
            mapped = np.load(path, mmap_mode="r")
            for at in range(0, n, BATCH):
                yield np.asarray(mapped[at : at + BATCH])
            return
        for at in range(0, n, BATCH):
            count = min(BATCH, n - at)
            data = file.read(count * d * dtype.itemsize)
            if len(data) < count * d * dtype.itemsize:
                raise DataError(
                    f"{path} ends within row {at + len(data) // (d * dtype.itemsize)}, expected "
                    f"{n} rows: it is cut short, so fetch or write it again"
                )
            yield np.frombuffer(data, dtype).reshape(count, d)


def _begun(file: BinaryIO, path: Path) -> tuple[tuple[int, int], bool, np.dtype[Any]]:
    """The shape, whether it lies column by column, and the type; the file stands at the rows."""
    try:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0
        if version != (1, 0):
            read = np.lib.format.read_array_header_2_0
        shape, by_columns, dtype = read(file)
    except (ValueError, EOFError, SyntaxError) as error:
        raise DataError(f"{path} is not a .npy file that mixtura reads: {error}") from None
    return checked_shape(shape, dtype, str(path)), by_columns, dtype
