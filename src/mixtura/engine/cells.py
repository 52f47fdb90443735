"""Cells: rows put together, and the few components that each row keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Floats, Integers

#: the numbers of rows and components where there are very many: int32, −1 for none
Numbers = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Cells:
    """Which rows are members of each of K cells.

    Parameters
    ----------
    order : (n,) the rows' numbers, those of a cell side by side and rising.
    offsets : (K + 1,) int64, where each cell's begin in `order`, and the end.
    shares : (n,) how much each counts there, its weight included; None where none is told.
    """

    order: Numbers
    offsets: Integers
    shares: Floats | None = None

    @classmethod
    def even(cls, n_rows: int, size: int) -> Cells:
        """Rows in their order, so many to a cell."""
        ends = np.arange(0, n_rows + size, size).clip(max=n_rows)
        return cls(np.arange(n_rows, dtype=np.int32), ends)

    @property
    def sizes(self) -> Integers:
        """How many members each cell has, (K,)."""
        return np.diff(self.offsets)


@dataclass(frozen=True, eq=False)
class Sets:
    """The components that each row keeps, the likeliest first, and its responsibilities.

    Both arrays are overwritten from one round to the next.

    Parameters
    ----------
    ids : (N, C) int32, −1 for none.
    shares : (N, C) responsibilities among those that are kept; None where none are asked for.
    """

    ids: Numbers
    shares: Floats | None = None

    @classmethod
    def empty(cls, n_rows: int, n_kept: int, *, shares: bool = True) -> Sets:
        """Sets that keep nothing yet."""
        kept = np.full((n_rows, n_kept), -1, np.int32)
        return cls(kept, np.zeros((n_rows, n_kept)) if shares else None)

    @property
    def n_kept(self) -> int:
        """C."""
        return int(self.ids.shape[1])

    def copied(self) -> Sets:
        """The same, whose ids stay as they are; the shares are the next round's, as here."""
        return Sets(self.ids.copy(), self.shares)

    def widened(self, n_kept: int) -> Sets:
        """Sets that keep more, the same so far."""
        wide = Sets.empty(len(self.ids), n_kept)
        assert wide.shares is not None
        assert self.shares is not None
        wide.ids[:, : self.n_kept] = self.ids
        wide.shares[:, : self.n_kept] = self.shares
        return wide


class Expanded(NamedTuple):
    """What an E-step over cells found.

    Parameters
    ----------
    bound : Σ_n v_n log Σ_{c kept} p_c(x_n), nats, the noise among the sum where there is any.
    background : Σ_n v_n r_n0, what of the rows is noise.
    n_densities : how many were found.
    """

    bound: float
    background: float
    n_densities: int

    def joined(self, other: Expanded) -> Expanded:
        """What was found of both sets of cells together."""
        a, b = self, other
        return Expanded(
            a.bound + b.bound, a.background + b.background, a.n_densities + b.n_densities
        )


class Halves(NamedTuple):
    """What each cell gains by two components in place of one, and those.

    Parameters
    ----------
    gains : (K,) nats, all its rows; −inf where there are too few.
    weight : (K, 2) effective rows of each.
    means : (K, 2, D).
    covariances : (K, 2, D, D), or of a diagonal structure (K, 2, D).
    """

    gains: Floats
    weight: Floats
    means: Floats
    covariances: Floats
