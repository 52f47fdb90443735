"""Distinct: how many different rows there are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Rows
from mixtura.engine.sources import Block, Source

__all__ = ["distinct_rows"]

#: digests, half a MB
_HELD = 2**16


def distinct_rows(source: Source, *, at_least: int | None = None) -> int:
    """How many different rows a source has; rows of weight 0 are not there.

    Parameters
    ----------
    source : the rows.
    at_least : stop counting as soon as there are so many.

    Notes
    -----
    A row is known by 64 bits of its digits: two different ones pass for one with a probability
    of 1e-19. Up to 2¹⁶ of them are held; of more distinct rows the number is an estimate, good to
    0.4 %.

    References
    ----------
    Bar-Yossef et al. 2002, "Counting distinct elements in a data stream", algorithm 2.
    """
    seen = np.empty(0, np.uint64)
    fresh: list[NDArray[np.uint64]] = []
    n_fresh = 0
    for block in source.blocks():
        digests = _digests(block)
        if len(seen) == _HELD:
            digests = digests[digests < seen[-1]]
        fresh.append(digests)
        n_fresh += len(digests)
        # As many at a time as are held: what is held is sorted log n times, not for every block.
        if at_least is not None or n_fresh >= max(len(seen), 2**16):
            seen, fresh, n_fresh = _smallest(seen, fresh), [], 0
        if at_least is not None and len(seen) >= min(at_least, _HELD):
            break
    seen = _smallest(seen, fresh)
    if len(seen) < _HELD:
        return len(seen)
    # The digests are spread evenly: the m-th smallest of n is near 2⁶⁴·m/n.
    return max(round((_HELD - 1) * 2.0**64 / float(seen[-1])), _HELD)


def _smallest(seen: NDArray[np.uint64], fresh: list[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    """The smallest different ones of all, `_HELD` at most, in order."""
    together = np.sort(np.concatenate([seen, *fresh]))
    first = np.ones(len(together), np.bool_)
    first[1:] = together[1:] != together[:-1]
    return together[first][:_HELD]


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
