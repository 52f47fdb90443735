"""Chart: free coordinates of a mixture's parameters, about a point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixtura.engine.arrays import Floats, Integers, Value
from mixtura.model.mixture import Mixture

#: a step of a coordinate, whose unit is about one
_STEP = 1e-5


@dataclass(frozen=True, eq=False)
class Parameters(Value):
    """Parameters of one mixture, or of many: each array may have further axes in front.

    Parameters
    ----------
    weights : (..., K).
    means : (..., K, D), feature units.
    covariances : (..., K, D, D), squared feature units.
    """

    weights: Floats
    means: Floats
    covariances: Floats

    @classmethod
    def shaped(cls, flat: Floats, n_components: int, n_features: int) -> Parameters:
        """Those of numbers in a row (..., M): undoes `flat`."""
        k, d = n_components, n_features
        weights, means, covariances = np.split(flat, [k, k + k * d], axis=-1)
        batch = flat.shape[:-1]
        return cls(weights, means.reshape(*batch, k, d), covariances.reshape(*batch, k, d, d))

    def flat(self) -> Floats:
        """All numbers in a row, (..., K + K·D + K·D²)."""
        shape = self.weights.shape[:-1]
        parts = (self.weights, self.means, self.covariances)
        return np.concatenate([part.reshape(*shape, -1) for part in parts], axis=-1)


@dataclass(frozen=True, eq=False)
class Chart:
    """θ -> (w, μ, Σ), p coordinates for p free parameters, all 0 at the mixture itself.

    With Σ_k = Q_k diag(a_k) Q_kᵀ the coordinates are t_k, added to log w_k, k < K, the sum made 1
    again; the means, in units of a standard deviation; and for the covariances

        Σ_k(θ) = exp(v_k) · Q_k C(s_k) diag(a_k exp(u_k)) C(s_k)ᵀ Q_kᵀ,

    v for the volume; u, with sum 0, for the shape; s for the orientation, a skew matrix whose
    Cayley transform C(s) = (I − s/2)⁻¹ (I + s/2) is a rotation. One of each for a letter E, K for
    a letter V, none for I.

    Parameters
    ----------
    mixture : the point.
    axes : (K, D, D), Q_k.
    lengths : (K, D), a_k, squared feature units.
    """

    mixture: Mixture
    axes: Floats
    lengths: Floats

    @classmethod
    def about(cls, mixture: Mixture) -> Chart:
        """The chart of free coordinates about a mixture."""
        k, d = mixture.means.shape
        matrices = mixture.covariance_matrices()
        orientation = mixture.structure.letters[2]
        if orientation == "I":
            axes = np.broadcast_to(np.eye(d), (k, d, d))
        elif orientation == "E":
            # They have their axes in common; a sum whose terms weigh differently has them as well.
            scale = np.einsum("kdd->k", matrices)
            share = 1.0 + 0.1 * np.arange(k) / k
            pooled = np.einsum("k,kde->de", share / scale, matrices)
            axes = np.broadcast_to(np.linalg.eigh(pooled)[1], (k, d, d))
        else:
            axes = np.linalg.eigh(matrices)[1]
        lengths = np.einsum("kda,kde,kea->ka", axes, matrices, axes)
        return cls(mixture, axes, lengths)

    @property
    def n_coordinates(self) -> int:
        """How many free coordinates a mixture has, P."""
        return self.mixture.n_parameters

    @property
    def units(self) -> Parameters:
        """What the parameters are measured in: 1, standard deviations, and products of two."""
        deviations = np.sqrt(self.mixture.variances())
        products = deviations[:, :, None] * deviations[:, None, :]
        return Parameters(np.ones(len(deviations)), deviations, products)

    @property
    def owners(self) -> Integers:
        """The component that each coordinate is of alone, (p,); −1 for several."""
        k, d = self.mixture.means.shape
        sizes = (1, d - 1, d * (d - 1) // 2)
        parts = [np.full(k - 1, -1), np.repeat(np.arange(k), d)]
        for letter, size in zip(self.mixture.structure.letters, sizes, strict=True):
            copies = {"I": [], "E": [-1], "V": list(range(k))}[letter]
            parts.append(np.repeat(np.array(copies, dtype=np.intp), size))
        return np.concatenate(parts).astype(np.intp)

    def parameters(self, theta: Floats) -> Parameters:
        """The parameters at coordinates (..., p)."""
        mixture = self.mixture
        k, d = mixture.means.shape
        batch = theta.shape[:-1]
        volume, shape, orientation = tuple(mixture.structure.letters)
        taken = 0

        def take(count: int) -> Floats:
            nonlocal taken
            taken += count
            return theta[..., taken - count : taken]

        def shared_out(letter: str, size: int) -> Floats:
            """(..., K, size) coordinates, K of a kind, one for all, or zeros."""
            copies = {"I": 0, "E": 1, "V": k}[letter] if size else 0
            if not copies:
                return np.zeros((*batch, k, size))
            part = take(copies * size).reshape(*batch, copies, size)
            return np.broadcast_to(part, (*batch, k, size))

        odds = np.concatenate([take(k - 1), np.zeros((*batch, 1))], axis=-1)
        weights = mixture.weights * np.exp(odds)
        weights = weights / weights.sum(axis=-1, keepdims=True)
        unit = np.sqrt(mixture.variances())
        means = mixture.means + unit * take(k * d).reshape(*batch, k, d)
        growth = shared_out(volume, 1)
        stretch = shared_out(shape, d - 1)
        stretch = np.concatenate([stretch, -stretch.sum(axis=-1, keepdims=True)], axis=-1)
        lengths = self.lengths * np.exp(growth + stretch)
        axes = self.axes @ _rotations(shared_out(orientation, d * (d - 1) // 2), d)
        covariances = (axes * lengths[..., None, :]) @ axes.swapaxes(-1, -2)
        return Parameters(weights, means, covariances)

    def jacobian(self, theta: Floats) -> Floats:
        """The derivatives of the flat parameters at θ (p,), (K + K·D + K·D², p)."""
        steps = _STEP * np.eye(len(theta))
        ahead = self.parameters(theta + steps).flat()
        behind = self.parameters(theta - steps).flat()
        return ((ahead - behind) / (2.0 * _STEP)).T


def _rotations(angles: Floats, d: int) -> Floats:
    """The Cayley transforms of skew matrices given by their upper triangles, (..., D, D)."""
    skew = np.zeros((*angles.shape[:-1], d, d))
    skew[(..., *np.triu_indices(d, 1))] = angles
    skew = 0.5 * (skew - skew.swapaxes(-1, -2))
    return np.linalg.solve(np.eye(d) - skew, np.eye(d) + skew)
