"""Clusters: whose each row is, how sure that is, and the sums of each cluster's rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Integers, Rows
from mixtura.engine.components import Components
from mixtura.engine.sources import ArraySource, Block

__all__ = ["Clusters", "Sums"]

#: rows of a block below which all are assigned anew each time
_FEW = 2048


@dataclass(frozen=True, eq=False)
class Sums:
    """Σ v_i (K,) and Σ v_i (x_i − c_k) (K, D) of the clusters, and how many rows changed theirs."""

    weight: Floats
    first: Floats
    moved: int = 0

    def __add__(self, other: Sums) -> Sums:
        return Sums(self.weight + other.weight, self.first + other.first, self.moved + other.moved)


class Clusters:
    """The rows of a source, each in the cluster whose centre is nearest.

    A row's slack is a lower bound on how much farther the second-nearest centre is than the
    nearest. As centres move, it shrinks by what its own and the others moved at most; while it is
    positive, the row's label stands and the row is not read (Hamerly 2010).

    Parameters
    ----------
    source : the rows.
    reference : (K, D), the points that the sums are taken about.
    """

    def __init__(self, source: ArraySource, reference: Floats) -> None:
        self.reference = reference
        self.labels = np.full(source.n_rows, -1, dtype=np.int32)
        self._slack = np.zeros(source.n_rows)
        self._loss = np.zeros(len(reference))
        self._sums: dict[int, Sums] = {}  # by the first row of the block
        #: far above what rounding does to a distance, far below what tells clusters apart
        self._rounding = 1e4 * float(np.finfo(source.dtype).eps)

    def loosen(self, before: Floats, after: Floats) -> None:
        """Take note that the centres moved, (K, D) each: every slack shrinks."""
        moved = np.sqrt(np.square(after - before).sum(axis=1))
        farthest = int(moved.argmax())
        others = np.full(len(moved), moved[farthest])
        others[farthest] = np.delete(moved, farthest).max(initial=0.0)
        self._loss = (1.0 + self._rounding) * (moved + others)

    def follow(self, block: Block, about: Components) -> Sums:
        """Move the block's rows to the nearest of the centres; the sums of its clusters then."""
        own = self.labels[block.start : block.stop]
        if own.size < _FEW:
            return self._follow_all(own, block, about)
        slack = self._slack[block.start : block.stop]
        slack -= self._loss[own]
        doubtful = np.flatnonzero(~(slack > 0.0))
        rows = block.rows if doubtful.size == own.size else block.rows[doubtful]
        labels, nearest, second = kernel.rivals(rows, about)
        slack[doubtful] = self._apart(nearest, second)
        changed = np.flatnonzero(labels != own[doubtful])
        moved = doubtful[changed]
        before = own[moved]
        own[doubtful] = labels
        known = self._sums.get(block.start)
        if known is None or moved.size > own.size // 4:
            sums = kernel.assign(block, about, diagonal=True)[1].about(self.reference)
            known = Sums(sums.weight, sums.first)
        elif moved.size:
            known = known + self._change(block, rows[changed], moved, before, labels[changed])
        self._sums[block.start] = known
        return Sums(known.weight, known.first, moved.size)

    def _follow_all(self, own: Integers, block: Block, about: Components) -> Sums:
        """The same for few rows, where bounds would cost more than they save."""
        labels, sums = kernel.assign(block, about, diagonal=True)
        moved = int(np.count_nonzero(own != labels))
        own[:] = labels
        shift = sums.weight[:, None] * (about.means - self.reference)
        return Sums(sums.weight, sums.first + shift, moved)

    def _apart(self, nearest: Floats, second: Floats) -> Floats:
        """How much farther the second centre is, from log p_k(x) = −½‖x − c_k‖² of both, (m,)."""
        with np.errstate(invalid="ignore"):  # ∞ − ∞ of rows beyond reach: never sure
            apart: Floats = (1.0 - self._rounding) * np.sqrt(-2.0 * second)
            return apart - (1.0 + self._rounding) * np.sqrt(-2.0 * nearest)

    def _change(
        self, block: Block, rows: Rows, moved: Integers, before: Integers, after: Integers
    ) -> Sums:
        """What the sums gain when rows (m, D) go from clusters `before` to clusters `after`."""
        each = np.arange(len(self.reference))
        gained = (after[:, None] == each).astype(np.float64) - (before[:, None] == each)  # (m, K)
        weights = None if block.weights is None else block.weights[moved]
        change = kernel.moments(Block(0, rows, weights), gained, self.reference, diagonal=True)
        return Sums(change.weight, change.first)
