"""Header: what a file says of its columns before any row is read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mixtura.errors import DataError
from mixtura.tables.selection import Selection
from mixtura.tables.streams.scan import Columns

__all__ = ["Header", "chosen"]

#: the column in which pandas keeps an index that is not a plain count
_PANDAS_INDEX = re.compile(r"__index_level_\d+__")


@dataclass(frozen=True)
class Header:
    """The columns of a file.

    Parameters
    ----------
    names : of all of them.
    kinds : name -> its type, empty where that is a number, or unknown.
    named : whether the names are the file's own.
    aside : those that are no features unless they are asked for.
    """

    names: tuple[str, ...]
    kinds: Mapping[str, str]
    named: bool = True
    aside: tuple[str, ...] = ()

    def check(self, columns: Columns, origin: str) -> None:
        """Refuse a file that lacks one of the columns, or has it as text.

        Raises
        ------
        DataError : so it is; the file and the column are named.
        """
        weights = () if columns.weights is None else (columns.weights,)
        numbers = (*columns.features, *weights)
        Selection(numbers, columns.ids).positions(self.names, origin, named=self.named)
        for name in numbers:
            if self.kinds.get(name):
                numeric = ",".join(n for n in self.names if not self.kinds.get(n))
                raise DataError(
                    f"{origin}: column {name!r} is of type {self.kinds[name]}, expected numbers: "
                    f"choose columns of numbers (--columns {numeric}) or carry it along "
                    f"(--id {name})"
                )


def chosen(
    header: Header,
    origin: str,
    selection: Selection,
    weights: str | None,
    more: Sequence[str] = (),
) -> Columns:
    """What a selection comes to in a file with that header.

    Parameters
    ----------
    header, origin : of the first file.
    selection : what is wanted.
    weights : the column of weights, or None; it is no feature.
    more : columns that the file's place has; taken only by name.

    Raises
    ------
    DataError : a column is not there, or none is left.
    ParameterError : the column of weights is wanted as something else, too.
    """
    aside = () if weights is None else (weights,)
    ids = (*selection.ids, *aside)
    inner = Selection(selection.columns, ids, selection.expected, header.aside)
    names = [n for n in header.names if n in inner.wanted or not _PANDAS_INDEX.fullmatch(n)]
    names += [name for name in more if name in inner.wanted and name not in names]
    features, _ = inner.positions(names, origin, named=header.named)
    return Columns(tuple(names[j] for j in features), weights, selection.ids, header.named)
