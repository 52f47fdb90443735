"""Reading: the rows of an AnnData file, of one array in it, a part at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.errors import DataError
from mixtura.tables.arrow import BATCH
from mixtura.tables.chunk import BadRows, Chunk
from mixtura.tables.h5ad.frames import Frame
from mixtura.tables.h5ad.opening import check_filled, inside, kind_of, opened
from mixtura.tables.reading import Reading
from mixtura.tables.selection import Columns, Header, Selection

#: numbers that are held at a time
_NUMBERS = 2**22


@dataclass(frozen=True)
class _H5adHeader(Header):
    """What an AnnData file says of the array that is asked for.

    Parameters
    ----------
    place : the array's path in the file.
    n_rows : N.
    width : how many columns the array has.
    """

    place: str = ""
    n_rows: int = 0
    width: int = 0


def h5ad_header(path: Path, selection: Selection) -> Header:
    """The columns of the array that is asked for; those of ``obs`` are features by name alone.

    Columns of an array of ``obsm`` are called ``X_pca[0]``, ``X_pca[1]``, …, and all of them
    together ``X_pca``; those of a layer as ``var`` names them.

    Raises
    ------
    DataError : there is no such array, or none was asked for and there are several.
    """
    with opened(path) as file:
        place = _place(file, path, selection.reading)
        array = inside(file, place, path)
        n, d = _shape(array, place, path)
        obs = Frame.of(file, "obs", path)
        if n != len(obs) or min(n, d) < 1:
            raise DataError(
                f"{path} has {place} of shape ({n}, {d}) for {len(obs)} cells, expected a row for "
                "each"
            )
        vectors = {}
        if place.startswith("obsm/"):
            name = place.removeprefix("obsm/")
            names = tuple(f"{name}[{j}]" for j in range(d))
            vectors = {name: names}
        else:
            names = tuple(Frame.of(file, "var", path).texts(Frame.of(file, "var", path).index))
            if len(names) != d:
                raise DataError(f"{path} has {len(names)} names for the {d} columns of {place}")
        aside = tuple(name for name in obs.columns if name not in names)
        kinds = {name: "text" for name in aside if obs.is_text(name)}
        return _H5adHeader(
            (*names, *aside), kinds, True, aside, vectors, place=place, n_rows=n, width=d
        )


def h5ad_chunks(path: Path, columns: Columns, header: Header, _: BadRows) -> Iterator[Chunk]:
    """The rows of an AnnData file; a sparse array is made dense, so many rows as fit."""
    assert isinstance(header, _H5adHeader)
    n, d = header.n_rows, header.width
    at = {name: j for j, name in enumerate(header.names[:d])}
    count = min(BATCH, max(1, _NUMBERS // d))
    with opened(path) as file:
        array, obs = inside(file, header.place, path), Frame.of(file, "obs", path)
        for first in range(0, n, count):
            stop = min(first + count, n)
            rows = _rows(array, first, stop, d, path)

            def numbers(name: str, rows: Any = rows, part: Any = (first, stop)) -> NDArray[Any]:
                return rows[:, at[name]] if name in at else obs.numbers(name, *part)

            def texts(name: str, rows: Any = rows, part: Any = (first, stop)) -> list[str]:
                return (
                    [str(v) for v in rows[:, at[name]].tolist()]
                    if name in at
                    else obs.texts(name, *part)
                )

            values = [numbers(name) for name in columns.features]
            single = all(each.dtype.kind == "f" and each.dtype.itemsize <= 4 for each in values)
            yield Chunk(
                np.stack(values, axis=1, dtype=np.float32 if single else np.float64),
                {n: numbers(name).astype(np.float64) for n, name in columns.fields.items()},
                {name: texts(name) for name in columns.ids},
                str(path),
                first,
            )


def _place(file: Any, path: Path, reading: Reading) -> str:
    """Where the array that is asked for is, the only one where none is."""
    held = {
        kind: sorted(group) if (group := inside(file, kind, path)) is not None else []
        for kind in ("obsm", "layers")
    }
    if not ("X" in file or held["obsm"]) or "obs" not in file:
        listed = ", ".join(sorted(file)[:10]) or "nothing"
        raise DataError(
            f"{path} is an HDF5 file without obsm, expected that of an AnnData (.h5ad); it has "
            f"{listed}: pass an array of it, as h5py.File(path)[name][:]"
        )
    known = {f"obsm/{name}": f"obsm={name!r}" for name in held["obsm"]}
    known |= {f"layers/{name}": f"layer={name!r}" for name in held["layers"]}
    known |= {"X": "layer='X'"} if "X" in file else {}
    if reading.obsm is not None:
        wanted = f"obsm/{reading.obsm}"
    elif reading.layer is not None:
        wanted = "X" if reading.layer == "X" else f"layers/{reading.layer}"
    elif len(known) == 1:
        wanted = next(iter(known))
    else:
        raise DataError(
            f"{path} holds several tables, expected one of them to be named: give one of "
            f"{', '.join(known.values())}"
        )
    if wanted not in known:
        without = "; it is an HDF5 file without obsm" if not held["obsm"] else ""
        raise DataError(
            f"{path} has no {wanted!r}{without}: give one of {', '.join(known.values())}"
        )
    return wanted


def _shape(array: Any, place: str, path: Path) -> tuple[int, int]:
    """N and D of an array, dense or sparse by rows.

    Raises
    ------
    DataError : it is of another kind.
    """
    if hasattr(array, "dtype"):
        if array.ndim != 2 or array.dtype.kind not in "fiub" or array.dtype.itemsize > 8:
            raise DataError(
                f"{path} has {place} of shape {array.shape} and type {array.dtype}, expected "
                "numbers of shape (cells, features)"
            )
        check_filled(array, path)
        return int(array.shape[0]), int(array.shape[1])
    kind = kind_of(array)
    if kind != "csr_matrix":
        raise DataError(
            f"{path} has {place} as {kind or 'a group'}, expected an array, or a sparse one by "
            "rows (csr_matrix): write it so, or choose another"
        )
    n, d = (int(size) for size in array.attrs["shape"])
    parts = [inside(array, name, path) for name in ("data", "indices", "indptr")]
    lengths = [part.shape[0] if part is not None and part.ndim == 1 else -1 for part in parts]
    if min(lengths) < 0 or lengths[0] != lengths[1] or lengths[2] != n + 1:
        raise DataError(f"{path} has {place} whose parts do not fit together: write it again")
    for part in parts:
        if part.dtype.kind not in "fiub" or part.dtype.itemsize > 8:
            raise DataError(f"{path} has {part.name} of type {part.dtype}, expected numbers")
        check_filled(part, path)
    return n, d


def _rows(array: Any, first: int, stop: int, d: int, path: Path) -> NDArray[Any]:
    """Some rows of an array, dense or sparse, (m, D)."""
    if hasattr(array, "dtype"):
        values = array[first:stop]
        return values.astype(values.dtype.newbyteorder("="), copy=False)
    ends = array["indptr"][first : stop + 1].astype(np.int64)
    lengths = np.diff(ends)
    if ends[0] < 0 or lengths.min() < 0 or lengths.max() > d or ends[-1] > len(array["data"]):
        raise DataError(
            f"{path} has damaged rows {first} to {stop} in {array.name}: write it again"
        )
    places = array["indices"][ends[0] : ends[-1]].astype(np.int64)
    if len(places) and not 0 <= places.min() <= places.max() < d:
        raise DataError(
            f"{path} has damaged rows {first} to {stop} in {array.name}: write it again"
        )
    values = array["data"][ends[0] : ends[-1]]
    rows = np.zeros((stop - first, d), values.dtype.newbyteorder("="))
    np.add.at(rows, (np.repeat(np.arange(stop - first), lengths), places), values)
    return rows
