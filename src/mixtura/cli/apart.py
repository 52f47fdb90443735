"""Apart: what a command writes is no file that it reads."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator

import click

__all__ = ["check_apart", "check_checkpoint"]


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
        if _same(output, path):
            one = "the standard output" if output == "-" else output
            other = "the standard input" if path == "-" else path
            what = one if one == other else f"{one} is the same file as {other}, which"
            raise click.UsageError(
                f"{what} is read by this command: write to another file, or that one is lost"
            )


def check_checkpoint(checkpoint: str | None, output: str | None) -> None:
    """Refuse a checkpoint at the place of an input, or of the model that the fit ends with.

    Parameters
    ----------
    checkpoint : the path of the newest; those beside it belong to it.
    output : the path of the model, ``-``, or None.

    Raises
    ------
    click.UsageError : two of them are the same file.
    """
    if not checkpoint:  # none, or an empty name, which the fit refuses
        return
    from mixtura.fitting.checkpoints.generations import Generations

    for name in map(str, Generations(checkpoint).files):
        check_apart(name)
        if output is not None and output != "-" and _same(output, name):
            raise click.UsageError(
                f"{output} is both the model's file and one of the checkpoint's: give them names "
                "of their own"
            )


def _inputs() -> Iterator[str]:
    """Each file that the arguments of the command under way lead to."""
    context = click.get_current_context(silent=True)
    if context is None:
        return
    for parameter in context.command.params:
        if isinstance(parameter, click.Argument) and not isinstance(parameter.type, click.Choice):
            value = context.params.get(parameter.name or "")
            for source in value if isinstance(value, tuple) else (value,):
                yield from [] if source is None else _files(source)


def _files(source: str) -> list[str]:
    """The files that are meant by an argument; a dataset has none."""
    from mixtura.errors import DataError
    from mixtura.tables.streams.files import files_of

    if source == "-":
        return [source]
    try:
        return [str(path) for path in files_of([source])]
    except (DataError, OSError):
        return []


def _same(output: str, path: str) -> bool:
    """Whether two paths are one file, or would be if it existed; ``-`` is an open stream."""
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
