"""Piped: rows that come on the standard input once, kept so that each pass can read them again."""

from __future__ import annotations

import sys
import tempfile
import weakref
from collections.abc import Iterator
from dataclasses import dataclass

from mixtura.errors import DataError
from mixtura.tables.arrow import MAGICS, ipc_chunks, ipc_header, pyarrow
from mixtura.tables.chunk import BadRows, Chunk, bad_rows
from mixtura.tables.selection import Selection
from mixtura.tables.streams.formats import FORMATS, refuse_foreign
from mixtura.tables.streams.held import scan_text
from mixtura.tables.streams.scan import Scan

#: what the rows are called in messages
ORIGIN = "standard input"
#: bytes by which it is known what comes
_BEGINNING = 64
#: bytes that are read at a time
_PART = 2**20


@dataclass(frozen=True, eq=False)
class _PipedArrow(Scan):
    """Rows of Arrow's own format in a file without a name, which goes with this.

    Parameters
    ----------
    file : holds all that came.
    """

    file: _Kept

    def read(self, bad: BadRows) -> Iterator[Chunk]:
        with pyarrow("reading Arrow streams").PythonFile(self.file.begun(), mode="r") as file:
            yield from ipc_chunks(file, self.columns, ORIGIN)


class _Kept:
    """A file without a name, which stays open when its reader closes it, and ends with this."""

    closed = False

    def __init__(self) -> None:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - see the next line
        weakref.finalize(self, file.close)
        self.read, self.write, self.seek, self.tell = file.read, file.write, file.seek, file.tell

    def begun(self) -> _Kept:
        """The same, to be read from its beginning."""
        self.seek(0)
        return self

    def close(self) -> None:
        """Do nothing."""


def scan_input(selection: Selection, *, header: bool | None, on_bad_row: str) -> Scan:
    """A scan over CSV or Arrow on the standard input.

    CSV is held in memory, Arrow in a file without a name, so that memory need not hold it.

    Raises
    ------
    DataError : there is nothing, or something else, or a column is missing.
    ParameterError : there is no such policy.
    OSError : it is closed.
    """
    selection.reading.check((), ORIGIN)
    bad_rows(on_bad_row)
    if sys.stdin is None:
        raise OSError("the standard input is closed")
    begun = sys.stdin.buffer.read(_BEGINNING)
    form = next((each for each in FORMATS if begun.startswith(each.magics)), None)
    if form is None or not begun:
        refuse_foreign(begun, ORIGIN)
        data = begun + sys.stdin.buffer.read()
        return scan_text(data, ORIGIN, selection, header=header, on_bad_row=on_bad_row)
    if not begun.startswith(MAGICS):
        raise DataError(
            f"the standard input is {form.called}, expected CSV or Arrow: save it, and name it"
        )
    arrow = pyarrow("reading Arrow streams")
    file = _Kept()
    file.write(begun)
    while part := sys.stdin.buffer.read(_PART):
        file.write(part)
    with arrow.PythonFile(file.begun(), mode="r") as opened:
        found = ipc_header(opened, ORIGIN)
        columns = found.columns(selection, ORIGIN)
        found.check(columns, ORIGIN)
    return _PipedArrow(columns, on_bad_row, file)
