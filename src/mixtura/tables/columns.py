"""Columns: values of whatever type as numbers, or the sentence that says why they are none."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.errors import DataError, MixturaError
from mixtura.tables.cells import is_number
from mixtura.tables.containers import columns_of, refuse

#: kinds of NumPy's types that it calculates with
_NUMBERS = "fiub"
#: what to make of dates and lengths of time: what it is, how by library, and what they are first
#: made where they are objects, but for those of one type
_TIMES: dict[str, tuple[str, dict[str, str], str, str]] = {
    "dates": (
        "days since the first",
        {
            "polars": "({0} - {0}.min()).dt.total_days()",
            "pyarrow": "pyarrow.compute.days_between(pyarrow.compute.min({0}), {0})",
            "": "({0} - {0}.min()) / numpy.timedelta64(1, 'D')",
        },
        "Timestamp",
        "pandas.to_datetime({0})",
    ),
    "lengths of time": (
        "seconds",
        {
            "polars": "{0}.dt.total_seconds()",
            "pyarrow": "{0}.cast('int64')",
            "": "{0} / numpy.timedelta64(1, 's')",
        },
        "Timedelta",
        "pandas.to_timedelta({0})",
    ),
}


def matrix_of(data: Any, places: Sequence[int] | None = None) -> NDArray[Any]:
    """`data` as an array of real numbers, of any shape; missing values are NaN.

    Nothing is taken for a number but numbers: neither dates, nor text that reads like one.

    Parameters
    ----------
    data : an array or what NumPy makes one of, or a table: see `containers.columns_of`.
    places : of a table or a 2-D array, the columns to take, in this order; None for all. Others
        may hold anything.

    Raises
    ------
    DataError : it holds something else; the column is named, and what to do about it.
    """
    if type(data) is np.ndarray and data.dtype.kind in _NUMBERS and data.dtype.itemsize <= 8:
        return _taken(data, places)  # as nearly all come, at every call
    refuse(data)
    refuse_masked(data)
    if hasattr(data, "tocsr"):
        raise DataError(
            "X is a sparse matrix, expected a dense one: convert it with X.toarray(), "
            "if it fits in memory"
        )
    if _is_plain(data):
        return _taken(np.asarray(data.to_numpy()), places)
    columns = columns_of(data)
    if columns is not None:
        chosen = columns if places is None else [columns[j] for j in places]
        parts = [numbers_in(v, f"column {str(name)!r}", f"X[{name!r}]") for name, v in chosen]
        return stacked(parts, [str(name) for name, _ in chosen])
    array = _opened(data)
    if array.ndim == 2 and array.dtype.kind == "O" and array.shape[1]:
        taken = range(array.shape[1]) if places is None else places
        parts = [numbers_in(array[:, j], f"column {j}", f"X[:, {j}]") for j in taken]
        return stacked(parts, [])
    return numbers_in(_taken(array, places), "X", "X")


def refuse_masked(data: Any, line: str = "X", *, missing: bool = True, what: str = "X") -> None:
    """Refuse a masked array, whose mask whoever reads its numbers would pass over.

    Parameters
    ----------
    data : whatever there is.
    line, what : the code that it is written as, and what it is called.
    missing : whether values that are missing can be asked for.

    Raises
    ------
    DataError : it is one.
    """
    if isinstance(data, np.ma.MaskedArray):
        take = "take what is masked for missing with missing='em', " if missing else ""
        raise DataError(
            f"{what} is a masked array, expected a plain one: {take}put numbers in the gaps with "
            f"{line}.filled(value), or drop those rows"
        )


def unmasked(data: Any) -> Any:
    """A masked array of numbers with NaN where it is masked; anything else as it is."""
    if not isinstance(data, np.ma.MaskedArray) or data.dtype.kind not in _NUMBERS:
        return data
    kind = data.dtype if data.dtype.kind == "f" else np.dtype(np.float64)
    return np.ma.filled(data.astype(kind), np.nan)


def _taken(array: NDArray[Any], places: Sequence[int] | None) -> NDArray[Any]:
    """Some columns of an array (N, D); the array itself where they are all of its own."""
    whole = places is None or list(places) == list(range(array.shape[1]))
    return array if whole else array[:, places]


def refuse_others(data: Any) -> None:
    """Refuse dates, lengths of time and text in what another library goes on to make numbers of.

    Parameters
    ----------
    data : a table, an array, or what NumPy makes one of.

    Raises
    ------
    DataError : it holds some, or is refused, see `containers.refuse`.
    """
    refuse(data)
    if columns_of(data) is not None:
        if not _is_plain(data):
            matrix_of(data)
        return
    if getattr(getattr(data, "dtype", None), "kind", "O") in "fiubc":
        return
    array = _opened(data)
    if array.dtype.kind == "O":
        _of_objects(array, array, "X", "X")
    elif array.dtype.kind in "MmUST":
        numbers_in(array, "X", "X")


def _opened(data: Any) -> NDArray[Any]:
    """`data` as an array of whatever there is in it.

    Raises
    ------
    DataError : its rows are dicts, or it is one object to NumPy.
    """
    if isinstance(data, list | tuple) and data and isinstance(data[0], Mapping):
        raise DataError(
            f"X is a {type(data).__name__} of dicts, expected columns: pass pandas.DataFrame(X), "
            "or {name: [row[name] for row in X] for name in X[0]}"
        )
    array = _array(data, "X")
    if array.ndim == 0 and array.dtype.kind == "O":
        raise DataError(
            f"X is {'None' if data is None else f'of type {type(data).__name__}'}, expected rows: "
            "a 2-D array of shape (n_rows, n_features), or a table"
        )
    return array


def stacked(columns: list[NDArray[Any]], names: list[str]) -> NDArray[Any]:
    """Columns (N,) side by side, (N, D); float32 stays so where all are.

    Raises
    ------
    DataError : they are not of one length, or one is more than a column; it is named.
    """
    for name, column in zip(names, columns, strict=False):
        if column.ndim != 1 or len(column) != len(columns[0]):
            raise DataError(
                f"column {name!r} has shape {column.shape}, expected ({len(columns[0])},) as "
                f"column {names[0]!r} has"
                if columns[0].ndim == 1
                else f"column {name!r} has shape {column.shape}, expected one number a row"
            )
    return np.column_stack(columns) if columns else np.empty((0, 0))


def numbers_in(values: Any, what: str, line: str) -> NDArray[Any]:
    """Values of any shape as an array that NumPy calculates with; missing ones are NaN.

    Parameters
    ----------
    values : an array, a column of a table, a list.
    what : they are called, for the message: the subject of its sentence.
    line : the code that they are written as, for its remedy.

    Raises
    ------
    DataError : they are dates, lengths of time, text, complex or too large.
    """
    refuse_masked(values, line, missing=False, what=what)
    array = _array(values, what)
    kind = array.dtype.kind
    if kind in _NUMBERS and array.dtype.itemsize <= 8:
        return array
    if kind == "c":
        raise _complex(what, line)
    if kind == "M":
        raise _times("dates", what, line, array.dtype, values)
    if kind == "m":
        raise _times("lengths of time", what, line, array.dtype, values)
    if kind in "UST":
        raise _text(what, line, next(iter(array.ravel().tolist()), ""), values)
    if kind == "O":
        array = _of_objects(array, values, what, line)
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        raise DataError(
            f"{what} holds values of type {_type(array)}, expected numbers: encode them as "
            "numbers, or leave them out"
        ) from None


def _array(values: Any, what: str) -> NDArray[Any]:
    """`values` as NumPy has them, with NaN for what pandas' own types miss."""
    if isinstance(values, np.ndarray):
        return np.asarray(values)  # a memory map and the like, as a plain array over the memory
    dtype = getattr(values, "dtype", None)
    try:
        if _library(values) == "pyarrow" and hasattr(values, "to_numpy"):
            return np.asarray(values.to_numpy(zero_copy_only=False))
        if hasattr(values, "to_numpy"):
            if not isinstance(dtype, np.dtype) and getattr(dtype, "kind", "O") in _NUMBERS:
                return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan))
            return np.asarray(values.to_numpy())
        return np.asarray(values)
    except MixturaError:  # of what reads the rows
        raise
    except (ValueError, TypeError, RuntimeError, OverflowError, AttributeError) as error:
        raise DataError(
            f"{what} is of type {type(values).__name__}, not an array of numbers: {error}"
        ) from None


