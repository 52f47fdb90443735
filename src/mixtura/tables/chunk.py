"""Chunk: consecutive rows of a stream with all that goes along, and what becomes of bad ones."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.errors import DataError, ParameterError
from mixtura.tables.cells import UNKNOWN
from mixtura.tables.selection import joined_fields
from mixtura.tables.transforms import Transform
from mixtura.textual import counted

#: of each bad row that is reported, up to so many
_REPORTED = 100

#: what can be asked for: whether rows may be bad, and how many of them are described
_POLICIES = {"error": (False, 1), "skip": (True, 1), "report": (True, _REPORTED)}

#: the least value that a field may have; any finite number where nothing is said
_LEAST = {"weights": 0.0, "errors": 0.0}


class BadRows:
    """A count of the bad rows of one pass.

    Parameters
    ----------
    allowed : whether there may be any; if not, the first is an error.
    described : so many are kept as sentences.
    """

    def __init__(self, *, allowed: bool, described: int) -> None:
        self.count = 0
        self.sentences: list[str] = []
        self._allowed = allowed
        self._described = described

    def add(self, count: int, sentences: Iterator[str]) -> None:
        """There are `count` more; `sentences` say of each where it is and what is wrong.

        Raises
        ------
        DataError : none are allowed.
        """
        if not self._allowed:
            raise DataError(f"{next(sentences)}, or leave such rows out (on_bad_row 'skip')")
        self.count += count
        self.sentences += islice(sentences, self._described - len(self.sentences))

    def include(self, other: BadRows) -> None:
        """Count those that another one counted, too."""
        self.count += other.count
        self.sentences += other.sentences[: self._described - len(self.sentences)]

    @property
    def summary(self) -> str:
        """How many were left out; empty where none were."""
        return self._said("left out")

    def warn(self, *, kept: bool = False) -> None:
        """Say how many were left out, and of each that is described what is wrong with it.

        Parameters
        ----------
        kept : whether they stayed, without a value.
        """
        if not self.count:
            return
        if not kept and self._described > 1:
            for sentence in self.sentences:
                warnings.warn(f"left out: {sentence}", stacklevel=2)
        warnings.warn(self._said("given no value" if kept else "left out"), stacklevel=2)

    def _said(self, what: str) -> str:
        if not self.count:
            return ""
        were = "was" if self.count == 1 else "were"
        return f"{counted(self.count, 'bad row')} {were} {what}; the first: {self.sentences[0]}"


def bad_rows(policy: str) -> BadRows:
    """A count by the policy of that name: ``error``, ``skip`` or ``report``.

    Raises
    ------
    ParameterError : there is none.
    """
    if policy not in _POLICIES:
        raise ParameterError(f"on_bad_row is {policy!r}, expected one of: {', '.join(_POLICIES)}")
    allowed, described = _POLICIES[policy]
    return BadRows(allowed=allowed, described=described)


@dataclass(frozen=True, eq=False)
class Chunk:
    """Rows of numbers with what belongs to each and their texts; as many as come together.

    Parameters
    ----------
    rows : (m, D), float32 or float64.
    fields : name -> (m, …) float64; ``weights`` are how much each row counts.
    ids : name -> m texts.
    origin : the file, or what else they are from, for the messages.
    first : the number of the first row there.
    told : whether it is told already of the rows that hold NaN what is wrong with them; where
        rows may have holes, of those that hold infinity.
    numbers : (m,), where each row stands in all of the data, from 0; None before a scan says it.
    nulls : (m, D), which features of those that are NaN are null in the data; None where no one
        said, or they were told of.
    """

    rows: NDArray[np.floating[Any]]
    fields: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    ids: Mapping[str, Sequence[str]] = field(default_factory=dict)
    origin: str = "the data"
    first: int = 0
    told: bool = False
    numbers: NDArray[np.int64] | None = None
    nulls: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return int(self.rows.shape[0])

    @property
    def weights(self) -> NDArray[np.float64] | None:
        """The rows' weights (m,), or None where every row counts once."""
        return self.fields.get("weights")

    def sound(self, *, holes: bool = False) -> bool:
        """Whether none of its rows is bad; where there may be holes, NaN is no fault."""
        return self._good(holes=holes) is None

    def numbered(self, first: int) -> Chunk:
        """The same, whose rows stand in all of the data from number `first` on."""
        return replace(self, numbers=np.arange(first, first + len(self)))

    def transformed(self, names: Sequence[str], transforms: Mapping[str, Transform]) -> Chunk:
        """The same, with those features of `names` on another scale that have one."""
        if not transforms:
            return self
        rows = self.rows.astype(np.float64)
        for name, scale in transforms.items():
            j = list(names).index(name)
            rows[:, j] = scale(rows[:, j])
        return replace(self, rows=rows)

    def part(self, start: int, stop: int) -> Chunk:
        """The rows from `start` up to `stop`, with all that goes along."""
        rows = slice(start, stop)
        return Chunk(
            self.rows[rows],
            {name: values[rows] for name, values in self.fields.items()},
            {name: texts[rows] for name, texts in self.ids.items()},
            self.origin,
            self.first + start,
            numbers=None if self.numbers is None else self.numbers[rows],
        )

    def drop(
        self, names: Sequence[str], bad: BadRows, *, keep: bool = False, holes: bool = False
    ) -> Chunk:
        """Without rows that hold NaN or infinity, or a field that is none; `bad` is told of them.

        Parameters
        ----------
        names : of the features.
        bad : counts the rows.
        keep : whether they stay nevertheless.
        holes : whether NaN is a feature that is missing, and no fault.

        Raises
        ------
        DataError : there are such rows, and `bad` does not allow any.
        """
        good = self._good(holes=holes)
        if good is None:
            return self
        rows = np.flatnonzero(~good)
        new = rows[_usable(self.rows[rows], holes=holes).all(axis=1)] if self.told else rows
        if len(new):
            bad.add(len(new), self._sentences(new.tolist(), names, holes=holes))
        if keep:
            return self
        return replace(
            self,
            rows=self.rows[good],
            nulls=None,
            fields={name: values[good] for name, values in self.fields.items()},
            numbers=None if self.numbers is None else self.numbers[good],
            ids={name: list(compress(texts, good)) for name, texts in self.ids.items()},
        )

    def joined(self) -> Chunk:
        """The same, with a field that has several columns as one, (m, columns)."""
        fields = joined_fields(self.fields)
        return self if fields is self.fields else replace(self, fields=fields)

    def _good(self, *, holes: bool) -> NDArray[np.bool_] | None:
        """Which rows are good, (m,); None where all are."""
        # One sum is enough to see that all is well: NaN and infinity never cancel out of it.
        with np.errstate(over="ignore", invalid="ignore"):
            whole = bool(np.isfinite(self.rows.sum()))
        if whole and not self.fields:
            return None
        good = True if whole else _usable(self.rows, holes=holes).all(axis=1)
        for name, values in self.fields.items():
            good = good & np.isfinite(values) & (values >= _least(name))
        return None if np.all(good) else np.asarray(good)

    def _sentences(
        self, rows: Sequence[int], names: Sequence[str], *, holes: bool
    ) -> Iterator[str]:
        for i in rows:
            where = f"{self.origin}: row {self.first + i}"
            columns = np.flatnonzero(~_usable(self.rows[i], holes=holes))
            if not len(columns):
                yield f"{where} has the {self._fault(i)}"
                continue
            value = self.rows[i, columns[0]]
            what = "NaN" if np.isnan(value) else "infinity" if value > 0 else "-infinity"
            if self.nulls is not None and self.nulls[i, columns[0]]:
                what = "null"
            yield (
                f"{where}, column {names[columns[0]]!r} is {what}, expected a finite number: fill "
                f"it, {UNKNOWN if np.isnan(value) else ''}or drop the row"
            )

    def _fault(self, row: int) -> str:
        """What is wrong with a field of a row of finite numbers."""
        for name, values in self.fields.items():
            least = _least(name)
            if not (np.isfinite(values[row]) and values[row] >= least):
                of_at_least = f" of at least {least:g}" if least > -np.inf else ""
                out = ": a weight of 0 leaves a row out" if name == "weights" else ""
                what = name.partition(".")[0].removesuffix("s")
                return f"{what} {values[row]:g}, expected a finite number{of_at_least}{out}"
        raise AssertionError(f"row {row} is sound")


