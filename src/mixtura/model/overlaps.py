"""Overlaps: what clusters share of rows, and how much entropy goes where two of them become one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from mixtura.arguments import takes_missing
from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.executors import Executor
from mixtura.engine.sources import Block
from mixtura.model.mixture import Mixture
from mixtura.rows.out_of_core import totals

#: a share up to this is none, where it is asked what two clusters have in common: it takes less
#: than 3e-11 nats away
_LEAST = 1e-12
#: rows whose shares are held at a time
_ROWS = 2**14
#: pairs of shares that are held at a time
_PAIRS = 2**19

Group: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums over rows of the shares t_ic of C clusters.

    Parameters
    ----------
    terms : (C,), Σ_i v_i t_ic log t_ic, nats.
    weights : (C,), Σ_i v_i t_ic.
    """

    terms: Floats
    weights: Floats

    @classmethod
    def of(cls, shares: Floats, counted_by: Floats) -> Sums:
        """Those of shares (N, C), of rows that count v (N,) times."""
        counted = counted_by if shares.ndim == 1 else counted_by[:, None]
        terms = shares * np.log(np.where(shares > 0.0, shares, 1.0))
        return cls((counted * terms).sum(axis=0), (counted * shares).sum(axis=0))


class Overlaps(ABC):
    """The clusters of some rows, which become fewer: each goes by its first component."""

    @abstractmethod
    def alone(self) -> tuple[Sums, Floats]:
        """The sums of each component, and what each pair takes away, (K, K) with a < b, else 0."""

    @abstractmethod
    def joined(self, first: int, second: int) -> tuple[Sums, Floats]:
        """The sums of two clusters made one, and what it and each other take away, (K,)."""


class HeldOverlaps(Overlaps):
    """Those of rows in memory.

    Notes
    -----
    What two clusters share is found from the rows that have a share in both: Σ_i s_i² logarithms
    for all pairs, s_i the shares of row i above 1e-12; and for two made one as many logarithms as
    the rows with a share in it have shares.

    Parameters
    ----------
    shares : (N, K), of rows in components.
    counted_by : (N,), how often each row counts.
    """

    def __init__(self, shares: Floats, counted_by: Floats) -> None:
        self._shares = np.ascontiguousarray(shares.T)
        self._counted_by = counted_by
        there = shares > _LEAST
        rows, owners = np.nonzero(there)
        counts = there.sum(axis=1)
        at = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        # Of each row the clusters in which it has a share, and the shares; then zeros.
        self._owners: Integers = np.zeros((len(shares), int(counts.max())), np.intp)
        self._values: Floats = np.zeros(self._owners.shape)
        self._owners[rows, at], self._values[rows, at] = owners, shares[there]

    def alone(self) -> tuple[Sums, Floats]:
        gains: Floats = np.zeros((len(self._shares), len(self._shares)))
        for at in range(0, len(self._counted_by), _ROWS):
            part = slice(at, at + _ROWS)
            gains += _pair_gains(self._shares[:, part].T, self._counted_by[part])
        found = [self._sums(k) for k in range(len(self._shares))]
        terms, weights = ([getattr(each, name) for each in found] for name in ("terms", "weights"))
        return Sums(np.array(terms), np.array(weights)), gains

    def joined(self, first: int, second: int) -> tuple[Sums, Floats]:
        whole = self._shares[first]
        whole += self._shares[second]
        rows = np.flatnonzero(whole > _LEAST)
        owners, values = self._owners[rows], self._values[rows]
        own = (owners == first) | (owners == second)
        values[own] = 0.0
        taken = self._counted_by[rows, None] * _gain(whole[rows, None], values)
        gains: Floats = np.zeros(len(self._shares))
        np.add.at(gains, owners, taken)
        kept = np.flatnonzero(own.any(axis=1))
        place = kept, own[kept].argmax(axis=1)
        owners[place], values[place] = first, whole[rows[kept]]
        self._owners[rows], self._values[rows] = owners, values
        return self._sums(first), gains

    def _sums(self, cluster: int) -> Sums:
        there = np.flatnonzero(self._shares[cluster])
        return Sums.of(self._shares[cluster, there], self._counted_by[there])


