"""Oddities: what the rows themselves show, before anything is fitted to them."""

from __future__ import annotations

import math
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Floats, Rows
from mixtura.engine.executors import Executor
from mixtura.engine.sources import ArraySource, Block, Source
from mixtura.filling import filled
from mixtura.rows.summary import RowSummary

#: rows that are looked at, at most and at least of very many features, and numbers in all
_ROWS, _FEW, _NUMBERS = 2**12, 2**8, 2**16
#: so many times as many rows as different ones are sought are enough, as a rule
_BEGIN = 4
#: up to so many numbers, what was found among some rows is counted among all
_COUNTED = 2**22
#: a repeated value is held by such a share of the rows, and by so many, at least
_SHARE, _LEAST = 0.01, 10
#: and by so many times as many rows as any of the so many values next to it on either side
_TIMES, _BESIDE = 10, 3
#: a feature with more such values than these is one of few values, not one of spikes
_SPIKES = 3


@filled
@dataclass(frozen=True)
class Oddities:
    """What is odd about some rows.

    Parameters
    ----------
    constants : the columns that hold one value throughout, and that value.
    n_distinct : how many different rows there are, where they are no more than was asked for.
    repeats : values that are held by many rows, in order of the features.
    left_out : a sentence about rows that were left out; empty where none were.
    assumed : sentences about what a prior, or the box of the noise, makes of the rows.
    measured : whether they have errors, so that the mixture is of their true values.
    missing : a sentence about what the rows lack; empty where that is nothing.
    """

    constants: tuple[tuple[int, float], ...] = ()
    n_distinct: int | None = None
    repeats: tuple[Repeat, ...] = ()
    left_out: str = ""
    assumed: tuple[str, ...] = ()
    measured: bool = False
    missing: str = ""


NONE = Oddities()
#: what was found of rows in memory, for as long as they are
_KEPT: WeakKeyDictionary[ArraySource, tuple[Repeat, ...]] = WeakKeyDictionary()


def oddities(
    source: Source,
    executor: Executor,
    n_components: int,
    *,
    sample: ArraySource | None = None,
    seen: RowSummary | None = None,
    left_out: str = "",
) -> Oddities:
    """What is odd about the rows of a source.

    Parameters
    ----------
    source : the rows.
    executor : who carries passes over them out.
    n_components : K; up to so many distinct rows are told of.
    sample : rows of it that memory holds, where it is not in memory itself; or None.
    seen : what a pass told of the rows together, or None.
    left_out : as for `Oddities`.

    Notes
    -----
    Of rows in memory, or of the sample, it reads on only as long as there is something to say: the
    first block, for healthy data. What seems odd in a sample is settled by what was seen of all
    rows, or by a pass over them.
    What is repeated is sought in memory, see `mixtura.rows.oddities.repeats`.
    """
    held = source if isinstance(source, ArraySource) else sample
    distinct = distinct_rows(source, executor, n_components + 1, sample=sample)
    return Oddities(
        _constants(source, executor, held, seen),
        distinct if distinct <= n_components else None,
        () if held is None else repeats(held),
        left_out,
    )


def _constants(
    source: Source, executor: Executor, held: ArraySource | None, seen: RowSummary | None
) -> tuple[tuple[int, float], ...]:
    """The columns that hold one value throughout, and that value."""
    if held is not None and not held.holes:
        seeming = _constant_in(held)
        if held is source or not seeming:
            return seeming
    seen = seen or RowSummary.of(source, executor)
    return tuple((int(j), float(seen.low[j])) for j in np.flatnonzero(seen.low == seen.high))


def _constant_in(source: ArraySource) -> tuple[tuple[int, float], ...]:
    """The same of rows in memory, read on only as long as a column may be."""
    ends = zip(source.rows[0].tolist(), source.rows[-1].tolist(), strict=True)
    if all(one != other for one, other in ends):
        return ()
    first = source.first()[0].astype(np.float64)
    columns = np.arange(len(first))
    with closing(source.blocks()) as blocks:
        for block in blocks:
            columns = columns[(block.rows[:, columns] == first[columns]).all(axis=0)]
            if not len(columns):
                break
    return tuple((int(j), float(first[j])) for j in columns)


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
    begin = source.rows[: _BEGIN * most]
    if source.weights is not None:
        begin = begin[source.weights[: len(begin)] > 0.0]
    if len(set(map(tuple, begin.tolist()))) >= most:
        return most  # as nearly always, and without a digest
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
    """The repeated values of rows in memory, feature after feature; sought once.

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
    found = _KEPT.get(source)
    if found is None:
        found = _KEPT[source] = _repeats(source.rows)
    return found


def _repeats(rows: Rows) -> tuple[Repeat, ...]:
    """The repeated values of rows (N, D)."""
    most = min(max(_NUMBERS // rows.shape[1], _FEW), _ROWS)
    some = np.sort(rows[:: -(-len(rows) // most)], axis=0)  # (m, D)
    least = max(math.ceil(_SHARE * len(some)), _LEAST)
    if len(some) < least:
        return ()
    # In order, equal values stand together: so many of them end least - 1 places further on.
    held = some[least - 1 :] == some[: len(some) - least + 1]
    columns = np.flatnonzero(held.any(axis=0)) if held.any() else np.empty(0, np.intp)
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
    ordered = ordered[~np.isnan(ordered)]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    values, counts = ordered[starts], np.diff(starts, append=len(ordered)).tolist()
    spikes = []
    for i, count in enumerate(counts):
        if count < least:
            continue
        beside = counts[max(i - _BESIDE, 0) : i] + counts[i + 1 : i + 1 + _BESIDE]
        if beside and count >= _TIMES * max(beside):
            spikes.append((values[i], count))
    return spikes if len(spikes) <= _SPIKES else []
