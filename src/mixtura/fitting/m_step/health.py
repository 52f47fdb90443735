"""Health: one bad component never aborts a fit."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mixtura.caching import cached_property
from mixtura.engine.arrays import Floats
from mixtura.errors import CollapseError
from mixtura.filling import filled
from mixtura.fitting.m_step.estimate import LEAST_WEIGHT, Estimate
from mixtura.fitting.m_step.regularisation import Regularisation
from mixtura.model.structures import Structure
from mixtura.rows.spread import Spread

#: roots of the floor that surely tell two means apart, which are one up to a thousandth
_APART = 0.01
#: numbers beyond it are one: a thousand times as much is still a number
_HUGE = 1e300


@dataclass(frozen=True)
class Repair:
    """What was done to a component, when and why.

    Parameters
    ----------
    iteration : the iteration that it ended; 0 is the start.
    component : which one.
    action : ``floored``, its covariance was raised; ``reseeded``, it was set anew; ``pruned``, it
        was left almost no weight.
    reason : a sentence.
    """

    iteration: int
    component: int
    action: str
    reason: str


@filled
@dataclass(frozen=True, eq=False)
class Health:
    """Makes the parameters of an M-step sound, by these rules.

    * *Floored*: a covariance that is singular, or under ``"auto"`` below the floor F, has its
      eigenvalues raised to the floor. On record once, until the component is set anew; the
      covariances that a start under ``"auto"`` leaves on the floor are not, as it may give each
      component one row.
    * *Reseeded*: a component that no row belongs to any more takes half of the heaviest one, from
      which it is set a standard deviation apart along the longest axis. Under ``"auto"`` so does
      a starved one, which is on the floor with fewer than D + 1 rows' weight, or H + 2 of factor
      analysers, if the heaviest can spare as many; and the latter of two components that
      coincide, whose weight the former takes, but for copies without rows. Ten times a run at most.
    * *Pruned*: under ``"auto"``, one without rows that cannot be set anew, since the heaviest
      holds a single distinct row or the ten times are used up. It stays as a copy of the heaviest
      with a weight of 2e-15 rows, and plays no part. That is what becomes of components beyond
      the number of distinct rows.

    It is few rows that make a component spurious, not few values: one row that is there often is
    a component, on the floor. A row is the mean weight, so that a factor on all weights is none.
    A component of a covariance that all share is never starved: it rests on all rows.

    Parameters
    ----------
    regularisation : of the covariances; the exact maximum of the likelihood allows no repair, and
        a collapse raises.
    spread : gives the data's spread in each feature; asked only when the floor is needed.
    n_rows : how many rows the weights are of.
    unit : what a weight of 1 stands for in what is told to people.
    """

    regularisation: Regularisation
    spread: Callable[[], Spread]
    n_rows: float
    unit: float = 1.0

    #: a component with fewer effective rows than this is empty
    EMPTY = 1e-8
    #: how often a component may be set anew in one run
    RESEEDS = 10
    #: a variance of so many floors is that of two distinct rows, not the floor itself
    SPREAD = 4.0
    #: the share of its rows that a component on the floor may leave to the others
    LEAK = 1e-3
    #: a variance of up to so many times the constant that was added is that constant
    NEAR = 2.0

    def sound(
        self, estimate: Estimate, iteration: int, done: Sequence[Repair]
    ) -> tuple[Estimate, list[Repair]]:
        """The estimate, made sound, and the repairs that go on record for it.

        Parameters
        ----------
        estimate : the parameters of an M-step.
        iteration : its number, for the record.
        done : what is on record of this run.

        Raises
        ------
        CollapseError : a covariance is singular, and the exact maximum is asked for.
        """
        relative = self.regularisation.relative
        # What was on the floor all but always still is.
        floored = any(repair.action == "floored" for repair in done)
        if not floored and self._plainly_sound(estimate):
            return estimate, []
        low = self._low(estimate)
        if low and self.regularisation.exact:
            raise _collapse(estimate, low[0], self.unit)
        held = self.unit * estimate.weight
        if low:
            estimate = estimate.floored(low, self._floor(estimate))
        if relative:
            estimate = _united(estimate, self._floor(estimate))
        if estimate.structure.shared:
            low = low[:1]
        empty = np.flatnonzero(estimate.weight < self.EMPTY).tolist()
        starved = self._starved(estimate, low) if relative else []
        repairs: list[Repair] = []
        reseeds = self.RESEEDS - sum(repair.action == "reseeded" for repair in done)
        for k in sorted({*empty, *starved}):
            if reseeds <= len(repairs):
                break
            donor = self._donor(estimate, {*empty, *starved}, spare=k not in empty)
            if donor is not None:
                estimate = estimate.split(donor, k, self._units(estimate))
                had = "no row belonged to it" if k in empty else f"{held[k]:.4g} rows were too few"
                reason = f"{had}; it took half of component {donor}"
                repairs.append(Repair(iteration, k, "reseeded", reason))
        anew = {repair.component for repair in repairs}
        if relative:
            heaviest = int(estimate.weight.argmax())
            for k in set(empty) - anew - {heaviest}:
                # Where noise has all rows the heaviest has no more than that itself.
                share = min(LEAST_WEIGHT / float(estimate.weight[heaviest]), 0.5)
                estimate = estimate.shadowed(heaviest, k, share)
        if iteration == 0 and relative:
            return estimate, repairs
        for k in empty if relative else []:
            if k not in anew and _last(done, k) != "pruned":
                reason = "no row belonged to it, and no other component could spare any"
                repairs.append(Repair(iteration, k, "pruned", reason))
        for k in low:
            pruned = relative and k in empty
            if k not in anew and not pruned and _last(done, k) != "floored":
                was = "on the floor" if relative else "singular"
                reason = f"its covariance was {was} with {held[k]:.4g} rows' weight in it"
                repairs.append(Repair(iteration, k, "floored", reason))
        return estimate, repairs

    def resting(self, estimate: Estimate) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The components on the floor, and those of them that are starved.

        Under ``"auto"`` on the floor, under a number within twice that number, in some direction;
        0 stands for a shared covariance. The likelihood of such a component is what the
        regularisation makes of it, and that of a starved one says nothing else.
        """
        if self.regularisation.exact:
            return (), ()
        near = self.near_floor(estimate.structure, estimate.means.shape[1])
        if estimate.clears(near):
            return (), ()
        low = estimate.structure.form.unsound(estimate.covariances, near)
        return tuple(low), tuple(self._starved(estimate, low))

    def near_floor(self, structure: Structure, n_features: int) -> Floats:
        """Variances (D,) below which a covariance is of the regularisation's making, 0 of none."""
        if self.regularisation.relative:
            # A factor, since rounding may have left a covariance just above the floor.
            return (1.0 + 1e-4) * self.floor(structure)
        return np.full(n_features, self.NEAR * self.regularisation.ridge)

    def floor(self, structure: Structure) -> Floats:
        """The least variances (D,) of a structure's covariances, squared feature units."""
        return self._floors[not structure.rescales]

    def _plainly_sound(self, estimate: Estimate) -> bool:
        """Whether it is known at little cost that there is nothing to do: all but always."""
        if not np.minimum.reduce(estimate.weight) >= self.EMPTY:
            return False
        if not self.regularisation.relative:
            return estimate.definite
        floor = self._floor(estimate)
        if not estimate.clears(floor):
            return False
        # Means that are apart in one feature do not coincide.
        places = np.sort(estimate.means[:, 0])
        gaps = places[1:] - places[:-1]
        return not len(gaps) or bool(np.minimum.reduce(gaps) > _APART * math.sqrt(floor[0]))

    @cached_property
    def _floors(self) -> tuple[Floats, Floats]:
        """The floor (D,) of a feature each, and the one for all where there can be no other."""
        floor = self.regularisation.floor(self._spread)
        return floor, np.full_like(floor, floor.mean())

    @cached_property
    def _spread(self) -> Spread:
        return self.spread()

    def _units(self, estimate: Estimate) -> Floats:
        # A ridge may be larger than all that the data vary.
        units = estimate.structure.units(self._spread.variances)
        return np.maximum(units, self._floor(estimate))

    def _floor(self, estimate: Estimate) -> Floats:
        return self.floor(estimate.structure)

    def _low(self, estimate: Estimate) -> list[int]:
        """The components whose covariance is singular, or below the floor where one holds."""
        form = estimate.structure.form
        relative = self.regularisation.relative
        return form.unsound(estimate.covariances, self._floor(estimate) if relative else None)

    def _starved(self, estimate: Estimate, low: Sequence[int]) -> list[int]:
        """Those of the components on the floor that have too few rows for a covariance."""
        if estimate.structure.shared or not low:
            return []
        rows = self._rows(estimate)
        least = (1.0 - self.LEAK) * _fewest(estimate)
        return [k for k in low if rows[k] < least and estimate.weight[k] >= self.EMPTY]

    def _rows(self, estimate: Estimate) -> Floats:
        """How many rows each component has, of the mean weight."""
        return self.n_rows * estimate.weight / (estimate.weight.sum() + estimate.background)

    def _donor(self, estimate: Estimate, needy: set[int], *, spare: bool) -> int | None:
        """The heaviest component, if it may be halved; it must `spare` D + 1 rows where told."""
        heaviest = int(estimate.weight.argmax())
        if not self.regularisation.relative:
            return heaviest
        enough = self._rows(estimate)[heaviest] >= 2 * _fewest(estimate)
        if heaviest in needy or (spare and not enough):
            return None
        length, _ = estimate.longest_axis(heaviest, self._floor(estimate))
        return heaviest if length >= self.SPREAD else None


