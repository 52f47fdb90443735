"""Form: how the covariances of a mixture are held."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.engine.factors import Factor
from mixtura.errors import ModelError

__all__ = [
    "Form",
    "cholesky",
    "choleskys",
    "floored_matrix",
    "is_positive_definite",
    "replaced",
]


#: a multiple of it, times D and the largest eigenvalue, keeps a Cholesky factor in existence
_ROUNDING = 32.0 * float(np.finfo(np.float64).eps)


class Form(ABC):
    """One array of covariances, and what follows from its shape.

    All covariances are in squared feature units. K components, D features.
    """

    #: what the form is called in messages
    name: str
    #: whether off-diagonal entries are zero throughout
    diagonal: bool
    #: whether all components have one covariance
    shared: bool

    def __repr__(self) -> str:
        return f"Form({self.name})"

    @abstractmethod
    def shape(self, n_components: int, n_features: int) -> tuple[int, ...]:
        """The shape of the covariances."""

    @abstractmethod
    def factor(self, covariances: Floats) -> Factor:
        """Cholesky factors of the covariances.

        Raises
        ------
        ModelError : a covariance is not symmetric positive definite; the component is named.
        """

    @abstractmethod
    def matrices(self, covariances: Floats, n_components: int, n_features: int) -> Floats:
        """The covariances written out as matrices, (K, D, D)."""

    @abstractmethod
    def gathered(self, matrices: Floats) -> Floats:
        """The form's array from matrices (K, D, D) that have the form: undoes `matrices`."""

    @abstractmethod
    def ridged(self, covariances: Floats, ridge: float | Floats) -> Floats:
        """Covariances with `ridge` added to the diagonals: a number, one a feature (D,).

        Or a matrix (D, D), of which a form takes what it can hold.
        """

    @abstractmethod
    def restricted(self, covariances: Floats, features: Sequence[int]) -> Floats:
        """The covariances of some of the features, in the order given."""

    @abstractmethod
    def inverted(self, matrices: Floats) -> Floats:
        """Covariances from precisions, or precisions from covariances, of the same shape."""

    @abstractmethod
    def precisions(self, whitening: Floats) -> Floats:
        """Σ⁻¹ = L⁻ᵀ L⁻¹ from L⁻¹ (or 1/σ), of the covariances' shape and exactly symmetric."""

    @abstractmethod
    def precision_factors(self, whitening: Floats) -> Floats:
        """U = L⁻ᵀ (or 1/σ), with Σ⁻¹ = U Uᵀ, from L⁻¹; of the covariances' shape."""

    @abstractmethod
    def unsound(self, covariances: Floats, floor: Floats | None = None) -> list[int]:
        """The components whose covariance is not positive definite; 0 stands for a shared one.

        With a `floor` (D,) also those with an eigenvalue below 1 in units of it.
        """

    @abstractmethod
    def floored(self, covariances: Floats, k: int, floor: Floats) -> Floats:
        """Covariances with component k's eigenvalues raised to 1, in units of `floor` (D,)."""


def cholesky(matrix: Floats, whose: str) -> Floats:
    """The lower Cholesky factor of `matrix` (D, D).

    Raises
    ------
    ModelError : it is not symmetric or not positive definite; `whose` begins the sentence.
    """
    tolerance = 1e-8 * float(np.abs(matrix).max())
    if np.abs(matrix - matrix.T).max() > tolerance:
        i, j = np.unravel_index(int(np.abs(matrix - matrix.T).argmax()), matrix.shape)
        raise ModelError(
            f"{whose} is not symmetric: entry ({i}, {j}) is {matrix[i, j]:.6g} but "
            f"({j}, {i}) is {matrix[j, i]:.6g}; average the matrix with its transpose"
        )
    try:
        lower = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        lowest = float(np.linalg.eigvalsh(matrix)[0])
        raise ModelError(
            f"{whose} is not positive definite: its smallest eigenvalue is {lowest:.6g}, expected "
            "more than 0; add to the diagonal, or drop features that others determine"
        ) from None
    return lower


def choleskys(matrices: Floats, whose: str) -> Floats:
    """The lower Cholesky factors of matrices (K, D, D), all at once where all is well.

    Raises
    ------
    ModelError : as for `cholesky`, of the first one that has none.
    """
    if (matrices == matrices.transpose(0, 2, 1)).all():
        with suppress(np.linalg.LinAlgError):
            return np.linalg.cholesky(matrices)
    return np.stack([cholesky(matrix, f"{whose} {k}") for k, matrix in enumerate(matrices)])


def is_positive_definite(matrices: Floats) -> bool:
    """Whether each of `matrices` (..., D, D) has a Cholesky factor."""
    try:
        np.linalg.cholesky(matrices)
    except np.linalg.LinAlgError:
        return False
    return True


def floored_matrix(matrix: Floats, floor: Floats) -> Floats:
    """A symmetric matrix (D, D) with eigenvalues at least 1 in units of `floor` (D,)."""
    scale = np.sqrt(floor)
    values, vectors = np.linalg.eigh(matrix / np.outer(scale, scale))
    # Below the rounding of the largest, an eigenvalue would be lost in the product again.
    least = max(1.0, _ROUNDING * len(values) * float(values[-1]))
    raised = (vectors * np.maximum(values, least)) @ vectors.T
    raised = 0.5 * (raised + raised.T)
    return raised * np.outer(scale, scale)


def replaced(covariances: Floats, k: int, covariance: Floats) -> Floats:
    """A copy of `covariances` with entry k replaced."""
    copy = covariances.copy()
    copy[k] = covariance
    return copy
