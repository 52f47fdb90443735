"""Vectors: columns of Arrow of which a row holds several numbers, each of them a column."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.errors import DataError

#: the most numbers that a vector may have
_MOST = 100_000
#: the fields of a vector as Spark's machine learning writes it
_SPARK = ("type", "size", "indices", "values")


def element_names(name: str, shape: tuple[int, ...]) -> tuple[str, ...]:
    """The names of the elements of a vector, ``x[0]``, or of a matrix, ``x[0][0]``, row by row.

    Raises
    ------
    DataError : they are more than anyone computes with, as a damaged file may say.
    """
    if math.prod(shape) > _MOST:
        raise DataError(
            f"column {name!r} has vectors of {math.prod(shape):,} numbers, expected at most "
            f"{_MOST:,}: it is damaged, or leave it out"
        )
    return tuple(name + "".join(f"[{place}]" for place in places) for places in np.ndindex(*shape))


def is_vector(is_a: Any, kind: Any) -> bool:
    """Whether a type of Arrow's is one of vectors: lists of numbers, or Spark's.

    Parameters
    ----------
    is_a : the module `pyarrow.types`.
    kind : the type.
    """
    if is_a.is_struct(kind):
        names = tuple(kind.field(j).name for j in range(kind.num_fields))
        return names == _SPARK and is_vector(is_a, kind.field(3).type)
    lists = is_a.is_list(kind) or is_a.is_large_list(kind) or is_a.is_fixed_size_list(kind)
    return lists and (is_a.is_integer(kind.value_type) or is_a.is_floating(kind.value_type))


def length_of(column: Any) -> int:
    """How long the first vector of a column is, 0 where there is none."""
    size = getattr(column.type, "list_size", None)
    if size is not None:
        return int(size)
    first = next((value for value in column if value.is_valid), None)
    if first is None:
        return 0
    value = first.as_py()
    if not isinstance(value, dict):
        return len(value)
    return len(value["values"] or ()) if value["type"] == 1 else int(value["size"] or 0)


def matrix_of_vectors(column: Any, d: int, what: str, first: int) -> NDArray[Any]:
    """The vectors of a column, (m, d); NaN where one, or an element, is missing.

    Parameters
    ----------
    column : an array of Arrow's, of a type that `is_vector`.
    d : how long each is.
    what : the column in the file, for the message.
    first : the number of its first row.

    Raises
    ------
    DataError : one has another length.
    """
    if hasattr(column.type, "value_type"):
        there, lengths, numbers = _flat(column)
        _check_lengths(lengths, d, what, first, there)
        return _filled(there, numbers.reshape(-1, d), len(column))
    dense = column.field("type").to_numpy(zero_copy_only=False) == 1
    there = ~column.is_null().to_numpy(zero_copy_only=False)
    _, lengths, numbers = _flat(column.field("values"), there)
    sizes = column.field("size").fill_null(0).to_numpy(zero_copy_only=False)[there]
    _check_lengths(np.where(dense[there], lengths, sizes), d, what, first, there)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    places = np.arange(len(numbers)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    _, counts, indices = _flat(column.field("indices"), there)
    sparse = np.repeat(~dense[there], lengths)
    if not np.array_equal(counts[~dense[there]], lengths[~dense[there]]):
        raise DataError(f"{what} has sparse vectors with more values than places: write it again")
    places[sparse] = indices[np.repeat(~dense[there], counts)]
    if len(places) and not 0 <= places.min() <= places.max() < d:
        raise DataError(f"{what} has values at places beyond its length of {d}: write it again")
    found = np.zeros((len(lengths), d), numbers.dtype)
    found[rows, places] = numbers
    return _filled(there, found, len(column))


def _flat(
    lists: Any, there: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[Any]]:
    """Which lists are there, how long those are, and their values, one after the other."""
    valid = ~lists.is_null().to_numpy(zero_copy_only=False)
    lengths = lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    wanted = valid if there is None else there
    whole = lists if there is None else lists.filter(there)
    values = whole.flatten().to_numpy(zero_copy_only=False)
    single = values.dtype.kind == "f" and values.dtype.itemsize <= 4
    return wanted, lengths[wanted], values.astype(np.float32 if single else np.float64, copy=False)


def _check_lengths(
    lengths: NDArray[Any], d: int, what: str, first: int, there: NDArray[np.bool_]
) -> None:
    wrong = np.flatnonzero(lengths != d)
    if len(wrong):
        row = first + int(np.flatnonzero(there)[wrong[0]])
        raise DataError(
            f"{what} has vectors of different lengths: {int(lengths[wrong[0]])} numbers in row "
            f"{row}, expected {d} as in the first"
        )


def _filled(there: NDArray[np.bool_], values: NDArray[Any], m: int) -> NDArray[Any]:
    """The rows of the vectors that are there, and of the others NaN, (m, d)."""
    if len(values) == m:
        return values
    rows = np.full((m, values.shape[1]), np.nan, values.dtype)
    rows[there] = values
    return rows
