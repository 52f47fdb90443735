"""Patterns: which features the rows of a block have, and which rows have the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Integers, Rows, Value

#: bytes that one whole number has room for
_WORD = 8


@dataclass(frozen=True, eq=False)
class Patterns(Value):
    """The rows of a block by which of their features were observed: NaN is one that was not.

    Patterns stand in the order of their bits, and the rows of each in the order of the block: the
    same rows give the same patterns, and sums over them the same bits.

    Parameters
    ----------
    order : (m,) int64, the numbers of the rows, those of a pattern together.
    starts : (P + 1,) int64, where each of P patterns begins in `order`, and the end.
    observed : (P, D), whether a pattern has a feature.
    """

    order: Integers
    starts: Integers
    observed: NDArray[np.bool_]

    @classmethod
    def of(cls, rows: Rows) -> Patterns:
        """The patterns of rows (m, D).

        Notes
        -----
        A look at each number, and a stable sort of whole numbers: by radix up to 16 features.
        """
        lacking = np.isnan(rows)
        if not lacking.any():
            numbers = np.arange(len(rows))
            return cls(numbers, np.array([0, len(rows)]), np.ones((1, rows.shape[1]), np.bool_))
        keys = _keys(lacking)
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        begins = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        return cls(order, np.append(begins, len(rows)), ~lacking[order[begins]])

    @property
    def complete(self) -> bool:
        """Whether no row lacks anything."""
        return bool(self.observed.all())

    def __iter__(self) -> Iterator[tuple[NDArray[np.bool_], Integers]]:
        """Each pattern (D,), and the numbers of its rows."""
        for p, observed in enumerate(self.observed):
            yield observed, self.order[self.starts[p] : self.starts[p + 1]]


def _keys(lacking: NDArray[np.bool_]) -> NDArray[Any]:
    """A whole number for each row (m, D), the same for rows that lack the same, (m,)."""
    packed = np.packbits(lacking, axis=1)  # (m, bytes)
    n_bytes = packed.shape[1]
    if n_bytes > _WORD:
        return np.unique(packed, axis=0, return_inverse=True)[1].reshape(-1)
    size = next(size for size in (1, 2, 4, _WORD) if size >= n_bytes)
    wide = np.zeros((len(packed), size), np.uint8)
    wide[:, size - n_bytes :] = packed
    # The first feature's is the highest bit, whatever the order of bytes of the machine.
    return wide.view(f">u{size}")[:, 0].astype(f"u{size}")
