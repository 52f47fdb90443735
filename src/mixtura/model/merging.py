"""Merging: components put together into clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura.arguments import is_whole, takes_missing
from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Integers, Value, frozen
from mixtura.engine.sources import Block
from mixtura.errors import ParameterError
from mixtura.model.mixture import Mixture, check_mixture
from mixtura.model.noise import labelled
from mixtura.model.overlaps import Group, HeldOverlaps, Overlaps, ReadOverlaps, cluster_shares
from mixtura.rows.out_of_core import RowFunction, is_out_of_core
from mixtura.rows.weights import row_weights
from mixtura.textual import counted


@dataclass(frozen=True, eq=False)
class Merging(Value):
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
        if not is_whole(wanted) or not 1 <= wanted <= k:
            raise ParameterError(
                f"n_clusters is {wanted!r}, expected a whole number from 1 to {k}, the number of "
                "components"
            )
        groups: set[tuple[int, ...]] = {(j,) for j in range(k)}
        for first, second in self.merges[: k - wanted]:
            groups -= {first, second}
            groups.add(tuple(sorted(first + second)))
        return tuple(sorted(groups))

    def predict_proba(
        self, X: Any, n_clusters: int | None = None, *, missing: str = "refuse"
    ) -> Floats:
        """The share of each row in each cluster, (N, C): the sum of its components' shares.

        With noise there is one column more, the last.
        """
        return self._answer(X, n_clusters, missing)

    def predict(
        self, X: Any, n_clusters: int | None = None, *, missing: str = "refuse"
    ) -> Integers:
        """The cluster of largest share, (N,), −1 for noise."""
        labels = self._answer(X, n_clusters, missing, labels=True)
        return labelled(labels, len(self.clusters(n_clusters)))

    def _answer(self, X: Any, n_clusters: int | None, missing: str, *, labels: bool = False) -> Any:
        """The shares of rows, or which is largest: lazily of a Dask collection."""
        mixture, clusters = self.mixture, self.clusters(n_clusters)
        rest = range(mixture.n_components, mixture.components.n_components)
        groups = [*clusters, *((term,) for term in rest)]

        def function(block: Block) -> Any:
            shares = cluster_shares(kernel.posterior(block.rows, mixture.components)[1], groups)
            return shares.argmax(axis=1) if labels else shares

        shape, dtype = ((), np.int64) if labels else ((len(groups),), np.float64)
        known = mixture.n_features, mixture.feature_names
        return RowFunction(function, *known, shape, dtype, takes_missing(missing)).over(X)

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


def merge_components(
    mixture: Mixture, X: Any, sample_weight: Any = None, *, missing: str = "refuse"
) -> Merging:
    """Put components together, pair after pair, those first that rows tell apart least.

    At each step the two clusters a, b become one whose merger takes most entropy away,
    Σ_i v_i [(t_ia + t_ib) log(t_ia + t_ib) − t_ia log t_ia − t_ib log t_ib], with t_ia the share of
    row i in cluster a. Noise is no component, and is put together with none.

    Parameters
    ----------
    mixture : of K components.
    X : (N, D) array-like, or a table with the mixture's columns; or rows out of core, as
        `mixtura.fit` takes them.
    sample_weight : (N,), or None for 1 each; of rows out of core as for `mixtura.fit`.
    missing : ``"em"`` where rows may lack features, as for `Mixture.score_samples`.

    Raises
    ------
    DataError : wrong shape, missing columns, infinity, or NaN where none may be missing.

    Notes
    -----
    Σ_i s_i² logarithms for the first step and Σ_i s_i for each further one, s_i the components in
    which row i has a share above 1e-12; memory for the shares (N, K). Rows out of core are read K
    times, and none is held.

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
    check_mixture(mixture)
    overlaps = _overlaps(mixture, X, sample_weight, missing)
    sums, gains = overlaps.alone()
    k = mixture.n_components
    gains = np.where(np.tri(k, k=0, dtype=bool), -np.inf, gains)
    best = gains.argmax(axis=1)  # (K,): of each row of gains, so that no step looks at all of them
    groups: list[Group] = [(j,) for j in range(k)]
    entropy = [-sums.terms.sum()]
    merges, merged = [], []
    for _ in range(k - 1):
        first = int(gains[np.arange(k), best].argmax())
        second = int(best[first])
        merges.append((groups[first], groups[second]))
        merged.append(sums.weights[first] + sums.weights[second])
        groups[first] = tuple(sorted(groups[first] + groups[second]))
        both, taken = overlaps.joined(first, second)
        gains[second, :] = gains[:, second] = -np.inf
        gains[first, gains[first] > -np.inf] = taken[gains[first] > -np.inf]
        above = np.flatnonzero(gains[:, first] > -np.inf)
        gains[above, first] = taken[above]
        _follow(gains, best, above, first, second)
        sums.terms[first], sums.weights[first] = both.terms.item(), both.weights.item()
        sums.terms[second] = 0.0
        entropy.append(max(-sums.terms.sum(), 0.0))
    return Merging(
        mixture, tuple(merges), frozen(np.array(entropy[::-1])), frozen(np.array(merged))
    )


def _follow(gains: Floats, best: Integers, above: Integers, first: int, second: int) -> None:
    """Bring the best of each row up to date: the first of the largest, as `argmax` has it.

    Parameters
    ----------
    gains : (K, K), whose row and column `first` have changed, and `second` are gone.
    best : (K,).
    above : the rows whose entry in the column `first` has changed.
    """
    stale = (best == first) | (best == second)
    stale[[first, second]] = True
    now, held = gains[above, first], gains[above, best[above]]
    best[above[(now > held) | ((now == held) & (first < best[above]))]] = first
    best[stale] = gains[stale].argmax(axis=1)


def _overlaps(mixture: Mixture, X: Any, sample_weight: Any, missing: str) -> Overlaps:
    """What the components share of the rows, wherever these are."""
    if is_out_of_core(X):
        return ReadOverlaps(mixture, X, sample_weight, missing)
    shares = mixture.predict_proba(X, missing=missing)[:, : mixture.n_components]
    weights = row_weights(sample_weight, len(shares))
    return HeldOverlaps(shares, np.ones(len(shares)) if weights is None else weights)


def _misfit(along: Floats, height: Floats) -> float:
    """The sum of squared distances from the best straight line."""
    if len(along) < 3:
        return 0.0
    line = np.polyfit(along, height, 1)
    return float(((np.polyval(line, along) - height) ** 2).sum())
