"""Selection: which columns of a file are features, and which are carried along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mixtura.errors import DataError, ParameterError

__all__ = ["Selection"]


@dataclass(frozen=True)
class Selection:
    """What a person wants of a file's columns.

    Parameters
    ----------
    columns : the features, in this order; None is every column that is not an id.
    ids : the columns carried along as text.
    expected : the features of a model; taken where `columns` is None and the file names its own.
    aside : columns that are no features unless they are asked for by name.

    Raises
    ------
    ParameterError : a column is wanted twice, or both as a feature and as an id.
    """

    columns: tuple[str, ...] | None
    ids: tuple[str, ...]
    expected: tuple[str, ...] | None = None
    aside: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        wanted = (*(self.columns or ()), *self.ids)
        for name in wanted:
            if wanted.count(name) > 1:
                both = name in self.ids and name in (self.columns or ())
                how = "both as a feature and as an id" if both else "twice"
                raise ParameterError(f"column {name!r} is chosen {how}, expected once")
        if self.columns == ():
            raise ParameterError("no columns are chosen, expected at least one")

    @property
    def wanted(self) -> tuple[str, ...]:
        """Every column that was asked for by name."""
        return (*(self.columns or ()), *self.ids)

    def positions(
        self, names: Sequence[str], source: str, *, named: bool
    ) -> tuple[list[int], list[int]]:
        """Where the features and the ids stand among a file's columns.

        Parameters
        ----------
        names : of all columns of the file.
        source : the file, for the messages.
        named : whether the file names its columns itself.

        Raises
        ------
        DataError : a wanted column is not there, or has no name or not one of its own.
        """
        if self.columns is not None:
            features = self.columns
        elif named and self.expected is not None:
            self._check_expected(names, source)
            features = self.expected
        else:
            others = (*self.ids, *self.aside)
            features = tuple(name for name in names if name not in others)
        at = {name: position for position, name in enumerate(names)}
        for name in (*features, *self.ids):
            if name not in at:
                raise DataError(f"{source} has no column {name!r}, {_listed(names, named)}")
            if not name:
                raise DataError(
                    f"{source} has no name for column {at[name]} (counted from 0) in its header, "
                    "expected one: give it a name, or choose the others with --columns"
                )
            if list(names).count(name) > 1:
                raise DataError(
                    f"{source} has {list(names).count(name)} columns called {name!r}, expected "
                    "one: rename them in the header"
                )
        if not features:
            raise DataError(
                f"{source} has no column left that is not an id: choose features with --columns"
            )
        return [at[name] for name in features], [at[name] for name in self.ids]

    def _check_expected(self, names: Sequence[str], source: str) -> None:
        missing = [name for name in self.expected or () if name not in names]
        if missing:
            raise DataError(
                f"{source} lacks the column{'s' if len(missing) > 1 else ''} "
                f"{', '.join(map(repr, missing))} that this model was fitted on; "
                f"{_listed(names, True)}"
            )


def _listed(names: Sequence[str], named: bool) -> str:
    shown = ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
    return f"it has: {shown}" if named else f"it has no header, so its columns are: {shown}"
