"""Ellipses: the 1-, 2- and 3-sigma outlines of two-dimensional components."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.model.mixture import Mixture
from mixtura.views.plots.palette import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

__all__ = ["CROWD", "draw_ellipses", "draw_means", "draw_outlines", "principal_axes"]

#: with more components than this, what is written is smaller or left out
CROWD = 15
Ellipses = tuple[tuple[float, float], ...]

#: sigma and line width of each ellipse: the inner one is the one to see first
_ELLIPSES: Ellipses = ((1.0, 1.6), (2.0, 1.1), (3.0, 0.8))


def principal_axes(covariance: Floats) -> tuple[float, float, float]:
    """The 1-sigma ellipse of a covariance (2, 2): half axes, and the turn of the first.

    Σ = V diag(λ) Vᵀ: the half axes are √λ, long before short, in feature units, and the long one
    points along its eigenvector, turned from the x axis by so many degrees.
    """
    values, vectors = np.linalg.eigh(covariance)
    short, long = np.sqrt(values)
    along = vectors[:, 1]
    return float(long), float(short), float(np.degrees(np.arctan2(along[1], along[0])))


def draw_ellipses(ax: Axes, mixture: Mixture) -> list[Line2D]:
    """Three ellipses a component, component after component, the 1-sigma one first.

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
    """Those ellipses alone: of each the sigma, and the line's width."""
    from matplotlib.patches import Ellipse

    for k, covariance in enumerate(mixture.covariance_matrices()):
        long, short, turn = principal_axes(covariance)
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


def draw_means(ax: Axes, mixture: Mixture) -> None:
    """The number of each component, at its mean."""
    from matplotlib.patheffects import withStroke

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
            path_effects=[withStroke(linewidth=3.5, foreground="white")],
            zorder=4.0,
        )
