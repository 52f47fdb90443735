"""The native kernel's passes over cells, of which truncated EM is made."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TypeVar

import numpy as np

from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.cells import Cells, Expanded, Halves, Numbers, Sets
from mixtura.engine.components import Components
from mixtura.engine.executors import Executor, side_by_side
from mixtura.engine.factors import Factor
from mixtura.engine.kernel import _native
from mixtura.engine.kernel.native_inverse import invert_lower
from mixtura.engine.statistics import zeros

T = TypeVar("T")
#: work is cut into parts of so many rows, at most so many: it depends on the rows alone
_PART, _PARTS = 8192, 64
#: members are counted in so many parts: each has a number for each component
_COUNTED = 16
#: so many chains of seeds are compared at once with the seeds before them all; and distances that
#: are a part of that work at least
_SEEDS, _PAIRS = 256, 2**18


@dataclass(frozen=True, eq=False)
class CellPasses:
    """Passes over the cells of rows in memory, each cell by one thread.

    Nothing is summed up across cells but the bound, part by part in their order: the bits do not
    depend on the number of threads.

    Parameters
    ----------
    rows : (N, D) float64, C-contiguous.
    weights : (N,) or None.
    executor : whose threads they are.
    """

    rows: Floats
    weights: Floats | None
    executor: Executor
    _room: dict[str, Cells] = field(default_factory=dict, init=False)  # kept from pass to pass

    def expand(
        self,
        components: Components,
        cells: Cells,
        lists: Numbers,
        asked: Numbers,
        sets: Sets,
        *,
        draw: int = -1,
        graph: Numbers | None = None,
        reach: int | None = None,
        background: float = -math.inf,
        bounds: Floats | None = None,
    ) -> Expanded:
        """The E-step: every row keeps the likeliest of the components that it is shown.

        Parameters
        ----------
        components : K of them.
        cells : whose rows are scored together.
        lists : (L, G) int32, numbers of components, −1 behind them.
        asked : (N, A) int32, the lists whose components a row is shown; −1 for none. It may be
            what `sets` keeps, where lists are of neighbours.
        sets : overwritten.
        draw : a number of the round, where rows are shown a component more that is drawn by it.
        graph : (K, G) int32, overwritten by the neighbours of each component, where cells are
            theirs.
        reach : so much of each list counts, but of the first that a row asks for; None for all.
        background : the log density of noise, nats, which every row keeps besides; −∞ for none.
        bounds : (n_cells,), overwritten by what each cell has of the bound, nats; or None.
        """
        whitening = components.whitening(invert_lower)

        def part(ends: tuple[int, int]) -> tuple[float, float, int]:
            return _native.expand(
                components.factor.form,
                components.constants,
                components.means,
                whitening,
                None if graph is None else components.log_weights,
                self.rows,
                self.weights,
                cells.order,
                cells.offsets,
                *ends,
                lists,
                asked,
                draw,
                sets.ids,
                sets.shares,
                graph,
                lists.shape[1] if reach is None else reach,
                background,
                bounds,
            )

        found = self._spread(_even_parts(cells.offsets), part)
        return Expanded(*map(sum, zip(*found, strict=True)))

    def members(self, sets: Sets, n_components: int, *, best: bool = False) -> Cells:
        """The rows by the components that they keep, (K cells); or by their likeliest alone.

        Whose arrays are overwritten the next time.
        """
        n, name = len(self.rows), "best" if best else "kept"
        if best:
            sets = Sets(sets.ids)
        n_slots = 1 if best else sets.n_kept
        count = min(_COUNTED, max(n // _PART, 1))
        parts = list(enumerate(pairwise(n * at // count for at in range(count + 1))))
        counts = np.zeros((len(parts), n_components), np.int64)

        def tally(part: tuple[int, tuple[int, int]]) -> None:
            at, (first, last) = part
            _native.count_members(sets.ids, sets.shares, n_slots, first, last, counts[at])

        self._spread(parts, tally)
        offsets = np.zeros(n_components + 1, np.int64)
        np.cumsum(counts.sum(axis=0), out=offsets[1:])
        following = np.cumsum(counts, axis=0) - counts + offsets[:-1]
        room = self._room.get(name)
        if room is None or len(room.order) != n * n_slots:
            order = np.empty(n * n_slots, np.int32)
            room = self._room[name] = Cells(order, offsets, None if best else np.empty(len(order)))

        def place(part: tuple[int, tuple[int, int]]) -> None:
            at, (first, last) = part
            to = following[at], room.order, room.shares
            _native.place_members(sets.ids, sets.shares, n_slots, first, last, self.weights, *to)

        self._spread(parts, place)
        return replace(room, offsets=offsets)

    def moments(
        self,
        members: Cells,
        reference: Floats,
        *,
        diagonal: bool | None,
        factor: Factor | None = None,
    ) -> tuple[Floats, Floats, Floats]:
        """Sums of weight, first and second moments about `reference` (K, D) of each cell.

        With `diagonal` None the second moments are along the directions of `factor`.
        """
        along = factor if diagonal is None else None
        directions = None if along is None else along.directions
        packed = None if along is None else along.inverse(invert_lower)
        sums = zeros(reference, diagonal=bool(diagonal), directions=directions)
        shares = members.shares
        if shares is None:
            shares = np.ones(len(members.order))
            shares = shares if self.weights is None else self.weights[members.order]

        def part(ends: tuple[int, int]) -> None:
            _native.moments_of_cells(
                self.rows, members.order, members.offsets, shares, reference, *ends, *sums, packed
            )

        self._spread(_even_parts(members.offsets), part)
        return sums

    def halves(
        self, cells: Cells, structure: str, ridge: Floats, scale: Floats, n_steps: int
    ) -> Halves:
        """What each cell gains by two components, fitted to its rows by a few steps of EM.

        Parameters
        ----------
        cells : of the rows.
        structure : three letters, ``VII``, ``VVI`` or ``VVV``.
        ridge : (D, D), added to the covariances.
        scale : (D,) units in which a cell's longest axis is found.
        n_steps : of EM.
        """
        k, d = len(cells.offsets) - 1, self.rows.shape[1]
        entries = (d,) if structure[2] == "I" else (d, d)
        found = Halves(
            np.empty(k), np.empty((k, 2)), np.empty((k, 2, d)), np.empty((k, 2, *entries))
        )

        def part(ends: tuple[int, int]) -> None:
            where = cells.order, cells.offsets, *ends
            how = structure, ridge, scale, n_steps
            _native.split_cells(self.rows, self.weights, *where, *how, *found)

        self._spread(_even_parts(cells.offsets), part)
        return found

    def chained(self, drawn: Numbers, proposed: Floats, draws: Floats, scale: Floats) -> Integers:
        """The rows at the ends of K chains, far from one another, (K,).

        Parameters
        ----------
        drawn : (K, m) int32, rows that are proposed.
        proposed : (K, m) the probability with which each was, over its weight.
        draws : (K, m) from [0, 1).
        scale : (D,) units of features.

        References
        ----------
        Bachem, Lucic, Hassani & Krause 2016, "Fast and provably good seedings for k-means".
        """
        (k, length), d = drawn.shape, self.rows.shape[1]
        places = np.full((d, -(-k // 8) * 8), np.inf)
        chosen, far = np.empty(k, np.int32), np.full((k, length), np.inf)
        for first in range(0, k, _SEEDS):
            last = min(first + _SEEDS, k)

            def part(ends: tuple[int, int], known: int = first) -> None:
                _native.seed_distances(self.rows, scale, drawn, *ends, places, known, far)

            proposals = (last - first) * length
            ends = np.linspace(0, proposals, 1 + min(_COUNTED, 1 + proposals * first // _PAIRS))
            if first:
                self._spread(list(pairwise((first * length + ends.astype(int)).tolist())), part)
            how = drawn, proposed, draws, far, first, last
            _native.chain_seeds(self.rows, scale, *how, places, chosen)
        return chosen

    def _spread(self, parts: list[T], function: Callable[[T], object]) -> list[object]:
        return side_by_side(self.executor, parts, function)


def _even_parts(offsets: Integers) -> list[tuple[int, int]]:
    """Cells from first to before last, of about as many members each."""
    n = int(offsets[-1])
    count = min(max(n // _PART, 1), _PARTS)
    wanted = np.arange(1, count) * n // count
    ends = [0, *np.searchsorted(offsets, wanted).tolist(), len(offsets) - 1]
    return [(first, last) for first, last in pairwise(ends) if last > first]
