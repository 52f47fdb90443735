"""Sweep: one round over rows that come in chunks, with the sums of both steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Integers, doubles
from mixtura.engine.cells import Expanded, Numbers, Sets
from mixtura.engine.executors import Executor
from mixtura.engine.sources.block import Block
from mixtura.engine.statistics import zeros
from mixtura.fitting.em import EM
from mixtura.fitting.m_step.health import Repair
from mixtura.fitting.truncated.placing import nearest, neighbours
from mixtura.fitting.truncated.rounds import (
    Place,
    Rounds,
    directions_of,
    expanded,
    maximised,
    scored,
)
from mixtura.fitting.truncated.truncation import Breadth, Scored
from mixtura.model.mixture import Mixture

#: numbers of a chunk, where that is more than so many rows a component
_NUMBERS, _ROWS = 2**22, 32
#: so many rows are held to be scored exactly
HELD = 20_000
#: the draws of a chunk are apart by so many from those of the one before
_APART = 2**32


@dataclass(frozen=True, eq=False)
class Swept:
    """What a round found over some rows.

    Parameters
    ----------
    found : by the E-step.
    sums : (K,), (K, D) and the second moments about the means, for the M-step.
    graph : (K, G) the next lists.
    sizes : (K,) how many rows each list was found by.
    """

    found: Expanded
    sums: tuple[Floats, Floats, Floats]
    graph: Numbers
    sizes: Integers

    def __add__(self, after: Swept) -> Swept:
        """What it found over both: a component's list is that of most rows, and of the first."""
        weight, first, second = (a + b for a, b in zip(self.sums, after.sums, strict=True))
        graph = np.where((after.sizes > self.sizes)[:, None], after.graph, self.graph)
        sizes = np.maximum(self.sizes, after.sizes)
        return Swept(self.found.joined(after.found), (weight, first, second), graph, sizes)


@dataclass(frozen=True, eq=False)
class Sweep:
    """What is known of a round before it.

    A chunk has 32 rows a component or more, so that its cells say who is whose neighbour: the next
    chunk has the lists that this one left.

    Parameters
    ----------
    place : where it begins; it has no sets.
    n_kept : how many components a row keeps.
    scale : (D,) units in which distances are taken.
    seconds : whether second moments are of single features; None where they are along directions.
    along : (K, D, H) these directions, or None.
    seed : draws pivots, by which rows find what they keep at first; None once they keep some.
    n_rows : of a chunk, but for the last.
    """

    place: Place
    n_kept: int
    scale: Floats
    seconds: bool | None
    along: Floats | None
    seed: int | None
    n_rows: int

    @classmethod
    def of(cls, em: EM, place: Place, scale: Floats, seed: int | None) -> Sweep:
        """The sweep of a fit's round from a place."""
        k, d = place.mixture.means.shape
        bare = replace(place, sets=Sets(np.empty((0, place.sets.n_kept), np.int32)))
        moments = em.settings.structure.seconds(k, d), directions_of(em, place)
        n_rows = max(_NUMBERS // d, _ROWS * k)
        return cls(bare, place.sets.n_kept, scale, *moments, seed, n_rows)

    def over(
        self, chunks: Iterable[Block], ids: Numbers, executor: Executor, number: int = 0
    ) -> Swept:
        """Both steps over the rows of chunks.

        Parameters
        ----------
        chunks : numbered from 0.
        ids : (m, C) what each of the rows keeps; overwritten.
        executor : whose threads work on a chunk.
        number : of chunks before these.

        Raises
        ------
        DataError : a row is too far from all components.
        """
        assert kernel.cell_passes is not None
        place = replace(self.place)
        means, factor = np.ascontiguousarray(place.mixture.means), place.mixture.gaussians.factor
        sums = zeros(means, diagonal=bool(self.seconds), directions=self.along)
        found, sizes = Expanded(0.0, 0.0, 0), np.zeros(len(means), np.int64)
        for at, block in enumerate(chunks, number):
            weights = None if block.weights is None else doubles(block.weights)
            passes = kernel.cell_passes(doubles(block.rows), weights, executor)
            own = ids[block.start : block.stop]
            sets = Sets.empty(len(own), self.n_kept)
            if self.seed is None:
                sets.ids[:] = own
            else:
                random = np.random.RandomState(self.seed)
                sets.ids[:] = nearest(passes, means, self.n_kept, self.scale, random)
            best = sets.ids[:, 0]
            sizes += np.bincount(best[best >= 0], minlength=len(means))
            done, place.graph = expanded(passes, place, sets, place.number + _APART * at)
            own[:] = sets.ids
            members = passes.members(sets, len(means))
            added = passes.moments(members, means, diagonal=self.seconds, factor=factor)
            for total, part in zip(sums, added, strict=True):
                total += part
            found = found.joined(done)
        return Swept(found, sums, place.graph, sizes)


@dataclass(eq=False)
class SweptRounds:
    """Truncated EM by sweeps over rows that memory does not hold: both steps' sums in one pass.

    Parameters
    ----------
    em : the rows, the M-step and what makes its estimates sound.
    over_sample : rounds over the sample, whose units these are.
    random : draws pivots, and which rows are scored exactly.
    """

    em: EM
    over_sample: Rounds
    random: np.random.RandomState
    _swept: Swept | None = field(default=None, init=False)  # by the pass before

    def maximise(
        self, place: Place, iteration: int, done: Sequence[Repair]
    ) -> tuple[Floats, list[Repair]]:
        """The M-step, from the sums of the pass before."""
        assert self._swept is not None
        weight, repairs = maximised(self.em, place, self._swept.sums, iteration, done)
        self.over_sample.relist(place, iteration, repairs)
        return weight, repairs

    def _begun(self, mixture: Mixture, breadth: Breadth, sets: Sets) -> Place:
        """The place of a mixture, with the sets that the first pass fills."""
        inner, means = self.over_sample, np.ascontiguousarray(mixture.means)
        graph = neighbours(inner.passes, means, breadth.neighbours, inner.scale, self.random)
        return Place(mixture, sets, graph)

    def _drawn(self) -> Integers:
        """The numbers of the rows that are scored exactly, rising."""
        n = self.em.data.source.n_rows
        return np.sort(self.random.choice(n, min(HELD, n), replace=False))

    def _after(self, place: Place, swept: Swept) -> Expanded:
        """What a pass found, once `place` is after it."""
        self._swept, place.graph = swept, swept.graph
        place.number += 1
        place.background = swept.found.background if self.em.m_step.box else None
        return swept.found

    def _scored(self, rows: Floats, place: Place, ids: Numbers) -> Scored:
        """Rows scored exactly, beside what they keep."""
        return scored(replace(self.over_sample.passes, rows=rows, weights=None), place.mixture, ids)
