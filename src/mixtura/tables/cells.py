"""Cells: what a piece of text in a column of numbers can be."""

from __future__ import annotations

__all__ = ["is_missing", "is_number", "number"]

_MISSING = {"", "?", "-", ".", "na", "n/a", "#n/a", "null", "none", "missing"}


def number(cell: str) -> float:
    """The number that a cell holds, as `float` reads it, but for underscores.

    Raises
    ------
    ValueError : it holds none.
    """
    if "_" in cell:
        raise ValueError(cell)
    return float(cell)


def is_number(cell: str) -> bool:
    """Whether a cell holds a number; NaN and infinity are ones here."""
    try:
        number(cell)
    except ValueError:
        return False
    return True


def is_missing(cell: str) -> bool:
    """Whether a cell is empty, or one of the marks by which people say that it is."""
    return cell.strip().lower() in _MISSING
