"""Form: how the covariances of a mixture are held, in one of four arrays."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, frozen
from mixtura.engine.factors import Diagonal, Factor, SharedTriangular, Spherical, Triangular
from mixtura.engine.kernel.spectrum import floored_matrix, is_positive_definite
from mixtura.errors import ModelError


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
    #: whether diagonals of second moments will do for the M-step, as a kernel is asked for them
    seconds: bool | None

    def __repr__(self) -> str:
        return f"Form({self.name})"

    @abstractmethod
    def shape(self, n_components: int, n_features: int) -> tuple[int, ...]:
        """The shape of the array of all components' covariances."""

    @abstractmethod
    def factor(self, covariances: Floats) -> Factor:
        """The Cholesky factors L_k of the covariances Σ_k = L_k L_kᵀ.

        Raises
        ------
        ModelError : a covariance is not symmetric positive definite; the component is named.
        """

    @abstractmethod
    def matrices(self, covariances: Floats, n_components: int, n_features: int) -> Floats:
        """The covariances written out as matrices, (K, D, D)."""

    @abstractmethod
    def variances(self, covariances: Floats, n_components: int, n_features: int) -> Floats:
        """The diagonals of the covariances, (K, D)."""

    @abstractmethod
    def gathered(self, matrices: Floats) -> Floats:
        """The form's array from matrices (K, D, D) that have the form: undoes `matrices`."""

    @abstractmethod
    def of_variances(self, variances: Floats) -> Floats:
        """The form's array of diagonal covariances, from variances (K, D) that have the form."""

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
    def inverse_trace(self, whitening: Floats, floor: Floats) -> float:
        """Σ_k tr(F Σ_k⁻¹) of L⁻¹ and a `floor` (D,): where it is below 1, all are above that."""

    @abstractmethod
    def precision_factors(self, whitening: Floats) -> Floats:
        """U = L⁻ᵀ (or 1/σ), with Σ⁻¹ = U Uᵀ, from L⁻¹; of the covariances' shape."""

    @abstractmethod
    def unsound(self, covariances: Floats, floor: Floats | None = None) -> list[int]:
        """The components whose covariance is not positive definite; 0 stands for a shared one.

        With a `floor` (D,) also those with an eigenvalue below 1 in units of it.
        """

    @abstractmethod
    def floored(self, covariances: Floats, low: Sequence[int], floor: Floats) -> Floats:
        """Covariances with the eigenvalues of the components `low` raised to 1, in units of F.

        Parameters
        ----------
        floor : F, (D,).
        """


class _Variances(Form):
    """Variances alone: every matrix is diagonal."""

    diagonal = True
    seconds = True
    shared = False

    def inverted(self, matrices: Floats) -> Floats:
        return 1.0 / matrices

    def precisions(self, whitening: Floats) -> Floats:
        return whitening * whitening

    def precision_factors(self, whitening: Floats) -> Floats:
        return whitening

    def inverse_trace(self, whitening: Floats, floor: Floats) -> float:
        squares = whitening * whitening
        if squares.ndim == 1:
            return float(squares.sum() * floor.sum())
        return float(np.add.reduce(squares, axis=0) @ floor)


class _Spherical(_Variances):
    """One variance a component, the same for all features, (K,)."""

    name = "spherical"

    def shape(self, n_components: int, n_features: int) -> tuple[int, ...]:
        return (n_components,)

    def factor(self, covariances: Floats) -> Factor:
        if covariances.min() <= 0.0:
            k = int(covariances.argmin())
            raise ModelError(
                f"the covariance of component {k} is not positive definite: its variance is "
                f"{covariances[k]:.6g}, expected more than 0; add to the variances"
            )
        return Spherical(frozen(np.sqrt(covariances)))

    def matrices(self, covariances: Floats, n_components: int, n_features: int) -> Floats:
        return covariances[:, None, None] * np.eye(n_features)

    def variances(self, covariances: Floats, n_components: int, n_features: int) -> Floats:
        return np.broadcast_to(covariances[:, None], (n_components, n_features))

    def gathered(self, matrices: Floats) -> Floats:
        return matrices[:, 0, 0]

    def of_variances(self, variances: Floats) -> Floats:
        return variances[:, 0]

    def ridged(self, covariances: Floats, ridge: float | Floats) -> Floats:
        return covariances + np.mean(np.diagonal(ridge) if np.ndim(ridge) == 2 else ridge)

    def restricted(self, covariances: Floats, features: Sequence[int]) -> Floats:
        return covariances

    def unsound(self, covariances: Floats, floor: Floats | None = None) -> list[int]:
        sound = covariances > 0.0 if floor is None else covariances >= floor.mean()
        return np.flatnonzero(~sound).tolist()

    def floored(self, covariances: Floats, low: Sequence[int], floor: Floats) -> Floats:
        return _raised(covariances, low, lambda one: np.maximum(one, floor.mean()))


