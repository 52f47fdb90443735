"""Moves: components from where two do the work of one to where one does that of two."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.cells import Cells, Halves, Numbers, Sets
from mixtura.fitting.m_step.estimate import Estimate
from mixtura.fitting.truncated.factor_halves import FactorHalves
from mixtura.fitting.truncated.placing import distinct, led
from mixtura.fitting.truncated.rounds import Place, Rounds
from mixtura.fitting.truncated.unions import log_determinants, united
from mixtura.model.structures import Structure

#: structures whose components can be split one by one, besides factor analysers
_MOVED = ("VII", "VVI", "VVV")
#: nats that a move promises to gain at least, for each feature and one more
_WORTH = 4.0
#: no two moves of a batch touch one of so many nearest of each component, itself among them
_APART = 4
#: so many of the cheapest are looked at for each split
_TRIED = 16
#: steps of EM from which a split is judged
_STEPS = 6
#: pairs whose covariances are merged at once
_AT_ONCE = 2**22


def movable(structure: Structure) -> bool:
    """Whether components of a structure can be split one by one."""
    return structure.letters in _MOVED or bool(structure.n_factors)


@dataclass(frozen=True, eq=False)
class Move:
    """One component taken away, and another one's two halves.

    Parameters
    ----------
    removed : (n,) components that are taken away.
    into : (n,) those that their rows go to.
    split : (n,) those that are split; a removed one's number goes to the second half.
    """

    removed: Integers
    into: Integers
    split: Integers

    def __len__(self) -> int:
        return len(self.removed)


@dataclass(eq=False)
class Mover:
    """Moves one batch after the other, and remembers what the cells gain by a split.

    Merging k with a neighbour j into one costs no more of the classification likelihood than
    ½ (n log|Σ| − n_k log|Σ_k| − n_j log|Σ_j|) + n_k log(n_k/n) + n_j log(n_j/n), with n = n_k + n_j
    and Σ the covariance of both together; splitting c gains what two components, fitted to the rows
    of its cell, have over one. The cheapest merge goes with the best split, the next with the next,
    as long as something is gained; no component that one touches is another's neighbour. Amid noise
    of volume V one may go to the noise, too, which costs n_k log V − ½ n_k log|2πe Σ_k| and what
    the weights cost, with n_0 in place of n_j.

    Parameters
    ----------
    rounds : over the rows.

    References
    ----------
    Ueda, Nakano, Ghahramani & Hinton 2000, "SMEM algorithm for mixture models".
    """

    rounds: Rounds

    def __post_init__(self) -> None:
        self._known: Halves | None = None
        self._doubtful: NDArray[np.bool_] | None = None  # (K,) whose halves are to be found anew

    def moved(self, place: Place, most: int) -> tuple[Place, int]:
        """The place after a batch of moves, and how many; none where none promises a gain.

        Parameters
        ----------
        place : stays as it is.
        most : so many moves at most.
        """
        em, mixture = self.rounds.em, place.mixture
        halves = self._halves(place)
        estimate = Estimate.of(mixture, em.data.source.total_weight)
        loss, partner = losses(estimate, place.graph)
        left = leaving(estimate)
        lost = left < loss
        loss = np.where(lost, left, loss)
        worth = _WORTH * (mixture.n_features + 1)
        while True:
            batch = chosen(loss + worth, partner, halves.gains, place.graph, most)
            if not (low := self._low(halves, batch.split)):
                break
            halves.gains[low] = -np.inf
        if not len(batch):
            return place, 0
        touched = np.concatenate([batch.removed, batch.into, batch.split])
        near = place.graph[touched].ravel()
        self._doubtful = np.zeros(len(place.graph), bool)
        self._doubtful[near[near >= 0]] = True
        made = _parameters(estimate, batch, halves, lost).mixture(em.data.names)
        ids, graph = _renamed(place, batch)
        # The next round finds shares anew, and puts them where these are.
        return Place(made, Sets(ids, place.sets.shares), graph, place.number), len(batch)

    def _low(self, halves: Halves, split: Integers) -> list[int]:
        """Those of some cells of which a half has no width but that which holds it up."""
        em = self.rounds.em
        structure = em.settings.structure
        floor = em.health.near_floor(structure, em.data.source.n_features)
        found = halves.covariances[split]
        found = found.reshape(-1, *found.shape[2:])
        if structure.letters == "VII":
            found = found.mean(axis=-1)
        low = structure.form.unsound(found, floor)
        return sorted({int(split[at // 2]) for at in low})

    def _halves(self, place: Place) -> Halves:
        """What each cell gains by a split: found anew where the last batch was near."""
        passes = self.rounds.passes
        cells, doubtful = passes.members(place.sets, len(place.graph), best=True), self._doubtful
        if self._known is None or doubtful is None:
            self._known = self._cut(place, cells)
            return self._known
        sizes = np.where(doubtful, cells.sizes, 0)
        order = cells.order[: cells.offsets[-1]][np.repeat(doubtful, cells.sizes)]
        anew = self._cut(place, Cells(order, np.concatenate([[0], np.cumsum(sizes)])))
        for known, found in zip(self._known, anew, strict=True):
            known[doubtful] = found[doubtful]
        return self._known

    def _cut(self, place: Place, cells: Cells) -> Halves:
        """The halves of some cells."""
        em, passes = self.rounds.em, self._of_components(place)
        structure, ridge = em.settings.structure, em.m_step.ridge
        if structure.n_factors:
            estimate = Estimate.of(place.mixture, em.data.source.total_weight)
            floor = em.health.floor(structure)
            return FactorHalves(passes, cells, estimate, ridge, floor).found(_STEPS)
        added = ridge * np.eye(place.mixture.n_features)
        halves: Halves = passes.halves(cells, structure.letters, added, self.rounds.scale, _STEPS)
        return halves

    def _of_components(self, place: Place) -> Any:
        """Passes over the rows, which count as far as they are no noise."""
        passes, shares = self.rounds.passes, place.sets.shares
        if place.background is None:
            return passes
        assert shares is not None
        counts = shares.sum(axis=1)
        return replace(
            passes, weights=counts if passes.weights is None else counts * passes.weights
        )


def losses(estimate: Estimate, graph: Numbers) -> tuple[Floats, Integers]:
    """What it costs to merge each component with the neighbour where that is least, nats, (K,)."""
    k, width = graph.shape
    loss, partner = np.full(k, np.inf), np.full(k, -1)
    size = max(1, _AT_ONCE // (width * estimate.covariances[0].size))
    for at in range(0, k, size):
        own = np.arange(at, min(at + size, k))
        one = np.repeat(own, width - 1)
        other = graph[own, 1:].astype(int).ravel()
        there = other >= 0
        cost = np.full(len(one), np.inf)
        cost[there] = _merged(estimate, one[there], other[there])
        table = cost.reshape(len(own), width - 1)
        best = table.argmin(axis=1)
        loss[own] = table[np.arange(len(own)), best]
        partner[own] = other.reshape(table.shape)[np.arange(len(own)), best]
    return np.maximum(loss, 0.0), partner


def leaving(estimate: Estimate) -> Floats:
    """What it costs to leave each component's rows to the noise, nats, (K,)."""
    n, n_0, box = estimate.weight, estimate.background, estimate.box
    if box is None:
        return np.full(len(n), np.inf)
    d = estimate.means.shape[1]
    volumes = 0.5 * d * math.log(2.0 * math.pi * math.e)
    volumes = volumes + 0.5 * log_determinants(estimate.covariances, estimate.structure, d)
    entropy = n * np.log(n / (n + n_0)) + n_0 * np.log(n_0 / (n + n_0))
    return np.maximum(n * (box.log_volume - volumes) + entropy, 0.0)


