"""mlpack: the GMM in its archives, JSON and binary.

The JSON gives every number of a matrix the same key, so that it is read as pairs and not as
dictionaries; the binary has no sign of its own, and is known by sizes that fit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.errors import ModelError
from mixtura.formats.cursor import Cursor
from mixtura.formats.imported import Imported, Model, numbers_of
from mixtura.formats.opencv_text import loaded_json

TITLE = "an mlpack archive"
#: an object of JSON: its keys and values, in order, keys more than once
Pairs = list[tuple[str, Any]]


def knows(data: bytes) -> bool:
    """Whether bytes are JSON with an mlpack object's version, or begin as a binary GMM does."""
    if data[:400].lstrip().startswith(b"{"):
        return b'"cereal_class_version"' in data[:4000]
    if len(data) < 52 or data[:4] != b"\0\0\0\0":
        return False
    k, d, n = (int.from_bytes(data[at : at + 8], "little") for at in (4, 12, 20))
    return k == n > 0 and d > 0 and k * (d * d + d) * 8 <= len(data)


def models(data: bytes) -> dict[str, Model]:
    """The one mixture in an archive.

    Raises
    ------
    ModelError : it is damaged, or of another model, which is named.
    """
    return {"": _text(data) if data[:400].lstrip().startswith(b"{") else _binary(data)}


def _imported(weights: Floats, means: list[Floats], covariances: list[Floats]) -> Imported:
    centres, spreads = np.stack(means), np.stack(covariances)
    if spreads.shape[1:] == (centres.shape[1], 1) and spreads.shape[1] > 1:
        return Imported("mlpack", "DiagonalGMM", weights, centres, spreads[:, :, 0], "diag")
    return Imported("mlpack", "GMM", weights, centres, spreads)


# -- JSON ------------------------------------------------------------------------------------------


def _text(data: bytes) -> Imported:
    pairs: Pairs = loaded_json(data, object_pairs_hook=list)
    # The bindings wrap the object in a key of their own; the object itself says what it is made of.
    name, inside = "", pairs
    while inside and _value(inside, "cereal_class_version") is None:
        name, inside = next(((key, v) for key, v in inside if isinstance(v, list)), ("", []))
    k, dists = _value(inside, "gaussians"), _value(inside, "dists")
    if k is None or not isinstance(dists, list):
        keys = ", ".join(key for key, _ in inside[:4])
        raise ModelError(
            f"is mlpack's {name or 'object'}, of {keys}, expected a GMM: gaussians and dists"
        )
    if int(k) != len(dists):
        raise ModelError(f"is damaged: it has {k} Gaussians, and {len(dists)} distributions")
    means = [_matrix(_value(each, "mean")).ravel() for each in dists]
    covariances = [_matrix(_value(each, "covariance")) for each in dists]
    return _imported(_matrix(_value(inside, "weights")).ravel(), means, covariances)


def _value(pairs: Any, key: str) -> Any:
    """The first value of a key; None where there is none."""
    return next((value for name, value in pairs if name == key), None)


def _matrix(pairs: Any) -> Floats:
    """A matrix of JSON, column by column; of a diagonal distribution a vector is the diagonal."""
    n_rows, n_columns = int(_value(pairs, "n_rows")), int(_value(pairs, "n_cols"))
    numbers = numbers_of([value for key, value in pairs if key == "elem"])
    if n_rows < 1 or n_columns < 1 or n_rows * n_columns != len(numbers):
        raise ModelError(
            f"is damaged: a matrix of {n_rows} × {n_columns} has {len(numbers)} numbers (a reader "
            "that takes JSON's keys to be different keeps only the last)"
        )
    return numbers.reshape(n_columns, n_rows).T


# -- binary ----------------------------------------------------------------------------------------


def _binary(data: bytes) -> Imported:
    cursor = Cursor(data)
    cursor.number("<I")
    k, d, _ = (cursor.number("<Q") for _ in range(3))
    means, covariances = [], []
    for place in range(k):
        if place == 0:
            cursor.number("<I")  # the version of the distribution's class, once
        means.append(_archived(cursor).ravel())
        covariances.append(_archived(cursor))
        _archived(cursor)  # its Cholesky factor
        _archived(cursor)  # and inverse, which are made anew
        cursor.skip(8)
        if means[-1].shape != (d,) or covariances[-1].shape != (d, d):
            raise ModelError(f"is damaged: distribution {place} is not of {d} dimensions")
    return _imported(_archived(cursor).ravel(), means, covariances)


def _archived(cursor: Cursor) -> Floats:
    n_rows, n_columns, _ = (cursor.number("<Q") for _ in range(3))
    return cursor.matrix("<f8", n_rows, n_columns)
