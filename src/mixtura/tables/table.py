"""Table: named columns of numbers, and the texts that go along with the rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.errors import DataError, MissingExtraError
from mixtura.textual import counted, printable

#: so many columns are named in a repr
_NAMED = 6


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of numbers with named columns.

    Parameters
    ----------
    names : D column names, all different.
    rows : (N, D) float64.
    ids : name -> N texts; columns that are carried along and never computed with.
    named : whether the names were in the data, and not made up (x0, x1, …). Made-up names match
        a mixture's features by position.
    numbers : (N,), where each row stands in the data, from 0; None where none was left out.
    nulls : (N, D), which of the rows' NaN are null in the data; None where nobody said.

    Examples
    --------
    >>> import numpy as np
    >>> table = Table(("a", "b"), np.array([[1.0, 2.0]]), {"who": ("ann",)})
    >>> table.shape, table.columns, table["b"].tolist(), table["who"]
    ((1, 2), ('a', 'b'), [2.0], ('ann',))
    """

    names: tuple[str, ...]
    rows: NDArray[np.float64]
    ids: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    named: bool = True
    numbers: NDArray[np.int64] | None = None
    nulls: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        if self.rows.ndim != 2 or self.rows.shape[1] != len(self.names):
            raise DataError(
                f"the rows have shape {self.rows.shape}, expected (n_rows, {len(self.names)}): "
                "one column for each name"
            )
        if len(set(self.names)) < len(self.names):
            twice = next(name for name in self.names if self.names.count(name) > 1)
            raise DataError(
                f"{self.names.count(twice)} columns are called {twice!r}, expected one: rename them"
            )

    def __repr__(self) -> str:
        names = [printable(name) for name in self]
        shown = ", ".join(names[:_NAMED] + ["…"] * (len(names) > _NAMED))
        return f"Table({counted(len(self), 'row')}, {counted(len(names), 'column')} ({shown}))"

    def __len__(self) -> int:
        return int(self.rows.shape[0])

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The names, None where they are made up: what mixtura matches features by."""
        return self.names if self.named else None

    @property
    def shape(self) -> tuple[int, int]:
        """N and D, how many rows and columns of numbers there are."""
        return len(self), len(self.names)

    def __getitem__(self, name: str) -> NDArray[np.float64] | tuple[str, ...]:
        """A column by its name: (N,) numbers, or N texts.

        Raises
        ------
        DataError : there is none of that name.
        """
        if name in self.names:
            return self.rows[:, self.names.index(name)]
        if name in self.ids:
            return self.ids[name]
        known = ", ".join(map(repr, (*self.ids, *self.names)))
        raise DataError(f"the table has no column {name!r}, it has: {known}")

    def __iter__(self) -> Iterator[str]:
        """The names, of the columns carried along first, as `to_pandas` has them."""
        return iter((*self.ids, *self.names))

    def to_pandas(self) -> Any:
        """A `pandas.DataFrame`: the columns carried along, then the numbers.

        Raises
        ------
        MissingExtraError : pandas is not installed.
        """
        return pandas_for("a data frame").DataFrame({name: self[name] for name in self})

    def to_numpy(self) -> NDArray[np.float64]:
        """The numbers as an array, (N, D)."""
        return self.rows

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """The rows for NumPy, and for all that takes what NumPy takes, scikit-learn included."""
        converted = self.rows.astype(self.rows.dtype if dtype is None else dtype, copy=False)
        return converted.copy() if copy and converted is self.rows else converted


def made_up_names(count: int) -> tuple[str, ...]:
    """The names of columns that have none: x0, x1, …"""
    return tuple(f"x{j}" for j in range(count))


def pandas_for(purpose: str) -> Any:
    """The module pandas, which may not be installed.

    Parameters
    ----------
    purpose : what it is needed for, as the subject of a sentence.

    Raises
    ------
    MissingExtraError : it is not installed.
    """
    try:
        import pandas
    except ImportError:
        raise MissingExtraError("pandas", "pandas", purpose) from None
    return pandas
