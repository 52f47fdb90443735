"""Plane: the rows of two features, under the density of a mixture or by component."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.model.mixture import Mixture
from mixtura.views.kinds import Features
from mixtura.views.plots import outlines
from mixtura.views.plots.canvas import axes_or_new, figure_of, tidied
from mixtura.views.plots.crowd import MANY, draw_crowd, draw_imputed
from mixtura.views.plots.density import density
from mixtura.views.plots.error_ellipses import draw_errors, of_pair
from mixtura.views.plots.lettering import beside, in_rows, name_axis
from mixtura.views.plots.palette import parts_of
from mixtura.views.plots.projection import Projection, one_or_two, project, set_extents, shown_count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

#: the outermost ellipse of a scatter, standard deviations, and what else a picture has room for
_SCATTERED, _REACH = 3.0, 3.2
#: the colour of rows, whatever their component
_ROWS = (0.45, 0.50, 0.58)
#: beyond this many rows the points of a vector file are one image
_MANY_ROWS = 2000
#: how opaque a row on its own is, and the least that still adds up to something
_OPAQUE, _FAINT = 0.8, 0.05


def plot(
    mixture: Mixture,
    X: Any = None,
    *,
    features: Features = None,
    equal: bool = False,
    errors: Any = None,
    missing: str = "refuse",
    ax: Axes | None = None,
) -> Axes:
    """The `density` of one feature, or the `scatter` of two.

    Parameters
    ----------
    mixture, X, missing, ax : as for `density` and `scatter`.
    features : one or two, by index or name; None takes the only one there is, or the two in
        which the components differ most.
    equal : whether one unit is as long on both axes, for two features of one unit.
    errors : as for `scatter`; a density is that of true values, and draws none.

    Raises
    ------
    DataError : as for those.
    ParameterError : neither one nor two features, or one that does not exist; or equal scales of
        one.

    Examples
    --------
    >>> from mixtura import Mixture
    >>> from mixtura.views.plots import plot
    >>> m = Mixture([1.0], [[0.0, 0.0]], [[[1.0, 0.5], [0.5, 2.0]]], feature_names=["a", "b"])
    >>> plot(m, [[0.5, 1.0], [-1.0, 0.2]], features=["b"]).get_ylabel()
    'density'
    """
    if one_or_two(mixture, features, equal) == 1:
        return density(mixture, X, features=features, missing=missing, ax=ax)
    choices: dict[str, Any] = {"equal": equal, "errors": errors, "missing": missing}
    return scatter(mixture, X, features=features, **choices, ax=ax)


def density_or_plane(
    mixture: Mixture, X: Any, *, features: Features, equal: bool, missing: str, ax: Axes
) -> Axes:
    """The `density` of one feature, or the `plane` of two."""
    if shown_count(mixture, features, equal) == 1:
        return density(mixture, X, features=features, missing=missing, ax=ax)
    return plane(mixture, X, features=features, equal=equal, missing=missing, ax=ax)


def plane(
    mixture: Mixture,
    X: Any = None,
    *,
    features: Features = None,
    equal: bool = False,
    missing: str = "refuse",
    ax: Axes | None = None,
) -> Axes:
    """Lines around the smallest areas that hold 50, 90 and 99 % of a mixture, over the rows.

    Each component is there with its 1-sigma ellipse.

    Parameters
    ----------
    mixture, X, features, equal, missing, ax : as for `scatter`.

    Returns
    -------
    The axes, in feature units.

    Raises
    ------
    ParameterError, DataError : as for `scatter`.

    Notes
    -----
    One pass over the rows, one over 50,000 draws and one over a grid of at most some 10⁵ points.

    Examples
    --------
    >>> from mixtura import Mixture
    >>> from mixtura.views.plots import plane
    >>> m = Mixture([1.0], [[0.0, 0.0]], [[[1.0, 0.5], [0.5, 2.0]]])
    >>> plane(m).get_legend().get_texts()[-1].get_text()
    '99 % of the density'
    """
    shown = project(mixture, X, features, 2, missing=missing)
    ax = axes_or_new(ax)
    near = shown.near(_REACH)
    count, shown = len(near), shown.kept(near)
    set_extents(ax, shown, _REACH, equal)
    data = _draw_greyed(ax, shown, count)
    regions = outlines.draw_regions(ax, shown)
    outlines.draw_outlines(ax, shown.marginal)
    outlines.draw_means(ax, shown.marginal)
    return _finished(ax, shown, data, outlines.component_lines(shown.marginal), regions)


def _finished(
    ax: Axes, shown: Projection, data: list[Any], components: list[Any], lines: list[Any]
) -> Axes:
    """The axes with both features' names, and with a legend beside them."""
    for axis, name in zip("xy", shown.names, strict=True):
        name_axis(ax, axis, name)
    beside(ax, data, components, lines)
    return tidied(ax)


