"""Textual: numbers, names and tables as people read them."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["columns", "counted", "printable", "resolved"]


def columns(rows: Sequence[Sequence[str]], left: int = 1) -> list[str]:
    """Lines in which the cells stand below each other, the first `left` columns flush left."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if j < left else cell.rjust(width)
            for j, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def counted(count: int, noun: str) -> str:
    """How many there are of something: 1 row, 2 rows."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def printable(text: str) -> str:
    r"""`text` with everything that could move a terminal's cursor written out.

    Examples
    --------
    >>> print(printable("a\nb"))
    a\nb
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text
    )


def resolved(value: float, spread: float, digits: int = 6) -> str:
    """`value` with so many digits, or more: a step of a thousandth of `spread` shows.

    A fixed number of digits says little about a value far from 0, and what varies around it.
    Where 17 digits or more would be due, it is as many as tell the value from any other.

    Parameters
    ----------
    value : what is written.
    spread : more than 0, in the unit of the value: a standard deviation.
    digits : significant digits at least.

    Examples
    --------
    >>> resolved(123456789.0625, 0.5), resolved(2.0365214945, 0.26)
    ('123456789.0625', '2.03652')
    """
    due = math.floor(math.log10(abs(value) or 1.0)) - math.floor(math.log10(1e-3 * spread)) + 1
    return f"{value:.{max(digits, due)}g}" if due < 17 else str(value).removesuffix(".0")
