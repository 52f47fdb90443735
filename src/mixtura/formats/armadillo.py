"""Armadillo: what `gmm_diag` and `gmm_full` save, in doubles or floats."""

from __future__ import annotations

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.errors import ModelError
from mixtura.formats.cursor import Cursor
from mixtura.formats.imported import SINGLE, Imported, Model, gaussians_alone
from mixtura.model.storage import StoredModel

TITLE = "an Armadillo file"
_TYPES = {b"FN008": "<f8", b"FN004": "<f4"}


def knows(data: bytes) -> bool:
    """Whether bytes begin as Armadillo's binary files do."""
    return data.startswith(b"ARMA_")


def models(data: bytes) -> dict[str, Model]:
    """The one mixture in a file of Armadillo's.

    Raises
    ------
    ModelError : it is damaged, or holds a matrix or a cube and no mixture.
    """
    if data.startswith(b"ARMA_FLD_BIN\n"):
        return {"": _full(data)}
    if data.startswith(b"ARMA_CUB_BIN_FN"):
        return {"": _diagonal(data)}
    what = "matrix" if data.startswith(b"ARMA_MAT") else "file of another kind"
    raise ModelError(f"is an Armadillo {what}, expected a gmm_diag or gmm_full that was saved")


def _sizes(cursor: Cursor, n: int) -> list[int]:
    words = cursor.line().split()
    if len(words) != n or not all(word.isdigit() for word in words):
        raise ModelError(f"is damaged: {b' '.join(words)[:40]!r} are not {n} sizes")
    return [int(word) for word in words]


def _diagonal(data: bytes) -> Imported:
    """A cube of D + 1 rows, K columns and two slices.

    The first row of the first slice is the weights, and that of the second nothing; below them are
    means and variances.
    """
    cursor = Cursor(data)
    kind = _TYPES.get(cursor.line().removeprefix(b"ARMA_CUB_BIN_"))
    n_rows, k, n_slices = _sizes(cursor, 3)
    if kind is None or n_slices != 2 or n_rows < 2 or k < 1:
        raise ModelError("is an Armadillo cube, expected a gmm_diag that was saved")
    first, second = (cursor.matrix(kind, n_rows, k) for _ in range(2))
    return Imported(
        "Armadillo", "gmm_diag", first[0], first[1:].T, second[1:].T, "diag", rounding=SINGLE
    )


def _full(data: bytes) -> Imported:
    """A field of matrices: means D × K, weights 1 × K, and K covariances."""
    cursor = Cursor(data)
    cursor.line()
    (n_rows,), (n_columns,) = _sizes(cursor, 1), _sizes(cursor, 1)
    # A matrix takes twenty bytes at least.
    if n_columns != 1 or not 3 <= n_rows <= 2 + cursor.left // 20:
        raise ModelError("is an Armadillo field, expected a gmm_full that was saved")
    means, weights = _matrix(cursor), _matrix(cursor)
    covariances = np.stack([_matrix(cursor) for _ in range(n_rows - 2)])
    weights = weights.ravel()
    return Imported("Armadillo", "gmm_full", weights, means.T, covariances, rounding=SINGLE)


def _matrix(cursor: Cursor) -> Floats:
    kind = _TYPES.get(cursor.line().removeprefix(b"ARMA_MAT_BIN_"))
    if kind is None:
        raise ModelError("is damaged: a matrix of its has no type that gmm_full saves")
    n_rows, n_columns = _sizes(cursor, 2)
    return cursor.matrix(kind, n_rows, n_columns)


def written(stored: StoredModel, _: str) -> bytes:
    """A mixture as `gmm_diag` loads it where covariances are diagonal, else as `gmm_full` does.

    Raises
    ------
    ParameterError : it has noise.
    """
    m = gaussians_alone(stored, "Armadillo")
    k, d = m.means.shape
    if m.structure.form.diagonal:
        cube = np.zeros((2, k, d + 1))  # each slice is stored column by column
        cube[0, :, 0], cube[0, :, 1:] = m.weights, m.means
        cube[1, :, 1:] = np.diagonal(m.covariance_matrices(), axis1=1, axis2=2)
        return f"ARMA_CUB_BIN_FN008\n{d + 1} {k} 2\n".encode() + cube.astype("<f8").tobytes()
    matrices = [m.means.T, m.weights[None], *m.covariance_matrices()]
    return f"ARMA_FLD_BIN\n{k + 2}\n1\n".encode() + b"".join(map(_stored, matrices))


def _stored(matrix: Floats) -> bytes:
    n_rows, n_columns = matrix.shape
    head = f"ARMA_MAT_BIN_FN008\n{n_rows} {n_columns}\n".encode()
    return head + matrix.astype("<f8").tobytes(order="F")
