"""Ended groups: the facts of the fits of many groups, as columns, and in files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Floats, Integers, Value
from mixtura.errors import ParameterError
from mixtura.grouped.keys import KeyColumns
from mixtura.model.files import opened_beside
from mixtura.model.mixture import Mixture
from mixtura.model.structures import structure as structure_called
from mixtura.tables.arrow import pyarrow
from mixtura.tables.table import made_up_names
from mixtura.tables.write import sink

#: the outcome of a group that could not be fitted
FAILED = "failed"
OF_GROUPS = (
    *("n_rows", "outcome", "n_components", "structure", "log_likelihood", "bic", "n_iter"),
    "notes",
)
OF_COMPONENTS = ("weights", "means", "covariances")
ARRAYS = (*OF_GROUPS, *OF_COMPONENTS)


@dataclass(frozen=True, eq=False)
class EndedGroups(Value):
    """What the fits of groups ended with; `GroupFits` documents the fields."""

    keys: KeyColumns
    n_rows: Integers
    outcome: NDArray[np.str_]
    n_components: Integers
    structure: NDArray[np.str_]
    log_likelihood: Floats
    bic: Floats
    n_iter: Integers
    notes: NDArray[np.object_]
    weights: Floats
    means: Floats
    covariances: Floats
    feature_names: tuple[str, ...] | None = None
    equal_weights: bool = False
    seconds: float = 0.0

    def __post_init__(self) -> None:
        for held in (*self.keys.values(), *(getattr(self, name) for name in ARRAYS)):
            held.setflags(write=False)

    def __len__(self) -> int:
        return len(self.n_rows)

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Which groups could not be fitted, (G,); `notes` says why."""
        return np.asarray(self.n_components == 0)

    @property
    def n_failed(self) -> int:
        """How many groups could not be fitted."""
        return int(np.count_nonzero(self.failed))

    @property
    def n_features(self) -> int:
        """How many features a row has, D."""
        return int(self.means.shape[1])

    def mixture_at(self, place: int) -> Mixture | None:
        """The mixture of the group at a place from 0 on; None where it could not be fitted."""
        if not self.n_components[place]:
            return None
        part = slice(int(self.ends[place] - self.n_components[place]), int(self.ends[place]))
        kind = structure_called(str(self.structure[place]))
        return Mixture(
            self.weights[part],
            self.means[part],
            kind.form.gathered(self.covariances[part]),
            kind,
            self.feature_names,
            equal_weights=self.equal_weights,
        )

    @property
    def ends(self) -> Integers:
        """(G,), where the components of each group end among all."""
        return np.cumsum(self.n_components)

    def named(self, place: int) -> str:
        """A group as people are told of it, by its key."""
        return ", ".join(f"{name} {values[place]}" for name, values in self.keys.items())


def columns_of(fits: EndedGroups, components: bool) -> dict[str, NDArray[Any]]:
    """A row a group, or a row a component; see `GroupFits.columns`."""
    groups = {
        "rows": fits.n_rows,
        "outcome": fits.outcome,
        "n_components": fits.n_components,
        "structure": fits.structure,
        "log_likelihood": _known(fits.log_likelihood),
        "bic": _known(fits.bic),
        "iterations": fits.n_iter,
        "notes": fits.notes,
    }
    if not components:
        return _after_keys(fits.keys, groups)
    times = np.maximum(fits.n_components, 1)
    whose = np.repeat(np.arange(len(fits.n_rows)), times)
    keys = {name: values[whose] for name, values in fits.keys.items()}
    repeated = {name: values[whose] for name, values in groups.items()}
    failed = fits.failed[whose]
    place = np.arange(len(failed)) - (np.cumsum(times) - times)[whose]
    names = fits.feature_names or made_up_names(fits.n_features)
    pairs = [(i, j) for i in range(fits.n_features) for j in range(i + 1)]
    numbers = {
        "weight": fits.weights,
        **{f"mean_{name}": fits.means[:, j] for j, name in enumerate(names)},
        **{f"cov_{names[i]}_{names[j]}": fits.covariances[:, i, j] for i, j in pairs},
    }
    of_each = {name: _spread(values, failed) for name, values in numbers.items()}
    component = np.ma.array(place, mask=failed)
    return _after_keys(keys, {**repeated, "component": component, **of_each})


def written(columns: dict[str, NDArray[Any]], path: Path) -> None:
    """Write columns into a file, whole or not at all, in the format that its name says.

    Raises
    ------
    OSError : it cannot be written; what was there before stays.
    """
    with opened_beside(path) as file:
        target = sink(file, path.suffix.lower())
        target.add(columns)
        target.end()


def _after_keys(keys: KeyColumns, columns: dict[str, Any]) -> dict[str, NDArray[Any]]:
    for name in columns:
        if name in keys:
            raise ParameterError(
                f"the groups are known by {', '.join(keys)}, and {name!r} is the name of a column "
                "of the result: rename the one in the data"
            )
    return {**keys, **columns}


def filled(values: NDArray[Any]) -> Any:
    """A column as pandas takes it; whole numbers with gaps become floats."""
    if isinstance(values, np.ma.MaskedArray):
        gaps = np.ma.getmaskarray(values)
        return np.where(gaps, np.nan, values.data) if gaps.any() else values.data
    return values.tolist() if values.dtype.kind == "U" else values


def arrow_of(columns: dict[str, NDArray[Any]]) -> Any:
    """Columns as a `pyarrow.Table`, with null where a value is missing.

    Raises
    ------
    MissingExtraError : pyarrow is not installed.
    """
    arrow = pyarrow("an Arrow table")
    made = {}
    for name, values in columns.items():
        gaps = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else None
        held = np.ma.getdata(values) if gaps is not None else values
        held = held.tolist() if held.dtype.kind in "UO" else held
        made[name] = arrow.array(held, mask=gaps)
    return arrow.table(made)


def _known(values: Floats) -> Any:
    """Numbers of groups, with a gap where there is none."""
    missing = np.isnan(values)
    return np.ma.array(values, mask=missing) if missing.any() else values


def _spread(values: Floats, failed: NDArray[np.bool_]) -> Any:
    """Values of components, with a gap for each group that has none."""
    spread = np.full(len(failed), np.nan)
    spread[~failed] = values
    return np.ma.array(spread, mask=failed) if failed.any() else spread
