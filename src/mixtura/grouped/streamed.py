"""Streamed groups: rows that are read once, as many at a time as memory should hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from mixtura.errors import DataError, ParameterError
from mixtura.grouped.keys import Grouping, KeyColumns
from mixtura.grouped.rows import GroupedRows
from mixtura.tables.chunk import Chunk, bad_rows
from mixtura.tables.streams import Scan, concat, scan

#: numbers that are held at a time; of a group that has more, all
_HELD = 2**25


def opened(X: Any, groups: Any, sample_weight: Any, columns: Sequence[str] | None) -> Scan:
    """A scan over rows that are streamed, which carries the columns that tell the groups along.

    Raises
    ------
    ParameterError : the groups or the weights are no names of columns.
    DataError : a column is missing.
    """
    by = names_of(groups)
    if isinstance(X, Scan):
        missing = [name for name in by if name not in X.columns.ids]
        if missing or columns is not None or sample_weight is not None:
            raise ParameterError(
                "X is a scan, which has its columns: name those of the groups, of the weights and "
                f"the features in scan(…, ids={list(by)!r})"
            )
        return X
    if sample_weight is not None and not isinstance(sample_weight, str):
        raise ParameterError(
            f"sample_weight is of type {type(sample_weight).__name__}, but the rows are streamed: "
            "name their column of weights instead"
        )
    return scan(X, columns=columns, weights=sample_weight, ids=by)


def names_of(groups: Any) -> tuple[str, ...]:
    """The columns that tell the groups of rows that are streamed.

    Raises
    ------
    ParameterError : they are no names.
    """
    wanted = (groups,) if isinstance(groups, str) else groups
    if isinstance(wanted, list | tuple) and wanted and all(isinstance(g, str) for g in wanted):
        return tuple(wanted)
    raise ParameterError(
        f"groups is of type {type(groups).__name__}, but the rows are streamed: name the columns "
        "that tell the groups"
    )


def portions(rows: Scan, by: Sequence[str], held: int = _HELD) -> Iterator[GroupedRows]:
    """Rows a portion at a time, each of whole groups.

    All rows are one portion where these are few. Else the rows of a group have to come together:
    only what begins with the last key waits for the next portion.

    Parameters
    ----------
    rows : the scan.
    by : the columns that tell the groups, among its ids.
    held : numbers in the rows of a portion, about.

    Raises
    ------
    DataError : the rows of a group come again after its portion; or there are none.
    """
    known: set[tuple[str, ...]] = set()
    # Where bad rows are no business of the scan they are that of their groups.
    bad = bad_rows("skip" if rows.on_bad_row == "error" else rows.on_bad_row)
    waiting: list[Chunk] = []
    size, limit = 0, held
    for chunk in rows.chunks(bad, keep=rows.on_bad_row == "error"):
        waiting.append(chunk)
        size += chunk.rows.size
        if size <= limit:
            continue
        whole = concat(waiting)
        keys = _keys(whole, by)
        cut = _last_head(keys)
        waiting, limit = [whole], 2 * size  # a group may be larger than all that should be held
        if cut:
            yield _portion(whole.part(0, cut), rows, by, known)
            waiting, limit = [whole.part(cut, len(whole))], held
        size = waiting[0].rows.size
    if not waiting:
        raise DataError("there is no row that can be used, expected at least one")
    yield _portion(concat(waiting), rows, by, known)
    if rows.on_bad_row != "error":
        bad.warn()


def _portion(
    chunk: Chunk, rows: Scan, by: Sequence[str], known: set[tuple[str, ...]]
) -> GroupedRows:
    """The groups of a portion, of which none may be known already."""
    grouping = Grouping.of(_keys(chunk, by))
    new = list(zip(*(values.tolist() for values in grouping.keys.values()), strict=True))
    for place, key in enumerate(new):
        if key in known:
            named = ", ".join(f"{name} {part}" for name, part in zip(by, key, strict=True))
            at = int(np.arange(len(chunk))[grouping.rows_of(place)][0])
            number = at if chunk.numbers is None else int(chunk.numbers[at])
            raise DataError(
                f"row {number} is of the group {named}, which ended before: these are more rows "
                f"than are held at once, so sort them by {', '.join(by)}, or read them into memory"
            )
    known.update(new)
    return GroupedRows(chunk.rows, grouping, chunk.weights, rows.names)


def _keys(chunk: Chunk, by: Sequence[str]) -> KeyColumns:
    return {name: np.array(chunk.ids[name], dtype=str) for name in by}


def _last_head(keys: KeyColumns) -> int:
    """The row from which on all have the last one's key."""
    differs = np.zeros(len(next(iter(keys.values()))), np.bool_)
    for values in keys.values():
        differs |= values != values[-1]
    there = np.flatnonzero(differs)
    return int(there[-1]) + 1 if len(there) else 0
