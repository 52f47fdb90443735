"""Collections: Dask arrays and data frames, as partitions of rows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from mixtura.arguments import takes_missing
from mixtura.errors import DataError, ParameterError
from mixtura.tables.chunk import bad_rows
from mixtura.tables.selection import columns_by_field

#: kinds of NumPy's types that are numbers, and the one that may hold anything
_NUMBERS, _ANYTHING = "fiub", "O"
#: what another kind is called, and how it becomes numbers
_NAMES = {
    "M": ("dates", "subtract a date, and divide by a length of time"),
    "m": ("lengths of time", "divide them by one, such as numpy.timedelta64(1, 's')"),
    "c": ("complex numbers", "use their real or imaginary parts"),
}
_TEXT = "text", "encode it as numbers, or leave the column out"


@dataclass(frozen=True, eq=False)
class Collection:
    """The partitions of a Dask collection of rows.

    Parameters
    ----------
    parts : of each partition its delayed rows; then what belongs to them, of each collection in
        `beside` its part.
    names : D names, None where there are none.
    n_features : D.
    fields : what belongs to each row -> its column of the rows.
    beside : what belongs to each row and is a collection of its own, in the order of `parts`.
    held : the collections themselves: while they are, what their workers hold stays.
    on_bad_row : ``error``, ``skip`` or ``report``.
    holes : whether rows may lack features.
    """

    parts: tuple[tuple[Any, ...], ...]
    names: tuple[str, ...] | None
    n_features: int
    fields: Mapping[str, str] = field(default_factory=dict)
    beside: tuple[str, ...] = ()
    held: tuple[Any, ...] = ()
    on_bad_row: str = "error"
    holes: bool = False

    @property
    def weighted(self) -> bool:
        """Whether the rows come with weights."""
        return "weights" in self.fields or "weights" in self.beside


def is_collection(data: Any) -> bool:
    """Whether `data` is a collection of Dask's, or a `Collection` of one; without the import."""
    if isinstance(data, Collection):
        return True
    made_by = type(data).__module__.partition(".")[0]
    return made_by in ("dask", "dask_expr") and getattr(data, "to_delayed", None) is not None


def collection(
    data: Any,
    sample_weight: Any = None,
    *,
    on_bad_row: str = "error",
    missing: str = "refuse",
    **more: Any,
) -> Collection:
    """A Dask array or data frame, and its rows' weights, as partitions.

    Parameters
    ----------
    data : a Dask array (N, D), chunked in any way, or a Dask data frame; or what this gave before.
    sample_weight : a Dask array or series (N,), divided as the rows are; a column's name; or None.
    on_bad_row : a row that holds NaN or infinity, or weighs nothing that is a number: ``error``
        raises and names it, ``skip`` leaves it out and says how many, ``report`` also says of each
        what is wrong, up to 100.
    missing : ``"em"`` takes NaN for a value that is unknown, and no row is bad for it; or
        ``"refuse"``.
    more : other fields of the rows by name, each as `sample_weight` is, or None.

    Raises
    ------
    DataError : the data are no rows of numbers, or the weights do not go with them.
    ParameterError : the weights are something else, or `on_bad_row` is none of these.

    Examples
    --------
    >>> import dask.array
    >>> import mixtura
    >>> from mixtura.tables import collection
    >>> rows = dask.array.from_array([[0.0], [1.0], [float("nan")], [3.0]])
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as told:
    ...     warnings.simplefilter("always")
    ...     fit = mixtura.fit(collection(rows, on_bad_row="skip"), 1)
    >>> fit.n_rows, len(told)
    (3, 1)
    """
    bad_rows(on_bad_row)
    given = {"weights": sample_weight, **more}
    given = {name: values for name, values in given.items() if values is not None}
    if isinstance(given.get("errors"), (list, tuple)):  # of names: a column for each feature
        given = columns_by_field(given)
    if isinstance(data, Collection):
        for name in given:
            raise ParameterError(
                f"X is a collection with its {name}, and {argument_of(name)} was given besides: "
                "name them where it is made"
            )
        return replace(data, holes=data.holes or takes_missing(missing))
    holes = takes_missing(missing)
    return replace(_opened(data, given), on_bad_row=on_bad_row, holes=holes)


def argument_of(name: str) -> str:
    """What a field is called where it is given."""
    return "sample_weight" if name == "weights" else name


def _opened(data: Any, given: Mapping[str, Any]) -> Collection:
    if getattr(data, "columns", None) is not None:
        return _frame(data, given)
    if getattr(data, "ndim", None) != 2:
        shape = getattr(data, "shape", "unknown")
        raise DataError(
            f"X is a Dask {type(data).__name__} of shape {shape}, expected a Dask array (N, D) or "
            "a Dask data frame: one row for each observation"
        )
    for name, values in given.items():
        if isinstance(values, str):
            raise ParameterError(
                f"{argument_of(name)} is {values!r}, but X is a Dask array, whose columns have no "
                f"names: pass the {name} as a Dask array"
            )
    if data.shape[1] == 0:
        raise DataError("X has 0 features, expected at least 1: select the columns to use")
    rows = data.rechunk({1: -1}) if data.numblocks[1] > 1 else data
    parts = tuple((part,) for part in rows.to_delayed().ravel())
    for name, values in given.items():
        parts = _joined(parts, name, values, rows.chunks[0])
    held = (data, *given.values())
    return Collection(parts, None, rows.shape[1], beside=tuple(given), held=held)