class _Diag(_Variances):
    """A variance a component and feature, (K, D)."""

    name = "diag"

    def shape(self, n_components: int, n_features: int) -> tuple[int, ...]:
        return (n_components, n_features)

    def factor(self, covariances: Floats) -> Factor:
        if covariances.min() <= 0.0:
            k, j = np.unravel_index(int(covariances.argmin()), covariances.shape)
            raise ModelError(
                f"the covariance of component {k} is not positive definite: its variance of "
                f"feature {j} is {covariances[k, j]:.6g}, expected more than 0; drop a constant "
                "feature, or add to the variances"
            )
        return Diagonal(frozen(np.sqrt(covariances)))

    def matrices(self, covariances: Floats, n_components: int, n_features: int) -> Floats:
        return covariances[:, :, None] * np.eye(n_features)

    def variances(self, covariances: Floats, n_components: int, n_features: int) -> Floats:
        return covariances

    def gathered(self, matrices: Floats) -> Floats:
        return np.einsum("kdd->kd", matrices)

    def of_variances(self, variances: Floats) -> Floats:
        return variances

    def ridged(self, covariances: Floats, ridge: float | Floats) -> Floats:
        return covariances + (np.diagonal(ridge) if np.ndim(ridge) == 2 else ridge)

    def restricted(self, covariances: Floats, features: Sequence[int]) -> Floats:
        return covariances[:, features]

    def unsound(self, covariances: Floats, floor: Floats | None = None) -> list[int]:
        sound = covariances > 0.0 if floor is None else covariances >= floor
        return np.flatnonzero(~sound.all(axis=1)).tolist()

    def floored(self, covariances: Floats, low: Sequence[int], floor: Floats) -> Floats:
        return _raised(covariances, low, lambda one: np.maximum(one, floor))


class _Matrices(Form):
    """Whole matrices, one or one a component."""

    diagonal = False
    seconds = False

    def ridged(self, covariances: Floats, ridge: float | Floats) -> Floats:
        whole = ridge if np.ndim(ridge) == 2 else np.eye(covariances.shape[-1]) * ridge
        return covariances + whole

    def precisions(self, whitening: Floats) -> Floats:
        return whitening.swapaxes(-1, -2) @ whitening

    def precision_factors(self, whitening: Floats) -> Floats:
        return whitening.swapaxes(-1, -2)

    def inverse_trace(self, whitening: Floats, floor: Floats) -> float:
        # A shared matrix counts once. Not by BLAS, which wakes threads for many numbers.
        return float(np.add.reduce(whitening * whitening * floor, axis=None))


class _Tied(_Matrices):
    """One matrix for all components, (D, D)."""

    name = "tied"
    shared = True

    def shape(self, n_components: int, n_features: int) -> tuple[int, ...]:
        return (n_features, n_features)

    def factor(self, covariances: Floats) -> Factor:
        return SharedTriangular(
            frozen(cholesky(covariances, "the covariance shared by all components"))
        )

    def matrices(self, covariances: Floats, n_components: int, n_features: int) -> Floats:
        return np.broadcast_to(covariances, (n_components, n_features, n_features))

    def variances(self, covariances: Floats, n_components: int, n_features: int) -> Floats:
        return np.broadcast_to(np.diagonal(covariances), (n_components, n_features))

    def gathered(self, matrices: Floats) -> Floats:
        return matrices[0]

    def of_variances(self, variances: Floats) -> Floats:
        return np.diag(variances[0])

    def restricted(self, covariances: Floats, features: Sequence[int]) -> Floats:
        return covariances[features][:, features]

    def inverted(self, matrices: Floats) -> Floats:
        lower = cholesky(matrices, "the matrix shared by all components")
        return self.precisions(kernel.invert_lower(lower[None])[0])

    def unsound(self, covariances: Floats, floor: Floats | None = None) -> list[int]:
        above = covariances if floor is None else covariances - np.diag(floor)
        return [] if is_positive_definite(above) else [0]

    def floored(self, covariances: Floats, low: Sequence[int], floor: Floats) -> Floats:
        return floored_matrix(covariances, floor)


class _Full(_Matrices):
    """A matrix a component, (K, D, D)."""

    name = "full"
    shared = False

    def shape(self, n_components: int, n_features: int) -> tuple[int, ...]:
        return (n_components, n_features, n_features)

    def factor(self, covariances: Floats) -> Factor:
        return Triangular(frozen(choleskys(covariances, "the covariance of component")))

    def matrices(self, covariances: Floats, n_components: int, n_features: int) -> Floats:
        return covariances

    def variances(self, covariances: Floats, n_components: int, n_features: int) -> Floats:
        return covariances.diagonal(axis1=1, axis2=2)

    def gathered(self, matrices: Floats) -> Floats:
        return matrices

    def of_variances(self, variances: Floats) -> Floats:
        return variances[:, :, None] * np.eye(variances.shape[1])

    def restricted(self, covariances: Floats, features: Sequence[int]) -> Floats:
        return covariances[:, features][:, :, features]

    def inverted(self, matrices: Floats) -> Floats:
        return self.precisions(kernel.invert_lower(choleskys(matrices, "the matrix of component")))

    def unsound(self, covariances: Floats, floor: Floats | None = None) -> list[int]:
        if floor is not None:
            return kernel.below_floor(covariances, floor)
        if is_positive_definite(covariances):
            return []
        return [k for k, matrix in enumerate(covariances) if not is_positive_definite(matrix)]

    def floored(self, covariances: Floats, low: Sequence[int], floor: Floats) -> Floats:
        return kernel.raised_to_floor(covariances, low, floor)


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
    lower = kernel.choleskys(matrices)
    if lower is not None:
        return lower
    return np.stack([cholesky(matrix, f"{whose} {k}") for k, matrix in enumerate(matrices)])


def _raised(covariances: Floats, low: Sequence[int], one: Callable[[Floats], Floats]) -> Floats:
    """A copy of `covariances` with those of the components `low` changed, each by itself."""
    copy = covariances.copy()
    for k in low:
        copy[k] = one(covariances[k])
    return copy


SPHERICAL = _Spherical()
DIAG = _Diag()
TIED = _Tied()
FULL = _Full()
