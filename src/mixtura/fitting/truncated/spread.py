"""Spread: rounds over the partitions of a Dask collection, whose sets lie beside them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats, Integers, doubles
from mixtura.engine.cells import Expanded, Numbers, Sets
from mixtura.engine.executors import Serial
from mixtura.engine.sources.block import Block, rechunk
from mixtura.engine.sources.dask import Cut, DaskSource
from mixtura.fitting.em import EM
from mixtura.fitting.truncated.begin import passes_over, scale_of
from mixtura.fitting.truncated.rounds import Place, Rounds
from mixtura.fitting.truncated.streamed import StreamedRounds
from mixtura.fitting.truncated.sweep import Sweep, Swept, SweptRounds
from mixtura.fitting.truncated.truncation import Breadth, Scored
from mixtura.model.mixture import Mixture


@dataclass(eq=False)
class SpreadRounds(SweptRounds):
    """Truncated EM over the partitions of a Dask collection: both steps' sums in one pass.

    A task takes one partition. What its rows keep stays on the worker, 4·C bytes a row, and is what
    the next round's task begins with: the place has only the sets of the rows that are scored. The
    sums are added up in a tree over the partitions, and each component has the list of that
    partition where it has most rows, so that no bit depends on who did what.

    Notes
    -----
    What a worker that is lost kept is made again from the first round on, by the mixtures of all
    rounds, which the scheduler holds.
    """

    _kept: tuple[Any, ...] = field(default=(), init=False)  # on the workers, of each partition
    _rows: Floats | None = field(default=None, init=False)  # that are scored exactly

    def __post_init__(self) -> None:
        self._numbers = self._drawn()

    def beginning(self, mixture: Mixture, breadth: Breadth) -> Place:
        """The place of a mixture: the first pass finds what rows keep."""
        return self._begun(mixture, breadth, Sets.empty(len(self._numbers), breadth.kept))

    def expand(self, place: Place) -> Expanded:
        """The E-step, and the sums of the M-step."""
        seed = None if self._kept else self.random.randint(2**31)
        sweep = Sweep.of(self.em, place, self.over_sample.scale, seed)
        answer, self._kept = self._source.partitions.keeping(self._tasks(sweep), sweep, self._kept)
        rows, ids = (np.concatenate(each) for each in zip(*answer.held, strict=True))
        if seed is not None:
            self._rows = doubles(rows)
        place.sets = replace(place.sets, ids=ids)
        return self._after(place, answer.swept)

    def scored(self, place: Place, count: int, random: np.random.RandomState) -> Scored:
        """So many of the rows that are held, drawn and scored exactly beside what they keep."""
        assert self._rows is not None
        chosen = random.choice(len(self._rows), min(count, len(self._rows)), replace=False)
        return self._scored(self._rows[chosen], place, place.sets.ids[chosen])

    def widened(self, place: Place, breadth: Breadth) -> Place:
        """A place with room for more, which rows on workers have from the next pass on."""
        return place.widened(breadth)

    @property
    def _source(self) -> DaskSource:
        source = self.em.data.source
        assert isinstance(source, DaskSource)
        return source

    def _tasks(self, sweep: Sweep) -> list[_Task]:
        """What is done with each partition."""
        cuts, step = self._source.cuts, sweep.n_rows
        chunks = accumulate((-(-cut.length // step) for cut in cuts), initial=0)
        firsts = np.searchsorted(self._numbers, [cut.first for cut in cuts])
        held = np.split(self._numbers, firsts[1:])
        return [
            _Task(cut, number, own - cut.first)
            for cut, number, own in zip(cuts, chunks, held, strict=False)
        ]


def beyond_memory(em: EM, random: np.random.RandomState) -> StreamedRounds | SpreadRounds:
    """Rounds over rows that memory does not hold, streamed or on workers."""
    passes = passes_over(em.data.sample, em.data.executor)
    order = np.arange(len(passes.rows), dtype=np.int32)
    over_sample = Rounds(em, passes, scale_of(em), order)
    if isinstance(em.data.source, DaskSource):
        return SpreadRounds(em, over_sample, random)
    return StreamedRounds(em, over_sample, random)


@dataclass(frozen=True, eq=False)
class _Answer:
    """What partitions give to a round: its sums; and of rows that are held what they keep.

    Parameters
    ----------
    swept : the sums.
    held : rows, at first, and their ids; of each partition.
    """

    swept: Swept
    held: tuple[tuple[Any, Numbers], ...]

    def __add__(self, after: _Answer) -> _Answer:
        return _Answer(self.swept + after.swept, self.held + after.held)


@dataclass(frozen=True, eq=False)
class _Task:
    """What is done with one partition in a round.

    Parameters
    ----------
    cut : of the partition.
    number : of chunks in the partitions before.
    held : the numbers of its rows that are held.
    """

    cut: Cut
    number: int
    held: Integers

    def __call__(
        self, whole: Block, sweep: Sweep, kept: Numbers | None = None
    ) -> tuple[_Answer, Numbers]:
        """The sums, and what the rows keep then."""
        block = self.cut.numbered(whole).readable(self.cut.kind)
        ids = np.full((len(block.rows), sweep.n_kept), -1, np.int32)
        if kept is not None:
            ids[:, : kept.shape[1]] = kept
        swept = sweep.over(rechunk([block], sweep.n_rows), ids, Serial(), self.number)
        rows = block.rows[self.held if kept is None else self.held[:0]]
        return _Answer(swept, ((rows, ids[self.held]),)), ids
