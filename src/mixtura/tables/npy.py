"""NumPy's own files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import Any, BinaryIO, Literal

import numpy as np

from mixtura.errors import DataError
from mixtura.tables.selection import Selection
from mixtura.tables.table import Table, made_up_names
from mixtura.textual import words_of

__all__ = ["NpyHeader", "archive", "npy_begun", "npy_table", "shorter"]

#: what NumPy raises of a header that it, or the parser of Python that it asks, cannot read
_FAULTS = (
    ValueError, TypeError, LookupError, ArithmeticError, EOFError, SyntaxError, TokenError,
    RecursionError, MemoryError,
)  # fmt: skip


def npy_table(path: Path, selection: Selection) -> Table:
    """The two-dimensional array of numbers in a ``.npy`` file; its columns are x0, x1, …

    Pickled objects are refused.

    Raises
    ------
    DataError : it is not such a file, or the array is of another kind.
    OSError : it cannot be read.
    """
    with path.open("rb") as file:
        header = npy_begun(file, path)
        numbers = np.fromfile(file, header.dtype, header.count)
    if len(numbers) < header.count:
        raise DataError(shorter(path))
    array = numbers.reshape(header.shape, order=header.order)
    names = made_up_names(array.shape[1])
    features, ids = selection.positions(names, str(path), named=False)
    rows = np.ascontiguousarray(array[:, features], dtype=np.float64)
    carried = {names[j]: tuple(map(str, array[:, j].tolist())) for j in ids}
    return Table(tuple(names[j] for j in features), rows, carried, named=False)


@dataclass(frozen=True)
class NpyHeader:
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
        """How many numbers follow."""
        return self.shape[0] * self.shape[1]


def archive(path: Path) -> str:
    """What to do with a ``.npz`` file."""
    return (
        f"{path} is a .npz archive, which may hold several arrays, expected a .npy file of one: "
        "numpy.save('rows.npy', numpy.load('rows.npz')['name'])"
    )


def shorter(path: Path) -> str:
    """What is wrong with a file that had all its numbers when it was opened."""
    return f"{path} became shorter while it was read: wait until it is written, or work on a copy"


def npy_begun(file: BinaryIO, path: Path) -> NpyHeader:
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
    header = NpyHeader((n, d), "F" if by_columns else "C", dtype, file.tell())
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
