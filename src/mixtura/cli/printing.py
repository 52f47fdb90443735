"""Printing: what a command says, on a line as long as there is room for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import click

from mixtura.textual import wrapped

#: a terminal is taken to have room for so many letters at least
_LEAST = 20


def text(words: str, *, to_stderr: bool = False) -> None:
    """Print text for people, with one line's end after it; long sentences go on below."""
    click.echo(wrapped(words.rstrip("\n"), _width(to_stderr)), err=to_stderr)


def result(
    record: Any, words: Callable[[int | None], str], *, as_json: bool, to_stderr: bool = False
) -> None:
    """Print a command's result for programs or for people.

    Parameters
    ----------
    record : the result, ready for JSON.
    words : of the letters that a line has room for, None where there is no bound: what people read.
    as_json : whether programs read it.
    to_stderr : whether the standard output has something else.
    """
    if as_json:
        from mixtura.views.record import json_text

        click.echo(json_text(record), nl=False, err=to_stderr)
    else:
        text(words(_width(to_stderr)), to_stderr=to_stderr)


def tell(sentence: str) -> None:
    """Say on the standard error how something went, as mixtura."""
    text(f"mixtura: {sentence}", to_stderr=True)


def _width(to_stderr: bool) -> int | None:
    """Letters in a line of the terminal that shows the output or the errors; None where none does.

    The variable COLUMNS says so for any output.
    """
    stream = sys.stderr if to_stderr else sys.stdout
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and int(told):
        return max(int(told), _LEAST)
    if stream is None:
        return None
    try:
        found = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return None
    return max(found, _LEAST) if found else None
