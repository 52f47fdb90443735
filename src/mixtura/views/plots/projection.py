"""Projection: the features that a picture shows, their extents, and the grid it is drawn on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Floats, Integers
from mixtura.errors import DataError, ParameterError
from mixtura.model.algebra import feature_indices
from mixtura.model.mixture import Mixture
from mixtura.views.kinds import Features

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: beyond it the areas that matplotlib computes overflow
_FARTHEST = 1e150
Extent = tuple[float, float]
#: the shorter side of the axes is this part of the longer one at least
_NARROWEST = 1.0 / 3.0
#: with more components than this not each has points of its own on a grid, which has so many
_FEW, _PIXELS = 32, 480


@dataclass(frozen=True, eq=False)
class Projection:
    """Some features of a mixture and of its rows.

    Parameters
    ----------
    marginal : the density of the d features shown.
    names : d names, those that the features have in the whole mixture.
    rows : (N, d); N is 0 where the mixture is drawn on its own.
    labels : (N,), the component of each row under the whole mixture, all features known that are.
    imputed : (N, d), which of the values were missing, and are what is expected given the rest.
    """

    marginal: Mixture
    names: tuple[str, ...]
    rows: Floats
    labels: Integers
    imputed: NDArray[np.bool_]

    def deviations(self) -> Floats:
        """The standard deviations of each component, (K, d), feature units."""
        return np.sqrt(self.marginal.variances())

    def part(self, features: Sequence[int]) -> Projection:
        """Some of the features shown, by their places among them."""
        kept = list(features)
        return Projection(
            self.marginal.marginal(kept),
            tuple(self.names[j] for j in kept),
            self.rows[:, kept],
            self.labels,
            self.imputed[:, kept],
        )

    def extent(self, feature: int, reach: float) -> tuple[float, float]:
        """From where to where: all rows, and each mean ± `reach` standard deviations.

        Raises
        ------
        DataError : that is wider than a picture can be.
        """
        means, spread = self.marginal.means[:, feature], reach * self.deviations()[:, feature]
        reached = np.concatenate([self.rows[:, feature], means - spread, means + spread])
        low, high = float(reached.min()), float(reached.max())
        if max(abs(low), abs(high)) > _FARTHEST:
            raise DataError(
                f"feature {self.names[feature]!r} reaches from {low:.6g} to "
                f"{high:.6g}, expected values below {_FARTHEST:g} to draw: divide it by a constant"
            )
        # Where the spread is lost in the rounding of a large offset, a picture still has a width.
        margin = max(0.03 * (high - low), 1e4 * float(np.spacing(max(abs(low), abs(high)))))
        return low - margin, high + margin

    def near(self, reach: float) -> NDArray[np.bool_]:
        """Which rows lie where the mixture is, or not further from there than it is wide, (N,).

        A picture with a row far away shows nothing but that row.
        """
        means, spread = self.marginal.means, reach * self.deviations()
        low, high = (means - spread).min(axis=0), (means + spread).max(axis=0)  # (d,)
        room = high - low
        return np.all((self.rows >= low - room) & (self.rows <= high + room), axis=1)

    def kept(self, rows: NDArray[np.bool_]) -> Projection:
        """The same with some of the rows."""
        imputed = self.imputed[rows]
        return replace(self, rows=self.rows[rows], labels=self.labels[rows], imputed=imputed)

    def told_apart(self) -> tuple[Projection, Projection]:
        """The rows that were observed in every feature shown, and those that were not."""
        lacking = np.asarray(self.imputed.any(axis=1))
        return self.kept(~lacking), self.kept(lacking)

    def grid(self, feature: int, extent: tuple[float, float], fine: int, even: int) -> Floats:
        """Points over `extent`, `even` of them evenly and about `fine` over the components.

        An even grid alone would step over a narrow component. Of many components it is finer, and
        there are points over the narrowest of those alone that it would step over still.
        """
        means, deviations = self.marginal.means[:, feature], self.deviations()[:, feature]
        if len(means) > _FEW:
            even = max(even, _PIXELS)
            narrow = np.argsort(deviations, kind="stable")[:_FEW]
            narrow = narrow[deviations[narrow] * even < extent[1] - extent[0]]
            means, deviations = means[narrow], deviations[narrow]
        each = np.linspace(-4.0, 4.0, max(9, fine // max(len(means), 1)) | 1)
        near = means[:, None] + deviations[:, None] * each  # (K, ·), the mean among them
        points = np.concatenate([np.linspace(*extent, even), near.ravel()])
        return np.unique(points[(points >= extent[0]) & (points <= extent[1])])

    def surface(self, ax: Axes, even: int) -> tuple[Floats, Floats, Floats]:
        """Points (m,) and (n,) of a grid over the limits of `ax`, and log p(x, y) there, (n, m)."""
        x = self.grid(0, ax.get_xlim(), fine=200, even=even)
        y = self.grid(1, ax.get_ylim(), fine=200, even=even)
        points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        return x, y, self.marginal.score_samples(points).reshape(len(y), len(x))


def project(
    mixture: Mixture,
    X: Any,
    features: Features,
    n_features: int,
    errors: Any = None,
    missing: str = "refuse",
) -> Projection:
    """The features asked for, or those in which the components differ most.

    Parameters
    ----------
    mixture : of D features.
    X : (N, D) array-like, or a table with the mixture's columns, or None for no rows.
    features : indices or names, or None.
    n_features : how many the picture shows.
    errors : what the rows were measured with, as for `mixtura.fit`, or None.
    missing : ``"em"`` where rows may lack features: these are imputed.

    Raises
    ------
    ParameterError : another number of features, or one that does not exist.
    DataError : wrong shape, missing columns, NaN or infinity.
    """
    if n_features > mixture.n_features:
        raise ParameterError(
            f"a picture of {n_features} features was asked of a mixture of {mixture.n_features} "
            f"({', '.join(mixture.feature_labels)}): draw its density instead"
        )
    kept = chosen_or_telling(mixture, features, n_features)
    if len(kept) != n_features:
        raise ParameterError(
            f"got {len(kept)} features, this picture shows {n_features}: name that many of "
            f"{', '.join(mixture.feature_labels)}"
        )
    marginal = mixture.marginal(kept)
    names = tuple(mixture.feature_labels[column] for column in kept)
    if X is None:
        none = np.empty((0, n_features))
        return Projection(marginal, names, none, np.empty(0, dtype=np.intp), none.astype(bool))
    labels = mixture.predict(X, errors, missing=missing)
    rows = np.asarray(mixture.rows(X, missing=missing), dtype=np.float64)
    imputed = np.isnan(rows[:, kept])
    if imputed.any():
        rows = mixture.impute(rows)
    return Projection(marginal, names, rows[:, kept], labels, imputed)


def chosen_or_telling(mixture: Mixture, features: Features, n_features: int) -> list[int]:
    """The features chosen, by index; where none are, as many as tell most."""
    if features is None:
        return most_telling(mixture, n_features)
    return feature_indices(mixture, features)


def most_telling(mixture: Mixture, n_features: int) -> list[int]:
    """The features of largest variance between components over variance within, in column order.

    The ratio for feature j is Σ_k w_k (μ_kj − E[x_j])² / Σ_k w_k Σ_k,jj.
    """
    variances = mixture.variances()
    between = mixture.weights @ (mixture.means - mixture.mean()) ** 2
    ratio = between / (mixture.weights @ variances)
    return sorted(np.argsort(-ratio, kind="stable")[:n_features].tolist())


def shown_count(mixture: Mixture, features: Features, equal: bool) -> int:
    """How many features a picture of one or two is to show: those chosen, or as many as there are.

    Raises
    ------
    ParameterError : one does not exist; or equal scales are asked of one, where there is nothing
        for its scale to be equal to.
    """
    chosen = None if features is None else feature_indices(mixture, features)
    count = min(mixture.n_features, 2) if chosen is None else len(chosen)
    if equal and count == 1:
        raise ParameterError(
            "equal scales were asked of a picture of one feature, whose other axis is no feature: "
            "name two features, or leave equal out"
        )
    return count


def one_or_two(mixture: Mixture, features: Features, equal: bool) -> int:
    """What `shown_count` says, if it is one or two.

    Raises
    ------
    ParameterError : it is not, or as `shown_count`.
    """
    count = shown_count(mixture, features, equal)
    if count not in (1, 2):
        raise ParameterError(
            f"got {count} features, expected one or two of {', '.join(mixture.feature_labels)}"
        )
    return count


def set_extents(ax: Axes, shown: Projection, reach: float, equal: bool) -> None:
    """Set the limits of both axes to `Projection.extent`, one unit as long on either if so asked.

    The axes then take the shape of what they show; where that is a strip it gets more room.
    """
    x_extent, y_extent = shown.extent(0, reach), shown.extent(1, reach)
    if equal:
        least = _NARROWEST * max(_width(x_extent), _width(y_extent))
        x_extent, y_extent = _widened(x_extent, least), _widened(y_extent, least)
        ax.set_aspect("equal", adjustable="box")
    ax.set(xlim=x_extent, ylim=y_extent)


def of_equal_width(extents: Sequence[Extent]) -> list[Extent]:
    """The extents, each about its middle as wide as the widest.

    Examples
    --------
    >>> of_equal_width([(0.0, 4.0), (10.0, 11.0)])
    [(0.0, 4.0), (8.5, 12.5)]
    """
    widest = max(map(_width, extents))
    return [_widened(extent, widest) for extent in extents]


def _width(extent: Extent) -> float:
    return extent[1] - extent[0]


def _widened(extent: Extent, least: float) -> Extent:
    """The extent, or one about its middle that is `least` wide."""
    more = max(0.0, 0.5 * (least - _width(extent)))
    return extent[0] - more, extent[1] + more
