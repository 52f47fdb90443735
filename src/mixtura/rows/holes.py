"""Holes: what some rows lack, counted by column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Floats, Integers
from mixtura.errors import DataError
from mixtura.rows.in_memory import column_label
from mixtura.textual import counted

#: of columns that lack values so many are named
_NAMED = 6


@dataclass(frozen=True, eq=False)
class Holes:
    """How many values rows lack; `+` is of both sets of rows.

    Parameters
    ----------
    weight : (D,), Σ_i v_i over the rows that have each column.
    missing : (D,), how many rows lack each column.
    incomplete : how many rows lack any.
    empty : how many lack all of them: they say nothing, but count.
    """

    weight: Floats
    missing: Integers
    incomplete: int
    empty: int

    @classmethod
    def of(cls, lacking: NDArray[np.bool_], weights: Floats | None) -> Holes:
        """Those of rows that lack these features (m, D), with weights (m,) or None."""
        there = ~lacking
        weight = there.sum(axis=0, dtype=np.float64) if weights is None else weights @ there
        some, every = lacking.any(axis=1), lacking.all(axis=1)
        return cls(weight, lacking.sum(axis=0), int(some.sum()), int(every.sum()))

    @classmethod
    def none(cls, weight: float, n_features: int) -> Holes:
        """Those of rows that lack nothing, of a total weight."""
        return cls(np.full(n_features, weight), np.zeros(n_features, np.int64), 0, 0)

    def __add__(self, other: Holes) -> Holes:
        return Holes(
            self.weight + other.weight,
            self.missing + other.missing,
            self.incomplete + other.incomplete,
            self.empty + other.empty,
        )

    def scaled(self, factor: float) -> Holes:
        """The same rows, whose weights are told in another unit."""
        return replace(self, weight=factor * self.weight)

    def check(self, names: Sequence[str] | None) -> None:
        """Refuse rows of which a column is missing everywhere.

        Raises
        ------
        DataError : one is; it is named.
        """
        if not self.weight.all():
            j = int(np.flatnonzero(self.weight == 0.0)[0])
            label = column_label(j, names)
            raise DataError(
                f"column {label} is missing in every row, expected some that have it: leave the "
                "column out"
            )

    def record(self, names: Sequence[str]) -> dict[str, object]:
        """As plain numbers, ready for JSON."""
        by_column = dict(zip(names, self.missing.tolist(), strict=True))
        return {"columns": by_column, "rows": self.incomplete, "empty_rows": self.empty}

    def sentence(self, n_rows: int, names: Sequence[str] | None) -> str:
        """How many values are missing, and of which columns.

        Parameters
        ----------
        n_rows : N.
        names : of the features, or None.
        """
        cells = int(self.missing.sum())
        order = np.argsort(-self.missing, kind="stable")
        lacking = [int(j) for j in order if self.missing[j]]
        named = [f"{column_label(j, names)} ({self.missing[j]:,})" for j in lacking[:_NAMED]]
        more = f" and {len(lacking) - _NAMED} more" if len(lacking) > _NAMED else ""
        were = "value is" if cells == 1 else "values are"
        said = (
            f"{cells:,} {were} missing, of column{'s' if len(lacking) > 1 else ''} "
            f"{', '.join(named)}{more}; {counted(self.incomplete, 'row')} of {n_rows:,} "
            f"{'is' if self.incomplete == 1 else 'are'} incomplete"
        )
        if self.empty:
            said += (
                f", and {counted(self.empty, 'row')} "
                f"{'lacks' if self.empty == 1 else 'lack'} every feature, and "
                f"{'says' if self.empty == 1 else 'say'} nothing"
            )
        return said