def _least(name: str) -> float:
    """The least value that a field, or one of its columns, may have."""
    return _LEAST.get(name.partition(".")[0], -np.inf)


def _usable(rows: NDArray[np.floating[Any]], *, holes: bool) -> NDArray[np.bool_]:
    """Which values can be computed with: finite ones, and where there may be holes, NaN."""
    return ~np.isinf(rows) if holes else np.isfinite(rows)


def concat(chunks: Sequence[Chunk]) -> Chunk:
    """One chunk of the rows of several, one at least."""
    first = chunks[0]
    if len(chunks) == 1:
        return first
    numbers = [chunk.numbers for chunk in chunks if chunk.numbers is not None]
    return Chunk(
        np.concatenate([chunk.rows for chunk in chunks]),
        {n: np.concatenate([chunk.fields[n] for chunk in chunks]) for n in first.fields},
        {name: [text for chunk in chunks for text in chunk.ids[name]] for name in first.ids},
        first.origin,
        first.first,
        numbers=np.concatenate(numbers) if numbers else None,
    )


def coalesce(chunks: Iterable[Chunk], n_rows: int) -> Iterator[Chunk]:
    """The rows of the chunks, at least `n_rows` together but for the last; no more than they need.

    Notes
    -----
    Small files would otherwise cost as much for each as for many rows.
    """
    held: list[Chunk] = []
    count = 0
    for chunk in chunks:
        held.append(chunk)
        count += len(chunk)
        if count >= n_rows:
            yield concat(held)
            held, count = [], 0
    if held:
        yield concat(held)


def rechunk(chunks: Iterable[Chunk], n_rows: int) -> Iterator[Chunk]:
    """The rows of the chunks, exactly `n_rows` together but for the last.

    What is summed over them has the same bits however the rows came.
    """
    rest: list[Chunk] = []
    for chunk in coalesce(chunks, n_rows):
        whole = concat([*rest, chunk])
        cut = len(whole) - len(whole) % n_rows
        for at in range(0, cut, n_rows):
            yield whole.part(at, at + n_rows)
        rest = [whole.part(cut, len(whole))] if cut < len(whole) else []
    yield from rest
