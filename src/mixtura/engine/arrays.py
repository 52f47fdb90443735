"""Names for the arrays that pass through the engine."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

#: float64, unless its docstring says otherwise
Floats: TypeAlias = NDArray[np.floating[Any]]
Integers: TypeAlias = NDArray[np.signedinteger[Any]]
#: float32 or float64, as the data came
Rows: TypeAlias = NDArray[np.floating[Any]]


_DOUBLE = np.dtype(np.float64)
#: kinds of types that NumPy would make doubles of, and that are none
_NO_NUMBERS = {
    "c": "complex numbers",
    "M": "dates",
    "m": "lengths of time",
    "S": "text",
    "T": "text",
    "U": "text",
}
#: objects that it would make doubles of as well
_OTHERS = str, bytes, np.datetime64, np.timedelta64


def doubles(values: NDArray[Any]) -> Floats:
    """`values` as C-contiguous float64, without a copy where they are so already."""
    return values if _plain(values, _DOUBLE) else np.require(values, np.float64, ["C", "A"])


def readable(values: NDArray[Any]) -> Rows:
    """`values` as a kernel reads them, without a copy where they are so already.

    C-contiguous, aligned, of this machine's byte order; float32 stays float32, all else becomes
    float64.
    """
    if _plain(values, _DOUBLE):
        return values
    narrow = values.dtype.kind == "f" and values.dtype.itemsize == 4
    return np.require(values, np.float32 if narrow else np.float64, ["C", "A"])


def _plain(values: NDArray[Any], dtype: np.dtype[Any]) -> bool:
    """Whether a kernel reads `values` as they are: asked at every block, so that it is quick."""
    return values.dtype == dtype and values.flags.c_contiguous and values.flags.aligned


def frozen(values: object) -> Floats:
    """A read-only float64 copy of `values`, C-contiguous.

    Raises
    ------
    TypeError : they are no real numbers, but complex ones, dates, lengths of time or text.
    ValueError : they make no array, or one is beyond the numbers of a double.
    """
    given = values if type(values) is np.ndarray else np.asarray(values)
    if given.dtype != _DOUBLE:
        _check_numbers(given)
    try:
        array = np.array(given, dtype=np.float64, order="C")
    except OverflowError:
        raise ValueError("one of them is beyond 1.8e308, expected less") from None
    array.setflags(write=False)
    return array


def _check_numbers(given: NDArray[Any]) -> None:
    """Refuse what NumPy would make doubles of, and that are no real numbers."""
    kind = given.dtype.kind
    if kind in _NO_NUMBERS:
        raise TypeError(f"they are {_NO_NUMBERS[kind]}, expected real numbers")
    if kind == "O" and any(isinstance(value, _OTHERS) for value in given.ravel().tolist()):
        raise TypeError("there are text or dates among them, expected real numbers")


class Value:
    """What has read-only arrays, and still has when it was pickled or copied."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        """What pickle and `copy` make a new one with: arrays come back from either writable."""
        for held in state.values():
            if isinstance(held, np.ndarray):
                held.setflags(write=False)
        self.__dict__.update(state)
