"""Scoring: what the mixtures of groups make of rows, each by that of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.errors import ParameterError
from mixtura.grouped.ended import EndedGroups
from mixtura.grouped.keys import Grouping, KeyColumns
from mixtura.grouped.rows import GroupedRows, grouped_rows
from mixtura.model.mixture import Mixture
from mixtura.rows.in_memory import column_names
from mixtura.tables.table import Table


def by_group(
    fits: EndedGroups,
    X: Any,
    groups: Any,
    function: Callable[[Mixture, Any], NDArray[Any]],
    missing: float,
) -> NDArray[Any]:
    """What a function gives for rows under the mixtures of their groups, (N,).

    Parameters
    ----------
    fits : the mixtures.
    X, groups : the rows, as for `mixtura.fit_groups`.
    function : of a mixture and of the rows of one group (m, D): (m,).
    missing : the answer for a row whose group has no mixture.
    """
    named = isinstance(X, Table) or column_names(X) is not None
    rows = grouped_rows(X, groups, None, fits.feature_names if named else None)
    return by_keys(fits, rows, function, missing)


def by_keys(
    fits: EndedGroups,
    rows: GroupedRows,
    function: Callable[[Mixture, Any], NDArray[Any]],
    missing: float,
) -> NDArray[Any]:
    """The same for rows that are told apart already; parameters as for `by_group`."""
    answers = np.full(len(rows.rows), missing)
    for group, place in enumerate(places_of(fits, rows.grouping.keys)):
        mixture = fits.mixture_at(place) if place >= 0 else None
        if mixture is not None:
            answers[rows.grouping.rows_of(group)] = function(mixture, rows.part(group)[0])
    return answers


def places_of(fits: EndedGroups, keys: KeyColumns) -> list[int]:
    """Where groups of some keys are among those that were fitted; −1 for one that is not."""
    names = list(fits.keys)
    known = {key: place for place, key in enumerate(_told(fits.keys, names))}
    same = set(names) == set(keys)
    return [known.get(key, -1) for key in _told(keys, names if same else list(keys))]


def _told(keys: KeyColumns, names: list[str]) -> list[tuple[str, ...]]:
    """The keys as texts: what was written to a file, and read, is the same."""
    return list(zip(*(keys[name].astype(str).tolist() for name in names), strict=True))


def check_keys(fits: EndedGroups, by: Sequence[str]) -> None:
    """Refuse columns that are not those by which the groups were told.

    Raises
    ------
    ParameterError : they are others.
    """
    if set(by) != set(fits.keys):
        raise ParameterError(
            f"the groups are told by {', '.join(by)}, those of the mixtures by "
            f"{', '.join(fits.keys)}: name the same columns"
        )


def scores(fits: EndedGroups, table: Table, by: Sequence[str]) -> Any:
    """Log p(x_i) of the rows of a table by the mixtures of their groups, (N,), masked where none.

    Parameters
    ----------
    fits : the mixtures.
    table : of rows whose ids tell the groups.
    by : those ids.
    """
    keys = {name: np.array(table.ids[name], dtype=str) for name in by}
    names = table.names if table.named else None
    rows = GroupedRows(table.rows, Grouping.of(keys), None, names)
    found = by_keys(fits, rows, Mixture.score_samples, np.nan)
    return np.ma.array(found, mask=np.isnan(found))
