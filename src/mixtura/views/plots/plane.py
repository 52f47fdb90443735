"""Plane: the density of two features, over the rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mixtura.model.mixture import Mixture
from mixtura.views.plots.canvas import axes_or_new, beside, in_rows, tidied
from mixtura.views.plots.crowd import draw_crowd
from mixtura.views.plots.ellipses import draw_means, draw_outlines
from mixtura.views.plots.equal import set_extents
from mixtura.views.plots.naming import name_axis
from mixtura.views.plots.palette import style
from mixtura.views.plots.regions import region_levels
from mixtura.views.plots.selection import Selection, select

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

__all__ = ["component_lines", "draw_regions", "plane"]

#: what lies within a line, of the probability; the widest first
SHARES = (0.99, 0.9, 0.5)
_WIDTHS = (0.7, 1.1, 1.6)
_LINE = "0.25"
#: the colour of rows, whatever their component
_ROWS = (0.45, 0.50, 0.58)
_REACH = 3.2


def plane(
    mixture: Mixture,
    X: Any = None,
    *,
    features: Sequence[int | str] | None = None,
    equal: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Lines around the smallest areas that hold 50, 90 and 99 % of a mixture, over the rows.

    Each component is there with its 1-sigma ellipse.

    Parameters
    ----------
    mixture, X, features, equal, ax : as for `scatter`.

    Returns
    -------
    The axes, in feature units.

    Raises
    ------
    MissingExtraError : matplotlib is not installed.
    ParameterError : not exactly two features, or one that does not exist.
    DataError : no row, wrong shape, missing columns, NaN or infinity.

    Notes
    -----
    One pass over the rows, one over 50,000 draws and one over a grid of at most some 10⁵ points.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from mixtura import Mixture
    >>> from mixtura.views.plots import plane
    >>> m = Mixture([1.0], [[0.0, 0.0]], [[[1.0, 0.5], [0.5, 2.0]]])
    >>> [text.get_text() for text in plane(m).get_legend().get_texts()][-1]
    '99 % of the density'
    """
    shown = select(mixture, X, features, 2)
    ax = axes_or_new(ax)
    near = shown.near(_REACH)
    count, shown = len(near), shown.kept(near)
    set_extents(ax, shown.extent(0, _REACH), shown.extent(1, _REACH), equal)
    data = _draw_rows(ax, shown, count)
    regions = draw_regions(ax, shown)
    draw_outlines(ax, shown.marginal)
    draw_means(ax, shown.marginal)
    for axis, name in zip("xy", shown.names, strict=True):
        name_axis(ax, axis, name)
    beside(ax, data, component_lines(shown.marginal), regions)
    return tidied(ax)


def draw_regions(ax: Axes, shown: Selection) -> list[Line2D]:
    """Draw the lines, on axes whose limits are set; the legend's entries for them."""
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import withStroke

    x = shown.grid(0, ax.get_xlim(), fine=200, even=160)
    y = shown.grid(1, ax.get_ylim(), fine=200, even=160)
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    heights = shown.marginal.score_samples(points).reshape(len(y), len(x))
    levels = region_levels(shown.marginal, SHARES)
    drawn = [
        (level, width, share)
        for level, width, share in zip(levels, _WIDTHS, SHARES, strict=True)
        if heights.min() < level < heights.max()
    ]
    for level, width, _ in drawn:
        lines = ax.contour(
            x,
            y,
            np.maximum(heights, level - 1.0),  # −inf has no slope to interpolate
            levels=[level],
            colors=_LINE,
            linestyles="-",
            linewidths=width,
            zorder=2.5,
        )
        lines.set_path_effects([withStroke(linewidth=width + 1.2, foreground="white", alpha=0.7)])
    return [
        Line2D([], [], color=_LINE, linewidth=width, label=f"{100 * share:.0f} % of the density")
        for _, width, share in reversed(drawn)
    ]


def _draw_rows(ax: Axes, shown: Selection, count: int) -> list[Line2D]:
    """The rows, in grey; the legend's entry for them, of all there are."""
    from matplotlib.lines import Line2D

    if not count:
        return []
    draw_crowd(ax, shown.rows, np.tile(_ROWS, (len(shown.rows), 1)))
    words = f"data, {in_rows(count, count - len(shown.rows))}"
    return [Line2D([], [], linestyle="none", marker="o", color=_ROWS, markersize=5, label=words)]


def component_lines(mixture: Mixture) -> list[Line2D]:
    """The legend's entry for the outline of each component."""
    from matplotlib.lines import Line2D

    keys = []
    for k, weight in enumerate(mixture.weights):
        look, words = style(k), f"component {k}, weight {weight:.3g}"
        line: Any = look.line
        keys.append(Line2D([], [], color=look.edge, linestyle=line, linewidth=1.8, label=words))
    return keys
