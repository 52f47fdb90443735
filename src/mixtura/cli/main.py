"""The program `mixtura`: which command is carried out, and how it ends."""

from __future__ import annotations

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
from mixtura.cli import completion, failures, printing, signals, spelling
from mixtura.textual import counted, printable
from mixtura.version import __version__

#: what each command is for; its module in `mixtura.cli` is loaded when it is called
COMMANDS = {
    "classify": "Write the class of each row, by a model fitted with labels.",
    "compare": "Say whether rows are still those that a model describes.",
    "completion": "Print what makes a shell complete command lines.",
    "convert": "Write a model in another tool's format, or bring one here.",
    "demo": "Fit, score, prove and draw made-up data: the whole way at once.",
    "explain": "Say where the log-likelihood of rows comes from, in plain words.",
    "explore": "Write a page to replay a fit in, and to play with its mixture.",
    "fit": "Fit a Gaussian mixture to rows, and print or store it.",
    "fit-groups": "Fit a mixture to each group of rows, and store them.",
    "generate": "Make rows up, with known components.",
    "help": "Print what a command does, and what it takes.",
    "impute": "Fill in what rows lack.",
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
7 compare found others under --strict, 130 interrupted (129 by SIGHUP,
143 by SIGTERM).
"""


def main(arguments: Sequence[str]) -> int:
    """Carry out a command line, and tell in one line what went wrong.

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
            # The reader of a pipe has seen enough: nothing is wrong, but with one that was named.
            return 0 if error.filename is None else _failed(error)
        except KeyboardInterrupt as interruption:
            return _interrupted(interruption)
        except Exception as error:
            # A signal may cut an import short, or find nobody to write to.
            return _interrupted(error) if signals.stop_signal() else _failed(error)


def _carried_out(arguments: list[str]) -> int:
    if completion.VARIABLE in os.environ:
        return completion.completed(_group(COMMANDS))
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


def _group(wanted: Collection[str]) -> click.Group:
    """The commands, of which only the wanted ones are loaded; the others have a line of help."""
    commands: dict[str, click.Command] = {
        name: import_module(f"mixtura.cli.{name.replace('-', '_')}").command
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


def _interrupted(error: BaseException) -> int:
    """Say what was interrupted, and by what if not by Ctrl-C; the exit code of shells."""
    stopped = signals.stop_signal() or signal.SIGINT
    by = "interrupted" if stopped == signal.SIGINT else f"interrupted by {stopped.name}"
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, errors.Interrupted):
        cause = cause.__context__
    if cause is None:
        return _fail(failures.Failure(128 + stopped, by))
    left = "nothing was stored"
    if cause.checkpoint is not None:
        left = f"go on from {cause.checkpoint} with --resume"
    done = counted(cause.fit.n_iter, "iteration")
    return _fail(failures.Failure(128 + stopped, f"{by} after {done}; {left}"))


def _failed(error: Exception) -> int:
    """Tell of an error; its exit code. One that nobody expected is raised."""
    if (failure := failures.of(error)) is None:
        raise error
    _abandon_output()
    return _fail(failure)


def _fail(failure: failures.Failure) -> int:
    """Tell of a failure; its exit code."""
    with suppress(OSError):  # there may be nobody to tell: the terminal is closed
        printing.tell(f"error: {printable(failure.sentence)}")
    return failure.code


def _warned(message: Warning | str, *_: Any, **__: Any) -> None:
    printing.tell(f"warning: {printable(spelling.spelled(' '.join(str(message).split())))}")


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
