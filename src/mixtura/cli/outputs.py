"""Output: where a command's results go."""

from __future__ import annotations

import errno
import io
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import click

from mixtura.cli import printing
from mixtura.errors import DataError, ParameterError

if TYPE_CHECKING:
    from mixtura.tables import Columns
    from mixtura.tables.write import Sink

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
    as_json : whether columns are written as JSON lines, whatever the name says.
    """

    path: Path | None
    as_json: bool = False

    @property
    def suffix(self) -> str:
        """The end of the file's name, which says the format; empty for the standard output."""
        return self.path.suffix.lower() if self.path else ""

    @property
    def is_terminal(self) -> bool:
        """Whether the output is a terminal, where somebody sees what is written."""
        return self.path is None and sys.stdout is not None and sys.stdout.isatty()

    def write(self, data: bytes) -> None:
        """Write the bytes, whole or not at all.

        Raises
        ------
        OSError : it cannot be written; it names the path that the person gave.
        """
        with self.opened() as file:
            file.write(data)

    def write_page(self, page: str) -> None:
        """Write a page of HTML, and say what to do with it; errors as for `write`."""
        self.write(page.encode())
        if self.path is not None:
            printing.text(f"{self.path}: open it in a browser", to_stderr=True)

    def sink(self, file: BinaryIO) -> Sink:
        """What writes columns to the opened file: as JSON lines, or as the file's name says."""
        from mixtura.tables.write import sink

        return sink(file, self.suffix, as_json=self.as_json)

    def write_columns(self, columns: Columns) -> None:
        """Write columns of equal length, in the format of `sink`.

        Raises
        ------
        ParameterError, MissingExtraError : the format cannot hold them.
        OSError : it cannot be written.
        """
        with self.opened() as file:
            target = self.sink(file)
            target.add(columns)
            target.end()

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """A stream to write into; a file appears at the end, whole, or not at all.

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
        """Write all the bytes; how many."""
        try:
            return self._file.write(data)
        except OSError as error:
            raise OSError(error.errno, error.strerror, self._path) from None

    def seek(self, place: int) -> int:
        """Go to a place in the file, in bytes."""
        return self._file.seek(place)

    def tell(self) -> int:
        """The place in the file, in bytes."""
        return self._file.tell()

    def flush(self) -> None:
        """Do nothing: the end of the file is soon enough."""

    def close(self) -> None:
        """Do nothing: whoever opened the file closes it."""


def answers_to(output: str, force: bool, as_json: bool) -> Destination:
    """Where lines that answer rows go; parameters and errors as for `destination`."""
    where = destination(output, force, suffixes=_JSON if as_json else _ROWS)
    return Destination(where.path, as_json)


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


def check_apart(output: str) -> None:
    """Refuse to write over a file that the command under way reads, by whatever name or link.

    Parameters
    ----------
    output : a path, or ``-`` for the standard output, which may go into a file.

    Raises
    ------
    click.UsageError : it is the same file as an input, or one of those that a glob or a folder has.
    """
    for path in _inputs():
        if is_same_file(output, path):
            one = "the standard output" if output == "-" else output
            other = "the standard input" if path == "-" else path
            what = one if one == other else f"{one} is the same file as {other}, which"
            raise click.UsageError(
                f"{what} is read by this command: write to another file, or that one is lost"
            )


def _inputs() -> Iterator[str]:
    """Each file that the arguments of the command under way lead to."""
    context = click.get_current_context(silent=True)
    if context is None:
        return
    for parameter in context.command.params:
        is_input = isinstance(parameter, click.Argument) and parameter.name != "output"
        if is_input and not isinstance(parameter.type, click.Choice):
            value = context.params.get(parameter.name or "")
            for source in value if isinstance(value, tuple) else (value,):
                yield from [] if source is None else _files(source)


def _files(source: str) -> list[str]:
    """The files that are meant by an argument; a dataset has none."""
    from mixtura.tables.streams.files import files_of

    if source == "-":
        return [source]
    try:
        return [str(path) for path in files_of([source])]
    except (DataError, OSError):
        return []


def is_same_file(output: str, path: str) -> bool:
    """Whether the paths of an output and an input are one file, or would be if it existed.

    ``-`` is a standard stream, which may go into a file or come from one.
    """
    one, other = _status(output, sys.stdout), _status(path, sys.stdin)
    if one is not None and other is not None:
        return os.path.samestat(one, other) and stat.S_ISREG(one.st_mode)
    if "-" in (output, path) or one is not other:
        return False
    return os.path.realpath(output) == os.path.realpath(path)


def _status(path: str, stream: object) -> os.stat_result | None:
    try:
        return os.fstat(stream.fileno()) if path == "-" else os.stat(path)  # type: ignore[attr-defined]  # noqa: PTH116
    except (OSError, ValueError, AttributeError):
        return None
