"""Repeats: exact values that many rows hold, in a feature where the values beside do not."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Floats
from mixtura.engine.sources import ArraySource

__all__ = ["Repeat", "repeats"]

#: rows that are looked at, at most and at least of very many features, and numbers in all
_ROWS, _FEW, _NUMBERS = 2**12, 2**8, 2**16
#: up to so many numbers, what was found among some rows is counted among all
_COUNTED = 2**22
#: a repeated value is held by such a share of the rows, and by so many, at least
_SHARE, _LEAST = 0.01, 10
#: and by so many times as many rows as any of the so many values next to it on either side
_TIMES, _BESIDE = 10, 3
#: a feature with more such values than these is one of few values, not one of spikes
_SPIKES = 3


@dataclass(frozen=True)
class Repeat:
    """A value that stands out of its feature as a spike.

    Parameters
    ----------
    feature : its index.
    value : feature units.
    count : how many rows hold it.
    of : how many rows were counted.
    """

    feature: int
    value: float
    count: int
    of: int


def repeats(source: ArraySource) -> tuple[Repeat, ...]:
    """The repeated values of rows in memory, feature after feature.

    A value is repeated where 1 % of the rows, and 10 at least, hold it, and ten times as many as
    hold any of the three values next to it on either side. Rounded values, which all are repeated,
    and whole numbers are not; nor is a feature with more than three such values told of.

    Parameters
    ----------
    source : the rows, or a sample of them.

    Notes
    -----
    It sorts up to 4096 rows, spread evenly, and fewer of more than 16 features; the others are
    looked at only to count what was found, and not if they are very many.
    """
    rows = source.rows
    most = min(max(_NUMBERS // source.n_features, _FEW), _ROWS)
    some = np.sort(rows[:: -(-len(rows) // most)], axis=0)  # (m, D)
    least = max(math.ceil(_SHARE * len(some)), _LEAST)
    if len(some) < least:
        return ()
    # In order, equal values stand together: so many of them end least - 1 places further on.
    columns = np.flatnonzero((some[least - 1 :] == some[: len(some) - least + 1]).any(axis=0))
    exact = len(some) < len(rows) and rows.size <= _COUNTED
    found = []
    for j in columns.tolist():
        for value, count in _spikes(some[:, j], least):
            if exact:
                count = int(np.count_nonzero(rows[:, j] == value))
            of = len(rows) if exact else len(some)
            found.append(Repeat(j, float(value), count, of))
    return tuple(found)


def _spikes(ordered: Floats | NDArray[np.floating], least: int) -> list[tuple[float, int]]:
    """The repeated values of a column (m,) in order, and how often they are there."""
    values, counts = np.unique(ordered, return_counts=True)
    spikes = []
    for i in np.flatnonzero(counts >= least).tolist():
        beside = np.concatenate([counts[max(i - _BESIDE, 0) : i], counts[i + 1 : i + 1 + _BESIDE]])
        if len(beside) and counts[i] >= _TIMES * beside.max():
            spikes.append((values[i], int(counts[i])))
    return spikes if len(spikes) <= _SPIKES else []
