"""Polyline: the lines of a drawing without the points that nobody sees."""

from __future__ import annotations

import re

import numpy as np

from mixtura.engine.arrays import Floats

__all__ = ["shortened"]

#: how far a line may move each time that its points are thinned out, points of 1/72 inch; and how
#: often they are
_SEEN, _TIMES = 0.02, 6
_LETTERS = str.maketrans("ML", "  ")


def shortened(path: str) -> str:
    """A path of SVG, its straight lines with as few points as show the same.

    Every second point is left out where it lies on the line between its neighbours; then again. No
    line moves by more than 0.12 points, a twentieth of a millimetre.

    Notes
    -----
    Some microseconds a point.

    Examples
    --------
    >>> shortened("M 0 0 L 1 0.001 L 2 0 L 2 9 z")
    'M0 0L2 0L2 9z'
    """
    return "".join(map(_part, re.split(r"(?=M)", path)))


def _part(part: str) -> str:
    """One line of the path, from where the pen is put down."""
    closed = part.rstrip().endswith("z")
    numbers = part.rstrip().removesuffix("z").translate(_LETTERS)
    if not numbers.strip() or re.search("[A-Za-z]", numbers):
        return part  # curves stay as they are
    points: Floats = np.array(numbers.split(), dtype=np.float64).reshape(-1, 2)
    for _ in range(_TIMES):
        points = _thinned(points)
    shown = "L".join(f"{_short(x)} {_short(y)}" for x, y in points.tolist())
    return f"M{shown}{'z' * closed}"


def _thinned(points: Floats) -> Floats:
    """The points (n, 2) without every second one that lies between its neighbours."""
    start, point, end = points[:-2:2], points[1:-1:2], points[2::2]
    chord, offset = end - start, point - start
    length = np.einsum("ij,ij->i", chord, chord)
    along = np.einsum("ij,ij->i", chord, offset)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(length > 0.0, np.clip(along / length, 0.0, 1.0), 0.0)
    away = offset - share[:, None] * chord
    kept = np.ones(len(points), dtype=bool)
    kept[1:-1:2] = np.einsum("ij,ij->i", away, away) > _SEEN**2
    return points[kept]


def _short(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
