"""Stream source: rows that are read anew at every pass, and never held."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mixtura.caching import cached_property
from mixtura.engine.arrays import Floats, Rows, doubles, readable
from mixtura.engine.sources.ahead import ahead
from mixtura.engine.sources.block import Block, even_block_rows
from mixtura.engine.sources.source import Source
from mixtura.errors import DataError

__all__ = ["Batch", "StreamSource"]

#: rows (m, D) and their weights (m,) or None, m as it comes
Batch: TypeAlias = tuple[Rows, Floats | None]


@dataclass(frozen=True, eq=False)
class StreamSource(Source):
    """Batches of any length, cut into the blocks of an array of the same shape.

    So a sum over them has the bits that it has in memory, however a file was divided. A thread
    reads ahead while the blocks before are worked on.

    Parameters
    ----------
    batches : begins a pass: gives the same rows in the same order every time.
    shape : (N, D) of all batches together.
    kind : of the blocks: float32 or float64.
    weighted : whether the batches come with weights.

    Notes
    -----
    It holds `AHEAD` blocks beside those that are worked on, and one batch.
    """

    batches: Callable[[], Iterable[Batch]]
    shape: tuple[int, int]
    kind: np.dtype[np.floating[Any]]
    weighted: bool = False

    #: blocks that are read before they are asked for
    AHEAD = 6

    @property
    def n_rows(self) -> int:
        return self.shape[0]

    @property
    def n_features(self) -> int:
        return self.shape[1]

    @property
    def dtype(self) -> np.dtype[np.floating[Any]]:
        return self.kind

    @cached_property
    def total_weight(self) -> float:
        """Σ_i v_i; with weights, it takes a pass."""
        if not self.weighted:
            return float(self.n_rows)
        return math.fsum(block.total_weight for block in self.blocks())

    @property
    def n_blocks(self) -> int:
        return -(-self.n_rows // self.block_rows)

    def first(self) -> Rows:
        with closing(self._cut()) as blocks:
            return next(blocks).rows[:1]

    def blocks(self) -> Generator[Block, None, None]:
        """The blocks.

        Raises
        ------
        DataError : this pass had more rows or fewer than `n_rows`.
        """
        return ahead(self._cut(), self.AHEAD)

    @cached_property
    def block_rows(self) -> int:
        """How many rows a block has, but for the last."""
        return even_block_rows(*self.shape)

    def _cut(self) -> Generator[Block, None, None]:
        room = _Room(self)
        start = 0
        for rows, weights in self.batches():
            at = 0
            while at < len(rows):
                size = min(self.block_rows, self.n_rows - start)
                if not size:
                    raise self._changed("more")
                if not room.filled and len(rows) - at >= size:  # whole, so that it need not move
                    part = slice(at, at + size)
                    yield Block(start, self._as(rows[part]), _doubles(weights, part))
                    start, at = start + size, at + size
                    continue
                at += room.take(rows, weights, at, size)
                if room.filled == size:
                    yield room.block(start)
                    start += size
        if start != self.n_rows:
            raise self._changed(f"{start + room.filled:,}")

    def _as(self, rows: NDArray[Any]) -> Rows:
        return readable(rows if rows.dtype == self.dtype else rows.astype(self.dtype))

    def _changed(self, found: str) -> DataError:
        return DataError(
            f"the data changed while they were read: {self.n_rows:,} rows at first, {found} in a "
            "later pass, expected the same rows every time: keep others from writing to them, or "
            "make what you passed in begin anew at each pass"
        )


class _Room:
    """Where the pieces of a block come together."""

    def __init__(self, source: StreamSource) -> None:
        self._source = source
        self.filled = 0
        self._rows: Rows = np.empty((0, source.n_features), source.dtype)
        self._weights: Floats | None = None

    def take(self, rows: Rows, weights: Floats | None, at: int, size: int) -> int:
        """Copy rows from `at` on, until a block of `size` is full; how many it were."""
        if not self.filled:  # anew, since whoever has the block before may still read it
            self._rows = np.empty((size, self._source.n_features), self._source.dtype)
            self._weights = np.empty(size) if self._source.weighted else None
        count = min(size - self.filled, len(rows) - at)
        here = slice(self.filled, self.filled + count)
        self._rows[here] = rows[at : at + count]
        if self._weights is not None and weights is not None:
            self._weights[here] = weights[at : at + count]
        self.filled += count
        return count

    def block(self, start: int) -> Block:
        """What came together."""
        self.filled = 0
        return Block(start, self._rows, self._weights)


def _doubles(weights: Floats | None, part: slice) -> Floats | None:
    return None if weights is None else doubles(weights[part])
