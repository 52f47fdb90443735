"""Notes: what people should know of the data before they read the fit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mixtura.engine.arrays import Integers
from mixtura.engine.sources import Source
from mixtura.fitting.distinct import distinct_rows
from mixtura.model.rows import column_label
from mixtura.textual import counted

__all__ = ["notes"]


def notes(source: Source, n_components: int, names: Sequence[str] | None) -> tuple[str, ...]:
    """Sentences about columns that are constant, and about too few distinct rows.

    Notes
    -----
    It reads on only as long as there is something to say: the first block, for healthy data.
    """
    found = [
        f"column {column_label(j, names)} is constant, at {value:.6g}: it tells no components "
        "apart; drop it"
        for j, value in _constants(source)
    ]
    distinct = distinct_rows(source, at_least=n_components)
    if distinct < n_components:
        found.append(
            f"X has {counted(distinct, 'distinct row')}, fewer than the {n_components} components: "
            f"ask for {distinct} or fewer"
        )
    return tuple(found)


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
