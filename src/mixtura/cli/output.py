"""Output: where a command's results go."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import click

from mixtura.cli.apart import check_apart
from mixtura.cli.width import width_of_errors, width_of_output
from mixtura.errors import ParameterError
from mixtura.textual import wrapped

if TYPE_CHECKING:
    from mixtura.tables import Columns

__all__ = [
    "PAGE",
    "Destination",
    "answers_to",
    "check_stdout",
    "destination",
    "print_json",
    "print_text",
    "side_by_side",
    "tell",
    "write_columns",
]

#: the ends of names of files of rows, of JSON lines, and of pages; those first that are told of
_ROWS = (".csv", ".npy", ".parquet", ".pq", ".txt")
_JSON = (".jsonl", ".ndjson", ".json", ".txt")
PAGE = (".html", ".htm")


@dataclass(frozen=True)
class Destination:
    """A file to be, or the standard output.

    Parameters
    ----------
    path : None is the standard output.
    """

    path: Path | None

    @property
    def suffix(self) -> str:
        """The end of the name, which says the format; empty for the standard output."""
        return self.path.suffix.lower() if self.path else ""

    @property
    def is_terminal(self) -> bool:
        """Whether somebody sees what is written."""
        return self.path is None and sys.stdout is not None and sys.stdout.isatty()

    def write(self, data: bytes) -> None:
        """Write everything, whole or not at all.

        Raises
        ------
        OSError : it cannot be written; it names the path that the person gave.
        """
        with self.opened() as file:
            file.write(data)

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """What to write into; a file appears at the end, whole, or not at all.

        Raises
        ------
        OSError : it cannot be written; it names the path that the person gave.
        """
        from mixtura.model.files import opened_beside

        if self.path is None:
            check_stdout()
            sys.stdout.flush()
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
            return
        inside: BaseException | None = None
        try:
            with opened_beside(self.path) as file:
                try:
                    yield cast(BinaryIO, _Named(file, str(self.path)))
                except BaseException as error:  # perhaps of the input, and no fault of this file
                    inside = error
                    raise
        except OSError as error:
            if error is inside:
                raise
            raise OSError(error.errno, error.strerror, str(self.path)) from None


class _Named:
    """A file whose errors name the path that a person gave; only to write to."""

    closed = False

    def __init__(self, file: BinaryIO, path: str) -> None:
        self._file = file
        self._path = path

    def write(self, data: bytes) -> int:
        """Write everything."""
        try:
            return self._file.write(data)
        except OSError as error:
            raise OSError(error.errno, error.strerror, self._path) from None

    def seek(self, place: int) -> int:
        """Go there."""
        return self._file.seek(place)

    def tell(self) -> int:
        """How many bytes are before."""
        return self._file.tell()

    def flush(self) -> None:
        """Nothing: the end of the file is soon enough."""

    def close(self) -> None:
        """Nothing: whoever opened it closes it."""


def answers_to(output: str, force: bool, as_json: bool) -> Destination:
    """Where lines that answer rows go; parameters and errors as for `destination`."""
    return destination(output, force, suffixes=_JSON if as_json else _ROWS)


def destination(output: str, force: bool, *, suffixes: Sequence[str] = ()) -> Destination:
    """Where `output` points, refused now rather than after the work if it cannot be written.

    Parameters
    ----------
    output : a path, or ``-``.
    force : whether a file that exists may be replaced.
    suffixes : the ends of names that say what is written; none where any name does.

    Raises
    ------
    click.UsageError : it is empty, or says that something else is in the file, or it is a file
        that the command reads.
    OSError : it exists and `force` is off, it is a directory, or its directory is missing or may
        not be written to; or it is the standard output, and that is closed.
    """
    if not output:
        raise click.UsageError("the output '' names no file: give its name, or - for printing")
    check_apart(output)
    if output == "-":
        check_stdout()
        return Destination(None)
    path = Path(output)
    suffix = path.suffix.lower()
    if suffixes and suffix and suffix not in suffixes:
        raise click.UsageError(_other_format(output, suffix, suffixes))
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a directory, expected a file's name", output)
    if path.is_file() and not force:
        raise FileExistsError(errno.EEXIST, "exists already: add --force to replace it", output)
    if not path.parent.is_dir():
        raise FileNotFoundError(
            errno.ENOENT, f"there is no directory {str(path.parent)!r}: make it first", output
        )
    if not os.access(path.parent, os.W_OK):
        raise PermissionError(errno.EACCES, "its directory may not be written to", output)
    return Destination(path)


def check_stdout() -> None:
    """Refuse a standard output that is closed, now rather than after the work.

    Raises
    ------
    OSError : it is.
    """
    if sys.stdout is None:
        raise OSError(errno.EBADF, "the standard output is closed")
    with suppress(io.UnsupportedOperation):  # of a test or a notebook
        os.write(sys.stdout.fileno(), b"")


def _other_format(output: str, suffix: str, suffixes: Sequence[str]) -> str:
    """Why a file of that name is not what is written."""
    if suffixes is _ROWS and suffix in _JSON:
        return f"{output}: JSON is written where --json asks for it: add that, or write .csv"
    rather = "leave --json out, or write " if suffixes is _JSON and suffix in _ROWS else "write "
    expected = " or ".join(suffixes[:3]) if len(suffixes) < 3 else ", ".join(suffixes[:2])
    expected += f" or {suffixes[2]}" if len(suffixes) > 2 else ""
    return f"{output}: {suffix} is not what this command writes: {rather}{expected}"


def print_text(text: str, *, to_stderr: bool = False) -> None:
    """Print text for people, with one line's end after it; long sentences go on below."""
    width = width_of_errors() if to_stderr else width_of_output()
    click.echo(wrapped(text.rstrip("\n"), width), err=to_stderr)


def print_json(record: Any, *, to_stderr: bool = False) -> None:
    """Print a record for programs."""
    from mixtura.views.record import json_text

    click.echo(json_text(record), nl=False, err=to_stderr)


def tell(sentence: str) -> None:
    """Say on the standard error how something went, as mixtura."""
    print_text(f"mixtura: {sentence}", to_stderr=True)


def write_columns(columns: Columns, where: Destination, as_json: bool) -> None:
    """Write columns of equal length: as JSON lines, or in the format that the file's name says.

    Raises
    ------
    ParameterError, MissingExtraError : the format cannot hold them, see `tables.sink.sink`.
    OSError : it cannot be written.
    """
    from mixtura.tables.write import sink

    with where.opened() as file:
        target = sink(file, where.suffix, as_json=as_json)
        target.add(columns)
        target.end()


def side_by_side(first: Columns, then: Columns) -> dict[str, Any]:
    """The columns of a result after those that it comes with.

    Raises
    ------
    ParameterError : two have the same name.
    """
    for name in first:
        if name in then:
            raise ParameterError(
                f"two columns of the output would be called {name!r}, expected different names: "
                "rename the one in the data"
            )
    return {**first, **then}
