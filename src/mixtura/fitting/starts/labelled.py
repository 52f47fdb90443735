"""Labelled: a start from rows whose classes are known, and what else is known of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mixtura.arguments import is_number, is_whole, listed
from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.labels import UNKNOWN, LabelModel
from mixtura.engine.statistics import Statistics
from mixtura.errors import DataError, ParameterError
from mixtura.fitting.starts.request import Request
from mixtura.fitting.starts.supplied import FromShares
from mixtura.model.reduction import assignment

#: rows that centres are sought among, and steps to move them
_ROWS, _STEPS = 50_000, 20


@dataclass(frozen=True)
class Labelled:
    """The classes that own the components, and a start from the rows that are known to be theirs.

    Parameters
    ----------
    owners : (K,), the class of each component from 0, or −1 for none.
    trust : the probability of a label to be right.
    """

    owners: tuple[int, ...]
    trust: float

    @classmethod
    def of(cls, classes: Sequence[int] | None, n_components: int, trust: float) -> Labelled:
        """What a person says of the classes; None gives each component one of its own.

        Raises
        ------
        ParameterError : they are not K whole numbers, a class owns none, or the trust is none.
        """
        if not is_number(trust) or not 0.0 < trust <= 1.0:
            raise ParameterError(
                f"trust is {trust!r}, expected the probability of a label to be right, above 0 and "
                "at most 1"
            )
        if classes is None:
            return cls(tuple(range(n_components)), float(trust))
        owners = listed(classes, "classes", "one class for each component")
        sound = all(is_whole(each) and each >= UNKNOWN for each in owners)
        named = {each for each in owners if sound and each != UNKNOWN}
        if not sound or len(owners) != n_components or not named or max(named) >= len(named):
            raise ParameterError(
                f"classes is {owners}, expected {n_components} numbers, for each component the "
                f"class it is of, each from 0 on at least once, or {UNKNOWN} for a component of "
                "none"
            )
        return cls(tuple(map(int, owners)), float(trust))

    def model(self, n_terms: int) -> LabelModel:
        """How likely labels are under so many terms."""
        return LabelModel.of(self.owners, n_terms, self.trust)

    def __call__(self, request: Request) -> Statistics:
        """The statistics of the sample under clusters that begin amid the known rows.

        Rows of a known class stay with its components, others go to the nearest centre, in units
        of each feature's deviation: k-means with seeds and constraints (Basu, Banerjee & Mooney
        2002, "Semi-supervised clustering by seeding").

        Raises
        ------
        DataError : a class has no known row, or a label is of no class.
        """
        source = request.source
        labels = source.more["labels"].astype(np.int64)
        _check(labels, max(self.owners) + 1)
        scale = np.std(source.rows, axis=0, dtype=np.float64)
        rows = source.rows / np.where(scale > 0.0, scale, 1.0)
        allowed = self._allowed(labels)
        few = np.sort(request.random.permutation(len(rows))[:_ROWS])
        few = np.union1d(few, np.flatnonzero(labels != UNKNOWN)[:_ROWS])
        centres = self._centres(rows[few], labels[few], allowed[few], request.random)
        places = _nearest(rows, centres, allowed)
        return FromShares(places)(replace(request, counting=None, whole=None))

    def settled(self, labels: Integers) -> bool:
        """Whether nothing is left to be found: all labels are known, each of one component."""
        known = bool((labels != UNKNOWN).all()) and self.trust == 1.0
        return known and sorted(self.owners) == list(range(len(self.owners)))

    def order(self, labels: Integers, shares: Floats) -> Integers:
        """Which components of a mixture that knows no labels take the places of these, (K,).

        Parameters
        ----------
        labels : (m,) of some rows.
        shares : (m, K), how much of each row is of each component.
        """
        apart = np.zeros((len(self.owners), shares.shape[1]))
        for k, owner in enumerate(self.owners):
            if owner != UNKNOWN:
                apart[k] = -shares[labels == owner].mean(axis=0)
        return assignment(apart)

    def _allowed(self, labels: Integers) -> Any:
        """Of which components each row may be, (N, K): of any where labels may be wrong."""
        if self.trust < 1.0:
            return np.ones((len(labels), len(self.owners)), np.bool_)
        return (labels == UNKNOWN)[:, None] | (labels[:, None] == self.owners)

    def _centres(
        self, rows: Floats, labels: Integers, allowed: Any, random: np.random.RandomState
    ) -> Floats:
        """Where the components begin, (K, D): drawn far apart, then moved by k-means."""
        centres = np.full((len(self.owners), rows.shape[1]), np.nan)
        # Classes of one component first, for theirs is known; those of none last.
        order = sorted(range(len(self.owners)), key=lambda k: (self._rank(k), k))
        for k in order:
            own = rows[labels == self.owners[k]] if self.owners[k] != UNKNOWN else rows
            if self._rank(k) == 0:
                middle = np.mean if self.trust == 1.0 else np.median
                centres[k] = middle(own, axis=0)  # the median moves little by a wrong label
                continue
            rivals = [
                j
                for j in range(len(centres))
                if np.isfinite(centres[j, 0]) and self.owners[k] in (UNKNOWN, self.owners[j])
            ]
            apart = np.ones(len(own))
            if rivals:
                apart = np.min([np.square(own - centres[j]).sum(axis=1) for j in rivals], axis=0)
            total = apart.sum()
            chosen = random.choice(len(own), p=apart / total if total > 0.0 else None)
            centres[k] = own[chosen]
        for _ in range(_STEPS):
            places = _nearest(rows, centres, allowed)
            counts = np.bincount(places, minlength=len(centres))
            sums = np.stack([rows[places == k].sum(axis=0) for k in range(len(centres))])
            new = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], centres)
            if np.array_equal(new, centres):
                break
            centres = new
        return centres

    def _rank(self, k: int) -> int:
        """In which order a component's centre is chosen: 0, 1, or 2 for one of no class."""
        owner = self.owners[k]
        return 2 if owner == UNKNOWN else int(self.owners.count(owner) > 1)


def _nearest(rows: Floats, centres: Floats, allowed: Any) -> Integers:
    """The nearest centre of those allowed, (N,)."""
    distances = np.stack([np.square(rows - centre).sum(axis=1) for centre in centres], axis=1)
    return np.where(allowed, distances, np.inf).argmin(axis=1)


def _check(labels: Integers, n_classes: int) -> None:
    known = np.unique(labels[labels != UNKNOWN])
    if len(known) and (known[0] < 0 or known[-1] >= n_classes):
        raise DataError(
            f"labels go from {known[0]} to {known[-1]}, expected classes from 0 to "
            f"{n_classes - 1}, or {UNKNOWN} where one is not known: ask for a component for each, "
            "or say by classes= which components are of which"
        )
    missing = sorted(set(range(n_classes)) - set(known.tolist()))
    if missing:
        raise DataError(
            f"no row has the label {missing[0]}, expected some of each class from 0 to "
            f"{n_classes - 1}: a component that no row is known of takes the class {UNKNOWN}"
        )
