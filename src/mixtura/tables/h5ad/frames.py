"""Frames: the data frames of an AnnData file, a column and some rows of it at a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.errors import DataError
from mixtura.tables.h5ad.opening import check_filled, inside, kind_of


@dataclass(frozen=True, eq=False)
class Frame:
    """The data frame ``obs`` or ``var`` of a file that is open.

    Parameters
    ----------
    group : that holds a dataset, or a group, for each column.
    path : of the file, for the messages.
    """

    group: Any
    path: Path

    @classmethod
    def of(cls, file: Any, name: str, path: Path) -> Frame:
        """The frame of that name.

        Raises
        ------
        DataError : there is none that is written as AnnData writes it since version 0.7.
        """
        group = inside(file, name, path)
        if group is None or kind_of(group) != "dataframe":
            raise DataError(
                f"{path} is an HDF5 file without the data frame {name!r} of an AnnData, expected "
                "one of anndata 0.7 or later: read it there and write it again"
            )
        return cls(group, path)

    @property
    def index(self) -> str:
        """The name of the column that names the rows."""
        return str(self.group.attrs.get("_index", "_index"))

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all columns, the index first."""
        return (self.index, *(name for name in self.group if name != self.index))

    def __len__(self) -> int:
        return int(self._array(self.group, self.index).shape[0])

    def is_text(self, name: str) -> bool:
        """Whether a column is of something else than numbers."""
        item = inside(self.group, name, self.path)
        return not hasattr(item, "dtype") or item.dtype.kind not in "fiub"

    def texts(self, name: str, first: int = 0, stop: int | None = None) -> list[str]:
        """A column as texts, empty where a value is missing.

        Raises
        ------
        DataError : it is of a kind that is not known, or damaged.
        """
        item = inside(self.group, name, self.path)
        if hasattr(item, "dtype"):
            return _texts(self._array(self.group, name)[first:stop])
        if kind_of(item) == "categorical":
            codes = np.asarray(self._array(item, "codes")[first:stop], np.int64)
            known = [*_texts(self._array(item, "categories")[:]), ""]
            if len(codes) and not -1 <= codes.min() <= codes.max() < len(known) - 1:
                raise DataError(f"{self.path} has a damaged column {name!r}: write it again")
            return [known[code] for code in codes.tolist()]
        if kind_of(item).startswith("nullable"):
            values = _texts(self._array(item, "values")[first:stop])
            gone = self._array(item, "mask")[first:stop].tolist()
            return ["" if is_gone else v for v, is_gone in zip(values, gone, strict=True)]
        raise DataError(f"{self.path} has the column {name!r} as {kind_of(item) or 'a group'}")

    def numbers(self, name: str, first: int, stop: int) -> NDArray[np.float64]:
        """A column of numbers, (m,)."""
        return np.asarray(self._array(self.group, name)[first:stop], np.float64)

    def _array(self, group: Any, name: str) -> Any:
        """The array of one dimension that a group has by a name."""
        item = inside(group, name, self.path)
        if len(getattr(item, "shape", ())) != 1:
            raise DataError(f"{self.path} has a damaged column {group.name}/{name}: write it again")
        check_filled(item, self.path)
        return item


def _texts(values: Any) -> list[str]:
    return [
        value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
        for value in values.tolist()
    ]
