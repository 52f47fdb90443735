"""Labelling: a column of ``obs`` written into an AnnData file, and nothing else of it changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.errors import DataError, ParameterError
from mixtura.tables.h5ad.frames import Frame
from mixtura.tables.h5ad.opening import hdf5, opened


def check_column(path: Path, name: str, *, replace: bool) -> None:
    """Refuse a name that a new column of ``obs`` cannot have.

    Raises
    ------
    ParameterError : there is such a column and it may not be replaced, or it names the rows, or
        is no name.
    DataError : it is no such file.
    """
    with opened(path) as file:
        obs = Frame.of(file, "obs", path)
        if not name or "/" in name or name == "." or name == obs.index:
            raise ParameterError(f"obs {name!r} cannot be the name of a column, expected another")
        if name in obs.group and not replace:
            raise ParameterError(
                f"{path} has a column {name!r} in obs: give another name, or --force to replace it"
            )


def write_labels(path: Path, name: str, labels: NDArray[np.integer[Any]]) -> None:
    """Write labels into ``obs`` of a file, as categories; −1 is a cell without one.

    Parameters
    ----------
    path : of the file, which is changed in its place.
    name : of the column; one of that name is replaced.
    labels : (N,), from 0, in the order of the cells.

    Raises
    ------
    DataError : there are as many cells as labels no more, or it is no such file.
    OSError : it cannot be written.
    """
    h5py = hdf5("writing an HDF5 file")
    with opened(path, "r+") as file:
        obs = Frame.of(file, "obs", path)
        if len(obs) != len(labels):
            raise DataError(f"{path} has {len(obs)} cells, and there are {len(labels)} labels")
        if name in obs.group:
            del obs.group[name]
        known = np.unique(labels[labels >= 0])
        codes = np.where(labels < 0, -1, np.searchsorted(known, labels))
        column = obs.group.create_group(name)
        column.attrs.update(
            {"encoding-type": "categorical", "encoding-version": "0.2.0", "ordered": False}
        )
        texts = np.array([str(label) for label in known], dtype=object)
        made = {
            "codes": column.create_dataset(
                "codes", data=codes.astype(np.min_scalar_type(-len(known) - 1))
            ),
            "categories": column.create_dataset(
                "categories", data=texts, dtype=h5py.string_dtype()
            ),
        }
        for part, kind in (("codes", "array"), ("categories", "string-array")):
            made[part].attrs.update({"encoding-type": kind, "encoding-version": "0.2.0"})
        order = [str(each) for each in obs.group.attrs.get("column-order", ())]
        if name not in order:
            order.append(name)
            obs.group.attrs["column-order"] = np.array(order, dtype=h5py.string_dtype())
