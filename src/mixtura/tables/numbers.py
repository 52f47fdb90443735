"""Numbers: whether what a partition holds is numbers, and not text that reads like some."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from mixtura.errors import DataError

__all__ = ["check_columns", "check_numbers"]

#: kinds of NumPy's types that are numbers, and the one that may hold anything
_NUMBERS, _ANYTHING = "fiub", "O"
#: what another kind is called, and how it becomes numbers
_NAMES = {
    "M": ("dates", "subtract a date, and divide by a length of time"),
    "m": ("lengths of time", "divide them by one, such as numpy.timedelta64(1, 's')"),
    "c": ("complex numbers", "use their real or imaginary parts"),
}
_TEXT = "text", "encode it as numbers, or leave the column out"


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