def _draw_greyed(ax: Axes, shown: Projection, count: int) -> list[Line2D]:
    """Draw the rows in grey; the legend's entry for them, of all there are."""
    from matplotlib.lines import Line2D

    if not count:
        return []
    whole, lacking = shown.told_apart()
    draw_crowd(ax, whole.rows, np.tile(_ROWS, (len(whole.rows), 1)))
    signs = draw_imputed(ax, lacking.rows, np.tile(_ROWS, (len(lacking.rows), 1)))
    words = f"data, {in_rows(count, count - len(shown.rows))}"
    dots = Line2D([], [], linestyle="none", marker="o", color=_ROWS, markersize=5, label=words)
    return [dots, *signs]


def scatter(
    mixture: Mixture,
    X: Any = None,
    *,
    features: Features = None,
    equal: bool = False,
    errors: Any = None,
    missing: str = "refuse",
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
    errors : what the rows were measured with, as for `mixtura.fit`, or None: up to 1,000 have the
        ellipse of one standard deviation around them.
    missing : ``"em"`` where rows may lack features, as for `Mixture.predict`: a row that lacks one
        that is shown is a plus sign where it is expected to be, given the rest of it.
    ax : where to draw; None makes a new figure.

    Returns
    -------
    The axes, in feature units; contours are labelled in nats.

    Raises
    ------
    ParameterError : not exactly two features, or one that does not exist.
    DataError : no row, wrong shape, missing columns, NaN or infinity.

    Notes
    -----
    One pass over the rows, and one over a grid of at most some 10⁵ points. Beyond 5,000 rows cells
    are shaded: one has the mean colour of its rows, and is the fuller the more they are.

    Examples
    --------
    >>> from mixtura import Mixture
    >>> from mixtura.views.plots import scatter
    >>> m = Mixture([1.0], [[0.0, 0.0]], [[[1.0, 0.5], [0.5, 2.0]]])
    >>> ax = scatter(m, [[0.5, 1.0], [-1.0, 0.2]])
    >>> ax.get_xlabel(), ax.get_ylabel(), len(ax.patches)
    ('x0', 'x1', 3)
    """
    shown = project(mixture, X, features, 2, errors, missing)
    ax = axes_or_new(ax)
    set_extents(ax, shown, _SCATTERED, equal)
    measured: list[Line2D] = []
    if len(shown.rows):
        measured = _draw_rows(ax, shown)
        matrices = of_pair(mixture, X, errors, features, missing)
        measured += [] if matrices is None else draw_errors(ax, shown, matrices)
    contours = outlines.draw_contours(ax, shown)
    ellipses = outlines.draw_ellipses(ax, shown.marginal)
    outlines.draw_means(ax, shown.marginal)
    return _finished(ax, shown, [], _keys(shown.marginal), [*ellipses, *contours, *measured])


def _draw_rows(ax: Axes, shown: Projection) -> list[Line2D]:
    """Draw the points, mixed: no component hides another because it was drawn later.

    Beyond `MANY` rows they are a shading, as in other pictures.

    Returns
    -------
    The legend's entry for those that were imputed, if there are any.
    """
    looks = [part.look for part in parts_of(shown.marginal)]  # the label −1 is that of the last
    fills = np.array([look.fill for look in looks])
    size = float(np.clip(600.0 / np.sqrt(len(shown.rows)), 2.0, 22.0))
    shown, lacking = shown.told_apart()
    signs = draw_imputed(ax, lacking.rows, fills[lacking.labels], _MANY_ROWS, size)
    n = len(shown.rows)
    if n > MANY:
        draw_crowd(ax, shown.rows, fills[shown.labels])
    if n == 0 or n > MANY:
        return signs
    opacity = _opacity(ax, shown, size)
    order = np.random.RandomState(0).permutation(n)
    markers = np.array([look.marker for look in looks])
    strokes = {look.marker: look.stroke for look in looks}
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
            linewidths=strokes[marker],
            rasterized=n > _MANY_ROWS,
            zorder=1.0,
        )
    return signs


def _opacity(ax: Axes, shown: Projection, size: float) -> Floats:
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
    """The legend's entry for the points of each part."""
    from matplotlib.lines import Line2D

    return [
        Line2D(
            [],
            [],
            color=part.look.fill if part.look.stroke else part.look.edge,
            linestyle="none",
            marker=part.look.marker,
            markerfacecolor=part.look.fill,
            label=part.label,
        )
        for part in parts_of(mixture)
    ]
