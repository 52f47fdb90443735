"""Names for the arrays that pass through the engine."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Floats", "Integers", "Rows", "frozen"]

#: float64, unless its docstring says otherwise
Floats: TypeAlias = NDArray[np.floating[Any]]
Integers: TypeAlias = NDArray[np.signedinteger[Any]]
#: float32 or float64, as the data came
Rows: TypeAlias = NDArray[np.floating[Any]]


def frozen(values: object) -> Floats:
    """A read-only float64 copy of `values`, C-contiguous."""
    array = np.array(values, dtype=np.float64, order="C")
    array.setflags(write=False)
    return array
