"""Rounds: one E-step over the neighbours of what rows keep, and one M-step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.cells import Cells, Numbers, Sets
from mixtura.engine.statistics import Statistics
from mixtura.errors import DataError
from mixtura.fitting.em import EM
from mixtura.fitting.m_step.health import Repair
from mixtura.fitting.truncated.placing import nearest, neighbours
from mixtura.fitting.truncated.truncation import Breadth, Scored
from mixtura.model.mixture import Mixture

#: rows that are scored together, exactly
_TOGETHER = 1000


@dataclass(eq=False)
class Place:
    """Where truncated EM is. It changes as the rounds go on.

    Parameters
    ----------
    mixture : the next E-step's.
    sets : what each row keeps.
    graph : (K, G) each component and its nearest neighbours, −1 behind.
    number : the next round's, from 0.
    """

    mixture: Mixture
    sets: Sets
    graph: Numbers
    number: int = 0

    def copied(self) -> Place:
        """The same, that stays as it is."""
        return replace(self, sets=self.sets.copied(), graph=self.graph.copy())

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
    row keeps the likeliest. As what it kept is among them, F cannot fall; nor can it by the M-step,
    whatever the structure, where that is the maximum of Σ r_nc log(w_c N(x_n | μ_c, Σ_c)).

    Parameters
    ----------
    em : the rows, the M-step and what makes its estimates sound.
    passes : over the same rows, those of a cell side by side.
    scale : (D,) units in which distances are taken.

    References
    ----------
    Forster & Lücke 2018, "Can clustering scale sublinearly with its clusters?"; Hirschberger,
    Forster & Lücke 2022, "A variational EM acceleration for efficient clustering at very large
    scales"; Neal & Hinton 1998 for the bound.
    """

    em: EM
    passes: Any
    scale: Floats

    def beginning(self, mixture: Mixture, breadth: Breadth, random: np.random.RandomState) -> Place:
        """The place of a mixture whose components no row keeps yet: those of nearest means."""
        means = np.ascontiguousarray(mixture.means)
        graph = neighbours(self.passes, means, breadth.neighbours, self.scale, random)
        kept = nearest(self.passes, means, breadth.kept, self.scale, random)
        return Place(mixture, Sets(kept, np.zeros(kept.shape)), graph)

    def expand(self, place: Place) -> tuple[float, int]:
        """The E-step: F at the place's mixture, nats, and how many densities that took."""
        best = self.passes.members(place.sets, len(place.graph), best=True)
        graph = place.graph.copy()
        if best.offsets[-1] < len(self.passes.rows):
            raise _too_far()
        done: tuple[float, int] = self.passes.expand(
            place.mixture.gaussians,
            best,
            place.graph,
            place.sets.ids,
            place.sets,
            draw=place.number,
            graph=graph,
        )
        place.graph, place.number = graph, place.number + 1
        if not math.isfinite(done[0]):
            raise _too_far()
        return done

    def maximise(
        self, place: Place, iteration: int, done: Sequence[Repair]
    ) -> tuple[Floats, list[Repair]]:
        """The M-step: the effective rows of each component, and what making them sound took."""
        em, structure = self.em, self.em.settings.structure
        means = np.ascontiguousarray(place.mixture.means)
        members = self.passes.members(place.sets, len(means))
        factor, seconds = place.mixture.gaussians.factor, structure.form.seconds
        weight, first, second = self.passes.moments(members, means, diagonal=seconds, factor=factor)
        n, total = em.data.source.n_rows, em.data.source.total_weight
        along = factor.directions
        statistics = Statistics(means, weight, first, second, 0.0, n, total, along)
        estimate, repairs = em.health.sound(
            em.m_step(statistics, near=place.mixture.covariances), iteration, done
        )
        place.mixture = estimate.mixture(em.data.names)
        if any(repair.action == "reseeded" for repair in repairs):
            width, random = place.graph.shape[1], np.random.RandomState(iteration)
            means = np.ascontiguousarray(place.mixture.means)
            place.graph = neighbours(self.passes, means, width, self.scale, random)
        return estimate.weight, repairs

    def scored(self, place: Place, chosen: Integers) -> Scored:
        """Some rows (n,), scored exactly beside what they keep."""
        components = place.mixture.gaussians
        gaps, sizes, kept = [], [], 0
        for at in range(0, len(chosen), _TOGETHER):
            numbers = chosen[at : at + _TOGETHER]
            rows, ids, n = self.passes.rows[numbers], place.sets.ids[numbers], len(numbers)
            own, asked = Sets.empty(n, place.sets.n_kept), np.arange(n, dtype=np.int32)[:, None]
            passes = type(self.passes)(rows, None, self.passes.executor)
            bound, _ = passes.expand(components, Cells.even(n, 1), ids, asked, own)
            gaps.append(float(kernel.log_likelihood(rows, components).sum()) - bound)
            sizes.append(n)
            kept += int((ids == kernel.labels(rows, components)[:, None]).any(axis=1).sum())
        return Scored(np.array(gaps), np.array(sizes), kept)


def _too_far() -> DataError:
    return DataError(
        "a row of X is so far from all components that their densities there are 0: look whether "
        "it is right, or give search='exact'"
    )