def _is_plain(data: Any) -> bool:
    """Whether `data` is a data frame that is one array of numbers as it is."""
    types = getattr(data, "dtypes", None)
    if types is None or not hasattr(data, "to_numpy") or getattr(data, "columns", None) is None:
        return hasattr(data, "to_numpy") and columns_of(data) is None
    if isinstance(types, list):  # polars
        return all(str(each).startswith(("Int", "UInt", "Float")) for each in types)
    return len(types) > 0 and all(isinstance(t, np.dtype) and t.kind in "fiu" for t in types)


def _of_objects(array: NDArray[Any], values: Any, what: str, line: str) -> NDArray[Any]:
    """Objects among which there are only numbers, and None, which becomes NaN."""
    flat: NDArray[Any] = array.ravel().copy()
    for i, value in enumerate(flat.tolist()):
        if value is None or type(value).__name__ == "NAType":
            flat[i] = np.nan
        elif isinstance(value, str | bytes):
            raise _text(what, line, value, values)
        elif isinstance(value, complex | np.complexfloating):
            raise _complex(what, line)
        elif isinstance(value, datetime.date | np.datetime64):
            raise _times("dates", what, line, type(value).__name__, values)
        elif isinstance(value, datetime.timedelta | np.timedelta64):
            raise _times("lengths of time", what, line, type(value).__name__, values)
        elif isinstance(value, int) and abs(value) > sys.float_info.max:
            raise DataError(
                f"{what} holds a number beyond 1.8e308, expected numbers that fit into a double: "
                "divide by a constant, or take logarithms"
            )
    return flat.reshape(array.shape)


