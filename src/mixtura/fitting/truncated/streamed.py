"""Streamed: rounds over rows that memory does not hold, whose sets lie beside them on disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from tempfile import TemporaryFile
from typing import Any

import numpy as np

from mixtura.engine.cells import Expanded, Numbers, Sets
from mixtura.engine.sources.block import Block, rechunk
from mixtura.fitting.truncated.rounds import Place
from mixtura.fitting.truncated.sweep import Sweep, SweptRounds
from mixtura.fitting.truncated.truncation import Breadth, Scored
from mixtura.model.mixture import Mixture

#: so many rows' sets are copied at a time
_COPIED = 2**22


@dataclass(eq=False)
class StreamedRounds(SweptRounds):
    """Truncated EM over a stream, chunk by chunk: both steps' sums in one pass.

    What each row keeps is in a file without a name in the folder for temporary files, 4·C bytes a
    row, and is read and written in the order of the rows.
    """

    _held: tuple[Any, Any] | None = field(default=None, init=False)  # rows, and their numbers

    def beginning(self, mixture: Mixture, breadth: Breadth) -> Place:
        """The place of a mixture: the first pass finds what rows keep."""
        return self._begun(mixture, breadth, Sets(self._room(breadth.kept)))

    def expand(self, place: Place) -> Expanded:
        """The E-step, and the sums of the M-step."""
        data = self.em.data
        if self._held is None:
            numbers = self._drawn()
            self._held = np.empty((len(numbers), data.source.n_features)), numbers
        seed = self.random.randint(2**31) if not place.number else None
        sweep = Sweep.of(self.em, place, self.over_sample.scale, seed)
        swept = sweep.over(self._chunks(sweep), place.sets.ids, data.executor)
        return self._after(place, swept)

    def scored(self, place: Place, count: int, random: np.random.RandomState) -> Scored:
        """So many of the rows that are held, drawn and scored exactly beside what they keep."""
        assert self._held is not None
        rows, numbers = self._held
        chosen = random.choice(len(rows), min(count, len(rows)), replace=False)
        return self._scored(rows[chosen], place, np.asarray(place.sets.ids[numbers[chosen]]))

    def widened(self, place: Place, breadth: Breadth) -> Place:
        """A place with room for more."""
        sets, wide = place.sets, place.sets
        if breadth.kept > sets.n_kept:
            wide = Sets(self._room(breadth.kept))
            for at in range(0, len(sets.ids), _COPIED):
                part = slice(at, at + _COPIED)
                wide.ids[part, : sets.n_kept] = sets.ids[part]
                wide.ids[part, sets.n_kept :] = -1
        narrow = Sets(np.empty((0, wide.n_kept), np.int32))
        return replace(replace(place, sets=narrow).widened(breadth), sets=wide)

    def _chunks(self, sweep: Sweep) -> Iterator[Block]:
        """The rows, many at a time; at first those that are to be scored are held."""
        assert self._held is not None
        rows, numbers = self._held
        source = self.em.data.source
        with closing(source.blocks()) as blocks:
            for block in rechunk(blocks, sweep.n_rows, source.dtype):
                if sweep.seed is not None:
                    first, last = np.searchsorted(numbers, [block.start, block.stop])
                    rows[first:last] = block.rows[numbers[first:last] - block.start]
                yield block

    def _room(self, n_kept: int) -> Numbers:
        """Numbers of components for all rows, in a file that ends with them."""
        with TemporaryFile() as file:
            shape = self.em.data.source.n_rows, n_kept
            room: Numbers = np.memmap(file, np.int32, "w+", shape=shape)
        return room
