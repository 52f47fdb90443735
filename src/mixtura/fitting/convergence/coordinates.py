"""Coordinates: a mixture as a vector without constraints, and the length of a step there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.factors import Diagonal, Factor, SharedTriangular, Spherical, Triangular
from mixtura.engine.low_rank import LowRank
from mixtura.model.mixture import Mixture
from mixtura.model.noise import Noise


@dataclass(frozen=True, eq=False)
class Coordinates:
    """Coordinates in which every vector is a mixture.

    log w_k, with noise log w_0 after them, then the means, then the Cholesky factors L_k of the
    covariances, as logarithms of their diagonals l_k and triangles of L_k diag(l_k)⁻¹, all in one
    vector (P,). Weights that do not sum to 1 are divided by their sum; equal ones stay equal on
    every line between such points.

    Most structures are straight here: what their letters say of volumes, shapes and triangles are
    linear equations, so that whatever is extrapolated from their mixtures is one of theirs. Equal
    volumes are equal sums of logarithms, and λ_k C has the triangle of C and l_k = √λ_k l.

    The length of a step is that of the complete-data information at a mixture, which is the
    same in all units of the features::

        ‖s‖² = Σ_k w_k (ds_k² + ‖L_k⁻¹ dμ_k‖² + ½‖M_k + M_kᵀ‖²),   M_k = L_k⁻¹ dL_k

    with s the log weights. Half of it is, to second order, the divergence in nats a row between
    the joint densities of rows and components. EM is a step along the gradient of the mean
    log-likelihood in this geometry, and its derivative is self-adjoint there.

    Parameters
    ----------
    mixture : where lengths are measured; it also gives the structure and the names.

    References
    ----------
    Xu & Jordan 1996, "On convergence properties of the EM algorithm for Gaussian mixtures", for
    EM as a gradient step; Dempster, Laird & Rubin 1977, section 3, for its derivative.
    """

    mixture: Mixture
    spread: _Spread

    @property
    def free(self) -> bool:
        """Whether the structure is straight: closed under affine combinations of vectors."""
        letters = self.mixture.structure.letters
        return letters[2] in ("I", letters[1]) or bool(self.mixture.structure.n_factors)

    @property
    def freedom(self) -> int:
        """The dimension of the mixtures of its kind: coordinates are more, and tied together."""
        return self.mixture.n_parameters - (1 if self.mixture.noise else 0)  # V is no coordinate

    def vector(self, mixture: Mixture) -> Floats:
        """The coordinates of a mixture of the same kind, (P,)."""
        spread = self.spread.packed(mixture.gaussians.factor)
        log_weights = mixture.components.log_weights
        return np.concatenate([log_weights, mixture.means.ravel(), spread.ravel()])

    def mixture_of(self, vector: Floats) -> Mixture | None:
        """The mixture with these coordinates, or None where it leaves the floating-point range."""
        k, d = self.mixture.means.shape
        n = len(self.mixture.shares)
        log_weights, means, spread = np.split(vector, [n, n + k * d])
        weights = np.exp(log_weights - log_weights.max())
        weights = weights / weights.sum()
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            covariances = self.spread.covariances(spread)
        sound = np.isfinite(vector).all() and np.isfinite(covariances).all() and weights.min() > 0.0
        structure, noise = self.mixture.structure, self.mixture.noise
        sound = sound and (noise is None or weights[k] < 1.0)
        if not sound or structure.form.unsound(covariances):
            return None
        return Mixture(
            weights[:k],
            means.reshape(k, d),
            covariances,
            structure,
            self.mixture.feature_names,
            noise=Noise(float(weights[k]), noise.box) if noise else None,
            equal_weights=self.mixture.equal_weights,
        )

    def whitened(self, steps: Floats) -> Floats:
        """Steps (n, P) in units in which their length is the Euclidean one, (n, P)."""
        mixture = self.mixture
        k, d = mixture.means.shape
        n, shares = len(steps), mixture.shares
        weights, means, spread = np.split(steps, [len(shares), len(shares) + k * d], axis=1)
        roots = np.sqrt(mixture.weights)  # (K,)
        factor = mixture.gaussians.factor
        whitened = np.stack(
            [factor.whiten(j, means.reshape(n, k, d)[:, j].T).T for j in range(k)], axis=1
        )  # (n, K, D)
        return np.concatenate(
            [
                (weights - (weights @ shares)[:, None]) * np.sqrt(shares),
                (whitened * roots[:, None]).reshape(n, k * d),
                self.spread.whitened(spread, mixture.weights),
            ],
            axis=1,
        )


class _Spread(ABC):
    """The part of the coordinates that stands for the covariances."""

    @abstractmethod
    def packed(self, factor: Factor) -> Floats:
        """The coordinates of the components' covariance factors, packed."""

    @abstractmethod
    def covariances(self, packed: Floats) -> Floats:
        """The covariances in the structure's form."""

    @abstractmethod
    def whitened(self, steps: Floats, weights: Floats) -> Floats:
        """Steps (n, Q) in units of the length, (n, Q)."""


