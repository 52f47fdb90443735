"""NumPy's own files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mixtura.errors import DataError
from mixtura.tables.selection import Selection
from mixtura.tables.table import Table, made_up_names

__all__ = ["npy_table"]


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
    if array.ndim != 2:
        raise DataError(
            f"{path} holds an array of shape {array.shape}, expected (n_rows, n_features): save "
            "it again after array.reshape(-1, 1) if it is one feature, or reshape(1, -1) if it "
            "is one row"
        )
    if array.dtype.kind not in "fiu":
        raise DataError(f"{path} holds values of type {array.dtype}, expected real numbers")
    if 0 in array.shape:
        raise DataError(f"{path} holds an array of shape {array.shape}, expected at least one row")
    names = made_up_names(array.shape[1])
    features, ids = selection.positions(names, str(path), named=False)
    rows = np.ascontiguousarray(array[:, features], dtype=np.float64)
    carried = {names[j]: tuple(map(str, array[:, j].tolist())) for j in ids}
    return Table(tuple(names[j] for j in features), rows, carried, named=False)
