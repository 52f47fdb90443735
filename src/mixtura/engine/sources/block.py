"""Block: consecutive rows, and how many of them."""

from __future__ import annotations

from dataclasses import dataclass

from mixtura.engine.arrays import Floats, Rows

__all__ = ["Block", "block_rows", "even_block_rows"]


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


def even_block_rows(n_rows: int, n_features: int) -> int:
    """How many rows a block of a source (N, D) has: all as many, so that nobody waits.

    The shape alone decides, so that a sum over the blocks has the same bits wherever the rows are.
    Their number is even, and four as soon as each has 128 KiB: two threads end together.
    """
    few = min(4, n_rows // 1024, n_rows * n_features // 2**14)
    count = max(-(-n_rows // block_rows(n_features)), few, 1)
    share = -(-n_rows // (count + count % 2 if count > 1 else 1))
    return max(-(-share // 64) * 64, 1)