class ReadOverlaps(Overlaps):
    """Those of rows out of core, which are read anew each time.

    Parameters
    ----------
    mixture : whose components they are.
    X, sample_weight, missing : the rows, as for `mixtura.merge_components`.
    """

    def __init__(self, mixture: Mixture, X: Any, sample_weight: Any, missing: str) -> None:
        self._mixture = mixture
        self._rows = X, sample_weight
        self._holes = takes_missing(missing)
        self._groups: dict[int, Group] = {k: (k,) for k in range(mixture.n_components)}

    def alone(self) -> tuple[Sums, Floats]:
        k = len(self._groups)
        found = self._totals(None)
        return Sums(found[:k], found[k : 2 * k]), found[2 * k :].reshape(k, k)

    def joined(self, first: int, second: int) -> tuple[Sums, Floats]:
        self._groups[first] = tuple(sorted(self._groups[first] + self._groups.pop(second)))
        found = self._totals(list(self._groups).index(first))
        gains: Floats = np.zeros(self._mixture.n_components)
        gains[list(self._groups)] = found[2:]
        return Sums(found[0], found[1]), gains

    def _totals(self, which: int | None) -> Floats:
        mixture = self._mixture
        function = partial(_block_sums, mixture, list(self._groups.values()), which)
        known = mixture.n_features, mixture.feature_names
        return totals(*self._rows, function, *known, holes=self._holes)


def cluster_shares(shares: Floats, groups: Sequence[Group]) -> Floats:
    """The shares of rows in sets of components, (N, C), by those in each, (N, K)."""
    return np.column_stack([shares[:, list(group)].sum(axis=1) for group in groups])


def _block_sums(
    mixture: Mixture, groups: Sequence[Group], which: int | None, _: Executor, block: Block
) -> Floats:
    """The sums of some rows, and what pairs take away: of all clusters, or of one with each."""
    parts = (block.part(at, at + _ROWS).readable() for at in range(0, len(block.rows), _ROWS))
    return sum((_part_sums(mixture, groups, which, part) for part in parts), np.zeros(()))


def _part_sums(mixture: Mixture, groups: Sequence[Group], which: int | None, part: Block) -> Floats:
    shares = cluster_shares(kernel.posterior(part.rows, mixture.components)[1], groups)
    counted_by = np.ones(len(shares)) if part.weights is None else part.weights
    if which is None:
        sums, gains = Sums.of(shares, counted_by), _pair_gains(shares, counted_by)
    else:
        sums = Sums.of(shares[:, which : which + 1], counted_by)
        gains = counted_by @ _gain(shares[:, which : which + 1], shares)
        gains[which] = 0.0
    return np.concatenate([sums.terms, sums.weights, gains.ravel()])


def _pair_gains(shares: Floats, counted_by: Floats) -> Floats:
    """What each pair of clusters takes away, (C, C) with a < b, by shares (N, C)."""
    n_clusters = shares.shape[1]
    found: Floats = np.zeros(n_clusters**2)
    there = shares > _LEAST
    counts: Integers = there.sum(axis=1)
    for count in np.unique(counts[counts > 1]).tolist():
        alike = np.flatnonzero(counts == count)
        first, second = np.triu_indices(count, 1)
        step = max(1, _PAIRS // len(first))
        for rows in (alike[at : at + step] for at in range(0, len(alike), step)):
            owners = np.nonzero(there[rows])[1].reshape(-1, count)
            values = shares[rows[:, None], owners]
            taken = counted_by[rows, None] * _gain(values[:, first], values[:, second])
            pairs = owners[:, first] * n_clusters + owners[:, second]
            found += np.bincount(pairs.ravel(), taken.ravel(), n_clusters**2)
    return found.reshape(n_clusters, n_clusters)


def _gain(a: Floats, b: Floats) -> Floats:
    """(a + b) log(a + b) − a log a − b log b, without a difference; 0 where either is 0."""
    least = np.finfo(np.float64).tiny
    a, b = np.maximum(a, least), np.maximum(b, least)
    return a * np.log1p(b / a) + b * np.log1p(a / b)
