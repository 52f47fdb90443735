"""Naming: what stands along an axis, whole and within the picture."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from mixtura.textual import printable
from mixtura.views.plots.canvas import any_glyph, figure_of, plain
from mixtura.views.plots.scale import scale_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["fitted_to", "name_axis", "room_along", "width_of", "write_name"]

#: what is cut ends so
_CUT = "…"


def name_axis(ax: Axes, which: str, name: str, after: str = "") -> None:
    """Label an axis with a name as it stands, and have its numbers written short.

    Limits must be set: numbers far from 0 are written as differences from a round one, which is
    said after the name. A name comes from a file's header: its dollars and backslashes are no
    mathematics, control characters are written out, and what exceeds the axis is cut. What is
    said after it is not, but goes to a second line.

    Parameters
    ----------
    which : "x" or "y".
    name : of a feature, or of what is measured.
    after : what follows it, with its comma.
    """
    scale = scale_of(*sorted(getattr(ax, f"get_{which}lim")()))
    scale.on(getattr(ax, f"{which}axis"))
    write_name(ax, which, name, after + scale.words)


def write_name(ax: Axes, which: str, name: str, after: str = "") -> None:
    """Label an axis as `name_axis` does, and leave its numbers alone."""
    label = getattr(ax, f"{which}axis").label
    room = room_along(ax, which)
    points = label.get_size()
    whole = printable(name)
    if after and width_of(whole + after, points) > room:
        second = fitted_to(after.removeprefix(",").lstrip(), room, points)
        comma = "," if after.startswith(",") else ""
        words = f"{fitted_to(whole, room, points)}{comma}\n{second}"
    else:
        words = fitted_to(whole, room, points) + after
    ax.set(**{f"{which}label": words})
    plain([label])


def fitted_to(text: str, room: float, points: float) -> str:
    """A text fit to be printed, cut where it is wider than `room`, points, at that size of letters.

    Examples
    --------
    >>> fitted_to("width", 100.0, 10.0), fitted_to("w" * 99, 100.0, 10.0)
    ('width', 'wwwwwwwwwww…')
    """
    whole = printable(text)
    if width_of(whole, points) <= room:
        return whole
    low, high = 0, len(whole)
    while high - low > 1:  # the first `low` letters have room, the first `high` have not
        middle = (low + high) // 2
        if width_of(whole[:middle] + _CUT, points) <= room:
            low = middle
        else:
            high = middle
    return whole[:low] + _CUT


def room_along(ax: Axes, which: str) -> float:
    """How long an axis is before names, numbers and legends take of it, points."""
    place, size = ax.get_position(), figure_of(ax).get_size_inches()
    return 72.0 * float(place.width * size[0] if which == "x" else place.height * size[1])


def width_of(text: str, points: float) -> float:
    """How wide a line of text is, points, at that size of letters: no less than it will be."""
    return points * sum(map(_letter, text))


@cache
def _letter(character: str) -> float:
    """The width of a letter of size 1.

    One that matplotlib's own font lacks is a box of another width in its place, and a browser has
    it: the wider of the two counts.
    """
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    size = FontProperties(size=100.0)
    with any_glyph():
        width, _, _ = text_to_path.get_text_width_height_descent(character, size, False)
    full = unicodedata.east_asian_width(character) in "WF"
    return max(0.01 * float(width), 1.0 if full else 0.0)
