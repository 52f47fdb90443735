"""Streamed groups: rows that are read once, as many at a time as memory should hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mixtura.errors import DataError, ParameterError
from mixtura.grouped.keys import Grouping, run_heads
from mixtura.grouped.rows import GroupedRows
from mixtura.tables.chunk import Chunk, bad_rows
from mixtura.tables.streams import Scan, concat, scan

#: numbers that are held at a time; of a group that has more, all
_HELD = 2**25
#: the field of a row that holds the number of its key
_CODE = "group"


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
    DataError : the rows of a group come again after its portion; one has no key; there are none.
    """
    keys: dict[tuple[str, ...], int] = {}
    ended: set[int] = set()
    # Where bad rows are no business of the scan they are that of their groups.
    bad = bad_rows("skip" if rows.on_bad_row == "error" else rows.on_bad_row)
    waiting: list[Chunk] = []
    size, limit = 0, held
    for chunk in rows.chunks(bad, keep=rows.on_bad_row == "error"):
        waiting.append(_coded(chunk, by, keys))
        size += chunk.rows.size
        if size <= limit:
            continue
        whole = concat(waiting)
        codes = whole.fields[_CODE]
        others = np.flatnonzero(codes != codes[-1])
        cut = int(others[-1]) + 1 if len(others) else 0
        waiting, limit = [whole], 2 * size  # a group may be larger than all that should be held
        if cut:
            yield _portion(whole.part(0, cut), rows, by, list(keys), ended)
            waiting, limit = [whole.part(cut, len(whole))], held
        size = waiting[0].rows.size
    if not waiting:
        raise DataError("there is no row that can be used, expected at least one")
    yield _portion(concat(waiting), rows, by, list(keys), ended)
    if rows.on_bad_row != "error":
        bad.warn()


def _coded(chunk: Chunk, by: Sequence[str], keys: dict[tuple[str, ...], int]) -> Chunk:
    """The chunk with the number of each row's key instead of texts; new keys get new numbers.

    Raises
    ------
    DataError : a row has no key.
    """
    columns = {name: np.array(chunk.ids[name], object) for name in by}
    heads = run_heads(columns, len(chunk))  # a key that goes on is looked at once
    told = list(zip(*(values[heads].tolist() for values in columns.values()), strict=True))
    for at, key in zip(heads.tolist(), told, strict=True):
        if "" in key:
            number = at if chunk.numbers is None else int(chunk.numbers[at])
            raise DataError(
                f"row {number} has no key in {by[key.index('')]!r}: fill in what group it is of, "
                "or leave the row out"
            )
    codes = np.array([keys.setdefault(key, len(keys)) for key in told], np.float64)
    codes = np.repeat(codes, np.diff(heads, append=len(chunk)))
    return replace(chunk, ids={}, fields={**chunk.fields, _CODE: codes})


def _portion(
    chunk: Chunk, rows: Scan, by: Sequence[str], keys: Sequence[tuple[str, ...]], ended: set[int]
) -> GroupedRows:
    """The groups of a portion, of which none may have ended before."""
    found = Grouping.of({_CODE: chunk.fields[_CODE].astype(np.int64)})
    codes = found.keys[_CODE].tolist()
    for place, code in enumerate(codes):
        if code in ended:
            named = ", ".join(f"{n} {part}" for n, part in zip(by, keys[code], strict=True))
            at = int(np.arange(len(chunk))[found.rows_of(place)][0])
            number = at if chunk.numbers is None else int(chunk.numbers[at])
            raise DataError(
                f"row {number} is of the group {named}, which ended before: these are more rows "
                f"than are held at once, so sort them by {', '.join(by)}, or read them into memory"
            )
    ended.update(codes)
    texts = {name: np.array([keys[c][j] for c in codes], str) for j, name in enumerate(by)}
    return GroupedRows(chunk.rows, replace(found, keys=texts), chunk.weights, rows.names)
