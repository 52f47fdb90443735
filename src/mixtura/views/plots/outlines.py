"""Outlines: ellipses, contours and regions of a mixture in the plane of two features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.model.mixture import Mixture
from mixtura.views.plots.lettering import halo
from mixtura.views.plots.palette import parts_of, style
from mixtura.views.plots.projection import Projection

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

#: with more components than this, what is written is smaller or left out
CROWD = 15
#: with more than this many none is numbered
_NUMBERED = 50
Ellipses = tuple[tuple[float, float], ...]
#: sigma and line width of each ellipse: the inner one is the one to see first
_ELLIPSES: Ellipses = ((1.0, 1.6), (2.0, 1.1), (3.0, 0.8))
_CONTOUR = "0.5"
#: the lines go down to the log density that this share of the rows lies below, percent
_LOWEST = 1.0
#: how many lines at most
_LINES = 9
#: what lies within a line around a region, of the probability; the widest region first
_SHARES = (0.99, 0.9, 0.5)
_WIDTHS = (0.7, 1.1, 1.6)
_REGION = "0.25"
#: draws from the mixture; the share that lies above a level is known to within 0.2 %
_DRAWS = 50_000


def principal_axes(covariances: Floats) -> tuple[Floats, Floats, Floats]:
    """The 1-sigma ellipses of covariances (..., 2, 2): half axes, and the turn of the first, (...).

    Σ = V diag(λ) Vᵀ: the half axes are √λ, long before short, in feature units, and the long one
    points along its eigenvector, turned from the x axis by so many degrees.
    """
    values, vectors = np.linalg.eigh(covariances)
    short, long = np.moveaxis(np.sqrt(values), -1, 0)
    return long, short, np.degrees(np.arctan2(vectors[..., 1, 1], vectors[..., 0, 1]))


def draw_ellipses(ax: Axes, mixture: Mixture) -> list[Line2D]:
    """Draw three ellipses a component, component after component, the 1-sigma one first.

    Returns
    -------
    The legend's entry for them. In two dimensions 1 − exp(−s²/2) of a normal density lies within
    s sigma.
    """
    from matplotlib.lines import Line2D

    draw_outlines(ax, mixture, _ELLIPSES)
    words = "ellipses: 1, 2, 3 sigma\n(39, 86, 99 % of a component)"
    return [Line2D([], [], color="0.35", linewidth=1.2, label=words)]


def draw_outlines(ax: Axes, mixture: Mixture, ellipses: Ellipses = _ELLIPSES[:1]) -> None:
    """Draw ellipses of each component, given by their sigmas and the widths of their lines."""
    if mixture.n_components > CROWD:
        _draw_bundle(ax, mixture, ellipses)
        return
    from matplotlib.patches import Ellipse

    axes = np.transpose(principal_axes(mixture.covariance_matrices())).tolist()
    for k, (long, short, turn) in enumerate(axes):
        look = style(k)
        for sigma, width in ellipses:
            ax.add_patch(
                Ellipse(
                    (float(mixture.means[k, 0]), float(mixture.means[k, 1])),
                    2.0 * sigma * long,
                    2.0 * sigma * short,
                    angle=turn,
                    fill=False,
                    edgecolor=look.edge,
                    linestyle=look.line,
                    linewidth=width,
                    zorder=3.0,
                )
            )


def _draw_bundle(ax: Axes, mixture: Mixture, ellipses: Ellipses) -> None:
    """Draw the ellipses of many components, those of one sigma as one artist."""
    from matplotlib.collections import EllipseCollection

    long, short, turn = principal_axes(mixture.covariance_matrices())
    looks = [style(k) for k in range(mixture.n_components)]
    for sigma, width in ellipses:
        ax.add_collection(
            EllipseCollection(
                2.0 * sigma * long,
                2.0 * sigma * short,
                turn,
                units="xy",
                offsets=mixture.means,
                offset_transform=ax.transData,
                facecolors="none",
                edgecolors=[look.edge for look in looks],
                linestyles=[look.line for look in looks],
                linewidths=width,
                zorder=3.0,
            ),
            autolim=False,
        )


def draw_means(ax: Axes, mixture: Mixture) -> None:
    """Write the number of each component at its mean, where there is room for numbers."""
    if mixture.n_components > _NUMBERED:
        return
    for k, (x, y) in enumerate(mixture.means):
        ax.text(
            x,
            y,
            str(k),
            color=style(k).edge,
            fontweight="bold",
            fontsize="medium" if mixture.n_components <= CROWD else "x-small",
            ha="center",
            va="center",
            clip_on=True,
            path_effects=halo(3.5),
            zorder=4.0,
        )


def draw_contours(ax: Axes, shown: Projection) -> list[Line2D]:
    """Draw lines of log p(x, y), nats, at even steps where the rows are, within the limits set.

    Returns
    -------
    The legend's entry for them; none where the density is too steep to have a line.
    """
    from matplotlib.lines import Line2D

    x, y, heights = shown.surface(ax, even=120)
    levels = _levels(shown, heights)
    if len(levels) == 0:
        return []
    heights = np.maximum(heights, levels[0] - 1.0)  # −inf has no slope to interpolate
    lines = ax.contour(
        x, y, heights, levels=levels, colors=_CONTOUR, linestyles="-", linewidths=0.6, zorder=2.0
    )
    key = [Line2D([], [], color=_CONTOUR, linewidth=0.8, label="log density, nats")]
    # A halo keeps a thin line legible over a crowd of points.
    lines.set_path_effects(halo(1.5, 0.6))
    if shown.marginal.n_components > CROWD:
        return key
    # The highest line is short and close to a mean, which has a number already.
    for text in ax.clabel(lines, levels[:-1], fmt="%g", fontsize=7, inline=False, colors="0.4"):
        text.set_path_effects(halo(2.0))
    return key


def _levels(shown: Projection, heights: Floats) -> Floats:
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
    levels = ticks[0] + (ticks[1] - ticks[0]) * np.arange(_LINES)
    return levels[(levels > heights.min()) & (levels < heights.max())]


def draw_regions(ax: Axes, shown: Projection) -> list[Line2D]:
    """Draw lines around the smallest areas that hold 50, 90 and 99 %, within the limits set.

    Returns
    -------
    The legend's entries for them.
    """
    from matplotlib.lines import Line2D

    x, y, heights = shown.surface(ax, even=160)
    levels = region_levels(shown.marginal, _SHARES)
    drawn = [
        (level, width, share)
        for level, width, share in zip(levels, _WIDTHS, _SHARES, strict=True)
        if heights.min() < level < heights.max()
    ]
    for level, width, _ in drawn:
        lines = ax.contour(
            x,
            y,
            np.maximum(heights, level - 1.0),  # −inf has no slope to interpolate
            levels=[level],
            colors=_REGION,
            linestyles="-",
            linewidths=width,
            zorder=2.5,
        )
        lines.set_path_effects(halo(width + 1.2, 0.7))
    return [
        Line2D([], [], color=_REGION, linewidth=width, label=f"{100 * share:.0f} % of the density")
        for _, width, share in reversed(drawn)
    ]


def component_lines(mixture: Mixture) -> list[Line2D]:
    """The legend's entry for the outline of each component."""
    from matplotlib.lines import Line2D

    return [
        Line2D(
            [], [], color=part.look.edge, linestyle=part.look.line, linewidth=1.8, label=part.label
        )
        for part in parts_of(mixture)[: mixture.n_components]
    ]


def region_levels(mixture: Mixture, shares: Sequence[float]) -> Floats:
    """The log densities above which the shares of the mixture lie, (·,), nats.

    The region {x : log p(x) ≥ level} is the smallest that holds its share of the probability. The
    level is the quantile of log p(x) at 1 − share, over draws x from the mixture with a fixed
    seed.

    Parameters
    ----------
    mixture : the density.
    shares : between 0 and 1.

    References
    ----------
    Hyndman 1996, "Computing and graphing highest density regions", The American Statistician 50,
    section 3.2.

    Examples
    --------
    >>> from mixtura import Mixture
    >>> from mixtura.views.plots.outlines import region_levels
    >>> m = Mixture([1.0], [[0.0, 0.0]], [[[1.0, 0.0], [0.0, 1.0]]])
    >>> region_levels(m, [0.5]).round(1).tolist()  # −log 2π + log(1 − 0.5)
    [-2.5]
    """
    rows, _ = mixture.sample(_DRAWS, 0)
    return np.quantile(mixture.score_samples(rows), 1.0 - np.asarray(shares))
