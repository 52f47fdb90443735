"""Stored: the mixtures of groups from a file with a row a component."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.errors import ModelError
from mixtura.grouped.fits import GroupFits
from mixtura.grouped.keys import natural
from mixtura.tables.arrow import faults, pyarrow
from mixtura.tables.table import made_up_names
from mixtura.textual import words_of

_PARQUET = (".parquet", ".pq")
#: of a group, after its key and before its components
_OF_GROUP: dict[str, type] = {
    "rows": np.int64,
    "outcome": str,
    "n_components": np.int64,
    "structure": str,
    "log_likelihood": np.float64,
    "bic": np.float64,
    "iterations": np.int64,
    "notes": object,
}


def load_groups(path: str | os.PathLike[str]) -> GroupFits:
    """The mixtures of groups, from a file that `GroupFits.save` or ``mixtura fit-groups`` wrote.

    Parameters
    ----------
    path : ``.parquet`` or ``.pq``; anything else is CSV, in which keys that are whole numbers
        throughout are read as numbers.

    Raises
    ------
    ModelError : it holds something else, or is damaged.
    MissingExtraError : Parquet, and pyarrow is not installed.
    OSError : it cannot be read.

    Examples
    --------
    >>> import tempfile, numpy as np, mixtura
    >>> rows = np.random.default_rng(0).normal(size=(90, 1))
    >>> found = mixtura.fit_groups(rows, np.repeat(["a", "b", "c"], 30))
    >>> path = tempfile.mkdtemp() + "/groups.csv"
    >>> found.save(path)
    >>> mixtura.load_groups(path).mixture("b").means == found.mixture("b").means
    array([[ True]])
    """
    place = Path(path)
    try:
        return _of_columns(_parquet(place) if place.suffix.lower() in _PARQUET else _csv(place))
    except ModelError:  # which is a ValueError
        raise
    except (KeyError, ValueError, TypeError, IndexError, csv.Error) as error:
        raise ModelError(
            f"{place} holds no mixtures of groups ({words_of(error)}): write such a file with "
            "mixtura fit-groups -o, or GroupFits.save"
        ) from None


def _of_columns(columns: dict[str, NDArray[Any]]) -> GroupFits:
    read = list(columns)
    first = read.index("rows")
    ids, after = read[:first], read[first + len(_OF_GROUP) :]
    if not ids or after[:2] != ["component", "weight"]:
        raise ValueError("its columns are others")
    # Of d features d means follow, and d (d + 1) / 2 pairs.
    d = int((np.sqrt(9.0 + 8.0 * (len(after) - 2)) - 3.0) / 2.0)
    features = tuple(name.removeprefix("mean_") for name in after[2 : 2 + d])
    pairs = after[2 + d :]
    if d < 1 or len(pairs) != d * (d + 1) // 2 or len(features) != d:
        raise ValueError("its columns are others")
    held: dict[str, NDArray[Any]] = {
        name: columns[name].astype(kind) for name, kind in _OF_GROUP.items()
    }
    times = np.maximum(held["n_components"], 1)
    heads = [0]
    while heads[-1] < len(times):
        heads.append(heads[-1] + int(times[heads[-1]]))
    at = np.array(heads[:-1], np.int64)
    there = held["n_components"] > 0
    if heads[-1] != len(times) or not len(times):
        raise ValueError("components are missing")
    covariances = np.empty((int(there.sum()), d, d))
    lower = [(i, j) for i in range(d) for j in range(i + 1)]
    for (i, j), name in zip(lower, pairs, strict=True):
        covariances[:, i, j] = covariances[:, j, i] = columns[name][there].astype(np.float64)
    means = [columns[f"mean_{name}"][there].astype(np.float64) for name in features]
    weights = columns["weight"][there].astype(np.float64)
    if not (np.isfinite(weights).all() and np.isfinite(covariances).all()):
        raise ValueError("a component has no numbers")
    keys = {name: columns[name][at] for name in ids}
    names = None if features == made_up_names(d) else features
    group: list[Any] = [values[at] for values in held.values()]
    made: Callable[..., GroupFits] = GroupFits
    return made(keys, *group, weights, np.column_stack(means), covariances, names)


def _parquet(path: Path) -> dict[str, NDArray[Any]]:
    arrow = pyarrow("reading Parquet")
    try:
        table = arrow.parquet.read_table(path)
    except faults(arrow) as error:
        raise ModelError(f"{path} is damaged, or no Parquet: {words_of(error)}") from None
    read = {}
    for name in table.column_names:
        column = table.column(name)
        texts = arrow.types.is_string(column.type) or arrow.types.is_large_string(column.type)
        values = column.to_pylist() if texts else column.to_numpy(zero_copy_only=False)
        read[name] = np.array(values, str) if texts else np.asarray(values)
    return read


def _csv(path: Path) -> dict[str, NDArray[Any]]:
    """The columns of a CSV as it was written; what is empty is missing."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *lines = list(csv.reader(file))
    columns = dict(zip(header, zip(*lines, strict=True), strict=True))
    names = list(columns)
    first = names.index("rows") if "rows" in names else 0
    read: dict[str, NDArray[Any]] = {}
    for at, (name, cells) in enumerate(columns.items()):
        if at < first:
            read[name] = natural(np.array(cells, str))
        elif name in ("outcome", "structure", "notes"):
            read[name] = np.array(cells, str)
        else:
            read[name] = np.array([cell or "nan" for cell in cells], str).astype(np.float64)
    return read
