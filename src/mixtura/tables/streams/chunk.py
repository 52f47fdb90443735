"""Chunk: consecutive rows of a stream, with all that goes along."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.tables.streams.bad_rows import BadRows

__all__ = ["Chunk"]


@dataclass(frozen=True, eq=False)
class Chunk:
    """Rows of numbers; m as it comes.

    Parameters
    ----------
    rows : (m, D), float32 or float64.
    weights : (m,) float64, or None.
    ids : name -> m texts.
    origin : the file, or what else they are from, for the messages.
    first : the number of the first row there.
    told : whether it is told already of the rows that hold NaN what is wrong with them.
    numbers : (m,), where each row stands in all of the data, from 0; None before a scan says it.
    """

    rows: NDArray[np.floating[Any]]
    weights: NDArray[np.float64] | None = None
    ids: Mapping[str, Sequence[str]] = field(default_factory=dict)
    origin: str = "the data"
    first: int = 0
    told: bool = False
    numbers: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return int(self.rows.shape[0])

    def numbered(self, first: int) -> Chunk:
        """The same, whose rows stand in all of the data from number `first` on."""
        return replace(self, numbers=np.arange(first, first + len(self)))

    def sifted(self, names: Sequence[str], bad: BadRows, *, keep: bool = False) -> Chunk:
        """Without rows that hold NaN or infinity, or whose weight is none; `bad` is told of them.

        Parameters
        ----------
        names : of the features.
        bad : counts the rows.
        keep : whether they stay nevertheless.

        Raises
        ------
        DataError : there are such rows, and `bad` does not allow any.
        """
        # One sum is enough to see that all is well: NaN and infinity never cancel out of it.
        with np.errstate(over="ignore", invalid="ignore"):
            whole = np.isfinite(self.rows.sum())
        if self.weights is None:
            if whole:
                return self
            good = np.isfinite(self.rows).all(axis=1)
        else:
            good = np.isfinite(self.weights) & (self.weights >= 0.0)
            if not whole:
                good &= np.isfinite(self.rows).all(axis=1)
        if good.all():
            return self
        rows = np.flatnonzero(~good)
        new = rows[np.isfinite(self.rows[rows]).all(axis=1)] if self.told else rows
        if len(new):
            bad.add(len(new), self._sentences(new.tolist(), names))
        if keep:
            return self
        return replace(
            self,
            rows=self.rows[good],
            weights=None if self.weights is None else self.weights[good],
            numbers=None if self.numbers is None else self.numbers[good],
            ids={
                name: [text for text, kept in zip(texts, good.tolist(), strict=True) if kept]
                for name, texts in self.ids.items()
            },
        )

    def _sentences(self, rows: Sequence[int], names: Sequence[str]) -> Iterator[str]:
        for i in rows:
            where = f"{self.origin}: row {self.first + i}"
            columns = np.flatnonzero(~np.isfinite(self.rows[i]))
            if not len(columns):
                assert self.weights is not None
                yield (
                    f"{where} has the weight {self.weights[i]:g}, expected a finite number of at "
                    "least 0: a weight of 0 leaves a row out"
                )
                continue
            value = self.rows[i, columns[0]]
            what = "NaN" if np.isnan(value) else "infinity" if value > 0 else "-infinity"
            yield (
                f"{where}, column {names[columns[0]]!r} is {what}, expected a finite number: fill "
                "it, or drop the row"
            )
