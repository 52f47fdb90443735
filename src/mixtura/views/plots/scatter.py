"""Scatter: rows by component, over the ellipses and the log density of a mixture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.model.mixture import Mixture
from mixtura.views.plots.canvas import axes_or_new, beside, figure_of, tidied
from mixtura.views.plots.contours import draw_contours
from mixtura.views.plots.crowd import MANY, draw_crowd
from mixtura.views.plots.ellipses import draw_ellipses, draw_means
from mixtura.views.plots.equal import set_extents
from mixtura.views.plots.naming import name_axis
from mixtura.views.plots.palette import NOISE_STYLE, style
from mixtura.views.plots.selection import Selection, select

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

__all__ = ["scatter"]

#: the outermost ellipse, standard deviations: the picture has room for it
_REACH = 3.0
#: beyond this many rows the points of a vector file are one image
_MANY_ROWS = 2000
#: how opaque a row on its own is, and the least that still adds up to something
_OPAQUE, _FAINT = 0.8, 0.05


def scatter(
    mixture: Mixture,
    X: Any = None,
    *,
    features: Sequence[int | str] | None = None,
    equal: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Rows in the colour of their component, 1-, 2- and 3-sigma ellipses, log-density contours.

    The s-sigma ellipse of component k is {x : (x − μ_k)ᵀ Σ_k⁻¹ (x − μ_k) = s²}.

    Parameters
    ----------
    mixture : of D features; for D > 2 ellipses and contours are those of the marginal of the
        pair, while a row's component is that under all features.
    X : (N, D) array-like, or a table with the mixture's columns; None draws the mixture
        on its own.
    features : two features, by index or name; None takes the two in which the components differ
        most.
    equal : whether one unit is as long on both axes, for features of one unit.
    ax : where to draw; None makes a new figure.

    Returns
    -------
    The axes, in feature units; contours are labelled in nats.

    Raises
    ------
    MissingExtraError : matplotlib is not installed.
    ParameterError : not exactly two features, or one that does not exist.
    DataError : no row, wrong shape, missing columns, NaN or infinity.

    Notes
    -----
    One pass over the rows, and one over a grid of at most some 10⁵ points. Beyond 5,000 rows cells
    are shaded: one has the mean colour of its rows, and is the fuller the more they are.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from mixtura import Mixture
    >>> from mixtura.views.plots import scatter
    >>> m = Mixture([1.0], [[0.0, 0.0]], [[[1.0, 0.5], [0.5, 2.0]]])
    >>> ax = scatter(m, [[0.5, 1.0], [-1.0, 0.2]])
    >>> ax.get_xlabel(), ax.get_ylabel(), len(ax.patches)
    ('x0', 'x1', 3)
    """
    shown = select(mixture, X, features, 2)
    ax = axes_or_new(ax)
    set_extents(ax, shown.extent(0, _REACH), shown.extent(1, _REACH), equal)
    if len(shown.rows):
        _draw_rows(ax, shown)
    contours = draw_contours(ax, shown, ax.get_xlim(), ax.get_ylim())
    outlines = draw_ellipses(ax, shown.marginal)
    draw_means(ax, shown.marginal)
    for axis, name in zip("xy", shown.names, strict=True):
        name_axis(ax, axis, name)
    beside(ax, [], _keys(shown.marginal), [*outlines, *contours])
    return tidied(ax)


def _draw_rows(ax: Axes, shown: Selection) -> None:
    """The points, mixed: no component hides another because it was drawn later.

    Beyond `MANY` rows they are a shading, as in other pictures.
    """
    n = len(shown.rows)
    # The label of noise, −1, is the last of them.
    looks = [*map(style, range(shown.marginal.n_components)), NOISE_STYLE]
    fills = np.array([look.fill for look in looks])  # (K + 1, 3)
    if n > MANY:
        draw_crowd(ax, shown.rows, fills[shown.labels])
        return
    size = float(np.clip(600.0 / np.sqrt(n), 2.0, 22.0))
    opacity = _opacity(ax, shown, size)
    order = np.random.RandomState(0).permutation(n)
    markers = np.array([look.marker for look in looks])
    of_row = markers[shown.labels[order]]
    for marker in np.unique(of_row):
        chosen = order[of_row == marker]
        ax.scatter(
            shown.rows[chosen, 0],
            shown.rows[chosen, 1],
            c=fills[shown.labels[chosen]],
            marker=marker,
            s=size,
            alpha=opacity[chosen],
            linewidths=0.8 if marker == NOISE_STYLE.marker else 0.0,
            rasterized=n > _MANY_ROWS,
            zorder=1.0,
        )


def _opacity(ax: Axes, shown: Selection, size: float) -> Floats:
    """How opaque each row is, (N,): the fuller its neighbourhood, the less, so that a crowd does
    not become a blot while a row on its own stays plain.

    N·p(x)·a rows are expected to share the area a of a point, `size` square points on the page.
    The ink there then grows with the 0.4th power of that number, so that a crowd still darkens
    towards its middle.
    """
    box = ax.get_window_extent()
    points = figure_of(ax).dpi / 72.0  # pixels
    share = size * points**2 / (box.width * box.height)
    area = share * np.ptp(ax.get_xlim()) * np.ptp(ax.get_ylim())  # feature units
    log_sharing = np.log(len(shown.rows) * area) + shown.marginal.score_samples(shown.rows)
    return np.maximum(_OPAQUE * np.exp(-0.6 * np.maximum(log_sharing, 0.0)), _FAINT)


def _keys(mixture: Mixture) -> list[Line2D]:
    """The legend's entry for each component."""
    from matplotlib.lines import Line2D

    keys = []
    for k, weight in enumerate(mixture.weights):
        look = style(k)
        keys.append(
            Line2D(
                [],
                [],
                color=look.edge,
                linestyle="none",
                marker=look.marker,
                markerfacecolor=look.fill,
                label=f"component {k}, weight {weight:.3g}",
            )
        )
    if mixture.noise:
        look, words = NOISE_STYLE, f"noise, weight {mixture.noise.weight:.3g}"
        keys.append(
            Line2D([], [], color=look.fill, linestyle="none", marker=look.marker, label=words)
        )
    return keys