def _merged(estimate: Estimate, one: Integers, other: Integers) -> Floats:
    """What merging pairs costs, nats."""
    structure, d = estimate.structure, estimate.means.shape[1]
    n, m = estimate.weight[one], estimate.weight[other]
    halves = 0.5 * log_determinants(estimate.covariances, structure, d)
    both = united(estimate, one, other)
    spread = (n + m) * 0.5 * log_determinants(both, structure, d)
    entropy = n * np.log(n / (n + m)) + m * np.log(m / (n + m))
    return np.asarray(spread - n * halves[one] - m * halves[other] + entropy)


def chosen(loss: Floats, partner: Integers, gain: Floats, graph: Numbers, most: int) -> Move:
    """The moves of a batch: cheapest with best, none near another.

    Parameters
    ----------
    loss : (K,) what taking a component away costs at most, nats.
    partner : (K,) who gets its rows; −1 for nobody.
    gain : (K,) what splitting it gains, nats.
    graph : (K, G) neighbours.
    most : so many moves at most.
    """
    order = np.argsort(loss, kind="stable")
    costs, partners, near = loss.tolist(), partner.tolist(), graph[:, :_APART].tolist()
    taken: set[int] = set()

    def free(one: int, other: int) -> bool:
        return taken.isdisjoint(near[one]) and taken.isdisjoint(near[other])

    waiting = (c for c in order[partner[order] >= 0].tolist() if free(c, partners[c]))
    cheapest: list[int] = []
    batch: list[tuple[int, int, int]] = []
    for split in np.argsort(-gain, kind="stable").tolist():
        cheapest = [c for c in cheapest if free(c, partners[c])]
        cheapest += islice(waiting, _TRIED - len(cheapest))
        if len(batch) >= most or not cheapest or not gain[split] > costs[cheapest[0]]:
            break
        for removed in cheapest if free(split, split) else ():
            move = removed, partners[removed], split
            if len({*move}) == 3 and gain[split] > costs[removed]:
                batch.append(move)
                taken.update(c for each in move for c in near[each] if c >= 0)
                break
    columns = np.array(batch, int).reshape(-1, 3).T
    return Move(*columns)


