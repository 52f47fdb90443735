"""Oddities: what the rows themselves show, before anything is fitted to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixtura.engine.arrays import Integers
from mixtura.engine.sources import ArraySource, Source
from mixtura.fitting.distinct import distinct_rows
from mixtura.fitting.repeats import Repeat, repeats

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
    source: Source, n_components: int, *, sample: ArraySource | None = None, left_out: str = ""
) -> Oddities:
    """What is odd about the rows of a source.

    Parameters
    ----------
    source : the rows.
    n_components : K; up to so many distinct rows are told of.
    sample : rows of it that memory holds, where it is not in memory itself; or None.
    left_out : as for `Oddities`.

    Notes
    -----
    It reads on only as long as there is something to say: the first block, for healthy data. What
    is repeated is sought in memory, see `mixtura.fitting.repeats.repeats`.
    """
    constants = _constants(source)
    distinct = distinct_rows(source, at_least=n_components + 1)
    held = source if isinstance(source, ArraySource) else sample
    return Oddities(
        tuple(constants),
        distinct if distinct <= n_components else None,
        () if held is None else repeats(held),
        left_out,
    )


def _constants(source: Source) -> list[tuple[int, float]]:
    """The columns that hold one value throughout, and that value."""
    columns: Integers | None = None
    for block in source.blocks():
        if columns is None:
            first = block.rows[0].astype(np.float64)
            columns = np.arange(len(first))
        same = (block.rows[:, columns] == first[columns]).all(axis=0)
        columns = columns[same]
        if not len(columns):
            return []
    return [] if columns is None else [(int(j), float(first[j])) for j in columns]
