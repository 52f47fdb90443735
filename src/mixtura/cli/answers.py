"""Answers: what a command says of each row, a part of the rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from mixtura.cli import inputs, outputs, progress
from mixtura.errors import DataError

if TYPE_CHECKING:
    from mixtura.tables.streams import BadRows, Chunk

#: rows that are answered at once, about
_ROWS = 2**16

#: of a table of m rows, float64, and of their errors or None: columns of m values
Answer = Callable[[Any, Any], dict[str, Any]]


def write(
    asked: inputs.Input,
    model: inputs.Named,
    function: Answer,
    where: outputs.Destination,
    *,
    quiet: bool,
) -> None:
    """Write what `function` gives for each row, after its ids, a part of the rows at a time.

    Where bad rows are left out, each line says first which row it is about; a bad row that is
    kept is answered with nothing.

    Parameters
    ----------
    asked : the rows.
    model : whose features are taken where the data name their columns.
    function : of rows (m, D), float64, whatever the data hold, with their names where they have
        some, their ids, and their errors: columns of m values.
    where : what to write to; whole or not at all, if it is a file.
    quiet : whether to draw no line of progress.

    Raises
    ------
    DataError : there is no row.
    OSError : it cannot be written.
    """
    shown = progress.on_terminal() and not (quiet or where.is_terminal)
    with where.opened() as file:
        target = where.sink(file)
        into(asked, model, function, target.add, shown=shown)
        target.end()


def into(
    asked: inputs.Input,
    model: inputs.Named,
    function: Answer,
    add: Callable[[dict[str, Any]], None],
    *,
    shown: bool,
) -> None:
    """Hand over what `write` writes, some rows at a time; errors as for that.

    Parameters
    ----------
    asked, model, function : as for `write`.
    add : takes the columns of some rows after those of others.
    shown : whether to draw a line of progress.
    """
    from mixtura.engine.sources import ahead
    from mixtura.tables import Table, streams

    rows = asked.read(model)
    names = rows.columns if isinstance(rows, Table) else rows.names
    keep, numbered = asked.on_bad_row == "keep", asked.on_bad_row in ("skip", "report")
    bad = streams.bad_rows("skip" if keep else asked.on_bad_row)
    count = 0
    meter = progress.AnswerMeter(shown=shown)
    chunks = streams.coalesce(_chunks(asked, rows, bad, meter.read, keep=keep), _ROWS)
    with closing(meter), closing(ahead(chunks)) as read:
        for chunk in read:
            known = outputs.side_by_side({"row": chunk.numbers} if numbered else {}, chunk.ids)
            bad_ones = _bad(chunk, holes=asked.missing == "em") if keep else None
            add(outputs.side_by_side(known, _answered(chunk, names, function, bad_ones)))
            count += len(chunk)
        if not count:
            raise DataError("there is no row to answer for, expected at least one")
    bad.warn(kept=keep)


def _chunks(
    asked: inputs.Input,
    rows: inputs.Rows,
    bad: BadRows,
    told: Callable[[int], None],
    *,
    keep: bool,
) -> Iterator[Chunk]:
    from mixtura.tables.streams import Chunk, Scan
    from mixtura.tables.streams.scan import watched

    if isinstance(rows, Scan):
        return watched(rows, told).chunks(bad, keep=keep)
    found = asked.errors(rows)
    carried = {name: rows.ids[name] for name in asked.ids}
    return iter([Chunk(rows.rows, {} if found is None else {"errors": found}, carried)])


def _bad(chunk: Chunk, *, holes: bool) -> Any:
    """Which rows of a chunk are bad and were kept, (m,)."""
    import numpy as np

    return (np.isinf(chunk.rows) if holes else ~np.isfinite(chunk.rows)).any(axis=1)


def _answered(
    chunk: Chunk, names: tuple[str, ...] | None, function: Answer, bad: Any
) -> dict[str, Any]:
    """The columns for a chunk; for `bad` rows (m,), which were kept, there is no value in them."""
    import numpy as np

    from mixtura.rows.errors import told_apart
    from mixtura.tables.table import Table, made_up_names

    rows = chunk.rows.astype(np.float64, copy=bad is not None)
    if bad is not None:
        rows[bad] = 0.0
    errors: Any = chunk.fields.get("errors")
    if errors is not None:
        errors = errors if bad is None else np.where(np.isfinite(errors), errors, 0.0)
        errors = told_apart(errors) if errors.ndim == 2 else errors
    known = made_up_names(rows.shape[1]) if names is None else names
    ids = {name: tuple(texts) for name, texts in chunk.ids.items()}
    columns = function(Table(known, rows, ids, named=names is not None), errors)
    if bad is None:
        return columns
    return {name: np.ma.array(values, mask=bad) for name, values in columns.items()}