def _complex(what: str, line: str) -> DataError:
    parts = ("X.real", "X.imag") if line == "X" else (f"numpy.real({line})", f"numpy.imag({line})")
    return DataError(
        f"{what} holds complex numbers, expected real ones: use {parts[0]}, or {parts[1]}"
    )


def _times(called: str, what: str, line: str, kind: Any, values: Any) -> DataError:
    """Of dates, or lengths of time."""
    example, steps, theirs, made = _TIMES[called]
    library = _library(values)
    if library not in steps and not isinstance(kind, np.dtype) and kind != theirs:
        line = made.format(line)
    return DataError(
        f"{what} holds {called} ({kind}), expected numbers: make it one, such as {example}, with "
        f"{steps.get(library, steps['']).format(line)}, or leave it out"
    )


def _text(what: str, line: str, cell: Any, values: Any) -> DataError:
    casts = {"polars": "cast(float)", "pyarrow": "cast('float64')"}
    cast = casts.get(_library(values), "astype(float)")
    reads = is_number(cell if isinstance(cell, str) else cell.decode("latin-1"))
    remedy = f"convert it, as with {line}.{cast}" if reads else "encode it as numbers"
    return DataError(
        f"{what} holds text, such as {cell!r}, expected numbers: {remedy}, or leave it out"
    )


def _library(values: Any) -> str:
    """The library that made the values, by its name."""
    return type(values).__module__.partition(".")[0]


def _type(array: NDArray[Any]) -> str:
    """What the values are, by the first of them where they are objects."""
    kind = type(next(iter(array.ravel().tolist()), None)).__name__
    return kind if array.dtype.kind == "O" else str(array.dtype)