def _parameters(
    estimate: Estimate, batch: Move, halves: Halves, lost: NDArray[np.bool_]
) -> Estimate:
    """The parameters after a batch; rows of a component that is `lost` (K,) are noise."""
    removed, split, stay = batch.removed, batch.split, ~lost[batch.removed]
    into, joined = batch.into[stay], removed[stay]
    background = estimate.background + float(estimate.weight[removed[~stay]].sum())
    weight, means = estimate.weight.copy(), estimate.means.copy()
    covariances = np.array(estimate.covariances)
    share = weight[into] / (weight[into] + weight[joined])
    covariances[into] = united(estimate, into, joined)
    means[into] = share[:, None] * means[into] + (1.0 - share)[:, None] * means[joined]
    weight[into] += weight[joined]
    parts = halves.weight[split] / halves.weight[split].sum(axis=1, keepdims=True)
    own = weight[split]
    for half, to in enumerate((split, removed)):
        found = halves.covariances[split, half]
        covariances[to] = found.mean(axis=-1) if covariances.ndim == 1 else found
        means[to] = halves.means[split, half]
        weight[to] = own * parts[:, half]
    kind, equal, box = estimate.structure, estimate.equal, estimate.box
    covariances = kind.projected(weight, covariances)
    return Estimate(weight, means, covariances, kind, background=background, box=box, equal=equal)


def _renamed(place: Place, batch: Move) -> tuple[Numbers, Numbers]:
    """Sets and neighbours after a batch: a removed one's rows are those of who it went into."""
    names = np.arange(len(place.graph) + 1, dtype=np.int32)
    names[-1] = -1  # of nobody
    names[batch.removed] = batch.into
    ids = names[place.sets.ids]
    touched = np.unique(np.flatnonzero(ids != place.sets.ids) // ids.shape[1])
    ids[touched] = distinct(ids[touched])
    graph = names[place.graph]
    width = graph.shape[1]
    halves = np.column_stack([batch.split, batch.removed]).astype(np.int32)
    for to in (batch.split, batch.removed):
        graph[to] = np.column_stack([halves, graph[batch.split]])[:, :width]
    return ids, led(graph)
