"""Data: rows that are open: where they are, some of them at hand, and what was seen of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.caching import cached_property
from mixtura.engine.arrays import Floats, Rows
from mixtura.engine.executors import Executor, default_executor
from mixtura.engine.sources import ArraySource, Source
from mixtura.errors import CollapseError
from mixtura.rows.fingerprint import fingerprint
from mixtura.rows.limits import check_extent, check_rows
from mixtura.rows.oddities import Oddities, oddities
from mixtura.rows.spread import Spread, TotalScatter
from mixtura.rows.summary import RowSummary
from mixtura.rows.weights import Weighted

__all__ = ["Data"]

#: a collapse names so many rows at most
_NAMED = 10


@dataclass(frozen=True, eq=False)
class Data:
    """Rows that a mixture is fitted to, and who carries passes over them out.

    Parameters
    ----------
    source : those that count, of positive weight.
    sample : of them, in memory, to begin from: all, where memory holds them.
    executor : who carries passes over them out.
    names : of the features, D of them, or None.
    unit : what a weight of 1 in `source` was before.
    counting : which of the person's rows those of `source` are, or None for all.
    left_out : how many rows of files, or of workers, are not in `source`: bad, or of weight 0.
    note : about bad rows, empty where there were none.
    seen : what the rows of `source` are like together, where a pass has told that.
    scatter : whether the scatter of all rows is likely to be asked for.
    known_by : gives what the rows are known by, so that others are not taken for them.
    """

    source: Source
    sample: ArraySource
    executor: Executor
    names: tuple[str, ...] | None = None
    unit: float = 1.0
    counting: NDArray[np.bool_] | None = None
    left_out: int = 0
    note: str = ""
    seen: RowSummary | None = None
    scatter: bool = False
    known_by: Callable[[], Mapping[str, Any]] = dict

    @classmethod
    def held(
        cls,
        rows: Rows,
        weights: Floats | None = None,
        names: tuple[str, ...] | None = None,
        *,
        scatter: bool = False,
    ) -> Data:
        """Rows (N, D) in memory; those of weight 0 are left out before anything else is done.

        So what is fitted is bit for bit that of the others; leaving them out takes a copy.
        """
        weighted = Weighted.of(rows, weights)
        source = ArraySource(weighted.rows, weighted.weights)
        return cls(
            source,
            source,
            default_executor(),
            names,
            weighted.unit,
            weighted.counting,
            scatter=scatter and source.n_blocks > 1,  # a block is soon read again
            known_by=partial(fingerprint, source, names),
        )

    @property
    def in_memory(self) -> bool:
        """Whether memory holds all rows."""
        return self.source is self.sample

    def brought_here(self) -> Data:
        """The same, and where the sample is all of them, they are in memory."""
        whole = self.sample.n_rows == self.source.n_rows
        return replace(self, source=self.sample) if whole else self

    def of_others(self, source: ArraySource, counting: NDArray[np.bool_] | None = None) -> Data:
        """Other rows, in memory, and the same in all else.

        Parameters
        ----------
        source : the rows.
        counting : as for the class.
        """
        return replace(self, source=source, sample=source, counting=counting, seen=None)

    @cached_property
    def summary(self) -> RowSummary:
        """What the rows are like together; a pass where none has told it."""
        return self.seen or RowSummary.of(self.source, self.executor, products=self.scatter)

    @cached_property
    def spread(self) -> Spread:
        """How far the rows spread in each feature."""
        return Spread.of(self.summary)

    @cached_property
    def total_scatter(self) -> TotalScatter:
        """What the rows vary in all; a pass where none has told it."""
        told = self.summary if self.scatter else self.seen
        if told is None or told.products is None:
            told = RowSummary.of(self.source, self.executor, products=True)
        return TotalScatter.of(told)

    def check(self, n_components: int) -> None:
        """Refuse rows that no mixture can be fitted to.

        Raises
        ------
        DataError : too few rows, too large values, or two columns of one name.
        """
        if self.seen is None:
            check_rows(self.sample.rows, n_components, self.names)
            return
        n, dtype = self.source.n_rows, self.source.dtype
        check_extent(n, self.seen.low, self.seen.high, n_components, self.names, dtype)

    def oddities(self, n_components: int) -> Oddities:
        """What is odd about the rows themselves, for a fit of K components at most."""
        return oddities(
            self.source,
            self.executor,
            n_components,
            sample=self.sample,
            seen=self.seen,
            left_out=self.note,
        )

    def naming_rows(self, collapse: CollapseError) -> CollapseError:
        """The error, which also names the rows nearest to the component's mean, as it holds many.

        Near in units of each feature's range; where many more rows are as near, there are more of
        them than are named. Of rows that memory does not hold none is named.
        """
        if collapse.component is None or not self.in_memory:
            return collapse
        rows = self.sample.rows
        spans = np.ptp(rows, axis=0).astype(np.float64)
        spans[spans == 0.0] = 1.0
        distances = (((rows - collapse.centre) / spans) ** 2).sum(axis=1)
        held = min(max(round(collapse.weight), 1), _NAMED)
        nearest = np.sort(np.argsort(distances, kind="stable")[:held])
        numbers = nearest if self.counting is None else np.flatnonzero(self.counting)[nearest]
        named = tuple(numbers.tolist())
        listed = ", ".join(map(str, named))
        which = f"row {listed} is" if held == 1 else f"rows {listed} are"
        return CollapseError(
            f"{collapse}. Of the rows, counted from 0, {which} nearest to its mean",
            collapse.component,
            collapse.centre,
            collapse.weight,
            named,
        )
