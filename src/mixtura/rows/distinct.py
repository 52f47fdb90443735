"""Distinct: whether rows are at least so many different ones."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Rows
from mixtura.engine.executors import Executor
from mixtura.engine.sources import ArraySource, Block, Source

__all__ = ["distinct_rows"]


def distinct_rows(
    source: Source, executor: Executor, most: int, *, sample: ArraySource | None = None
) -> int:
    """How many different rows a source has, or `most` if there are more; none of weight 0 counts.

    Parameters
    ----------
    source : the rows.
    executor : who carries a pass out.
    most : counting ends at so many.
    sample : rows of it that are in memory, or None.

    Notes
    -----
    A row is known by 64 bits of its digits: two different ones pass for one with a probability
    of 1e-19. Rows in memory are looked at until there are so many different ones, which is at
    once; where these are fewer, a pass is made over all rows.
    """
    held = source if isinstance(source, ArraySource) else sample
    if held is not None:
        found = _among(held, most)
        if found >= most or held is source:
            return found
    return len(executor.run(source, partial(_Digests.of, most=most)).least)


def _among(source: ArraySource, most: int) -> int:
    """The same of rows in memory, which are not looked at any more than that takes."""
    found = _Digests(np.empty(0, np.uint64), most)
    with closing(source.blocks()) as blocks:
        for block in blocks:
            found = found + _Digests.of(block, most)
            if len(found.least) >= most:
                break
    return len(found.least)


@dataclass(frozen=True, eq=False)
class _Digests:
    """The smallest different digests of some rows; `+` is of both sets of rows.

    Parameters
    ----------
    least : in order, at most `most`.
    most : so many are kept.
    """

    least: NDArray[np.uint64]
    most: int

    @classmethod
    def of(cls, block: Block, most: int) -> _Digests:
        """Of the rows of a block."""
        return cls(np.unique(_digests(block))[:most], most)

    def __add__(self, other: _Digests) -> _Digests:
        both = np.union1d(self.least, other.least)
        return _Digests(both[: self.most], self.most)


def _digests(block: Block) -> NDArray[np.uint64]:
    """64 bits a row, equal for equal rows, (m,)."""
    rows: Rows = block.rows if block.weights is None else block.rows[block.weights != 0.0]
    # Adding zero makes −0 and 0 the same digits.
    digits = (rows.astype(np.float64) + 0.0).view(np.uint64)  # (m, D)
    digest = np.zeros(len(digits), np.uint64)
    for column in digits.T:
        # Knuth's multiplicative step and a shift, so that every bit reaches every other.
        digest = (digest ^ column) * np.uint64(0x9E3779B97F4A7C15)
        digest ^= digest >> np.uint64(29)
        digest *= np.uint64(0xBF58476D1CE4E5B9)
        digest ^= digest >> np.uint64(32)
    return digest
