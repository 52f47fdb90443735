"""Polyline: the lines of a drawing without the points that nobody sees."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["shortened"]

#: how far a line may move, points: a fortieth of a millimetre
_SEEN = 0.06
#: so many points in a row are left out at most
_RUN = 40
_LINE = re.compile(r"(?:[ML] )?(-?[\d.]+) (-?[\d.]+)")

Point = tuple[float, float]


def shortened(path: str) -> str:
    """A path of SVG, its straight lines with as few points as show the same.

    Examples
    --------
    >>> shortened("M 0 0 L 1 0.001 L 2 0 L 2 9 z")
    'M0 0L2 0L2 9z'
    """
    return "".join(map(_part, re.split(r"(?=M)", path)))


def _part(part: str) -> str:
    """One line of the path, from where the pen is put down."""
    closed = part.rstrip().endswith("z")
    lines = part.rstrip().removesuffix("z")
    if re.search(r"[A-LN-Za-z]", lines.replace("L", "")):
        return part  # curves stay as they are
    points = [(float(x), float(y)) for x, y in _LINE.findall(lines)]
    kept = "L".join(f"{_short(x)} {_short(y)}" for x, y in _kept(points))
    return f"M{kept}{'z' * closed}" if points else part


def _kept(points: Sequence[Point]) -> list[Point]:
    """The points without those that lie on the line from one before them to one after them."""
    kept = list(points[:1])
    first = 0
    for i in range(2, len(points)):
        between = points[first + 1 : i]
        if len(between) > _RUN or not all(_near(p, points[first], points[i]) for p in between):
            kept.append(points[i - 1])
            first = i - 1
    return kept + list(points[1:][-1:])


def _near(point: Point, start: Point, end: Point) -> bool:
    """Whether a point is so near to the line between two others that it is not missed."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    px, py = point[0] - start[0], point[1] - start[1]
    length = dx * dx + dy * dy
    share = min(max((px * dx + py * dy) / length, 0.0), 1.0) if length else 0.0
    ox, oy = px - share * dx, py - share * dy
    return ox * ox + oy * oy <= _SEEN * _SEEN


def _short(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