def _fewest(estimate: Estimate) -> int:
    """How many rows a component needs, D + 1, that they span what its covariance does by itself.

    Of factor analysers that is what H factors and one direction more do.
    """
    d, h = estimate.means.shape[1], estimate.structure.n_factors
    return min(h + 1, d) + 1 if h else d + 1


def _united(estimate: Estimate, floor: Floats) -> Estimate:
    """With the weight of components that coincide on the first of them that has rows.

    Equal components have equal responsibilities, so EM would never tell them apart. A thousandth
    of the `floor` (D,) is no difference, in variances, nor of its square root in means. Copies
    without rows give way: rows that keep a few components, as truncated EM has it, keep none.
    """
    scale = np.sqrt(floor)
    places = _digests(estimate.means / scale)
    if len(set(places)) == len(places):
        return estimate
    matrices = estimate.structure.form.matrices(estimate.covariances, *estimate.means.shape)
    with np.errstate(over="ignore"):
        spreads = _digests(matrices / np.outer(scale, scale))
    alike: dict[tuple[bytes, bytes], list[int]] = {}
    for k, twin in enumerate(zip(places, spreads, strict=True)):
        alike.setdefault(twin, []).append(k)
    if len(alike) == len(places):
        return estimate
    weight = estimate.weight.copy()
    for those in (each for each in alike.values() if len(each) > 1):
        first = next((k for k in those if weight[k] >= Health.EMPTY), those[0])
        weight[those], weight[first] = LEAST_WEIGHT, weight[those].sum()
    return replace(estimate, weight=weight)


def _digests(values: Floats) -> list[bytes]:
    """Bytes that are the same for entries (K, ...) that are the same to a thousandth."""
    bounded = np.clip(values, -_HUGE, _HUGE)
    return [entry.tobytes() for entry in np.round(bounded, 3) + 0.0]


def _last(done: Sequence[Repair], k: int) -> str | None:
    """The last thing that was done to component k."""
    return next((repair.action for repair in reversed(done) if repair.component == k), None)


def _collapse(estimate: Estimate, k: int, unit: float) -> CollapseError:
    """The error for a singular covariance where none may be repaired."""
    if estimate.structure.shared:
        whose = "the covariance shared by all components"
    else:
        around = ", ".join(f"{value:.6g}" for value in estimate.means[k])
        whose = (
            f"the covariance of component {k}, which holds the weight of "
            f"{unit * estimate.weight[k]:.4g} rows around ({around}),"
        )
    return CollapseError(
        f"{whose} is singular: the likelihood has no maximum there. Use fewer components, drop "
        "constant or repeated columns, or set reg_covar above 0",
        component=None if estimate.structure.shared else k,
        centre=None if estimate.structure.shared else estimate.means[k],
        weight=float(estimate.weight[k]),
    )
