"""Rows: whatever a person has, made into an array that a pass can read."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Rows
from mixtura.errors import DataError
from mixtura.tables.collections import is_collection
from mixtura.tables.columns import matrix_of, unmasked
from mixtura.tables.containers import column_names, is_null

__all__ = [
    "as_rows",
    "check_here",
    "check_names",
    "column_label",
    "column_names",
    "finite_rows",
    "is_ready",
    "lacks_any",
    "matched_columns",
    "no_missing",
    "plain_rows",
]

#: the types of floats that a pass reads, of this machine's byte order
_READ = np.dtype(np.float64), np.dtype(np.float32)
#: so many numbers are few: of more than twice as many BLAS would wake threads
_FEW = 2**12


def check_names(names: Sequence[str] | None, wanted: Sequence[str] | None = None) -> None:
    """Refuse columns that cannot be told apart by their names.

    Parameters
    ----------
    names : of all columns, or None.
    wanted : those that are used; None for all.

    Raises
    ------
    DataError : two columns have one name, which is wanted.
    """
    if names is None or len(set(names)) == len(names):
        return
    times = Counter(names)
    for name in names if wanted is None else wanted:
        if times[name] > 1:
            raise DataError(
                f"X has {times[name]} columns called {name!r}, expected one: rename them, or "
                "select the columns to use"
            )


def as_rows(
    data: Any,
    n_features: int | None = None,
    feature_names: Sequence[str] | None = None,
    *,
    holes: bool | None = None,
) -> Rows:
    """`data` as an array (N, D) of real numbers, finite; where there may be holes, or NaN.

    An array is not copied, whatever its layout, byte order or numeric type: a source copies blocks
    of it as it needs them.

    Parameters
    ----------
    data : array-like (N, D), or a table.
    n_features : the number of columns that is expected, where one is.
    feature_names : the columns that are expected; a table's columns are matched by name.
    holes : whether NaN, and what other libraries have in its place, is a value that is missing;
        None where that cannot be asked for.

    Raises
    ------
    DataError : the shape, the columns or a value does not fit.
    """
    if is_ready(data) and n_features in (None, data.shape[1]):
        return np.asarray(data)
    rows = plain_rows(unmasked(data) if holes else data, n_features, feature_names)
    names = column_names(data)
    there = names if names is None or feature_names is None else tuple(feature_names)

    def null(row: int, column: int) -> bool:
        at = column if names is None or there is None else names.index(there[column])
        return is_null(data, row, at)

    no_missing(rows, there, holes=holes, null=null)
    return rows


def is_ready(data: Any) -> bool:
    """Whether `data` are rows already, with nothing to be said of them: floats (N, D), finite.

    Asked at every call, of one row too: no other check finds fault with what passes this one.
    """
    return (
        type(data) is np.ndarray
        and data.dtype in _READ
        and data.ndim == 2
        and data.size > 0
        and _sums_up(data)
    )


def plain_rows(
    data: Any, n_features: int | None = None, feature_names: Sequence[str] | None = None
) -> Rows:
    """`as_rows`, but that NaN and infinity are let pass."""
    check_here(data)
    names = column_names(data)
    check_names(names, feature_names)
    places = None
    if feature_names is not None and names is not None and names != tuple(feature_names):
        places = matched_columns(names, feature_names)
    rows = matrix_of(data, places)
    if rows.ndim != 2:
        raise DataError(_not_two_dimensional(rows))
    if n_features is not None and rows.shape[1] != n_features:
        fitted = f" ({', '.join(feature_names)})" if feature_names else ""
        raise DataError(
            f"X has {_features(rows.shape[1])}, this mixture was fitted on {n_features}{fitted}: "
            "select those columns"
        )
    if rows.shape[1] == 0:
        raise DataError("X has 0 features, expected at least 1: select the columns to use")
    return rows


def check_here(data: Any, name: str = "X") -> None:
    """Refuse what Dask holds, or has yet to make: it would be brought into memory without a word.

    Raises
    ------
    DataError : it is a Dask collection.
    """
    if is_collection(data):
        kind = getattr(type(data), "__name__", "collection")
        raise DataError(
            f"{name} is a Dask {kind}, and this takes what is in memory: bring it here with "
            f"{name}.compute(), if it fits, or a part of it"
        )


def finite_rows(rows: Rows, *, holes: bool = False) -> NDArray[np.bool_]:
    """Which rows (N, D) hold neither infinity nor, unless there may be `holes`, NaN, (N,)."""
    if rows.dtype.kind != "f" or _sums_up(rows):
        return np.ones(len(rows), np.bool_)
    return np.asarray((~np.isinf(rows) if holes else np.isfinite(rows)).all(axis=1))


def _sums_up(rows: Rows) -> bool:
    """Whether one sum is enough to see that all is well.

    NaN and infinity never cancel out of it. Few rows are summed in squares, which is over before
    NumPy is told not to warn; that of a finite value may be infinite, which asks for a closer look.
    """
    if rows.size <= _FEW:
        return math.isfinite(np.vdot(rows, rows))
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(rows.sum(dtype=np.float64)))


def lacks_any(rows: Rows) -> bool:
    """Whether any of the rows (N, D) lacks a value: one of them is NaN."""
    if rows.dtype.kind != "f" or _sums_up(rows):
        return False
    return bool(np.isnan(rows).any())


def no_missing(
    rows: Rows,
    names: Sequence[str] | None = None,
    *,
    holes: bool | None = None,
    null: Callable[[int, int], bool] = lambda row, column: False,
) -> None:
    """Refuse infinity, and unless there may be `holes` NaN; the first one's place is named.

    Where `holes` is None nobody could ask for them, and no advice is given to. What is NaN by its
    row and column may have been `null` in the data, and is called so.

    Raises
    ------
    DataError : one is there.
    """
    if rows.dtype.kind != "f" or _sums_up(rows):
        return
    bad = np.isinf(rows) if holes else ~np.isfinite(rows)
    if not bad.any():
        return
    row, column = (int(i) for i in np.argwhere(bad)[0])
    value = rows[row, column]
    what = "infinity" if value > 0 else "-infinity"
    if np.isnan(value):
        what = "null" if null(row, column) else "NaN"
    more = int(bad.any(axis=1).sum()) - 1
    others = f" ({more} more such row{'s' if more > 1 else ''})" if more else ""
    offered = np.isnan(value) and holes is not None
    remedy = " or take what is missing as unknown, with missing='em'" if offered else ""
    raise DataError(
        f"row {row}, column {column_label(column, names)} is {what}{others}: "
        f"expected finite numbers; drop or fill those rows first{',' * bool(remedy)}{remedy}"
    )


def column_label(column: int, names: Sequence[str] | None) -> str:
    """A column as a person would name it: its name, or its number."""
    return str(column) if names is None else repr(names[column])


def _not_two_dimensional(array: Rows) -> str:
    if array.ndim == 1:
        return (
            f"expected a 2-D array of shape (n_rows, n_features), got a 1-D array of shape "
            f"{array.shape}: reshape it with X.reshape(-1, 1) if it holds one feature, or "
            "X.reshape(1, -1) if it holds one row"
        )
    return (
        f"expected a 2-D array of shape (n_rows, n_features), got {array.ndim} dimensions of "
        f"shape {array.shape}: reshape it so that each row is one observation"
    )


def matched_columns(names: Sequence[str], wanted: Sequence[str] | None) -> list[int]:
    """Where the wanted columns are among `names`, in the wanted order; None wants all.

    Raises
    ------
    DataError : one is missing, or there is another of its name.
    """
    check_names(names, wanted)
    if wanted is None:
        return list(range(len(names)))
    missing = [name for name in wanted if name not in names]
    if missing:
        raise DataError(
            f"X lacks the column{'s' if len(missing) > 1 else ''} {', '.join(map(repr, missing))} "
            f"that this mixture was fitted on; it has {', '.join(map(repr, names))}"
        )
    return [list(names).index(name) for name in wanted]


def _features(count: int) -> str:
    return f"{count} feature" if count == 1 else f"{count} features"
