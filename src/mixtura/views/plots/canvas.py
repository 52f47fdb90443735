"""Canvas: where a picture is drawn, and how it becomes a file's bytes."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from mixtura.errors import MissingExtraError, ParameterError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

#: file formats that a picture can take, each with the metadata that would tell the hour
FORMATS: dict[str, dict[str, None]] = {
    "png": {},
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
}
_SIZE = (8.0, 5.0)  # inches
_DOTS_PER_INCH = 150


def axes_or_new(ax: Axes | None, size: tuple[float, float] = _SIZE) -> Axes:
    """`ax`, or the axes of a new pyplot figure of that size, which a notebook shows by itself.

    Raises
    ------
    MissingExtraError : matplotlib is not installed.
    """
    if ax is not None:
        return ax
    with _needing_matplotlib():
        from matplotlib import pyplot
    return pyplot.subplots(figsize=size, layout="constrained")[1]


def offscreen_axes(size: tuple[float, float] = _SIZE) -> Axes:
    """Axes of a new figure of that size that pyplot knows nothing of: there is nothing to close.

    Raises
    ------
    MissingExtraError : matplotlib is not installed.
    """
    with _needing_matplotlib():
        from matplotlib.figure import Figure
    return Figure(figsize=size, layout="constrained").subplots()


@contextmanager
def _needing_matplotlib() -> Iterator[None]:
    try:
        yield
    except ImportError:
        raise MissingExtraError("matplotlib", "plot", "a picture") from None


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
    parts = [
        [figure.add_subplot(grid[i, j]) for j in range(len(widths))] for i in range(len(heights))
    ]
    return np.array(parts, dtype=object)


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
    """What a file of the figure that `ax` is in holds, in a form of ``FORMATS``.

    The same picture gives the same bytes.
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


def tidied(ax: Axes) -> Axes:
    """`ax` without the two sides of its frame that carry no scale."""
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def figure_of(ax: Axes) -> Figure:
    """The figure at the root of `ax`, out of any subfigure."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    return figure


class Drawing(Protocol):
    """A picture with its numbers computed, that can be drawn as often as wanted."""

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the figure that suits the picture, inches."""
        ...

    def draw(self, ax: Axes) -> tuple[Axes, ...]:
        """Draw on `ax`, or on axes in its place; return those that hold the picture."""
        ...


@dataclass(frozen=True)
class Single:
    """A picture on one pair of axes.

    Parameters
    ----------
    on : draws it on the axes given.
    size : of the figure that suits it, inches.
    """

    on: Callable[[Axes], Axes]
    size: tuple[float, float] = _SIZE

    def draw(self, ax: Axes) -> tuple[Axes, ...]:
        """Draw on `ax`; return it, alone."""
        return (self.on(ax),)


def drawn(drawing: Drawing, ax: Axes | None) -> tuple[Axes, ...]:
    """The axes that hold `drawing`, in the place of `ax` or of a new figure's.

    Raises
    ------
    MissingExtraError : matplotlib is not installed.
    """
    return drawing.draw(axes_or_new(ax, drawing.size))
