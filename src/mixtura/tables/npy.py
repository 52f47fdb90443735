"""NumPy's own files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mixtura.errors import DataError
from mixtura.tables.selection import Selection
from mixtura.tables.table import Table, made_up_names

__all__ = ["checked_shape", "npy_table"]


def npy_table(path: Path, selection: Selection) -> Table:
    """The two-dimensional array of numbers in a ``.npy`` file; its columns are x0, x1, …

    Pickled objects are refused.

    Raises
    ------
    DataError : it is not such a file, or the array is of another kind.
    OSError : it cannot be read.
    """
    with path.open("rb") as file:
        try:
            array = np.lib.format.read_array(file, allow_pickle=False)
        except (ValueError, EOFError, SyntaxError) as error:
            raise DataError(f"{path} is not a .npy file that mixtura reads: {error}") from None
    checked_shape(array.shape, array.dtype, str(path))
    if 0 in array.shape:
        raise DataError(f"{path} holds an array of shape {array.shape}, expected at least one row")
    names = made_up_names(array.shape[1])
    features, ids = selection.positions(names, str(path), named=False)
    rows = np.ascontiguousarray(array[:, features], dtype=np.float64)
    carried = {names[j]: tuple(map(str, array[:, j].tolist())) for j in ids}
    return Table(tuple(names[j] for j in features), rows, carried, named=False)


def checked_shape(shape: tuple[int, ...], dtype: np.dtype[Any], source: str) -> tuple[int, int]:
    """The shape (N, D) of an array of numbers.

    Raises
    ------
    DataError : it has another number of dimensions, or is not of real numbers.
    """
    if len(shape) != 2:
        raise DataError(
            f"{source} holds an array of shape {shape}, expected (n_rows, n_features): save "
            "it again after array.reshape(-1, 1) if it is one feature, or reshape(1, -1) if it "
            "is one row"
        )
    if dtype.kind not in "fiu":
        raise DataError(f"{source} holds values of type {dtype}, expected real numbers")
    return shape[0], shape[1]