def _frame(data: Any, given: Mapping[str, Any]) -> Collection:
    names = tuple(map(str, data.columns))
    for name in names:
        if names.count(name) > 1:
            raise DataError(f"X has {names.count(name)} columns called {name!r}: rename them")
    fields = {name: column for name, column in given.items() if isinstance(column, str)}
    for name, column in fields.items():
        if column not in names:
            what = "to weigh its rows by" if name == "weights" else f"of {name}"
            raise DataError(f"X has no column {column!r} {what}, it has: {', '.join(names)}")
    check_columns(zip(names, data.dtypes, strict=True))
    features = tuple(name for name in names if name not in fields.values())
    if not features:
        raise DataError(
            f"X has no column left that is not the {' or the '.join(fields)}': choose features"
        )
    parts = tuple((frame,) for frame in data.to_delayed())
    beside = tuple(name for name in given if name not in fields)
    for name in beside:
        parts = _joined(parts, name, given[name], ())
    held = (data, *given.values())
    return Collection(parts, features, len(features), fields, beside, held)


def _joined(
    parts: Sequence[tuple[Any, ...]], name: str, values: Any, chunks: tuple[float, ...]
) -> tuple[tuple[Any, ...], ...]:
    """The partitions, each with its part of what belongs to the rows and is called `name`."""
    argument = argument_of(name)
    if not is_collection(values):
        raise ParameterError(
            f"{argument} is of type {type(values).__name__}, but X is a Dask collection: "
            "pass a Dask array or series divided as X is, as in "
            f"dask.array.from_array({name}, chunks=X.chunks[0])"
        )
    if values.ndim != 1:
        raise DataError(f"{argument} has {values.ndim} dimensions, expected (N,)")
    own = getattr(values, "chunks", None)
    if own is None:
        shares = values.to_delayed()
    else:
        if _known(chunks) and _known(own[0]) and own[0] != chunks and sum(own[0]) == sum(chunks):
            values = values.rechunk((chunks,))
        shares = values.to_delayed().tolist()
    if len(shares) != len(parts):
        raise DataError(
            f"{argument} has {len(shares)} partitions, X has {len(parts)}: divide both alike, "
            f"so that each row's {name.removesuffix('s')} is beside it"
        )
    return tuple((*part, share) for part, share in zip(parts, shares, strict=True))


def _known(chunks: tuple[float, ...]) -> bool:
    """Whether it is told how many rows are in each partition."""
    return len(chunks) > 0 and not any(math.isnan(length) for length in chunks)


def check_columns(types: Iterable[tuple[str, Any]]) -> None:
    """Refuse columns whose types say that they are no numbers.

    Parameters
    ----------
    types : name and type of each.

    Raises
    ------
    DataError : one is text, dates or the like; it is named.
    """
    for name, kind in types:
        _check_kind(f"column {name!r}", kind)


def check_numbers(part: Any, what: str = "X") -> None:
    """Refuse rows, or weights, that hold anything but numbers: text is not read as if it were some.

    Parameters
    ----------
    part : an array, a data frame or a series.
    what : it is called.

    Raises
    ------
    DataError : a column is text, dates or the like; it is named.
    """
    if getattr(part, "columns", None) is not None:
        for place, name in enumerate(part.columns):
            _check_array(part.iloc[:, place], f"column {str(name)!r}")
    elif getattr(part, "dtype", None) is not None:
        array = np.asarray(part) if getattr(part, "ndim", 0) == 2 else None
        if array is not None and array.dtype.kind == _ANYTHING:
            for place in range(array.shape[1]):
                _check_array(array[:, place], f"column {place}")
        else:
            _check_array(part, what)


def _check_array(values: Any, what: str) -> None:
    _check_kind(what, values.dtype)
    if getattr(values.dtype, "kind", _ANYTHING) == _ANYTHING:
        text = next((value for value in values if isinstance(value, (str, bytes))), None)
        if text is not None:
            raise DataError(
                f"{what} holds text, such as {text!r}, expected numbers: convert it, as with "
                "astype(float), encode it, or leave it out"
            )


def _check_kind(what: str, kind: Any) -> None:
    letter = getattr(kind, "kind", _ANYTHING)
    textual = str(kind).partition("[")[0] in ("string", "str", "category")
    if letter in _NUMBERS or (letter == _ANYTHING and not textual):
        return
    called, remedy = _NAMES.get(letter, _TEXT)
    raise DataError(f"{what} is of type {kind}, {called}, expected numbers: {remedy}")
