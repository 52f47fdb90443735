"""Cells: what a piece of text in a column of numbers can be."""

from __future__ import annotations

from collections.abc import Sequence

from mixtura.errors import DataError

__all__ = ["is_missing", "is_number", "number", "numbers_of"]

_MISSING = {"", "?", "-", ".", "na", "n/a", "#n/a", "null", "none", "missing"}


def number(cell: str, *, comma: bool = False) -> float:
    """The number that a cell holds, as `float` reads it, but for underscores.

    Parameters
    ----------
    cell : the text.
    comma : whether decimals stand after a comma, and none after a point.

    Raises
    ------
    ValueError : it holds none.
    """
    if "_" in cell or (comma and "." in cell):
        raise ValueError(cell)
    return float(cell.replace(",", ".", 1) if comma else cell)


def is_number(cell: str, *, comma: bool = False) -> bool:
    """Whether a cell holds a number; NaN and infinity are ones here."""
    try:
        number(cell, comma=comma)
    except ValueError:
        return False
    return True


def is_missing(cell: str) -> bool:
    """Whether a cell is empty, or one of the marks by which people say that it is."""
    return cell.strip().lower() in _MISSING


def numbers_of(texts: Sequence[str], column: str) -> list[float]:
    """The weights in a column of text.

    Raises
    ------
    DataError : a cell of it is no number.
    """
    weights = []
    for row, cell in enumerate(texts):
        try:
            weights.append(number(cell))
        except ValueError:
            raise DataError(
                f"row {row} of the weights' column {column!r} holds {cell!r}, expected a number "
                "of at least 0: a weight of 0 leaves a row out"
            ) from None
    return weights
