"""Scan: rows that can be read again and again, a chunk at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

from mixtura.tables.streams.bad_rows import BadRows, bad_rows
from mixtura.tables.streams.chunk import Chunk

__all__ = ["Columns", "Scan"]


@dataclass(frozen=True)
class Columns:
    """Which columns are read, and as what.

    Parameters
    ----------
    features : D names, in the order of the mixture's.
    weights : the name of the column that weighs the rows, or None.
    ids : carried along as text.
    named : whether the names are in the data, and not made up (x0, x1, …).
    """

    features: tuple[str, ...]
    weights: str | None = None
    ids: tuple[str, ...] = ()
    named: bool = True


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
        """D."""
        return len(self.columns.features)

    def chunks(self, bad: BadRows | None = None, *, keep: bool = False) -> Iterator[Chunk]:
        """One pass: chunks of finite rows, in the order of the data; each row has its number there.

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
            sifted = chunk.numbered(first).sifted(self.columns.features, count, keep=keep)
            first += len(chunk)
            if len(sifted):
                yield sifted

    @abstractmethod
    def read(self, bad: BadRows) -> Iterator[Chunk]:
        """One pass: chunks as they come, all rows of them.

        `bad` is told of rows that are not even numbers; they are NaN, in chunks that say so.
        """
