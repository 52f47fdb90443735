"""Density: a histogram of one feature under the curves of a mixture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats
from mixtura.model.distributions import normal_pdf
from mixtura.model.mixture import Mixture
from mixtura.views.kinds import Features
from mixtura.views.plots.canvas import axes_or_new, tidied
from mixtura.views.plots.lettering import beside, in_rows, name_axis
from mixtura.views.plots.outlines import CROWD
from mixtura.views.plots.palette import Part, parts_of
from mixtura.views.plots.projection import Projection, project

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: curves and histogram reach this far from each mean, standard deviations: 0.006 % is outside
_REACH = 4.0
#: of many components each is drawn at so many points, to so many standard deviations
_POINTS, _FAR = 61, 5.0
#: a curve more than this many times as tall as the tallest bar is cut, and says so
_TALLEST = 3.0


def density(
    mixture: Mixture,
    X: Any = None,
    *,
    features: Features = None,
    missing: str = "refuse",
    ax: Axes | None = None,
) -> Axes:
    """The histogram of a feature, each weighted component w_k N(x | μ_k, σ_k²), and their sum.

    Parameters
    ----------
    mixture : of D features; for D > 1 the marginal of the feature is drawn.
    X : (N, D) array-like, or a table with the mixture's columns; None draws the mixture
        on its own.
    features : one feature, by index or name; None takes the one in which the components differ
        most.
    missing : ``"em"`` where rows may lack features, as for `Mixture.predict`: those that lack this
        one are in no bar, and have a tick below where it is expected to be, given the rest.
    ax : where to draw; None makes a new figure.

    Returns
    -------
    The axes. The vertical scale is density, 1 over feature units: bars and sum each enclose an
    area of 1.

    Raises
    ------
    ParameterError : not exactly one feature, or one that does not exist.
    DataError : no row, wrong shape, missing columns, NaN or infinity.

    Notes
    -----
    One pass over the rows, and some thousand points of the curves.

    Examples
    --------
    >>> from mixtura import Mixture
    >>> from mixtura.views.plots import density
    >>> m = Mixture([0.5, 0.5], [[0.0], [4.0]], [[[1.0]], [[1.0]]], feature_names=["height"])
    >>> density(m, [[0.1], [3.9], [4.2]]).get_xlabel()
    'height'
    """
    shown = project(mixture, X, features, 1, missing=missing)
    ax = axes_or_new(ax)
    data, curves, sums = draw_density(ax, shown)
    name_axis(ax, "x", shown.names[0])
    name_axis(ax, "y", "density")
    beside(ax, [*data, *sums], curves, [])
    return tidied(ax)


def draw_density(
    ax: Axes, shown: Projection, width: float = 2.3
) -> tuple[list[Any], list[Any], list[Any]]:
    """Draw bars and curves of one feature, and set the limits.

    Parameters
    ----------
    width : of the total density's line, points; a component's has half of it.

    Returns
    -------
    The legend's entries: for the data, for each component, for the total density.
    """
    extent = shown.extent(0, _REACH)
    points = shown.grid(0, extent, fine=1200, even=600)
    mixture = shown.marginal
    total = np.exp(mixture.score_samples(points[:, None]))
    bars: list[Any] = []
    curves: list[Any] = []
    shown, lacking = shown.told_apart()
    tallest = float(total.max())
    if len(shown.rows):
        heights, edges = _histogram(shown, extent)
        words = f"data, {in_rows(len(shown.rows))}"
        bars = [ax.stairs(heights, edges, fill=True, color="0.86", label=words)]
        tallest = float(heights.max())
    if n := len(lacking.rows):
        bars += ax.plot(
            lacking.rows[:, 0],
            np.full(n, 0.015),
            transform=ax.get_xaxis_transform(),
            linestyle="none",
            marker="|",
            color="0.45",
            alpha=0.7,
            label=f"imputed, {in_rows(n)}",
            rasterized=n > 1000,
        )
    sums = ax.plot(points, total, color="0.1", linewidth=width, label="total density")
    parts = parts_of(mixture)
    if mixture.n_components > CROWD:
        curves += _draw_bundle(ax, mixture, parts, 0.5 * width)
    else:
        heights = np.exp(kernel.log_joint(points[:, None], mixture.gaussians))  # (·, K)
        for part, curve in zip(parts, heights.T, strict=False):
            look = {"color": part.look.edge, "linestyle": part.look.line, "label": part.label}
            ax.fill_between(points, curve, color=part.look.fill, alpha=0.18, linewidth=0.0)
            curves += ax.plot(points, curve, linewidth=0.5 * width, **look)
    if noise := mixture.noise:
        # Drawn where its rows are; beyond that it only says what a row would be taken for.
        ends, level = [noise.box.low[0], noise.box.high[0]], np.exp(noise.log_joint)
        last = parts[-1]
        look = {"color": last.look.edge, "linestyle": last.look.line, "label": last.label}
        curves += ax.plot(ends, [level, level], linewidth=1.4, **look)
    ax.set(xlim=extent)
    _limit_height(ax, points, total, tallest)
    return bars, curves, list(sums)


def _draw_bundle(ax: Axes, mixture: Mixture, parts: list[Part], width: float) -> list[Any]:
    """Draw the curves of many components as one artist, each as far as it reaches.

    Returns
    -------
    The legend's entry for each.
    """
    from matplotlib.collections import LineCollection
    from matplotlib.lines import Line2D

    z = np.linspace(-_FAR, _FAR, _POINTS)
    deviations = np.sqrt(mixture.variances())
    places = mixture.means + deviations * z
    heights = mixture.weights[:, None] / deviations * normal_pdf(z)
    looks = [part.look for part in parts[: mixture.n_components]]
    edges, lines = [look.edge for look in looks], [look.line for look in looks]
    curves = np.stack([places, heights], axis=-1)
    bundle = LineCollection(list(curves), colors=edges, linestyles=lines, linewidths=width)
    ax.add_collection(bundle, autolim=False)
    return [
        Line2D([], [], color=part.look.edge, linestyle=part.look.line, label=part.label)
        for part in parts[: mixture.n_components]
    ]


def _histogram(shown: Projection, extent: tuple[float, float]) -> tuple[Floats, Floats]:
    """Heights (b,) and edges (b + 1,) of bars with a total area of 1.

    The best width for the n rows of a normal density is 3.49·σ·n^(−1/3). The components' widths
    are averaged by weight, for that of the rows together would smear the modes; where the mixture
    is wider than the rows it is theirs all the same. There are 8 to 160 bars.

    References
    ----------
    Scott 1979, "On optimal and data-based histograms".
    """
    values = shown.rows[:, 0]
    rows_of = np.maximum(1.0, len(values) * shown.marginal.weights)  # (K,)
    weights = shown.marginal.weights / shown.marginal.weights.sum()
    of_components = weights @ (shown.deviations()[:, 0] * rows_of ** (-1.0 / 3.0))
    of_rows = float(values.std()) * len(values) ** (-1.0 / 3.0) or np.inf
    width = 3.49 * min(of_components, of_rows)
    bars = int(np.clip(np.ceil((extent[1] - extent[0]) / width), 8, 160))
    edges = np.linspace(*extent, bars + 1)
    counts, _ = np.histogram(values, edges)
    return counts / len(values) / np.diff(edges), edges


def _limit_height(ax: Axes, points: Floats, total: Floats, tallest: float) -> None:
    """Cut what would flatten the bars, with its height written where it leaves.

    Parameters
    ----------
    points, total : (·,), the curve.
    tallest : the height of the tallest bar, or of the curve where there is none.
    """
    highest = float(total.max())
    limit = 1.05 * min(max(highest, tallest), _TALLEST * tallest)
    ax.set_ylim(0.0, limit)
    if highest > limit:
        peak = float(points[total.argmax()])
        left, right = ax.get_xlim()
        leans_left = peak - left > right - peak
        ax.annotate(
            f"up to {highest:.3g}",
            (peak, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(-5.0 if leans_left else 5.0, -3.0),
            textcoords="offset points",
            ha="right" if leans_left else "left",
            va="top",
            fontsize="small",
        )
