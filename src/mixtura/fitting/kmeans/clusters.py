"""Clusters: whose each row is, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats
from mixtura.engine.components import Centres
from mixtura.engine.sources import ArraySource, Block

__all__ = ["Clusters", "Sums"]


@dataclass(frozen=True, eq=False)
class Sums:
    """Σ v_i (K,) and Σ v_i (x_i − c_k) (K, D) of clusters, and how many rows changed theirs."""

    weight: Floats
    first: Floats
    moved: int

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
        #: far above what rounding does to a distance, far below what tells clusters apart
        self._rounding = 1e4 * float(np.finfo(source.dtype).eps)

    def centres(self, points: Floats, before: Floats) -> Centres:
        """Centres that moved to `points` from where they were `before`, (K, D) each.

        A row's own centre may have gone away from it, and the one that moved farthest of the others
        have come as near.
        """
        moved = np.sqrt(np.square(points - before).sum(axis=1))
        farthest = int(moved.argmax())
        others = np.full(len(moved), moved[farthest])
        others[farthest] = max((*moved[:farthest], *moved[farthest + 1 :]), default=0.0)
        loss = (1.0 + self._rounding) * (moved + others)
        return Centres(points, self.reference, loss, self._rounding)

    def follow(self, block: Block, centres: Centres) -> Sums:
        """Move the block's rows to the nearest of the centres: what the clusters' sums gain."""
        own = slice(block.start, block.stop)
        return Sums(*kernel.hamerly_step(block, centres, self.labels[own], self._slack[own]))

    def counted(self, source: ArraySource, k: int) -> tuple[float, Floats]:
        """Σ v_i and Σ v_i (x_i − c_k) (D,) of cluster k, from its rows themselves."""
        own = np.flatnonzero(self.labels == k)
        weights = np.ones(len(own)) if source.weights is None else source.weights[own]
        return float(weights.sum()), weights @ (source.rows[own] - self.reference[k])
