"""Contours: lines of equal log density in two features."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.views.plots.ellipses import CROWD
from mixtura.views.plots.selection import Selection

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

__all__ = ["draw_contours"]

Extent = tuple[float, float]

_COLOUR = "0.5"
#: the lines go down to the log density that this share of the rows lies below, percent
_LOWEST = 1.0
#: how many lines at most
_MOST = 9


def draw_contours(ax: Axes, shown: Selection, x_extent: Extent, y_extent: Extent) -> list[Line2D]:
    """Draw lines of log p(x, y), nats, at even steps where the rows are.

    Returns
    -------
    The legend's entry for them; none where the density is too steep to have a line.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import withStroke

    x = shown.grid(0, x_extent, fine=200, even=120)
    y = shown.grid(1, y_extent, fine=200, even=120)
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    heights = shown.marginal.score_samples(points).reshape(len(y), len(x))
    levels = _levels(shown, heights)
    if len(levels) == 0:
        return []
    heights = np.maximum(heights, levels[0] - 1.0)  # −inf has no slope to interpolate
    lines = ax.contour(
        x, y, heights, levels=levels, colors=_COLOUR, linestyles="-", linewidths=0.6, zorder=2.0
    )
    key = [Line2D([], [], color=_COLOUR, linewidth=0.8, label="log density, nats")]
    # A halo keeps a thin line legible over a crowd of points.
    lines.set_path_effects([withStroke(linewidth=1.5, foreground="white", alpha=0.6)])
    if shown.marginal.n_components > CROWD:
        return key
    # The highest line is short and close to a mean, which has a number already.
    for text in ax.clabel(lines, levels[:-1], fmt="%g", fontsize=7, inline=False, colors="0.4"):
        text.set_path_effects([withStroke(linewidth=2.0, foreground="white")])
    return key


def _levels(shown: Selection, heights: Floats) -> Floats:
    """Round levels strictly inside what the grid reaches.

    The lower half of the rows sets the step: a narrow component is as high as you like, and the
    lines are for the rows.
    """
    from matplotlib.ticker import MaxNLocator

    rows = shown.rows if len(shown.rows) else shown.marginal.sample(1000, 0)[0]
    scores = shown.marginal.score_samples(rows)
    scores = scores[np.isfinite(scores)]
    if len(scores) == 0 or np.ptp(scores) == 0.0:
        return np.empty(0)
    low, middle = np.percentile(scores, [_LOWEST, 50.0])
    ticks = np.asarray(MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(low, middle))
    levels = ticks[0] + (ticks[1] - ticks[0]) * np.arange(_MOST)
    return levels[(levels > heights.min()) & (levels < heights.max())]
