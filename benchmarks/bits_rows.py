"""Rows of the cases, and each way in which the library is handed rows."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

__all__ = ["NAMES", "SOURCES", "counts", "labels", "rows", "written"]

NAMES = ["height", "mass", "age"]
_CENTRES = np.array([[0.0, 0.0, 10.0], [3.0, 2.0, 11.0], [-2.5, 3.0, 12.5]])


@cache
def rows(n: int = 240, d: int = 3) -> Floats:
    """Three overlapping clusters of unlike shape, and some rows far out; (n, d)."""
    random = np.random.default_rng(n + d)
    k = labels(n)
    spread = np.array([0.7, 1.0, 1.6])[k, None]
    made = _CENTRES[k] + spread * random.normal(size=(n, 3)) * [1.0, 0.5, 2.0]
    made[:, 1] += 0.5 * made[:, 0] * (k == 1)
    made[:: max(n // 8, 1)] += random.normal(size=made[:: max(n // 8, 1)].shape) * 4.0
    made.setflags(write=False)
    return made[:, :d]


def labels(n: int = 240) -> NDArray[np.int64]:
    """Which cluster each row is of, (n,)."""
    return np.arange(n) * 7 % 11 % 3


def counts(n: int = 240) -> Floats:
    """How often each row counts, 0 to 3, (n,)."""
    return (np.arange(n) * 5 % 7 % 4).astype(np.float64)


def _table(n: int, *, weighted: bool = False) -> Any:
    import pandas as pd

    table = pd.DataFrame(rows(n), columns=NAMES)
    return table.assign(count=counts(n)) if weighted else table


def written(name: str, n: int = 240) -> str:
    """The path of a file or folder of the rows, relative to where the process is."""
    path = Path(f"{n}-{name}")
    if path.exists():
        return str(path)
    if name.endswith(".npy"):
        np.save(path, rows(n))
    elif name.endswith(".csv"):
        _table(n, weighted="weighted" in name).to_csv(path, index=False)
    elif name.endswith(".csv.gz"):
        path.write_bytes(gzip.compress(_table(n).to_csv(index=False, sep=";").encode(), mtime=0))
    elif name.endswith(".parquet"):
        _table(n, weighted="weighted" in name).to_parquet(path, row_group_size=max(n // 3, 1))
    elif name.endswith(".feather"):
        _table(n).to_feather(path)
    else:
        _folder(path, n)
    return str(path)


def _folder(path: Path, n: int) -> None:
    path.mkdir()
    for number, part in enumerate(np.array_split(np.arange(n), 3)):
        _table(n, weighted=True).iloc[part].to_parquet(path / f"{number}.parquet")


def _batches(n: int) -> Callable[[], Iterator[Floats]]:
    return lambda: iter(np.array_split(rows(n), 4))


def _dask_array(n: int, *, weighted: bool = False) -> dict[str, Any]:
    import dask.array as da

    made = {"X": da.from_array(rows(n), chunks=(n // 3 + 1, -1))}
    if weighted:
        made["sample_weight"] = da.from_array(counts(n), chunks=n // 3 + 1)
    return made


def _dask_frame(n: int) -> dict[str, Any]:
    import dask
    import dask.dataframe as dd

    dask.config.set({"dataframe.convert-string": False})
    return {"X": dd.from_pandas(_table(n, weighted=True), npartitions=3), "sample_weight": "count"}


def _fortran(n: int) -> Floats:
    return np.asfortranarray(rows(n))


def _single(n: int) -> NDArray[np.float32]:
    return rows(n).astype(np.float32)


#: name -> the arguments X and sample_weight for n rows
SOURCES: dict[str, Callable[[int], dict[str, Any]]] = {
    "array": lambda n: {"X": rows(n)},
    "float32": lambda n: {"X": _single(n)},
    "weighted": lambda n: {"X": rows(n), "sample_weight": counts(n)},
    "weighted-float32": lambda n: {"X": _single(n), "sample_weight": counts(n) / 3.0},
    "fortran": lambda n: {"X": _fortran(n)},
    "frame": lambda n: {"X": _table(n)},
    "npy": lambda n: {"X": written("rows.npy", n)},
    "csv": lambda n: {"X": written("rows.csv", n)},
    "csv.gz": lambda n: {"X": written("rows.csv.gz", n)},
    "parquet": lambda n: {"X": written("rows.parquet", n)},
    "feather": lambda n: {"X": written("rows.feather", n)},
    "folder-weighted": lambda n: {"X": written("parts", n), "sample_weight": "count"},
    "iterable": lambda n: {"X": _batches(n)},
    "dask-array": _dask_array,
    "dask-array-weighted": lambda n: _dask_array(n, weighted=True),
    "dask-frame-weighted": _dask_frame,
}