@dataclass(frozen=True, eq=False)
class _Matrices(_Spread):
    """Lower triangular factors, of each component or one for all.

    Parameters
    ----------
    lower : (K, D, D) or (1, D, D), those at which lengths are measured.
    shared : whether one is for all.
    """

    lower: Floats
    shared: bool

    def packed(self, factor: Factor) -> Floats:
        assert isinstance(factor, (Triangular, SharedTriangular))
        lower = factor.lower.reshape(self.lower.shape)
        diagonal = np.einsum("kdd->kd", lower)
        below = (lower / diagonal[:, None, :])[:, *self._below]
        return np.concatenate([np.log(diagonal), below], axis=1)

    def covariances(self, packed: Floats) -> Floats:
        lower = self._unpacked(packed.reshape(1, -1))[0]
        d = lower.shape[-1]
        diagonal = np.exp(lower[:, range(d), range(d)])
        lower[:, range(d), range(d)] = 1.0
        lower = lower * diagonal[:, None, :]
        matrices = lower @ lower.swapaxes(1, 2)
        matrices = 0.5 * (matrices + matrices.swapaxes(1, 2))
        return np.asarray(matrices[0] if self.shared else matrices)

    def whitened(self, steps: Floats, weights: Floats) -> Floats:
        moves = self._unpacked(steps)  # (n, K, D, D)
        d = moves.shape[-1]
        # With L = U diag(l), dL = dU diag(l) + L diag(d log l), of which L⁻¹ dL is wanted.
        stretch = np.einsum("nkdd->nkd", moves).copy()
        moves[:, :, range(d), range(d)] = 0.0
        moves = self._inverse @ (moves * np.einsum("kdd->kd", self.lower)[:, None, :])
        moves[:, :, range(d), range(d)] += stretch
        # ½‖M + Mᵀ‖² = 2 Σ M_jj² + Σ_{i>j} M_ij² for a lower triangular M
        along = np.sqrt(2.0) * np.einsum("nkdd->nkd", moves)
        below = moves[:, :, *self._below]
        roots = np.ones(1) if self.shared else np.sqrt(weights)
        whole = np.concatenate([along, below], axis=2) * roots[:, None]
        return np.asarray(whole.reshape(len(steps), -1))

    def _unpacked(self, packed: Floats) -> Floats:
        """Lower triangular matrices (n, K, D, D) from vectors (n, Q), diagonals as they are."""
        k, d, _ = self.lower.shape
        rows = packed.reshape(len(packed), k, -1)
        lower = np.zeros((len(packed), k, d, d))
        lower[:, :, range(d), range(d)] = rows[:, :, :d]
        lower[:, :, *self._below] = rows[:, :, d:]
        return lower

    @property
    def _below(self) -> tuple[Integers, Integers]:
        return np.tril_indices(self.lower.shape[-1], -1)

    @property
    def _inverse(self) -> Floats:
        return kernel.invert_lower(np.ascontiguousarray(self.lower))


@dataclass(frozen=True, eq=False)
class _Scales(_Spread):
    """Standard deviations, of each component and feature or of each component.

    Parameters
    ----------
    shape : (K, D) or (K,).
    copies : how many features each stands for.
    """

    shape: tuple[int, ...]
    copies: int

    def packed(self, factor: Factor) -> Floats:
        assert isinstance(factor, (Diagonal, Spherical))
        return np.log(factor.scale)

    def covariances(self, packed: Floats) -> Floats:
        return np.asarray(np.exp(2.0 * packed.reshape(self.shape)))

    def whitened(self, steps: Floats, weights: Floats) -> Floats:
        rows = steps.reshape(len(steps), self.shape[0], -1)
        whole = rows * np.sqrt(2.0 * self.copies * weights)[:, None]
        return np.asarray(whole.reshape(len(steps), -1))


@dataclass(frozen=True, eq=False)
class _Loaded(_Spread):
    """Logarithms of what is a feature's own, and loadings.

    Their length is that of the information that rows and factors have together.

    Parameters
    ----------
    packed_at : (K, D, H + 1), loadings and own variances at which lengths are measured.
    """

    packed_at: Floats

    def packed(self, factor: Factor) -> Floats:
        assert isinstance(factor, LowRank)
        found = factor.packed.copy()
        found[:, :, -1] = np.log(found[:, :, -1])
        return found

    def covariances(self, packed: Floats) -> Floats:
        found = packed.reshape(self.packed_at.shape).copy()
        found[:, :, -1] = np.exp(found[:, :, -1])
        return found

    def whitened(self, steps: Floats, weights: Floats) -> Floats:
        moves = steps.reshape(len(steps), *self.packed_at.shape).copy()
        moves[:, :, :, :-1] /= np.sqrt(self.packed_at[:, :, -1:])
        moves[:, :, :, -1] *= np.sqrt(0.5)
        return np.asarray((moves * np.sqrt(weights)[:, None, None]).reshape(len(steps), -1))


def coordinates_at(mixture: Mixture) -> Coordinates:
    """The coordinates with lengths as they are at `mixture`."""
    return Coordinates(mixture, _spread(mixture.gaussians.factor, mixture.n_features))


def _spread(factor: Factor, n_features: int) -> _Spread:
    match factor:
        case Triangular(lower):
            return _Matrices(lower, shared=False)
        case SharedTriangular(lower):
            return _Matrices(lower[None], shared=True)
        case Diagonal(scale):
            return _Scales(scale.shape, 1)
        case Spherical(scale):
            return _Scales(scale.shape, n_features)
        case LowRank(packed):
            return _Loaded(packed)
    raise TypeError(f"no coordinates for {factor!r}")
