"""Selection: which columns of a file are features, which belong to its rows, which go along."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.errors import DataError, ParameterError
from mixtura.tables.reading import Reading
from mixtura.tables.transforms import Transform

#: the column in which pandas keeps an index that is not a plain count
_PANDAS_INDEX = re.compile(r"__index_level_\d+__")


@dataclass(frozen=True)
class Selection:
    """What a person wants of a file's columns.

    Parameters
    ----------
    columns : the features, in this order; None is every column that is not an id.
    ids : the columns carried along as text.
    expected : the features of a model; taken where `columns` is None and the file names its own.
    aside : columns that are no features unless they are asked for by name.
    fields : what belongs to each row -> its column, such as that of the weights; no feature.
    holes : whether a feature may be missing in a row.
    marks : further spellings of a missing cell in text.
    reading : which numbers of a file are the rows, and on what scale.

    Raises
    ------
    ParameterError : a column is wanted twice, or both as a feature and as an id; or spellings are
        told where nothing may be missing.
    """

    columns: tuple[str, ...] | None = None
    ids: tuple[str, ...] = ()
    expected: tuple[str, ...] | None = None
    aside: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    holes: bool = False
    marks: tuple[str, ...] = ()
    reading: Reading = field(default_factory=Reading)

    def __post_init__(self) -> None:
        if self.marks and not self.holes:
            raise ParameterError(
                "missing_values is given where nothing may be missing: give missing='em', too"
            )
        wanted = (*(self.columns or ()), *self.ids)
        for name in wanted:
            if wanted.count(name) > 1:
                both = name in self.ids and name in (self.columns or ())
                how = "both as a feature and as an id" if both else "twice"
                raise ParameterError(f"column {name!r} is chosen {how}, expected once")
        if self.columns == ():
            raise ParameterError("no columns are chosen, expected at least one")

    @classmethod
    def of(
        cls,
        columns: Sequence[str] | None,
        ids: Sequence[str],
        expected: Sequence[str] | None,
        *,
        holes: bool = False,
        marks: Sequence[str] = (),
        reading: Reading | None = None,
        **fields: str | Sequence[str] | None,
    ) -> Selection:
        """The selection that lists of names make; a field that is None is none."""
        there = {name: column for name, column in fields.items() if column is not None}
        return cls(
            None if columns is None else tuple(columns),
            tuple(ids),
            None if expected is None else tuple(expected),
            fields=columns_by_field(there),
            holes=holes,
            marks=tuple(mark.strip() for mark in marks),
            reading=reading or Reading(),
        )

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


@dataclass(frozen=True)
class Columns:
    """Which columns are read, and as what.

    Parameters
    ----------
    features : D names, in the order of the mixture's.
    fields : what belongs to each row -> its column; ``weights`` are how much each row counts.
    ids : carried along as text.
    named : whether the names are in the data, and not made up (x0, x1, …).
    holes : whether a feature may be missing in a row, and is NaN then.
    marks : further spellings of a missing cell in text.
    transforms : feature -> its scale, where that is not the file's own.
    vectors : column of the file -> the names of its elements.
    """

    features: tuple[str, ...]
    fields: Mapping[str, str] = field(default_factory=dict)
    ids: tuple[str, ...] = ()
    named: bool = True
    holes: bool = False
    marks: tuple[str, ...] = ()
    transforms: Mapping[str, Transform] = field(default_factory=dict)
    vectors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def weights(self) -> str | None:
        """The name of the column that weighs the rows, or None."""
        return self.fields.get("weights")

    @property
    def numbers(self) -> tuple[str, ...]:
        """The columns that must hold numbers: the features, then those of the fields."""
        return (*self.features, *self.fields.values())

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, those that must hold numbers first."""
        return (*self.numbers, *self.ids)

    @property
    def elements(self) -> dict[str, tuple[str, int]]:
        """The element of a vector -> the column of the file that holds it, and its place there."""
        return {part: (n, j) for n, parts in self.vectors.items() for j, part in enumerate(parts)}

    @property
    def stored(self) -> list[str]:
        """The columns of the file that hold all of them, each once."""
        elements = self.elements
        return list(dict.fromkeys(elements.get(name, (name, 0))[0] for name in self.names))

    def unmarked(self, record: list[str], places: Sequence[int]) -> list[str]:
        """The cells of a record, those at the features' places empty where they are a mark."""
        if not self.marks:
            return record
        cells = list(record)
        for j in places:
            cells[j] = "" if cells[j].strip() in self.marks else cells[j]
        return cells


