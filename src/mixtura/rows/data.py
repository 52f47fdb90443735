"""Data: rows that are open: where they are, some of them at hand, and what was seen of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.caching import cached_property
from mixtura.engine.arrays import Floats, Rows
from mixtura.engine.executors import Executor, default_executor
from mixtura.engine.sources import ArraySource, Block, Fields, Source
from mixtura.errors import CollapseError, DataError
from mixtura.filling import filled
from mixtura.rows.in_memory import check_names, column_label
from mixtura.rows.normal import Normal
from mixtura.rows.oddities import Oddities, oddities
from mixtura.rows.spread import Spread, TotalScatter
from mixtura.rows.summary import RowSummary
from mixtura.rows.weights import Weighted

#: a collapse names so many rows at most
_NAMED = 10
#: rows with holes that are filled for a start, at most
_FILLED = 2**17
#: beyond this size the squares of a column's values, or its variance, overflow float64
WIDEST = 1e150
#: the same of float32, in which differences are taken
_WIDEST_SINGLE = 1e37


@filled
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
        fields: Fields | None = None,
        names: tuple[str, ...] | None = None,
        *,
        scatter: bool = False,
        holes: bool = False,
    ) -> Data:
        """Rows (N, D) in memory; those of weight 0 are left out before anything else is done.

        So what is fitted is bit for bit that of the others; leaving them out takes a copy. What
        belongs to each row, its weight among it, is in `fields`; with `holes` NaN is a value that
        is missing.
        """
        weighted = Weighted.of(Block(0, rows, fields or {}))
        source = ArraySource.of(weighted.block, holes=holes)
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
    def normal(self) -> Normal:
        """The normal distribution of all rows, some of which lack features."""
        return Normal.of(self.source, self.executor, self.summary)

    @cached_property
    def filled(self) -> Source:
        """All rows, each with what it lacks drawn from their normal distribution: for a start."""
        return self.normal.filled(self.source) if self.source.holes else self.source

    @cached_property
    def filled_sample(self) -> ArraySource:
        """The sample without holes; of very many rows with holes, fewer."""
        sample = self.sample
        return self.normal.filled_sample(sample, _FILLED) if sample.holes else sample

    @cached_property
    def spread(self) -> Spread:
        """How far the rows spread in each feature."""
        return Spread.of(self.summary)

    @cached_property
    def total_scatter(self) -> TotalScatter:
        """What the rows vary in all; a pass where none has told it."""
        if self.source.holes:
            return self.normal.scatter(self.source.total_weight)
        told = self.summary if self.scatter else self.seen
        if told is None or told.products is None:
            told = RowSummary.of(self.source, self.executor, products=True)
        return TotalScatter.of(told)

    @cached_property
    def constants(self) -> tuple[tuple[int, float], ...]:
        """The columns that hold one value throughout, and that value."""
        low = self.summary.low
        return tuple((int(j), float(low[j])) for j in np.flatnonzero(low == self.summary.high))

    def check(self, n_components: int) -> None:
        """Refuse rows that no mixture can be fitted to.

        Raises
        ------
        DataError : too few rows, too large values, or two columns of one name.
        """
        if self.source.holes and self.summary.holes:
            self.summary.holes.check(self.names)
        elif self.seen is None:
            check_rows(self.sample.rows, n_components, self.names)
            return
        n, dtype, seen = self.source.n_rows, self.source.dtype, self.summary
        check_extent(n, seen.low, seen.high, n_components, self.names, dtype)

    def oddities(self, n_components: int) -> Oddities:
        """What is odd about the rows themselves, for a fit of K components at most."""
        seen = self.summary if self.source.holes else self.seen
        found = oddities(
            self.source,
            self.executor,
            n_components,
            sample=self.sample,
            seen=seen,
            left_out=self.note,
        )
        holes = seen and seen.holes
        missing = holes.sentence(self.source.n_rows, self.names) if holes else ""
        measured = "errors" in self.sample.fields
        if not (missing or measured):
            return found
        return replace(found, missing=missing, measured=measured)

    def naming_rows(self, collapse: CollapseError) -> CollapseError:
        """The error, which also names the rows nearest to the component's mean, as it holds many.

        Near in units of each feature's range; where many more rows are as near, there are more of
        them than are named. Of rows that memory does not hold none is named.
        """
        if collapse.component is None or not self.in_memory:
            return collapse
        rows = self.sample.rows
        spans = (np.nanmax(rows, axis=0) - np.nanmin(rows, axis=0)).astype(np.float64)
        spans[spans == 0.0] = 1.0
        distances = np.nansum(((rows - collapse.centre) / spans) ** 2, axis=1)
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


class Fingerprint:
    """A fingerprint of rows in their order: the same however they are divided.

    Notes
    -----
    A SHA-256 sum of every byte, about a second a GiB.
    """

    def __init__(self) -> None:
        self._values = hashlib.sha256()
        self._fields: dict[str, Any] = {}
        self._count, self._n_features = 0, 0
        self._types: set[str] = set()

    def add(self, block: Block) -> None:
        """See rows, with what belongs to each."""
        rows = block.rows
        self._values.update(np.ascontiguousarray(rows).data.cast("B"))
        for name, values in block.fields.items():
            seen = self._fields.setdefault(name, hashlib.sha256())
            seen.update(np.ascontiguousarray(values, np.float64).data.cast("B"))
        self._types.add(rows.dtype.name)
        self._count += len(rows)
        self._n_features = rows.shape[1]

    def record(self, names: tuple[str, ...] | None) -> dict[str, Any]:
        """What the rows are known by."""
        return {
            "number of rows": self._count,
            "number of features": self._n_features,
            "features' names": None if names is None else list(names),
            "type": " and ".join(sorted(self._types)),
            "values": self._values.hexdigest()[:16],
            "weights": None,
            **{name: seen.hexdigest()[:16] for name, seen in self._fields.items()},
        }


def fingerprint(source: Source, names: tuple[str, ...] | None) -> dict[str, Any]:
    """What the rows of a source are known by."""
    seen = Fingerprint()
    with closing(source.blocks()) as blocks:
        for block in blocks:
            seen.add(block)
    return seen.record(names)


def check_rows(rows: Rows, n_components: int, names: Sequence[str] | None) -> None:
    """Refuse rows (N, D) that no mixture can be fitted to.

    Raises
    ------
    DataError : too few rows, too large values, or two columns of one name.
    """
    check_names(names)
    _check_count(len(rows), n_components)
    if max(float(rows.max()), -float(rows.min())) > _WIDEST_SINGLE:
        _check_width(rows.min(axis=0), rows.max(axis=0), names, rows.dtype)


def check_extent(
    n_rows: int,
    low: Floats,
    high: Floats,
    n_components: int,
    names: Sequence[str] | None,
    dtype: np.dtype[Any],
) -> None:
    """The same for N rows of that type whose values go from `low` (D,) to `high` (D,)."""
    check_names(names)
    _check_count(n_rows, n_components)
    _check_width(low, high, names, dtype)


def _check_count(n: int, k: int) -> None:
    if n < 2:
        raise DataError(
            f"X has {n} row{'s' if n != 1 else ''}, expected at least 2: "
            "one row has no spread to fit"
        )
    if n < k:
        raise DataError(
            f"X has {n} rows, expected at least one for each of the {k} components: "
            f"ask for {n} components or fewer"
        )


def _check_width(low: Any, high: Any, names: Sequence[str] | None, dtype: np.dtype[Any]) -> None:
    low, high = (np.asarray(ends, np.float64) for ends in (low, high))
    j = int(np.maximum(-low, high).argmax())
    widest = _WIDEST_SINGLE if dtype == np.float32 else WIDEST
    if max(-low[j], high[j]) > widest:
        raise DataError(
            f"column {column_label(j, names)} goes from {low[j]:.6g} to {high[j]:.6g}: its "
            f"variance overflows, expected values below {widest:g}; "
            "divide the column by a constant"
        )
