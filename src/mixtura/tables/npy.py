"""NumPy's own files, a part at a time: arrays whose columns are called x0, x1, …"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from mixtura.errors import DataError
from mixtura.tables.arrow import BATCH
from mixtura.tables.chunk import BadRows, Chunk
from mixtura.tables.selection import Columns, Header
from mixtura.tables.table import made_up_names
from mixtura.textual import words_of

#: what NumPy raises of a header that it, or the parser of Python that it asks, cannot read
_FAULTS = (
    ValueError, TypeError, LookupError, ArithmeticError, EOFError, SyntaxError, TokenError,
    RecursionError, MemoryError,
)  # fmt: skip


def npy_header(path: Path) -> Header:
    """The columns of a ``.npy`` file: x0, x1, …"""
    with path.open("rb") as file:
        return Header(made_up_names(_begun(file, path).shape[1]), {}, named=False)


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
        yield Chunk(
            np.ascontiguousarray(rows, np.float32 if single else np.float64),
            {name: array[:, at[n]].astype(np.float64) for name, n in columns.fields.items()},
            {name: [str(value) for value in array[:, at[name]].tolist()] for name in columns.ids},
            str(path),
            first,
        )
        first += len(array)


def _parts(path: Path) -> Iterator[NDArray[Any]]:
    """The array, some rows at a time."""
    with path.open("rb") as file:
        header = _begun(file, path)
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
                raise DataError(_shorter(path))
            yield np.frombuffer(data, dtype).reshape(count, d)


@dataclass(frozen=True)
class _NpyHeader:
    """What a ``.npy`` file says at its beginning.

    Parameters
    ----------
    shape : (N, D), both at least 1.
    order : ``C`` where it lies row by row, ``F`` where column by column.
    dtype : of real numbers.
    offset : bytes before the first number.
    """

    shape: tuple[int, int]
    order: Literal["C", "F"]
    dtype: np.dtype[Any]
    offset: int

    @property
    def count(self) -> int:
        """How many numbers follow the header, N·D."""
        return self.shape[0] * self.shape[1]


def archive(path: Path) -> str:
    """What to do with a ``.npz`` file."""
    return (
        f"{path} is a .npz archive, which may hold several arrays, expected a .npy file of one: "
        "numpy.save('rows.npy', numpy.load('rows.npz')['name'])"
    )


def _shorter(path: Path) -> str:
    """What is wrong with a file that had all its numbers when it was opened."""
    return f"{path} became shorter while it was read: wait until it is written, or work on a copy"


def _begun(file: BinaryIO, path: Path) -> _NpyHeader:
    """The header of a ``.npy`` file, which stands at its numbers then; all of them are there.

    Raises
    ------
    DataError : it is not such a file, or is cut short, or the array is of another kind.
    """
    try:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0
        if version != (1, 0):
            read = np.lib.format.read_array_header_2_0
        shape, by_columns, dtype = read(file)
    except _FAULTS as error:
        raise DataError(
            f"{path} is not a .npy file that mixtura reads: {words_of(error)}"
        ) from None
    n, d = _checked_shape(shape, dtype, str(path))
    header = _NpyHeader((n, d), "F" if by_columns else "C", dtype, file.tell())
    there = (os.fstat(file.fileno()).st_size - header.offset) // dtype.itemsize
    if there < header.count:
        where = f"after {there} of {header.count} numbers" if by_columns else f"row {there // d}"
        raise DataError(
            f"{path} ends {'' if by_columns else 'within '}{where}, expected {n} rows: it is cut "
            "short, so fetch or write it again"
        )
    return header


def _checked_shape(shape: tuple[int, ...], dtype: np.dtype[Any], source: str) -> tuple[int, int]:
    """The shape (N, D) of an array of numbers.

    Raises
    ------
    DataError : it has another number of dimensions, no rows, or is not of real numbers.
    """
    if len(shape) != 2:
        raise DataError(
            f"{source} holds an array of shape {shape}, expected (n_rows, n_features): save "
            "it again after array.reshape(-1, 1) if it is one feature, or reshape(1, -1) if it "
            "is one row"
        )
    if dtype.kind not in "fiu":
        raise DataError(f"{source} holds values of type {dtype}, expected real numbers")
    if min(shape) < 1:
        raise DataError(f"{source} holds an array of shape {shape}, expected at least one row")
    return shape[0], shape[1]
