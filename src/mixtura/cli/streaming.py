"""Streaming: rows that a command reads and answers a part at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from mixtura.cli.output import Destination, side_by_side

if TYPE_CHECKING:
    from mixtura.engine.arrays import Rows
    from mixtura.model.mixture import Mixture
    from mixtura.tables.streams import Scan

__all__ = ["answer", "is_streamed", "scan_of"]

#: bytes of a single file from which on it is streamed
_LARGE = 2**28
#: rows that are answered at once, about
_ROWS = 2**16


def is_streamed(source: str, on_bad_row: str, large: int = _LARGE) -> bool:
    """Whether the rows are to be streamed: several files, packed or large ones, or some are bad.

    Parameters
    ----------
    source : where the rows are.
    on_bad_row : as the option of that name says.
    large : bytes of a single file from which on it is.

    Raises
    ------
    click.UsageError : bad rows are allowed of what cannot be read again.
    """
    from pathlib import Path

    from mixtura.tables.streams import needs_scan

    if source == "-" or source.startswith("@"):
        if on_bad_row != "error":
            raise click.UsageError(f"--on-bad-row is for files, and DATA is {source}")
        return False
    path = Path(source)
    is_large = path.is_file() and path.stat().st_size >= large
    return is_large or on_bad_row != "error" or needs_scan(source)


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
    """The rows that a command works on, as `mixtura.tables.streams.scan` gives them."""
    from mixtura.tables.streams import scan

    return scan(
        source,
        columns=columns or None,
        weights=weights,
        ids=ids,
        expected=mixture.feature_names if mixture is not None else None,
        header=header,
        on_bad_row=on_bad_row,
    )


def answer(
    scan: Scan,
    function: Callable[[Rows], dict[str, Any]],
    where: Destination,
    as_json: bool,
    *,
    quiet: bool = False,
) -> None:
    """Write what `function` gives for the rows, after their ids, a part at a time.

    Parameters
    ----------
    scan : the rows.
    function : of rows (m, D): columns of m values.
    where : what to write to; whole or not at all, if it is a file.
    as_json : refused: JSON is written at once.
    quiet : whether to draw no line of progress.

    Raises
    ------
    click.UsageError : JSON is asked for.
    OSError : it cannot be written.
    """
    from mixtura.cli.meter import AnswerMeter, on_terminal
    from mixtura.engine.sources import ahead
    from mixtura.errors import DataError
    from mixtura.tables.sink import sink
    from mixtura.tables.streams import bad_rows, gathered
    from mixtura.tables.streams.watched import watched

    if as_json:
        raise click.UsageError("--json holds all rows, and these are streamed: write .csv instead")
    bad = bad_rows(scan.on_bad_row)
    count = 0
    meter = AnswerMeter(shown=on_terminal() and not (quiet or where.is_terminal))
    with closing(meter), where.opened() as file:
        target = sink(file, where.suffix)
        for chunk in ahead(gathered(watched(scan, meter.read).chunks(bad), _ROWS)):
            target.add(side_by_side(chunk.ids, function(chunk.rows)))
            count += len(chunk)
        if not count:
            raise DataError("there is no row to answer for, expected at least one")
        target.end()
    bad.warn()
