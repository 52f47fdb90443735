"""Rounds: one E-step over the neighbours of what rows keep, and one M-step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats
from mixtura.engine.cells import Cells, Expanded, Numbers, Sets
from mixtura.engine.statistics import Statistics
from mixtura.errors import DataError
from mixtura.fitting.em import EM
from mixtura.fitting.m_step.health import Repair
from mixtura.fitting.truncated.placing import nearest, neighbours
from mixtura.fitting.truncated.truncation import KEPT, MOST, Breadth, Scored
from mixtura.model.density import log_background
from mixtura.model.mixture import Mixture

#: rows that are scored together, exactly
_TOGETHER = 1000
#: of which so many side by side, by the threads
_SIDE_BY_SIDE = 64
#: lists are long from so many on; after so many rounds they are seen whole in every eighth
_LONG, _SETTLED, _WHOLE = 8, 8, 8


@dataclass(eq=False)
class Place:
    """Where truncated EM is. It changes as the rounds go on.

    Parameters
    ----------
    mixture : the next E-step's.
    sets : what each row keeps.
    graph : (K, G) each component and its nearest neighbours, −1 behind.
    number : the next round's, from 0.
    background : the effective number of rows that are noise, by the last E-step; None where none
        may be.
    """

    mixture: Mixture
    sets: Sets
    graph: Numbers
    number: int = 0
    background: float | None = None

    @property
    def reach(self) -> int:
        """How much of the lists of all but its likeliest component a row is shown.

        Long ones to the end in the first rounds, and in every eighth; half of them else.
        """
        length, settled = self.graph.shape[1], self.number >= _SETTLED and self.number % _WHOLE
        return length // 2 if settled and length >= _LONG else length

    def copied(self) -> Place:
        """The same, that stays as it is."""
        return replace(self, sets=self.sets.copied(), graph=self.graph.copy())

    def narrowed(self, n_kept: int) -> Place:
        """The same of which a row keeps fewer, its likeliest; this one stays as it is."""
        ids = np.ascontiguousarray(self.sets.ids[:, :n_kept])
        return replace(self, sets=Sets(ids, np.zeros(ids.shape)))

    def widened(self, breadth: Breadth) -> Place:
        """The same with room for more."""
        sets, graph = self.sets, self.graph
        if breadth.kept > sets.n_kept:
            sets = sets.widened(breadth.kept)
        more = breadth.neighbours - graph.shape[1]
        if more > 0:
            room = np.full((len(graph), more), -1, np.int32)
            graph = np.ascontiguousarray(np.hstack([graph, room]))
        return replace(self, sets=sets, graph=graph)


@dataclass(frozen=True, eq=False)
class Rounds:
    """Truncated EM over rows in memory.

    With K_n the components that row n keeps, r_nc ∝ w_c N(x_n | μ_c, Σ_c) on K_n and 0 elsewhere,
    and F = Σ_n log Σ_{c ∈ K_n} w_c N(x_n | μ_c, Σ_c) is what the rounds raise. A round shows each
    row the neighbours of all that the rows beside it keep, and one component that is drawn; the
    row keeps the likeliest, and noise besides where there is any. As what it kept is among them, F
    cannot fall; nor can it by the M-step, whatever the structure, where that is the maximum of
    Σ r_nc log(w_c N(x_n | μ_c, Σ_c)).

    Parameters
    ----------
    em : the rows, the M-step and what makes its estimates sound.
    passes : over the same rows, those of a cell side by side.
    scale : (D,) units in which distances are taken.
    order : (N,) which row of the fit's each of those is.

    References
    ----------
    Forster & Lücke 2018, "Can clustering scale sublinearly with its clusters?"; Hirschberger,
    Forster & Lücke 2022, "A variational EM acceleration for efficient clustering at very large
    scales"; Neal & Hinton 1998 for the bound.
    """

    em: EM
    passes: Any
    scale: Floats
    order: Numbers

    def beginning(self, mixture: Mixture, breadth: Breadth, random: np.random.RandomState) -> Place:
        """The place of a mixture whose components no row keeps yet: those of nearest means."""
        means = np.ascontiguousarray(mixture.means)
        graph = neighbours(self.passes, means, breadth.neighbours, self.scale, random)
        kept = nearest(self.passes, means, breadth.kept, self.scale, random)
        return Place(mixture, Sets(kept, np.zeros(kept.shape)), graph)

    def show_all(self, place: Place) -> int:
        """Have each row keep the likeliest of all components; how many densities that took."""
        background = log_background(place.mixture)
        return shown_all(self.passes, place.mixture, place.sets, background).n_densities

    def expand(self, place: Place) -> Expanded:
        """The E-step: F at the place's mixture, nats, and how many densities that took."""
        done, place.graph = expanded(self.passes, place, place.sets, place.number)
        place.number += 1
        place.background = done.background if self.em.m_step.box else None
        return done

    def maximise(
        self, place: Place, iteration: int, done: Sequence[Repair]
    ) -> tuple[Floats, list[Repair]]:
        """The M-step: the effective rows of each component, and what making them sound took."""
        em, means = self.em, np.ascontiguousarray(place.mixture.means)
        factor = place.mixture.gaussians.factor
        seconds = em.settings.structure.seconds(*means.shape)
        members = self.passes.members(place.sets, len(means))
        sums = self.passes.moments(members, means, diagonal=seconds, factor=factor)
        weight, repairs = maximised(em, place, sums, iteration, done)
        self.relist(place, iteration, repairs)
        return weight, repairs

    def relist(self, place: Place, iteration: int, repairs: Sequence[Repair]) -> None:
        """Find the neighbours of all components anew, where some were set elsewhere."""
        if any(repair.action == "reseeded" for repair in repairs):
            width, random = place.graph.shape[1], np.random.RandomState(iteration)
            means = np.ascontiguousarray(place.mixture.means)
            place.graph = neighbours(self.passes, means, width, self.scale, random)

    def widened(self, place: Place, breadth: Breadth) -> Place:
        """A place with room for more."""
        return place.widened(breadth)

    def scored(self, place: Place, count: int, random: np.random.RandomState) -> Scored:
        """So many rows, drawn and scored exactly beside what they keep."""
        n = len(self.passes.rows)
        chosen = random.choice(n, min(count, n), replace=False)
        passes = type(self.passes)(self.passes.rows[chosen], None, self.passes.executor)
        return scored(passes, place.mixture, place.sets.ids[chosen])


