"""Responsibilities: how sure it is which component a row belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Floats
from mixtura.model.mixture import Mixture
from mixtura.views.kinds import Features
from mixtura.views.plots.canvas import axes_or_new, tidied
from mixtura.views.plots.crowd import MANY, draw_crowd, mixed_of_rows
from mixtura.views.plots.lettering import beside, halo, in_rows, name_axis
from mixtura.views.plots.outlines import component_lines, draw_means, draw_outlines
from mixtura.views.plots.palette import parts_of, style
from mixtura.views.plots.projection import Projection, one_or_two, project, set_extents

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_REACH = 3.2
#: where rows stand below the areas, in responsibilities
_RUG = (-0.075, -0.02)
#: an area this high has room for a number
_NUMBERED = 0.12
#: and none so near to an end of the picture, as a share of its width
_EDGE = 0.015
_ELLIPSES = ((1.0, 1.6), (2.0, 0.9))


def responsibilities(
    mixture: Mixture,
    X: Any = None,
    *,
    features: Features = None,
    equal: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Of one feature r_k(x) over x, as areas that add up to 1; of two the rows in mixed colours.

    A row's colour is the mean of its components' colours, weighted by its responsibilities.

    Parameters
    ----------
    mixture : of D features. For D > 2 the ellipses are those of the marginal of the pair, while a
        row's responsibilities are those under all features.
    X, features, equal, ax : as for `plot`.

    Raises
    ------
    ParameterError, DataError : as for `plot`.

    Notes
    -----
    One pass over the rows, N·K numbers of memory.

    Examples
    --------
    >>> from mixtura import Mixture
    >>> from mixtura.views.plots import responsibilities
    >>> m = Mixture([0.5, 0.5], [[0.0], [4.0]], [[[1.0]], [[1.0]]], feature_names=["height"])
    >>> responsibilities(m, [[0.1], [3.9], [4.2]]).get_ylabel()
    'responsibility'
    """
    count = one_or_two(mixture, features, equal)
    shown = project(mixture, X, features, count)
    ax = axes_or_new(ax)
    near = shown.near(_REACH)
    colours = np.empty((0, 3)) if X is None else mixed_of_rows(mixture, X)[near]
    words = in_rows(len(near), int(np.sum(~near)))
    shown = shown.kept(near)
    if count == 1:
        _draw_areas(ax, shown, colours)
    else:
        _draw_plane(ax, shown, colours, equal)
    name_axis(ax, "x", shown.names[0])
    if X is not None:
        ax.set_title(words + " below" * (count == 1), loc="left", fontsize="medium")
    return tidied(ax)


def _draw_areas(ax: Axes, shown: Projection, colours: Any) -> None:
    """Draw r_k(x), one above the other, and the rows below."""
    extent = shown.extent(0, _REACH)
    points = shown.grid(0, extent, fine=1200, even=600)
    shares = shown.marginal.predict_proba(points[:, None])  # (·, K)
    ends = np.cumsum(shares, axis=1)
    areas = [
        ax.fill_between(
            points,
            ends[:, k] - shares[:, k],
            ends[:, k],
            facecolor=(*part.look.fill, 0.55),
            edgecolor="white",
            linewidth=0.8,
            label=part.label,
        )
        for k, part in enumerate(parts_of(shown.marginal))
    ]
    _draw_numbers(ax, points, shares[:, : shown.marginal.n_components], ends)
    ax.set(xlim=extent, ylim=(_RUG[0] - 0.01, 1.0) if len(shown.rows) else (0.0, 1.0))
    ax.set(ylabel="responsibility", yticks=np.linspace(0.0, 1.0, 6))
    if len(shown.rows):
        _draw_rug(ax, shown, colours)
    beside(ax, [], areas, [])


def _draw_numbers(ax: Axes, points: Floats, shares: Floats, ends: Floats) -> None:
    """Write the number of each component where its area is highest: colours come round again."""
    width = points[-1] - points[0]
    inner = (points > points[0] + _EDGE * width) & (points < points[-1] - _EDGE * width)
    points, shares, ends = points[inner], shares[inner], ends[inner]
    for k in range(shares.shape[1]):
        at = _middle_of_the_widest(points, shares[:, k] >= 0.98 * shares[:, k].max())
        if shares[at, k] < _NUMBERED:
            continue
        ax.text(
            points[at],
            ends[at, k] - 0.5 * shares[at, k],
            str(k),
            color=style(k).edge,
            fontweight="bold",
            ha="center",
            va="center",
            clip_on=True,
            path_effects=halo(3.0),
        )


def _middle_of_the_widest(points: Floats, high: NDArray[np.bool_]) -> int:
    """The place of the point in the middle of the widest stretch where all are high."""
    steps = np.flatnonzero(np.diff(np.concatenate([[False], high, [False]])))
    starts, ends = steps[::2], steps[1::2] - 1
    widest = int(np.argmax(points[ends] - points[starts]))
    middle = 0.5 * (points[starts[widest]] + points[ends[widest]])
    return int(np.argmin(np.abs(points - middle)))


def _draw_rug(ax: Axes, shown: Projection, colours: Any) -> None:
    """Draw a line a row, all of them one image where they are many."""
    n = len(shown.rows)
    drawn = slice(None) if n <= MANY else np.random.RandomState(0).permutation(n)[:MANY]
    ax.vlines(
        shown.rows[drawn, 0],
        *_RUG,
        colors=colours[drawn],
        alpha=float(np.clip(60.0 / n, 0.05, 0.7)),
        linewidth=0.8,
        rasterized=n > 1000,
    )


def _draw_plane(ax: Axes, shown: Projection, colours: Any, equal: bool) -> None:
    """Draw the rows, and the outlines of the components."""
    set_extents(ax, shown, _REACH, equal)
    if len(shown.rows):
        draw_crowd(ax, shown.rows, colours)
    draw_outlines(ax, shown.marginal, _ELLIPSES)
    draw_means(ax, shown.marginal)
    name_axis(ax, "y", shown.names[1])
    beside(ax, [], component_lines(shown.marginal), [])
