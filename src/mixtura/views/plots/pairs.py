"""Pairs: every two features of a mixture, and each one's density, in a triangle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.errors import ParameterError
from mixtura.model.mixture import Mixture
from mixtura.views.kinds import Features
from mixtura.views.plots import projection
from mixtura.views.plots.canvas import divided, drawn, figure_of, tidied
from mixtura.views.plots.crowd import draw_crowd, draw_imputed, mixed_of_rows
from mixtura.views.plots.density import draw_density
from mixtura.views.plots.lettering import in_rows, listed, name_axis, plain, write_name
from mixtura.views.plots.outlines import draw_outlines

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: so many features are shown where none are chosen, and so many can be chosen
_SHOWN, _MOST = 6, 12
#: the outermost ellipse is at 2 sigma
_ELLIPSES = ((1.0, 1.3), (2.0, 0.8))
_REACH = 3.2
#: points that a vector file may hold, some of them in each part
_POINTS = 4000


@dataclass(frozen=True, eq=False)
class Pairs:
    """The pair matrix of some features, computed and not yet drawn.

    Parameters
    ----------
    shown : the d features.
    colours : (N, 3), the mean of the components' colours for each row.
    n_rows : how many there are, those included that lie too far away to be shown.
    n_features : how many the mixture has.
    equal : whether one unit is as long on all axes.
    """

    shown: projection.Projection
    colours: Floats
    n_rows: int
    n_features: int
    equal: bool = False

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the figure that suits the picture, inches."""
        side = {2: 6.0, 3: 7.5, 4: 9.0}.get(len(self.shown.names), 10.5)
        return side, 0.95 * side

    def draw(self, ax: Axes) -> tuple[Axes, ...]:
        """Draw in the place of `ax`; the axes, row after row of the triangle."""
        d = len(self.shown.names)
        parts = divided(ax, [1.0] * d, [1.0] * d)
        extents = [self.shown.extent(j, _REACH) for j in range(d)]
        if self.equal:
            extents = projection.of_equal_width(extents)
        kept: list[Axes] = []
        for (i, j), part in np.ndenumerate(parts):
            if j > i:
                part.remove()
                continue
            if self.equal:
                part.set_box_aspect(1.0)
            if i == j:
                entries = draw_density(part, self.shown.part([j]), width=1.8)
                part.set(xlim=extents[j], yticks=[])
                part.spines["left"].set_visible(False)
            else:
                part.set(xlim=extents[j], ylim=extents[i])
                self._draw_pair(part, i, j)
            self._name(part, i, j)
            kept.append(tidied(part))
        figure_of(ax).align_ylabels(kept)
        self._legend(ax, *entries)
        return tuple(kept)

    def _draw_pair(self, part: Axes, i: int, j: int) -> None:
        """Draw the rows and ellipses of feature i over feature j."""
        pair = self.shown.part([j, i])
        if len(pair.rows):
            few, lacks = _POINTS // len(self.shown.names) ** 2, pair.imputed.any(axis=1)
            draw_crowd(part, pair.rows[~lacks], self.colours[~lacks], few)
            draw_imputed(part, pair.rows[lacks], self.colours[lacks], few, 10.0)
        draw_outlines(part, pair.marginal, _ELLIPSES)

    def _name(self, part: Axes, i: int, j: int) -> None:
        """Write scales and names at the left and below alone."""
        from matplotlib.ticker import MaxNLocator

        last = len(self.shown.names) - 1
        part.tick_params(labelsize="small", labelbottom=i == last, labelleft=j == 0)
        part.xaxis.set_major_locator(MaxNLocator(4))
        if i == last:
            name_axis(part, "x", self.shown.names[j])
        if i != j:
            part.yaxis.set_major_locator(MaxNLocator(4))
            if j == 0:
                name_axis(part, "y", self.shown.names[i])
        elif j == 0:
            write_name(part, "y", self.shown.names[i])  # of its row: the scale is a density's

    def _legend(self, ax: Axes, data: list[Any], curves: list[Any], sums: list[Any]) -> None:
        """Put a legend in the free half, above the diagonal."""
        d = len(self.shown.names)
        words = ["ellipses: 1 and 2 sigma"]
        if d < self.n_features:
            words.append(f"{d} of {self.n_features} features")
        outside = self.n_rows - len(self.shown.rows)
        if outside:
            words.append(f"{in_rows(outside)} outside")
        if imputed := int(self.shown.imputed.any(axis=1).sum()):
            words.append(f"+: imputed, {in_rows(imputed)}")
        legend = ax.legend(
            handles=[*data, *sums, *listed(curves, 4 * d)],
            title="\n".join(words),
            loc="upper right",
            frameon=False,
            fontsize="small",
            title_fontsize="small",
            alignment="left",
        )
        plain(legend.get_texts())


def pairs_of(
    mixture: Mixture, X: Any, features: Features, equal: bool = False, missing: str = "refuse"
) -> Pairs:
    """What the pair matrix of some features shows; see `pairs`."""
    if mixture.n_features < 2:
        raise ParameterError(
            f"a pair matrix was asked of a mixture of one feature "
            f"({mixture.feature_labels[0]}), expected two or more: draw its density instead"
        )
    chosen = projection.chosen_or_telling(mixture, features, min(mixture.n_features, _SHOWN))
    if not 2 <= len(chosen) <= _MOST:
        raise ParameterError(
            f"got {len(chosen)} features, a pair matrix shows 2 to {_MOST}: choose among "
            f"{', '.join(mixture.feature_labels)}"
        )
    shown = projection.project(mixture, X, chosen, len(chosen), missing=missing)
    near = shown.near(_REACH)
    colours: Floats = np.empty((0, 3))
    if X is not None:
        colours = mixed_of_rows(mixture, X, missing)[near]
    return Pairs(shown.kept(near), colours, len(near), mixture.n_features, equal)


def pairs(
    mixture: Mixture,
    X: Any = None,
    *,
    features: Features = None,
    equal: bool = False,
    missing: str = "refuse",
    ax: Axes | None = None,
) -> tuple[Axes, ...]:
    """The densities of single features on the diagonal, of every two below it.

    On the diagonal the marginal mixture stands over the histogram of the rows. Below are the rows,
    each in the mean of its components' colours, weighted by its responsibilities under all
    features, and the 1- and 2-sigma ellipses of the marginal mixtures.

    Parameters
    ----------
    mixture : of D ≥ 2 features.
    X : as for `scatter`.
    features : 2 to 12, by index or name; None takes all, or of more than 6 those 6 in which the
        components differ most.
    equal, missing, ax : as for `scatter`; axes must be of a grid.

    Returns
    -------
    The axes, row after row: d·(d + 1)/2 of them for d features.

    Raises
    ------
    DataError : as for `scatter`.
    ParameterError : too few or too many features, or one that does not exist.

    Notes
    -----
    One pass over the rows, N·K numbers of memory, and d²/2 histograms.

    Examples
    --------
    >>> import mixtura
    >>> from mixtura.datasets import iris
    >>> from mixtura.views.plots import pairs
    >>> axes = pairs(mixtura.fit(iris(), 3).mixture, iris())
    >>> len(axes), axes[1].get_ylabel()
    (10, 'sepal_width')
    """
    return drawn(pairs_of(mixture, X, features, equal, missing), ax)
