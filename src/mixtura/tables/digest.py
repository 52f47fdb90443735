"""Digest: a short text by which rows are known again."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Digest:
    """SHA-256 of the rows' numbers, read a part at a time.

    The same rows in the same order give the same text, whatever file they were in, in whatever
    parts they came, and whether as float32 or float64; another row, order or column gives
    another.

    Parameters
    ----------
    n_features : D.

    Notes
    -----
    A second for about a gigabyte of float64.

    Examples
    --------
    >>> import numpy as np
    >>> whole, parts = Digest(1), Digest(1)
    >>> whole.add(np.array([[1.0], [2.0]]))
    >>> parts.add(np.array([[1.0]], dtype=np.float32))
    >>> parts.add(np.array([[2.0]]))
    >>> whole.text == parts.text, whole.text[:23]
    (True, 'sha256:fc4cbdba3e0eb33a')
    """

    def __init__(self, n_features: int) -> None:
        self._hash = hashlib.sha256(n_features.to_bytes(8, "little"))

    def add(self, rows: NDArray[np.floating[Any]]) -> None:
        """Read the next rows, (m, D), after those before."""
        self._hash.update(np.ascontiguousarray(rows, dtype="<f8").data)

    @property
    def text(self) -> str:
        """The name of the method, and its answer in hexadecimal digits."""
        return f"sha256:{self._hash.hexdigest()}"
