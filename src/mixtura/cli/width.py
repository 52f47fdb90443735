"""Width: how many letters a line has room for where it is read."""

from __future__ import annotations

import os
import sys

__all__ = ["width_of_errors", "width_of_output"]

#: a terminal is taken to have room for so many letters at least
_LEAST = 20


def width_of_output() -> int | None:
    """Letters in a line of the terminal that shows the standard output; None where none does.

    The variable COLUMNS says so for any output.
    """
    return _width(sys.stdout)


def width_of_errors() -> int | None:
    """Letters in a line of the terminal that shows the standard error; None where none does."""
    return _width(sys.stderr)


def _width(stream: object) -> int | None:
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and int(told):
        return max(int(told), _LEAST)
    if stream is None:
        return None
    try:
        found = os.get_terminal_size(stream.fileno()).columns  # type: ignore[attr-defined]
    except (OSError, ValueError):
        return None
    return max(found, _LEAST) if found else None