def expanded(passes: Any, place: Place, sets: Sets, draw: int) -> tuple[Expanded, Numbers]:
    """The E-step of some rows under a place's mixture and lists, and the next lists.

    Parameters
    ----------
    passes : over the rows.
    place : it stays as it is.
    sets : of the rows; overwritten.
    draw : what the component that they are shown besides is drawn by.
    """
    best, graph = passes.members(sets, len(place.graph), best=True), place.graph.copy()
    if best.offsets[-1] < len(passes.rows):
        raise _too_far()
    done: Expanded = passes.expand(
        place.mixture.gaussians,
        best,
        place.graph,
        sets.ids,
        sets,
        draw=draw,
        graph=graph,
        reach=place.reach,
        background=log_background(place.mixture),
    )
    if not math.isfinite(done.bound):
        raise _too_far()
    return done, graph


def directions_of(em: EM, place: Place) -> Floats | None:
    """The directions along which the M-step takes second moments, (K, D, H); None for others."""
    along = em.settings.structure.seconds(*place.mixture.means.shape) is None
    return place.mixture.gaussians.factor.directions if along else None


def maximised(
    em: EM,
    place: Place,
    sums: tuple[Floats, Floats, Floats],
    iteration: int,
    done: Sequence[Repair],
) -> tuple[Floats, list[Repair]]:
    """The M-step from sums about the place's means; its mixture is the next one then."""
    n, total = em.data.source.n_rows, em.data.source.total_weight
    mixture, means = place.mixture, np.ascontiguousarray(place.mixture.means)
    # Of another structure they are nothing to go on from.
    near = mixture.covariances if mixture.structure == em.settings.structure else None
    statistics = Statistics(means, *sums, 0.0, n, total, directions_of(em, place))
    estimate = em.m_step(statistics, near=near, background=place.background)
    estimate, repairs = em.health.sound(estimate, iteration, done)
    place.mixture = estimate.mixture(em.data.names)
    return estimate.weight, repairs


def scored(passes: Any, mixture: Mixture, ids: Numbers) -> Scored:
    """Rows, scored exactly beside the components (n, C) that they keep.

    Parameters
    ----------
    passes : over the rows.
    mixture : whose components are kept, and the noise besides.
    ids : (n, C), −1 for none.
    """
    gaps, sizes, kept, lacking = [], [], 0, dict[int, float]()
    for at in range(0, len(ids), _TOGETHER):
        rows, own = passes.rows[at : at + _TOGETHER], ids[at : at + _TOGETHER]
        n = len(rows)
        asked, found = np.arange(n, dtype=np.int32)[:, None], Sets.empty(n, ids.shape[1])
        those = replace(passes, rows=rows, weights=None)
        where, background = (Cells.even(n, 1), own, asked, found), log_background(mixture)
        bound = those.expand(mixture.gaussians, *where, background=background).bound
        likelihood = float(kernel.log_likelihood(rows, mixture.components).sum())
        gaps.append(likelihood - bound)
        sizes.append(n)
        if not at:
            bounds = best_bounds(those, mixture)
            lacking = {count: (likelihood - most) / n for count, most in bounds.items()}
        best = kernel.labels(rows, mixture.components)[:, None]
        # Noise, whose number is K, every row keeps.
        kept += int(((own == best) | (best == mixture.n_components)).any(axis=1).sum())
    return Scored(np.array(gaps), np.array(sizes), kept, lacking)


def best_bounds(passes: Any, mixture: Mixture) -> dict[int, float]:
    """By how many components a row may keep, Σ_n log Σ_c p_c(x_n) over its likeliest, nats."""
    most, background = min(MOST, mixture.n_components), log_background(mixture)
    likeliest = Sets.empty(len(passes.rows), most)
    best = shown_all(passes, mixture, likeliest, background)
    assert likeliest.shares is not None
    return {
        kept: best.bound + float(np.log1p(-likeliest.shares[:, kept:].sum(axis=1)).sum())
        for kept in (*KEPT, MOST)
    }


def shown_all(passes: Any, mixture: Mixture, sets: Sets, background: float) -> Expanded:
    """The E-step that shows each row all components; sets are overwritten."""
    n = len(passes.rows)
    every = np.arange(mixture.n_components, dtype=np.int32)[None]
    where = Cells.even(n, _SIDE_BY_SIDE), every, np.zeros((n, 1), np.int32), sets
    found: Expanded = passes.expand(mixture.gaussians, *where, background=background)
    return found


def _too_far() -> DataError:
    return DataError(
        "a row of X is so far from all components that their densities there are 0: look whether "
        "it is right, or give search='exact'"
    )
