"""Oddities: what the rows themselves show, before anything is fitted to them."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

import numpy as np

from mixtura.engine.executors import Executor
from mixtura.engine.sources import ArraySource, Source
from mixtura.rows.distinct import distinct_rows
from mixtura.rows.repeats import Repeat, repeats
from mixtura.rows.summary import RowSummary

__all__ = ["NONE", "Oddities", "oddities"]


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
    """

    constants: tuple[tuple[int, float], ...] = ()
    n_distinct: int | None = None
    repeats: tuple[Repeat, ...] = ()
    left_out: str = ""
    assumed: tuple[str, ...] = ()


NONE = Oddities()


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
    What is repeated is sought in memory, see `mixtura.rows.repeats.repeats`.
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
    if held is not None:
        seeming = _constant_in(held)
        if held is source or not seeming:
            return seeming
    seen = seen or RowSummary.of(source, executor)
    return tuple((int(j), float(seen.low[j])) for j in np.flatnonzero(seen.low == seen.high))


def _constant_in(source: ArraySource) -> tuple[tuple[int, float], ...]:
    """The same of rows in memory, read on only as long as a column may be."""
    first = source.first()[0].astype(np.float64)
    columns = np.arange(len(first))
    with closing(source.blocks()) as blocks:
        for block in blocks:
            columns = columns[(block.rows[:, columns] == first[columns]).all(axis=0)]
            if not len(columns):
                break
    return tuple((int(j), float(first[j])) for j in columns)
