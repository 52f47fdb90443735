"""Sources: the same blocks of rows in the same order, as often as asked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Floats, Rows, doubles, readable

__all__ = ["ArraySource", "Block", "Source", "block_rows"]


@dataclass(frozen=True, eq=False)
class Block:
    """Consecutive rows.

    Parameters
    ----------
    start : the index of its first row in the source.
    rows : (m, D), float32 or float64, C-contiguous.
    weights : (m,) row weights, or None where every row counts once.
    """

    start: int
    rows: Rows
    weights: Floats | None = None

    @property
    def stop(self) -> int:
        """One past the index of the last row."""
        return self.start + len(self.rows)

    @property
    def total_weight(self) -> float:
        return float(len(self.rows)) if self.weights is None else float(self.weights.sum())


def block_rows(n_features: int) -> int:
    """How many rows make a block of `n_features` columns.

    A block stays near 1 MiB: in the second-level cache, yet large enough that a merge of K·D² sums
    is small beside it.
    """
    return max(2**17 // n_features // 64 * 64, 1024)


class Source(ABC):
    """Rows that can be read again and again in fixed blocks."""

    @property
    @abstractmethod
    def n_rows(self) -> int:
        """How many rows there are."""

    @property
    @abstractmethod
    def total_weight(self) -> float:
        """The sum of the rows' weights; without weights, their number."""

    @property
    @abstractmethod
    def n_features(self) -> int:
        """How many columns a row has."""

    @property
    @abstractmethod
    def dtype(self) -> np.dtype[np.floating[Any]]:
        """Of its blocks: float32 or float64."""

    @property
    @abstractmethod
    def n_blocks(self) -> int:
        """How many blocks `blocks` yields."""

    @abstractmethod
    def blocks(self) -> Iterator[Block]:
        """The blocks, always the same and in the same order."""


@dataclass(frozen=True, eq=False)
class ArraySource(Source):
    """An array in memory, or a memory map.

    Its blocks depend on its shape alone, so that a sum over them has the same bits whoever
    computes it. One that no kernel can read as it is (strided, of whole numbers, of the other byte
    order) is copied block by block.

    Parameters
    ----------
    rows : (N, D), numbers.
    weights : (N,) or None.
    """

    rows: NDArray[Any]
    weights: Floats | None = None

    @property
    def n_rows(self) -> int:
        return int(self.rows.shape[0])

    @property
    def total_weight(self) -> float:
        return float(self.n_rows) if self.weights is None else float(self.weights.sum())

    @property
    def n_features(self) -> int:
        return int(self.rows.shape[1])

    @property
    def dtype(self) -> np.dtype[np.floating[Any]]:
        return readable(self.rows[:0]).dtype

    @property
    def n_blocks(self) -> int:
        return -(-self.n_rows // self.block_rows)

    def blocks(self) -> Iterator[Block]:
        step = self.block_rows
        for start in range(0, self.n_rows, step):
            part = slice(start, start + step)
            weights = None if self.weights is None else doubles(self.weights[part])
            yield Block(start, readable(self.rows[part]), weights)

    @cached_property
    def block_rows(self) -> int:
        """How many rows a block has: all as many, so that nobody waits for the largest.

        Their number is even, and four as soon as each has 128 KiB: two threads end together.
        """
        n, d = self.rows.shape
        few = min(4, n // 1024, n * d // 2**14)
        count = max(-(-n // block_rows(d)), few, 1)
        share = -(-n // (count + count % 2 if count > 1 else 1))
        return max(-(-share // 64) * 64, 1)
