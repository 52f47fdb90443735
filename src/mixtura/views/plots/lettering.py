"""Lettering: what stands along an axis and in a legend, whole and within the picture."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from mixtura.textual import printable
from mixtura.views.plots.canvas import any_glyph, figure_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.text import Text

#: what is cut ends so
_CUT = "…"
#: how many components a legend lists
_LISTED = 20
#: points from the horizontal axis to what is under its name
_UNDER = -40.0
_LEGEND: dict[str, Any] = {
    "loc": "upper left",
    "borderaxespad": 0.0,
    "frameon": False,
    "fontsize": "small",
}
#: values this many times as far from 0 as from each other are written as differences
_FAR = 1e4
#: numbers that differ by so much, and are below so much, are written out
_SMALL, _LARGE = 1e-3, 1e6
#: beyond this and one over it powers of ten would be lost
_LEAST = 1e-290
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
#: decimals of a tick at most
_DECIMALS = 6


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


def in_rows(count: int, outside: int = 0) -> str:
    """How many rows there are, and how many of them the picture leaves out: 1,000 rows."""
    words = f"{count:,} row{'' if count == 1 else 's'}"
    return f"{words}, {outside:,} outside" if outside else words


def shortened(name: str, longest: int) -> str:
    """A name fit to be printed, cut where it has more characters than `longest`."""
    text = printable(name)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def beside(ax: Axes, data: list[Any], components: list[Any], lines: list[Any]) -> None:
    """Put a legend to the right of the data, where it covers none.

    Of many components those of the first numbers are listed, for a list as long as the picture.

    Parameters
    ----------
    data, components, lines : artists with a label, in the order of the legend.
    """
    entries = [*data, *listed(components), *lines]
    plain(ax.legend(handles=entries, bbox_to_anchor=(1.01, 1.0), **_LEGEND).get_texts())


def below(ax: Axes, columns: int = 1) -> None:
    """Put a legend under the name of the horizontal axis, of all that has a label."""
    from matplotlib.transforms import offset_copy

    under = offset_copy(ax.transAxes, figure_of(ax), y=_UNDER, units="points")
    place: dict[str, Any] = {"bbox_to_anchor": (0.0, 0.0), "bbox_transform": under}
    plain(ax.legend(ncols=columns, **place, **_LEGEND).get_texts())


def halo(width: float, opacity: float | None = None) -> list[Any]:
    """White around a line or a text, so that it is legible over a crowd of points."""
    from matplotlib.patheffects import withStroke

    more: Any = {} if opacity is None else {"alpha": opacity}
    return [withStroke(linewidth=width, foreground="white", **more)]


def tick_whole_numbers(ax: Axes) -> None:
    """Have the horizontal axis count: its ticks stand at whole numbers."""
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))


def plain(texts: Iterable[Text]) -> None:
    """Have texts written as they stand: a name from a file's header is no mathematics."""
    for text in texts:
        text.set(parse_math=False, usetex=False)


def listed(components: list[Any], most: int = _LISTED) -> list[Any]:
    """The legend's entries for the first components, and one that counts the others."""
    from matplotlib.lines import Line2D

    if len(components) <= most:
        return components
    more = f"and {len(components) - most} more components"
    return [*components[:most], Line2D([], [], linestyle="none", label=more)]


@dataclass(frozen=True)
class Scale:
    """The numbers of an axis: (value − offset) / 10^exponent.

    Parameters
    ----------
    offset : in the unit of the values.
    exponent : of the power of ten that the numbers are counted in.
    """

    offset: float = 0.0
    exponent: int = 0

    @property
    def words(self) -> str:
        """What was done to the values, as it follows their name; empty where nothing was.

        Examples
        --------
        >>> Scale(1e9).words, Scale(-2.5, -7).words
        (', less 1,000,000,000', ', plus 2.5, in 10⁻⁷')
        """
        said = ""
        if self.offset:
            size = f"{abs(self.offset):,.0f}" if self._whole else f"{abs(self.offset):.15g}"
            said = f", {'less' if self.offset > 0.0 else 'plus'} {size}"
        if self.exponent:
            said += f", in 10{str(self.exponent).translate(_RAISED)}"
        return said

    @property
    def _whole(self) -> bool:
        return self.offset == round(self.offset) and abs(self.offset) < 1e16

    def number(self, value: float) -> float:
        """What stands for a value on the axis."""
        return (value - self.offset) / 10.0**self.exponent

    def on(self, axis: Axis) -> None:
        """Have an axis written in these numbers, whatever part of it is looked at later."""
        from matplotlib.ticker import FuncFormatter, ScalarFormatter

        if self == Scale():
            axis.set_major_formatter(ScalarFormatter(useOffset=False))
            return

        def label(value: float, _: int | None) -> str:
            numbers = [self.number(float(place)) for place in axis.get_majorticklocs()]
            return f"{self.number(value):.{_decimals(numbers)}f}".replace("-", "−")

        axis.set_major_formatter(FuncFormatter(label))


def scale_of(low: float, high: float) -> Scale:
    """The scale that shows values from `low` to `high` in a few digits.

    Values far from 0 and near each other are less a round number that lies among them or not far
    below; then very large and very small ones are counted in a power of ten.

    Examples
    --------
    >>> scale_of(0.0, 7.5), scale_of(1e9 - 0.3, 1e9 + 7.0)
    (Scale(offset=0.0, exponent=0), Scale(offset=1000000000.0, exponent=0))
    >>> scale_of(-1234.49999, -1234.4999893).exponent
    -7
    """
    span = high - low
    farthest = max(abs(low), abs(high))
    if not (math.isfinite(span) and span > 0.0):
        return Scale()
    near = farthest >= _FAR * span and _LEAST < farthest < 1.0 / _LEAST
    offset = _round_number(low, high) if near else 0.0
    largest = max(abs(low - offset), abs(high - offset))
    if span >= _SMALL and largest < _LARGE:
        return Scale(offset)
    power = math.log10(max(span if offset else largest, _LEAST))
    return Scale(offset, math.floor(power))


def _round_number(low: float, high: float) -> float:
    """The number of fewest digits from as far below `low` as `high` is above it, up to `high`."""
    power = math.ceil(math.log10(max(abs(low), abs(high))))
    while True:
        step = 10.0**power
        found = math.floor(high / step) * step
        if found >= low - (high - low):
            return round(found, -power)
        power -= 1


def _decimals(numbers: list[float]) -> int:
    """How many decimals tell the numbers apart."""
    steps = [abs(after - before) for before, after in pairwise(numbers)]
    near = 1e-3 * min(filter(None, steps), default=1.0)
    for decimals in range(_DECIMALS):
        if all(abs(round(number, decimals) - number) <= near for number in numbers):
            return decimals
    return _DECIMALS
