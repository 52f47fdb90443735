"""Canvas: where a picture is drawn, and how it becomes a file's bytes."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mixtura.errors import MissingExtraError, ParameterError
from mixtura.textual import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text
    from numpy.typing import NDArray

__all__ = [
    "FORMATS",
    "any_glyph",
    "axes_or_new",
    "below",
    "beside",
    "divided",
    "encoded",
    "figure_of",
    "format_of",
    "in_rows",
    "listed",
    "offscreen_axes",
    "plain",
    "shortened",
    "tidied",
]

#: file formats that a picture can take, each with the metadata that would tell the hour
FORMATS: dict[str, dict[str, None]] = {
    "png": {},
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
}

_SIZE = (8.0, 5.0)  # inches
_DOTS_PER_INCH = 150
#: characters of a name that a legend has room for
_LONGEST_NAME = 60
#: how many components a legend lists
_LISTED = 20
#: points from the horizontal axis to what is under its name
_UNDER = -40.0


def axes_or_new(ax: Axes | None, size: tuple[float, float] = _SIZE) -> Axes:
    """`ax`, or the axes of a new pyplot figure of that size, which a notebook shows by itself.

    Raises
    ------
    MissingExtraError : matplotlib is not installed.
    """
    if ax is not None:
        return ax
    try:
        from matplotlib import pyplot
    except ImportError:
        raise MissingExtraError("matplotlib", "plot", "a picture") from None
    return pyplot.subplots(figsize=size, layout="constrained")[1]


def offscreen_axes(size: tuple[float, float] = _SIZE) -> Axes:
    """Axes of a new figure that pyplot knows nothing of: no display, nothing to close.

    Parameters
    ----------
    size : of the figure, width and height, inches.

    Raises
    ------
    MissingExtraError : matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("matplotlib", "plot", "a picture") from None
    return Figure(figsize=size, layout="constrained").subplots()


@contextmanager
def any_glyph() -> Iterator[None]:
    """Without warnings about letters that no font here has: a name is drawn as well as it can be.

    matplotlib leaves a box in the place of such a letter.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph \d+ .*missing from", UserWarning)
        yield


def divided(
    ax: Axes, widths: Sequence[float], heights: Sequence[float], gap: float | None = None
) -> NDArray[Any]:
    """New axes in the place of `ax`, which is left there empty and without a frame.

    Parameters
    ----------
    ax : of a grid, as ``figure.subplots`` and ``figure.add_subplot`` make them.
    widths, heights : of the columns and rows, in proportion.
    gap : between columns, as a share of their mean width; None is matplotlib's.

    Returns
    -------
    Axes, (rows, columns).

    Raises
    ------
    ParameterError : `ax` was put at a position of its own.
    """
    import numpy as np

    place = ax.get_subplotspec()
    if place is None:
        raise ParameterError(
            "this picture has several parts, and the axes given stand at a position of their own, "
            "expected axes of a grid: make them with figure.subplots() or figure.add_subplot()"
        )
    ax.set_axis_off()
    grid = place.subgridspec(
        len(heights), len(widths), wspace=gap, width_ratios=widths, height_ratios=heights
    )
    figure = ax.get_figure(root=False)
    assert figure is not None
    parts = [[figure.add_subplot(cell) for cell in row] for row in _cells(grid)]
    return np.array(parts, dtype=object)


def _cells(grid: Any) -> list[list[Any]]:
    rows, columns = grid.get_geometry()
    return [[grid[i, j] for j in range(columns)] for i in range(rows)]


def format_of(suffix: str) -> str:
    """The format that the end of a file's name asks for, ``.png`` say.

    Raises
    ------
    ParameterError : a picture does not come in that format.
    """
    form = suffix.lower().removeprefix(".")
    if form not in FORMATS:
        raise ParameterError(
            f"a picture cannot be written as {suffix or 'a file without a suffix'!r}, expected a "
            f"name that ends in one of: {', '.join('.' + known for known in FORMATS)}"
        )
    return form


def encoded(ax: Axes, form: str) -> bytes:
    """The bytes of the figure that `ax` is in; the same picture gives the same bytes.

    Parameters
    ----------
    ax : axes of a figure.
    form : of ``FORMATS``; see `format_of`.

    Returns
    -------
    What a file of that format holds, at 150 dots an inch.
    """
    import matplotlib

    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "mixtura"}), any_glyph():
        figure_of(ax).savefig(
            buffer,
            format=form,
            dpi=_DOTS_PER_INCH,
            bbox_inches="tight",
            metadata=dict(FORMATS[form]),
        )
    return buffer.getvalue()


def in_rows(count: int, outside: int = 0) -> str:
    """How many rows there are, and how many of them the picture leaves out: 1,000 rows."""
    words = f"{count:,} row{'' if count == 1 else 's'}"
    return f"{words}, {outside:,} outside" if outside else words


def shortened(name: str, longest: int = _LONGEST_NAME) -> str:
    """A name fit to be printed, cut where it has more characters than `longest`."""
    text = printable(name)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def tidied(ax: Axes) -> Axes:
    """`ax` without the two sides of its frame that carry no scale."""
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def beside(ax: Axes, data: list[Any], components: list[Any], lines: list[Any]) -> None:
    """A legend to the right of the data, where it covers none.

    Of many components those of the first numbers are listed, for a list as long as the picture.

    Parameters
    ----------
    data, components, lines : artists with a label, in the order of the legend.
    """
    legend = ax.legend(
        handles=[*data, *listed(components), *lines],
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        borderaxespad=0.0,
        frameon=False,
        fontsize="small",
    )
    plain(legend.get_texts())


def below(ax: Axes, columns: int = 1) -> None:
    """A legend under the name of the horizontal axis, of all that has a label."""
    from matplotlib.transforms import offset_copy

    under = offset_copy(ax.transAxes, figure_of(ax), y=_UNDER, units="points")
    legend = ax.legend(
        loc="upper left",
        bbox_to_anchor=(0.0, 0.0),
        bbox_transform=under,
        borderaxespad=0.0,
        frameon=False,
        fontsize="small",
        ncols=columns,
    )
    plain(legend.get_texts())


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


def figure_of(ax: Axes) -> Figure:
    """The figure at the root of `ax`, out of any subfigure."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    return figure
