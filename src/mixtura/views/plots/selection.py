"""Selection: the features that a picture shows, and the grid that it is drawn on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Floats, Integers
from mixtura.errors import DataError, ParameterError
from mixtura.model.algebra import feature_indices
from mixtura.model.mixture import Mixture

__all__ = ["Selection", "most_telling", "select"]

#: beyond it the areas that matplotlib computes overflow
_FARTHEST = 1e150


@dataclass(frozen=True, eq=False)
class Selection:
    """Some features of a mixture and of its rows.

    Parameters
    ----------
    marginal : the density of the d features shown.
    names : d names, those that the features have in the whole mixture.
    rows : (N, d); N is 0 where the mixture is drawn on its own.
    labels : (N,), the component of each row under the whole mixture, all D features known.
    """

    marginal: Mixture
    names: tuple[str, ...]
    rows: Floats
    labels: Integers

    def deviations(self) -> Floats:
        """The standard deviations of each component, (K, d), feature units."""
        return np.sqrt(np.einsum("kdd->kd", self.marginal.covariance_matrices()))

    def part(self, features: Sequence[int]) -> Selection:
        """Some of the features shown, by their places among them."""
        kept = list(features)
        return Selection(
            self.marginal.marginal(kept),
            tuple(self.names[j] for j in kept),
            self.rows[:, kept],
            self.labels,
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

    def kept(self, rows: NDArray[np.bool_]) -> Selection:
        """The same with some of the rows."""
        return replace(self, rows=self.rows[rows], labels=self.labels[rows])

    def grid(self, feature: int, extent: tuple[float, float], fine: int, even: int) -> Floats:
        """Points over `extent`, `even` of them evenly and about `fine` over the components.

        An even grid alone would step over a narrow component.
        """
        each = np.linspace(-4.0, 4.0, max(9, fine // self.marginal.n_components) | 1)
        means, deviations = self.marginal.means[:, feature], self.deviations()[:, feature]
        near = means[:, None] + deviations[:, None] * each  # (K, ·), the mean among them
        points = np.concatenate([np.linspace(*extent, even), near.ravel()])
        return np.unique(points[(points >= extent[0]) & (points <= extent[1])])


def select(
    mixture: Mixture, X: Any, features: Sequence[int | str] | None, n_features: int
) -> Selection:
    """The features asked for, or those in which the components differ most.

    Parameters
    ----------
    mixture : of D features.
    X : (N, D) array-like, or a table with the mixture's columns, or None for no rows.
    features : indices or names, or None.
    n_features : how many the picture shows.

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
    if features is None:
        kept = most_telling(mixture, n_features)
    else:
        kept = feature_indices(mixture, features)
    if len(kept) != n_features:
        raise ParameterError(
            f"got {len(kept)} features, this picture shows {n_features}: name that many of "
            f"{', '.join(mixture.feature_labels)}"
        )
    marginal = mixture.marginal(kept)
    names = tuple(mixture.feature_labels[column] for column in kept)
    if X is None:
        return Selection(marginal, names, np.empty((0, n_features)), np.empty(0, dtype=np.intp))
    labels = mixture.predict(X)
    rows = np.asarray(mixture.rows(X)[:, kept], dtype=np.float64)
    return Selection(marginal, names, rows, labels)


def most_telling(mixture: Mixture, n_features: int) -> list[int]:
    """The features of largest variance between components over variance within, in column order.

    The ratio for feature j is Σ_k w_k (μ_kj − E[x_j])² / Σ_k w_k Σ_k,jj.
    """
    variances = np.einsum("kdd->kd", mixture.covariance_matrices())
    between = mixture.weights @ (mixture.means - mixture.mean()) ** 2
    ratio = between / (mixture.weights @ variances)
    return sorted(np.argsort(-ratio, kind="stable")[:n_features].tolist())