@dataclass(frozen=True)
class Header:
    """What a file says of its columns before any row is read.

    Parameters
    ----------
    names : of all of them.
    kinds : name -> its type, empty where that is a number, or unknown.
    named : whether the names are the file's own.
    aside : those that are no features unless they are asked for.
    vectors : name -> the names of its elements, which are features in its place.
    """

    names: tuple[str, ...]
    kinds: Mapping[str, str] = field(default_factory=dict)
    named: bool = True
    aside: tuple[str, ...] = ()
    vectors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def columns(self, selection: Selection, origin: str, more: Sequence[str] = ()) -> Columns:
        """What a selection comes to in a file with this header.

        Parameters
        ----------
        selection : what is wanted.
        origin : the file, for the messages.
        more : columns that the file's place has; taken only by name.

        Raises
        ------
        DataError : a column is not there, or none is left.
        ParameterError : the column of a field is wanted as something else, too.
        """
        ids = (*selection.ids, *selection.fields.values())
        chosen = selection.columns
        if chosen is not None:
            chosen = tuple(n for name in chosen for n in self.vectors.get(name, (name,)))
        inner = Selection(chosen, ids, selection.expected, self.aside)
        names = [n for n in self.names if n in inner.wanted or not _PANDAS_INDEX.fullmatch(n)]
        names += [name for name in more if name in inner.wanted and name not in names]
        features, _ = inner.positions(names, origin, named=self.named)
        wanted = tuple(names[j] for j in features)
        told = selection.holes, selection.marks, selection.reading.transforms(wanted)
        if told[2] and any(name.startswith("errors") for name in selection.fields):
            raise ParameterError(
                "errors are given with a transform, and they are those of the values before it: "
                "leave one of them out"
            )
        return Columns(wanted, selection.fields, selection.ids, self.named, *told, self.vectors)

    def check(self, columns: Columns, origin: str) -> None:
        """Refuse a file that lacks one of the columns, or has it as text.

        Raises
        ------
        DataError : so it is; the file and the column are named.
        """
        Selection(columns.numbers, columns.ids).positions(self.names, origin, named=self.named)
        for name in columns.numbers:
            if self.kinds.get(name):
                numeric = ",".join(n for n in self.names if not self.kinds.get(n))
                which = f"choose columns of numbers (--columns {numeric})"
                raise DataError(
                    f"{origin}: column {name!r} is of type {self.kinds[name]}, expected numbers: "
                    f"{which if numeric else 'there is no column of numbers'}, or carry it along "
                    f"(--id {name})"
                )


def columns_by_field(given: Mapping[str, str | Sequence[str]]) -> dict[str, str]:
    """A field for each column: of a field that has several columns, ``name.0``, ``name.1``, …"""
    found = {}
    for name, columns in given.items():
        if isinstance(columns, str):
            found[name] = columns
        else:
            found |= {f"{name}.{j}": column for j, column in enumerate(columns)}
    return found


def joined_fields(fields: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
    """The fields, where those of one name that have a column each are one, (m, columns)."""
    parts: dict[str, list[NDArray[Any]]] = {}
    for name, values in fields.items():
        parts.setdefault(name.partition(".")[0], []).append(values)
    if parts.keys() == fields.keys():
        return fields
    alone = {name: values for name, values in fields.items() if name in parts}
    several = {name: np.column_stack(each) for name, each in parts.items() if name not in alone}
    return {**alone, **several}


def _listed(names: Sequence[str], named: bool) -> str:
    shown = ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
    return f"it has: {shown}" if named else f"it has no header, so its columns are: {shown}"
