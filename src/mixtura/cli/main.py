"""The door: which command it is, and how it ends."""

from __future__ import annotations

import errno
import os
import signal
import sys
import warnings
from collections.abc import Collection, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

import click

from mixtura import errors
from mixtura.cli.candidates import VARIABLE
from mixtura.cli.foreign import told
from mixtura.cli.output import tell
from mixtura.cli.process import run, stop_signal
from mixtura.cli.spelling import spelled
from mixtura.textual import counted, printable
from mixtura.version import __version__

__all__ = ["COMMANDS", "main", "run"]

#: what each command is for; its module in `mixtura.cli` is loaded when it is called
COMMANDS = {
    "completion": "Print what makes a shell complete command lines.",
    "demo": "Fit, score, prove and draw made-up data: the whole way at once.",
    "explain": "Say where the log-likelihood of rows comes from, in plain words.",
    "explore": "Write a page to replay a fit in, and to play with its mixture.",
    "fit": "Fit a Gaussian mixture to rows, and print or store it.",
    "generate": "Make rows up, with known components.",
    "help": "Print what a command does, and what it takes.",
    "plot": "Draw a model, with data or without.",
    "predict": "Write the component of each row.",
    "report": "Write a page that says what a model makes of rows.",
    "sample": "Draw rows from a model.",
    "score": "Write the log-likelihood of each row.",
    "select": "Compare structures and numbers of components, and choose.",
    "show": "Print what a model file holds.",
    "validate": "Prove a model's log-likelihoods against independent answers.",
}

EPILOG = """\b
Examples:
  mixtura fit @faithful -k 2 -o geyser.safetensors
  mixtura score geyser.safetensors @faithful | head -3
  mixtura explain geyser.safetensors @faithful --worst 1

Data is a CSV, .npy or .parquet file, - for CSV on the standard input, or a dataset: @faithful,
@galaxies, @iris.

\b
Exit codes: 0 ok, 1 validate found mixtura wrong, 2 usage, 3 bad data,
4 bad model, 5 not converged under --strict, 6 input or output failed,
130 interrupted (129 by SIGHUP, 143 by SIGTERM).
"""


def main(arguments: Sequence[str]) -> int:
    """Carry out a command line.

    Parameters
    ----------
    arguments : those after the program's name.

    Returns
    -------
    The exit code. What went wrong is one line on the standard error.
    """
    with warnings.catch_warnings():
        warnings.showwarning = _warned
        try:
            return _carried_out(list(arguments))
        except BrokenPipeError as error:
            _abandon_output()
            if error.filename is not None:  # a pipe that was named: who reads it is not the shell
                return _fail(6, _sentence(error))
            return 0  # the reader has seen enough: nothing is wrong
        except KeyboardInterrupt as interruption:
            return _interrupted(interruption)
        except Exception as error:
            if stop_signal():  # which may cut an import short, or find nobody to write to
                return _interrupted(error)
            theirs = told(error)
            code = theirs.code if theirs else _code(error)
            if code is None:
                raise
            _abandon_output()
            return _fail(code, theirs.sentence if theirs else _sentence(error))


def _carried_out(arguments: list[str]) -> int:
    if VARIABLE in os.environ:
        return _completed()
    group = _group({next((a for a in arguments if not a.startswith("-")), "")})
    code = 0
    try:
        with group.make_context("mixtura", arguments) as context:
            group.invoke(context)
    except click.exceptions.Exit as end:
        code = end.exit_code
    if sys.stdout is not None:
        sys.stdout.flush()
    return code


def _completed() -> int:
    """Answer a shell that asks what may come next."""
    from mixtura.cli.completion import completed

    return completed(_group(COMMANDS))


def _group(wanted: Collection[str]) -> click.Group:
    """The commands, of which only the wanted ones are loaded; the others have a line of help."""
    commands: dict[str, click.Command] = {
        name: import_module(f"mixtura.cli.{name}").command
        if name in wanted
        else click.Command(name, help=about)
        for name, about in COMMANDS.items()
    }
    return click.Group(
        "mixtura",
        commands=commands,
        callback=_front,
        params=[
            click.Option(["-V", "--version"], is_flag=True, help="Print the version and end."),
            click.Option(
                ["--verbose"], is_flag=True, help="With --version: what it computes with, too."
            ),
        ],
        help="Gaussian mixtures that are fast, exact, and show their work.",
        epilog=EPILOG,
        invoke_without_command=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


@click.pass_context
def _front(context: click.Context, version: bool, verbose: bool) -> None:
    if version:
        click.echo(f"mixtura {__version__}")
        if verbose:
            import numpy as np

            from mixtura.engine import kernel

            click.echo(f"numpy {np.__version__}")
            click.echo(f"kernel: {kernel.describe()}")
        context.exit()
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


#: the kinds of error and their exit codes; the first that fits counts
_CODES: tuple[tuple[type[BaseException], int], ...] = (
    (click.FileError, 6),
    (click.ClickException, 2),
    (errors.ParameterError, 2),
    (errors.MissingExtraError, 2),
    (errors.DataError, 3),
    (errors.ModelError, 4),
    (OSError, 6),
    (MemoryError, 6),
)


def _code(error: Exception) -> int | None:
    """The exit code of an error, None for one that nobody expected."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), None)


def _sentence(error: Exception) -> str:
    if isinstance(error, click.UsageError):
        path = error.ctx.command_path if error.ctx else "mixtura"
        words = " ".join(error.format_message().split()).rstrip(".")
        return f"{words} (see {path} --help)"
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, OSError) and error.strerror:
        where = "standard input or output" if error.filename is None else error.filename
        closed = error.errno == errno.EBADF and error.filename is None
        return f"{where}: {'the standard output is closed' if closed else spelled(error.strerror)}"
    if isinstance(error, MemoryError):
        return f"out of memory: {error}" if str(error) else "out of memory"
    return spelled(str(error).strip())


def _interrupted(error: BaseException) -> int:
    """Say what was interrupted, and by what if not by Ctrl-C; the exit code of shells."""
    stopped = stop_signal() or signal.SIGINT
    by = "interrupted" if stopped == signal.SIGINT else f"interrupted by {stopped.name}"
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, errors.Interrupted):
        cause = cause.__context__
    if cause is None:
        return _fail(128 + stopped, by)
    left = "nothing was stored"
    if cause.checkpoint is not None:
        left = f"go on from {cause.checkpoint} with --resume"
    return _fail(128 + stopped, f"{by} after {counted(cause.fit.n_iter, 'iteration')}; {left}")


def _fail(code: int, sentence: str) -> int:
    with suppress(OSError):  # there may be nobody to tell: the terminal is closed
        tell(f"error: {printable(sentence)}")
    return code


def _warned(message: Warning | str, *_: Any, **__: Any) -> None:
    tell(f"warning: {printable(spelled(' '.join(str(message).split())))}")


def _abandon_output() -> None:
    """If the standard output takes no more, point it at nothing: Python flushes it at the end."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)
