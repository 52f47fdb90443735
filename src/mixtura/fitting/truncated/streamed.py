"""Streamed: rounds over rows that memory does not hold, whose sets lie beside them on disk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from tempfile import TemporaryFile
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats, doubles
from mixtura.engine.cells import Expanded, Numbers, Sets
from mixtura.engine.sources.block import Block, rechunk
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
_HELD = 20_000
#: the draws of a chunk are apart by so many from those of the one before
_APART = 2**32


@dataclass(eq=False)
class StreamedRounds:
    """Truncated EM over a stream, chunk by chunk: both steps' sums in one pass.

    A chunk has 32 rows a component or more, so that its cells say who is whose neighbour: the next
    chunk has the lists that this one left. What each row keeps is in a file without a name in the
    folder for temporary files, 4·C bytes a row, and is read and written in the order of the rows.

    Parameters
    ----------
    em : the rows, the M-step and what makes its estimates sound.
    over_sample : rounds over the sample, whose units these are.
    random : draws pivots, and which rows are scored exactly.
    """

    em: EM
    over_sample: Rounds
    random: np.random.RandomState
    _sums: Any = field(default=None, init=False)
    _held: tuple[Any, Any] | None = field(default=None, init=False)  # rows, and their numbers

    def beginning(self, mixture: Mixture, breadth: Breadth) -> Place:
        """The place of a mixture: the first pass finds what rows keep."""
        inner, means = self.over_sample, np.ascontiguousarray(mixture.means)
        graph = neighbours(inner.passes, means, breadth.neighbours, inner.scale, self.random)
        return Place(mixture, Sets(self._room(breadth.kept)), graph)

    def expand(self, place: Place) -> Expanded:
        """The E-step, and the sums of the M-step."""
        em, means = self.em, np.ascontiguousarray(place.mixture.means)
        factor = place.mixture.gaussians.factor
        seconds = em.settings.structure.seconds(*means.shape)
        along, found = directions_of(em, place), Expanded(0.0, 0.0, 0)
        sums = zeros(means, diagonal=bool(seconds), directions=along)
        if self._held is None:
            n = em.data.source.n_rows
            numbers = np.sort(self.random.choice(n, min(_HELD, n), replace=False))
            self._held = np.empty((len(numbers), means.shape[1])), numbers
        seed = self.random.randint(2**31) if not place.number else None
        for at, block in enumerate(self._chunks(len(means))):
            passes, ids = self._passes(block), place.sets.ids[block.start : block.stop]
            sets = Sets.empty(len(ids), place.sets.n_kept)
            if seed is None:
                sets.ids[:] = ids
            else:
                sets = self._first(passes, place, block, np.random.RandomState(seed))
            done, place.graph = expanded(passes, place, sets, place.number + _APART * at)
            ids[:] = sets.ids
            members = passes.members(sets, len(means))
            added = passes.moments(members, means, diagonal=seconds, factor=factor)
            for total, part in zip(sums, added, strict=True):
                total += part
            found = found.joined(done)
        self._sums = sums
        place.number += 1
        place.background = found.background if em.m_step.box else None
        return found

    def maximise(
        self, place: Place, iteration: int, done: Sequence[Repair]
    ) -> tuple[Floats, list[Repair]]:
        """The M-step, from the sums of the pass before."""
        weight, repairs = maximised(self.em, place, self._sums, iteration, done)
        self.over_sample.relist(place, iteration, repairs)
        return weight, repairs

    def scored(self, place: Place, count: int, random: np.random.RandomState) -> Scored:
        """So many of the rows that are held, drawn and scored exactly beside what they keep."""
        assert self._held is not None
        rows, numbers = self._held
        chosen = random.choice(len(rows), min(count, len(rows)), replace=False)
        passes = replace(self.over_sample.passes, rows=rows[chosen], weights=None)
        return scored(passes, place.mixture, np.asarray(place.sets.ids[numbers[chosen]]))

    def widened(self, place: Place, breadth: Breadth) -> Place:
        """A place with room for more."""
        sets, wide = place.sets, place.sets
        if breadth.kept > sets.n_kept:
            wide = Sets(self._room(breadth.kept))
            for at in range(0, len(sets.ids), _NUMBERS):
                part = slice(at, at + _NUMBERS)
                wide.ids[part, : sets.n_kept] = sets.ids[part]
                wide.ids[part, sets.n_kept :] = -1
        narrow = Sets(np.empty((0, wide.n_kept), np.int32))
        return replace(replace(place, sets=narrow).widened(breadth), sets=wide)

    def _first(
        self, passes: Any, place: Place, block: Block, random: np.random.RandomState
    ) -> Sets:
        """What the rows of a chunk keep at first; those that are to be scored are held."""
        assert self._held is not None
        means, scale = np.ascontiguousarray(place.mixture.means), self.over_sample.scale
        rows, numbers = self._held
        first, last = np.searchsorted(numbers, [block.start, block.stop])
        rows[first:last] = block.rows[numbers[first:last] - block.start]
        ids = nearest(passes, means, place.sets.n_kept, scale, random)
        return Sets(ids, np.zeros(ids.shape))

    def _chunks(self, n_components: int) -> Iterator[Block]:
        """The rows, many at a time."""
        source = self.em.data.source
        with closing(source.blocks()) as blocks:
            yield from rechunk(
                blocks, max(_NUMBERS // source.n_features, _ROWS * n_components), source.dtype
            )

    def _passes(self, block: Block) -> Any:
        weights = None if block.weights is None else doubles(block.weights)
        rows = doubles(block.rows)
        return replace(self.over_sample.passes, rows=rows, weights=weights)

    def _room(self, n_kept: int) -> Numbers:
        """Numbers of components for all rows, in a file that ends with them."""
        with TemporaryFile() as file:
            shape = self.em.data.source.n_rows, n_kept
            room: Numbers = np.memmap(file, np.int32, "w+", shape=shape)
        return room
