"""Names for the arrays that pass through the engine."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Floats", "Integers", "Rows", "doubles", "frozen", "readable"]

#: float64, unless its docstring says otherwise
Floats: TypeAlias = NDArray[np.floating[Any]]
Integers: TypeAlias = NDArray[np.signedinteger[Any]]
#: float32 or float64, as the data came
Rows: TypeAlias = NDArray[np.floating[Any]]


_DOUBLE = np.dtype(np.float64)


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
    """A read-only float64 copy of `values`, C-contiguous."""
    array = np.array(values, dtype=np.float64, order="C")
    array.setflags(write=False)
    return array
