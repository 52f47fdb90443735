"""Merging: components put together into clusters."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats, Integers, frozen
from mixtura.errors import ParameterError
from mixtura.model.mixture import Mixture
from mixtura.model.noise import NOISE
from mixtura.model.weights import row_weights
from mixtura.textual import counted

__all__ = ["Merging", "merge_components"]


@dataclass(frozen=True, eq=False)
class Merging:
    """A hierarchy of clusters over the components of a mixture.

    A component is a term of the density; a cluster is a set of them. The density stays as it is:
    only what is said of rows changes.

    Parameters
    ----------
    mixture : of K components.
    merges : K − 1 pairs of sets of components, in the order in which they became one.
    entropy : (K,) −Σ_i v_i Σ_c t_ic log t_ic with 1 to K clusters, nats, t_ic the share of row i
        in cluster c.
    rows_merged : (K − 1,) the weight of the rows that each merge brought together.
    """

    mixture: Mixture
    merges: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
    entropy: Floats
    rows_merged: Floats

    def __repr__(self) -> str:
        k = self.mixture.n_components
        return f"Merging({counted(k, 'component')}, {self.suggested} suggested as clusters)"

    def clusters(self, n_clusters: int | None = None) -> tuple[tuple[int, ...], ...]:
        """The components of each cluster, in the order of their first.

        Parameters
        ----------
        n_clusters : from 1 to K, or None for those suggested.

        Raises
        ------
        ParameterError : another number.
        """
        k = self.mixture.n_components
        wanted = self.suggested if n_clusters is None else n_clusters
        whole = isinstance(wanted, Integral) and not isinstance(wanted, bool)
        if not whole or not 1 <= wanted <= k:
            raise ParameterError(
                f"n_clusters is {wanted!r}, expected a whole number from 1 to {k}, the number of "
                "components"
            )
        groups: set[tuple[int, ...]] = {(j,) for j in range(k)}
        for first, second in self.merges[: k - wanted]:
            groups -= {first, second}
            groups.add(tuple(sorted(first + second)))
        return tuple(sorted(groups))

    def predict_proba(self, X: Any, n_clusters: int | None = None) -> Floats:
        """The share of each row in each cluster, (N, C): the sum of its components' shares.

        With noise there is one column more, the last.
        """
        shares = self.mixture.predict_proba(X)
        groups = [shares[:, list(group)].sum(axis=1) for group in self.clusters(n_clusters)]
        return np.column_stack([*groups, *shares[:, self.mixture.n_components :].T])

    def predict(self, X: Any, n_clusters: int | None = None) -> Integers:
        """The cluster of largest share, (N,), −1 for noise."""
        labels = self.predict_proba(X, n_clusters).argmax(axis=1)
        return np.where(labels == len(self.clusters(n_clusters)), NOISE, labels)

    @property
    def suggested(self) -> int:
        """How many clusters there seem to be.

        Where the entropy, over the rows merged so far, bends: two straight lines, one over the
        first merges and one over the others, fit it best. With fewer than three components, or
        merges that take nothing away, it is K: there is no bend to see.

        References
        ----------
        Baudry, Raftery, Celeux, Lo & Gottardo 2010, section 4.
        """
        k = self.mixture.n_components
        along = np.concatenate([[0.0], np.cumsum(self.rows_merged)])
        height = self.entropy[::-1]  # from K clusters to 1
        if k < 3 or height[0] - height[-1] <= 1e-9 * max(1.0, height[0]):
            return k
        losses = [
            _misfit(along[: bend + 1], height[: bend + 1]) + _misfit(along[bend:], height[bend:])
            for bend in range(1, k - 1)
        ]
        return k - (1 + int(np.argmin(losses)))


def merge_components(mixture: Mixture, X: Any, sample_weight: Any = None) -> Merging:
    """Put components together, pair after pair, those first that rows tell apart least.

    At each step the two clusters a, b become one whose merger takes most entropy away,
    Σ_i v_i [(t_ia + t_ib) log(t_ia + t_ib) − t_ia log t_ia − t_ib log t_ib], with t_ia the share of
    row i in cluster a. Noise is no component, and is put together with none.

    Parameters
    ----------
    mixture : of K components.
    X : (N, D) array-like, or a table with the mixture's columns.
    sample_weight : (N,), or None for 1 each.

    Raises
    ------
    DataError : wrong shape, missing columns, NaN or infinity.

    Notes
    -----
    N·K² logarithms a step at first, less later; memory for the shares (N, K).

    References
    ----------
    Baudry, Raftery, Celeux, Lo & Gottardo 2010, "Combining mixture components for clustering",
    equation 7.

    Examples
    --------
    >>> from mixtura import Mixture, merge_components
    >>> m = Mixture([0.3, 0.3, 0.4], [[0.0], [0.5], [50.0]], [1.0, 1.0, 1.0], "spherical")
    >>> merge_components(m, [[0.1], [0.4], [49.0], [51.0]]).clusters(2)
    ((0, 1), (2,))
    """
    shares = mixture.predict_proba(X)
    weights = row_weights(sample_weight, len(shares))
    counted_by: Floats = np.ones(len(shares)) if weights is None else weights
    parts: dict[tuple[int, ...], Floats] = {(j,): shares[:, j] for j in range(mixture.n_components)}
    terms = {name: counted_by @ _x_log_x(part) for name, part in parts.items()}
    gains: dict[tuple[tuple[int, ...], tuple[int, ...]], float] = {}
    entropy = [-float(sum(terms.values()))]
    merges, merged = [], []
    while len(parts) > 1:
        names = sorted(parts)
        for i, first in enumerate(names):
            for second in names[i + 1 :]:
                if (first, second) not in gains:
                    together = counted_by @ _x_log_x(parts[first] + parts[second])
                    gains[first, second] = float(together - terms[first] - terms[second])
        pair = max(
            ((a, b) for i, a in enumerate(names) for b in names[i + 1 :]), key=lambda p: gains[p]
        )
        first, second = pair
        both = tuple(sorted(first + second))
        merges.append(pair)
        merged.append(float(counted_by @ (parts[first] + parts[second])))
        parts[both] = parts.pop(first) + parts.pop(second)
        del terms[first], terms[second]
        terms[both] = counted_by @ _x_log_x(parts[both])
        entropy.append(max(-float(sum(terms.values())), 0.0))
    return Merging(
        mixture, tuple(merges), frozen(np.array(entropy[::-1])), frozen(np.array(merged))
    )


def _x_log_x(values: Floats) -> Floats:
    return values * np.log(np.where(values > 0.0, values, 1.0))


def _misfit(along: Floats, height: Floats) -> float:
    """The sum of squared distances from the best straight line."""
    if len(along) < 3:
        return 0.0
    line = np.polyfit(along, height, 1)
    return float(((np.polyval(line, along) - height) ** 2).sum())
