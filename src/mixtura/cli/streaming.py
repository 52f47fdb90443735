"""Streaming: rows that a command reads and answers a part at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from mixtura.cli.output import Destination, side_by_side

if TYPE_CHECKING:
    from mixtura.model.mixture import Mixture
    from mixtura.tables import Table
    from mixtura.tables.streams import BadRows, Chunk, Scan

__all__ = ["answer", "is_streamed", "rows_of", "scan_of"]

#: bytes of a single file from which on it is streamed
_LARGE = 2**28
#: rows that are answered at once, about
_ROWS = 2**16

#: of rows (m, D), float64: columns of m values
Answer = Callable[[Any], dict[str, Any]]


def is_streamed(source: str, on_bad_row: str, large: int = _LARGE) -> bool:
    """Whether the rows are to be streamed: several files, packed or large ones, or some are bad.

    Parameters
    ----------
    source : where the rows are.
    on_bad_row : as the option of that name says.
    large : bytes of a single file from which on it is.
    """
    from pathlib import Path

    from mixtura.tables.streams import needs_scan

    if on_bad_row != "error":
        return True
    if source == "-" or source.startswith("@"):
        return False
    path = Path(source)
    is_large = path.is_file() and path.stat().st_size >= large
    return is_large or needs_scan(source)


def scan_of(
    source: str,
    columns: Sequence[str],
    ids: Sequence[str],
    header: bool | None,
    on_bad_row: str,
    *,
    weights: str | None = None,
    mixture: Mixture | None = None,
) -> Scan:
    """The rows that a command works on, as `mixtura.tables.streams.scan` gives them.

    What is no file, the standard input or a dataset, is held in memory.
    """
    from mixtura.tables.read import read_table, standard_input
    from mixtura.tables.selection import Selection
    from mixtura.tables.streams import scan
    from mixtura.tables.streams.held import scan_table, scan_text

    expected = mixture.feature_names if mixture is not None else None
    if source == "-":
        selection = Selection(tuple(columns) or None, tuple(ids), expected)
        return scan_text(
            standard_input(),
            "standard input",
            selection,
            weights=weights,
            header=header,
            on_bad_row=on_bad_row,
        )
    if source.startswith("@"):
        carried = [*ids, *filter(None, [weights])]
        table = read_table(source, columns=columns or None, ids=carried, expected=expected)
        return scan_table(table, source, weights=weights, on_bad_row=on_bad_row)
    return scan(
        source,
        columns=columns or None,
        weights=weights,
        ids=ids,
        expected=expected,
        header=header,
        on_bad_row=on_bad_row,
    )


def rows_of(
    source: str,
    columns: Sequence[str],
    ids: Sequence[str],
    header: bool | None,
    on_bad_row: str,
    mixture: Mixture,
) -> Table | Scan:
    """The rows that a command answers one by one: all at once, or a part at a time.

    Parameters
    ----------
    source, columns, ids, header, on_bad_row : as the options of the same names say.
    mixture : whose features are taken where the data name their columns.
    """
    from mixtura.cli.input import read_rows

    if not is_streamed(source, on_bad_row):
        return read_rows(source, columns, ids, header, mixture)
    policy = "skip" if on_bad_row == "keep" else on_bad_row
    return scan_of(source, columns, ids, header, policy, mixture=mixture)


def answer(
    rows: Table | Scan,
    function: Answer,
    where: Destination,
    as_json: bool,
    *,
    on_bad_row: str = "error",
    quiet: bool = False,
) -> None:
    """Write what `function` gives for the rows, after their ids, a part at a time.

    Where bad rows are left out, each line says first which row it is about.

    Parameters
    ----------
    rows : as `rows_of` gives them.
    function : of rows (m, D), float64, whatever the data hold, with their names where they have
        some: columns of m values.
    where : what to write to; whole or not at all, if it is a file.
    as_json : JSON lines, whatever the file's name.
    on_bad_row : as the option of that name says; ``keep`` answers a bad row with nothing.
    quiet : whether to draw no line of progress.

    Raises
    ------
    DataError : there is no row.
    OSError : it cannot be written.
    """
    from mixtura.cli.meter import AnswerMeter, on_terminal
    from mixtura.engine.sources import ahead
    from mixtura.errors import DataError
    from mixtura.tables import Table
    from mixtura.tables.streams import bad_rows, coalesce
    from mixtura.tables.write import sink

    names = rows.columns if isinstance(rows, Table) else rows.names
    keep, numbered = on_bad_row == "keep", on_bad_row in ("skip", "report")
    bad = bad_rows("skip" if keep else on_bad_row)
    count = 0
    meter = AnswerMeter(shown=on_terminal() and not (quiet or where.is_terminal))
    chunks = coalesce(_chunks(rows, bad, meter.read, keep=keep), _ROWS)
    with closing(meter), where.opened() as file, closing(ahead(chunks)) as read:
        target = sink(file, where.suffix, as_json=as_json)
        for chunk in read:
            known = side_by_side({"row": chunk.numbers} if numbered else {}, chunk.ids)
            target.add(side_by_side(known, _answered(chunk, names, function, keep=keep)))
            count += len(chunk)
        if not count:
            raise DataError("there is no row to answer for, expected at least one")
        target.end()
    bad.warn(kept=keep)


def _chunks(
    rows: Table | Scan, bad: BadRows, told: Callable[[int], None], *, keep: bool
) -> Iterator[Chunk]:
    from mixtura.tables.streams import Chunk, Scan
    from mixtura.tables.streams.scan import watched

    if isinstance(rows, Scan):
        return watched(rows, told).chunks(bad, keep=keep)
    return iter([Chunk(rows.rows, None, rows.ids)])


def _answered(
    chunk: Chunk, names: tuple[str, ...] | None, function: Answer, *, keep: bool
) -> dict[str, Any]:
    """The columns for a chunk; for a bad row that was kept there is no value in them."""
    import numpy as np

    from mixtura.tables import Table

    rows = chunk.rows.astype(np.float64, copy=keep)
    bad = ~np.isfinite(rows).all(axis=1) if keep else None
    if bad is not None:
        rows[bad] = 0.0
    columns = function(rows if names is None else Table(names, rows))
    if bad is None:
        return columns
    return {name: np.ma.array(values, mask=bad) for name, values in columns.items()}
