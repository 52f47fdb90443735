"""Canvas: where a picture is drawn, and how it becomes a file's bytes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from mixtura.errors import MissingExtraError, ParameterError
from mixtura.textual import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "FORMATS",
    "axes_or_new",
    "beside",
    "encoded",
    "figure_of",
    "format_of",
    "name_axis",
    "offscreen_axes",
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
_LONGEST_NAME = 60
#: how many components a legend lists
_LISTED = 18


def axes_or_new(ax: Axes | None) -> Axes:
    """`ax`, or the axes of a new pyplot figure, which a notebook shows by itself.

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
    return pyplot.subplots(figsize=_SIZE, layout="constrained")[1]


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
    with matplotlib.rc_context({"svg.hashsalt": "mixtura"}):
        figure_of(ax).savefig(
            buffer,
            format=form,
            dpi=_DOTS_PER_INCH,
            bbox_inches="tight",
            metadata=dict(FORMATS[form]),
        )
    return buffer.getvalue()


def name_axis(ax: Axes, which: str, name: str) -> None:
    """Label axis `which`, "x" or "y", with a feature's name as it stands.

    A name comes from a file's header: its dollars and backslashes are no mathematics, control
    characters are written out, and what exceeds the figure is cut.
    """
    text = printable(name)
    if len(text) > _LONGEST_NAME:
        text = text[: _LONGEST_NAME - 1] + "…"
    ax.set(**{f"{which}label": text})
    getattr(ax, f"{which}axis").label.set(parse_math=False, usetex=False)


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
    from matplotlib.lines import Line2D

    listed = components
    if len(components) > _LISTED:
        more = f"and {len(components) - _LISTED} more components"
        listed = [*components[:_LISTED], Line2D([], [], linestyle="none", label=more)]
    ax.legend(
        handles=[*data, *listed, *lines],
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        borderaxespad=0.0,
        frameon=False,
        fontsize="small",
    )


def figure_of(ax: Axes) -> Figure:
    """The figure at the root of `ax`, out of any subfigure."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    return figure
