"""Scan: rows that can be read again and again, a chunk at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from mixtura.tables.chunk import BadRows, Chunk, bad_rows
from mixtura.tables.selection import Columns

__all__ = ["Columns", "Scan", "watched"]


@dataclass(frozen=True, eq=False)
class Scan(ABC):
    """Rows of numbers somewhere else; every pass reads them anew.

    Parameters
    ----------
    columns : those that are read.
    on_bad_row : ``error``, ``skip`` or ``report``.
    """

    columns: Columns
    on_bad_row: str

    @property
    def names(self) -> tuple[str, ...] | None:
        """The features' names, None where they are made up."""
        return self.columns.features if self.columns.named else None

    @property
    def n_features(self) -> int:
        """D, how many features a row has."""
        return len(self.columns.features)

    def with_holes(self) -> Scan:
        """The same rows, which may lack features."""
        return replace(self, columns=replace(self.columns, holes=True))

    def chunks(self, bad: BadRows | None = None, *, keep: bool = False) -> Iterator[Chunk]:
        """One pass: chunks of finite rows, in the order of the data; each row has its number there.

        Where rows may have holes, those are NaN.

        Parameters
        ----------
        bad : counts the rows that are left out.
        keep : whether those stay, with NaN or infinity in them, where they may be left out.

        Raises
        ------
        DataError : a row is bad and none may be; the data cannot be read, or are not what they
            were. The file and the row are named.
        """
        count = bad_rows(self.on_bad_row) if bad is None else bad
        first = 0
        for chunk in self.read(count):
            columns = self.columns
            own = chunk.numbered(first).transformed(columns.features, columns.transforms)
            left = own.drop(columns.features, count, keep=keep, holes=columns.holes)
            first += len(chunk)
            if len(left):
                yield left.joined()

    @abstractmethod
    def read(self, bad: BadRows) -> Iterator[Chunk]:
        """One pass: chunks as they come, all rows of them.

        `bad` is told of rows that are not even numbers; they are NaN, in chunks that say so.
        """


@dataclass(frozen=True, eq=False)
class _WatchedScan(Scan):
    """The rows of another scan, whose passes are told of.

    Parameters
    ----------
    inner : the other.
    told : of the rows that a pass has read so far, bad ones included: 0 as it begins. It may be
        called from another thread.
    """

    inner: Scan
    told: Callable[[int], None]

    def read(self, bad: BadRows) -> Iterator[Chunk]:
        count = 0
        self.told(0)
        for chunk in replace(self.inner, columns=self.columns).read(bad):
            yield chunk
            count += len(chunk)
            self.told(count)


def watched(scan: Scan, told: Callable[[int], None]) -> Scan:
    """The rows of a scan, and `told` is told how far each pass has come."""
    return _WatchedScan(scan.columns, scan.on_bad_row, scan, told)
