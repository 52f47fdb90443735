"""Opening: an HDF5 file, what is in it by its path, and what is wrong with it as a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from mixtura.errors import DataError, MissingExtraError, MixturaError
from mixtura.tables.h5ad.trial import check_by_trial
from mixtura.textual import words_of

#: what such a file begins with
MAGIC = b"\x89HDF\r\n\x1a\n"
#: what h5py raises of a file that is damaged
_FAULTS = (
    OSError, ValueError, TypeError, LookupError, RuntimeError, AttributeError, ArithmeticError,
    MemoryError, SystemError,
)  # fmt: skip


def hdf5(purpose: str) -> Any:
    """The module h5py.

    Raises
    ------
    MissingExtraError : it is not installed.
    """
    try:
        import h5py
    except ImportError:
        raise MissingExtraError("h5py", "h5ad", purpose) from None
    return h5py


@contextmanager
def opened(path: Path, mode: str = "r") -> Iterator[Any]:
    """An HDF5 file, and what h5py finds wrong within as a sentence of it.

    Raises
    ------
    DataError : it is damaged, or no HDF5 file.
    MissingExtraError : h5py is not installed.
    OSError : it cannot be read.
    """
    h5py = hdf5("reading an HDF5 file")
    if mode == "r":
        check_by_trial(path)
    try:
        with h5py.File(path, mode) as file:
            yield file
    except MixturaError:
        raise
    except _FAULTS as error:
        if isinstance(error, OSError) and error.errno is not None and mode != "r":
            raise
        raise DataError(
            f"{path} is an HDF5 file that cannot be read: {words_of(error)}; it is cut short or "
            "damaged, so fetch or write it again"
        ) from None


def inside(group: Any, name: str, path: Path) -> Any:
    """What a group has by that name, in the same file; None where it has nothing.

    Raises
    ------
    DataError : it is a link to another file, or its numbers are in one.
    """
    h5py = hdf5("reading an HDF5 file")
    link = group.get(name, getlink=True)
    if link is None:
        return None
    found = None if isinstance(link, h5py.ExternalLink) else group[name]
    elsewhere = isinstance(found, h5py.Dataset) and (found.external or found.is_virtual)
    if found is None or elsewhere or found.file != group.file:
        raise DataError(
            f"{path} keeps {name!r} in another file, which is not opened: copy it into this one"
        )
    return found


def kind_of(item: Any) -> str:
    """What AnnData says that a group or a dataset is; empty where nothing is said."""
    said = item.attrs.get("encoding-type", "")
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)


def check_filled(dataset: Any, path: Path) -> None:
    """Refuse an array (N, …) of which parts were never written, or that says it is larger.

    Raises
    ------
    DataError : so it is.
    """
    name, size = dataset.name, dataset.size * dataset.dtype.itemsize
    if dataset.chunks is None:
        there, expected = dataset.id.get_storage_size(), size
    else:
        parts = [-(-n // c) for n, c in zip(dataset.shape, dataset.chunks, strict=True)]
        there, expected = dataset.id.get_num_chunks(), int(np.prod(parts, dtype=object))
    if there < expected:
        what = "bytes" if dataset.chunks is None else "parts"
        raise DataError(
            f"{path} has {there} of the {expected} {what} of {name}, of shape {dataset.shape}: it "
            "is cut short or damaged, so fetch or write it again"
        )
