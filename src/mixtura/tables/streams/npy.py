"""NumPy's own files, a part at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.errors import DataError
from mixtura.tables.npy import npy_begun, shorter
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
        return Header(made_up_names(npy_begun(file, path).shape[1]), {}, named=False)


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
        header = npy_begun(file, path)
        (n, d), dtype = header.shape, header.dtype
        if header.order == "F":
            mapped = np.memmap(path, dtype, "r", header.offset, header.shape, "F")
            for at in range(0, n, BATCH):
                yield np.asarray(mapped[at : at + BATCH])
            return
        for at in range(0, n, BATCH):
            count = min(BATCH, n - at)
            data = file.read(count * d * dtype.itemsize)
            if len(data) < count * d * dtype.itemsize:
                raise DataError(shorter(path))
            yield np.frombuffer(data, dtype).reshape(count, d)
