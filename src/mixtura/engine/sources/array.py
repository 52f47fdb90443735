"""Array source: rows in memory, handed out in blocks."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.caching import cached_property
from mixtura.engine.arrays import Floats, Rows, doubles, readable
from mixtura.engine.patterns import Patterns
from mixtura.engine.sources.block import Block, Fields, fields_of
from mixtura.engine.sources.source import Source
from mixtura.filling import changed, filled


@filled
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
    more : other fields of the rows, name -> (N,) or (N, D).
    step : how many rows a block has; 0 for what the shape says.
    holes : whether rows may lack features. Their patterns are found in the first pass, and kept:
        8 bytes a row.
    """

    rows: NDArray[Any]
    weights: Floats | None = None
    more: Fields = field(default_factory=dict)
    step: int = 0
    holes: bool = False

    @classmethod
    def of(cls, whole: Block, *, holes: bool = False) -> ArraySource:
        """The rows of a block, and what belongs to each of them."""
        more = {name: values for name, values in whole.fields.items() if name != "weights"}
        return cls(whole.rows, whole.weights, more, holes=holes)

    @property
    def whole(self) -> Block:
        """All rows as one block, as they are."""
        return Block(0, self.rows, self.fields)

    @property
    def fields(self) -> Fields:
        """What belongs to each row, its weight included."""
        return self.more if self.weights is None else fields_of(self.weights, **self.more)

    def take(self, rows: NDArray[Any]) -> ArraySource:
        """Some of its rows, by their numbers or by a mask (N,), with what belongs to them."""
        return ArraySource.of(self.whole.take(rows), holes=self.holes)

    @property
    def n_rows(self) -> int:
        return int(self.rows.shape[0])

    @property
    def total_weight(self) -> float:
        if self.weights is None:
            return float(self.n_rows)
        # Block by block, as a source that never has all of them at hand sums them.
        step = self.block_rows
        parts = range(0, self.n_rows, step)
        return math.fsum(doubles(self.weights[at : at + step]).sum() for at in parts)

    @property
    def n_features(self) -> int:
        return int(self.rows.shape[1])

    @property
    def dtype(self) -> np.dtype[np.floating[Any]]:
        dtype = self.rows.dtype
        return dtype if dtype == np.float64 else readable(self.rows[:0]).dtype

    def first(self) -> Rows:
        return readable(self.rows[:1])

    def in_blocks_of(self, n_rows: int) -> ArraySource:
        return changed(self, step=n_rows)

    @cached_property
    def alone(self) -> Block | None:
        if not 0 < self.n_rows <= self.block_rows:
            return None
        return self._told(self.whole.readable())

    def blocks(self) -> Generator[Block, None, None]:
        alone = self.alone
        if alone is not None:
            yield alone
            return
        step, whole = self.block_rows, self.whole
        for start in range(0, self.n_rows, step):
            yield self._told(whole.part(start, start + step).readable())

    def _told(self, block: Block) -> Block:
        """The block, which knows its patterns where there may be holes."""
        if not self.holes:
            return block
        patterns = self._patterns.get(block.start)
        if patterns is None:
            patterns = self._patterns[block.start] = Patterns.of(block.rows)
        return changed(block, patterns=patterns)

    @cached_property
    def _patterns(self) -> dict[int, Patterns]:
        """The patterns of each block, by where it starts."""
        return {}
