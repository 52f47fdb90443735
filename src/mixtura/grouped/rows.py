"""Grouped rows: rows in memory of which each is of a group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Floats, Rows
from mixtura.errors import DataError, ParameterError
from mixtura.grouped.keys import Grouping, KeyColumns, key_column
from mixtura.rows.in_memory import check_names, column_names, plain_rows
from mixtura.rows.weights import row_weights
from mixtura.tables.containers import columns_of
from mixtura.tables.table import Table


@dataclass(frozen=True, eq=False)
class GroupedRows:
    """Rows in memory, whatever they hold, and which group each is of.

    Parameters
    ----------
    rows : (N, D); NaN and infinity are their groups' affair.
    grouping : which are of which group.
    weights : (N,), or None where each row counts once.
    names : of the features, or None.
    """

    rows: Rows
    grouping: Grouping
    weights: Floats | None = None
    names: tuple[str, ...] | None = None

    def part(self, group: int) -> tuple[Any, Floats | None]:
        """The rows of a group, with their names where they have some, and the rows' weights."""
        chosen = self.grouping.rows_of(group)
        rows: Any = np.ascontiguousarray(self.rows[chosen])
        weights = None if self.weights is None else self.weights[chosen]
        return (rows if self.names is None else Table(self.names, rows)), weights


def grouped_rows(
    X: Any, groups: Any, sample_weight: Any, columns: Sequence[str] | None
) -> GroupedRows:
    """Rows in memory, told apart by what `fit_groups` takes for groups.

    Raises
    ------
    DataError : the rows are no table or array of numbers, or a key is missing.
    ParameterError : the groups, the weights or the columns are none of the table's.
    """
    names = tuple(X) if isinstance(X, Table) else column_names(X)
    by = key_names(groups, names)
    weighed_by = sample_weight if isinstance(sample_weight, str) else None
    features = None
    if names is not None:
        numbers = X.names if isinstance(X, Table) else names
        features = _features(numbers, (*by, *filter(None, [weighed_by])), columns)
    elif columns is not None or weighed_by:
        raise ParameterError(
            "columns are named, and X is an array, whose columns have no names: pass a data frame, "
            "or select the columns before"
        )
    rows = plain_rows(X, feature_names=features)
    keys = key_columns(X, by) if by else given_keys(groups, len(rows))
    weights = _values_of(X, weighed_by) if weighed_by else sample_weight
    made_up = isinstance(X, Table) and not X.named
    weights = row_weights(weights, len(rows))
    return GroupedRows(rows, Grouping.of(keys), weights, None if made_up else features)


def key_names(groups: Any, names: Sequence[str] | None) -> tuple[str, ...]:
    """The columns that are named as groups; none where the groups are given as values.

    Raises
    ------
    ParameterError : one is no column, or named twice, or there are no columns at all.
    """
    if isinstance(groups, str):
        wanted = (groups,)
    elif isinstance(groups, list | tuple) and groups and all(isinstance(g, str) for g in groups):
        wanted = tuple(groups)
        if names is None or not set(wanted) & set(names):
            return ()  # a label for each row
    else:
        return ()
    if names is None:
        raise ParameterError(
            f"groups is {groups!r}, and X is an array, whose columns have no names: pass an array "
            "of one key a row, or a data frame"
        )
    for name in wanted:
        if name not in names:
            known = ", ".join(map(repr, names))
            raise ParameterError(f"groups has {name!r}, which is no column; there are {known}")
        if wanted.count(name) > 1:
            raise ParameterError(f"groups has {name!r} twice, expected once")
    check_names(names, wanted)
    return wanted


def given_keys(groups: Any, n_rows: int) -> KeyColumns:
    """The keys of N rows that are given beside them: one column or several.

    Parameters
    ----------
    groups : (N,) array-like; or several, in a list, a mapping by name, or a table.
    n_rows : N.

    Raises
    ------
    DataError : a column is of another length, or a key is missing.
    """
    named: list[tuple[Any, Any]] | None = columns_of(groups)
    if named is None and isinstance(groups, list | tuple) and groups and _is_column(groups[0]):
        named = [(f"group{j}", values) for j, values in enumerate(groups)]
    if named is None:
        named = [(getattr(groups, "name", None) or "group", groups)]
    keys = {str(name): key_column(values, str(name)) for name, values in named}
    for name, values in keys.items():
        if len(values) != n_rows:
            raise DataError(
                f"the groups {name!r} have {len(values)} keys, expected one for each of the "
                f"{n_rows} rows"
            )
    if not keys:
        raise ParameterError("groups is empty, expected a key for each row")
    return keys


def key_columns(X: Any, by: Sequence[str]) -> KeyColumns:
    """The columns of a table that are named as groups, checked."""
    return {name: key_column(_values_of(X, name), name) for name in by}


def _is_column(values: Any) -> bool:
    return not isinstance(values, str | bytes) and hasattr(values, "__len__")


def _features(
    names: Sequence[str], others: Sequence[str], columns: Sequence[str] | None
) -> tuple[str, ...]:
    """The columns to fit to: those that are asked for, or all that are nothing else.

    Raises
    ------
    ParameterError : one is not there, or something else.
    """
    for name in columns or ():
        if name not in names:
            raise ParameterError(f"there is no column {name!r}; there are {', '.join(names)}")
    if columns is not None:
        for name in columns:
            if name in others:
                raise ParameterError(f"column {name!r} tells the groups, and cannot be a feature")
        return tuple(columns)
    left = tuple(name for name in names if name not in others)
    if not left:
        raise DataError("no column is left that is a feature: the groups are all there are")
    return left


def _values_of(X: Any, name: str) -> NDArray[Any] | Any:
    """The values of a column of a table by its name."""
    if isinstance(X, Table):
        return X[name] if name in X.names else np.array(X.ids[name])
    if isinstance(X, Mapping):
        return X[name]
    found = columns_of(X)
    if found is None:
        raise DataError(f"X has no column {name!r}: pass a data frame")
    return next(values for each, values in found if str(each) == name)
