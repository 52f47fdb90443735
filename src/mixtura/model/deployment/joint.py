"""Joint: the log densities log w_k p_k(x) as few products of matrices, in three ways.

Each begins with x − o: nothing is multiplied before it is centred, and an offset costs no digit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Value
from mixtura.engine.factors import SharedTriangular
from mixtura.model.density import Density

#: what rounding may do to a log density, nats a feature, by the bytes of a number
_ROUNDING = {8: 2.5e-13, 4: 2.5e-5}
#: what a number that is written and read again costs in multiply-adds, and one of three axes
_TOUCHED, _STACKED = 6, 40


@dataclass(frozen=True, eq=False)
class Separable(Value):
    """Covariances along the features: log w_k p_k(x) = c_k + Σ_j (s_jk y_j² + l_jk y_j).

    Parameters
    ----------
    pivot : (D,), o in y = x − o, feature units.
    linear, square : (D, K).
    constants : (K,), nats.
    """

    pivot: Floats
    linear: Floats
    square: Floats
    constants: Floats

    def rounding(self, reach: Floats, eps: float) -> float:
        """About the largest error of rows so far from o, (K, D): twice the sum of the terms'."""
        linear, square = (np.abs(each[:, : len(reach)].T) for each in (self.linear, self.square))
        return 2.0 * eps * float((reach * (linear + reach * square)).sum(axis=1).max())


@dataclass(frozen=True, eq=False)
class Squares(Value):
    """Any covariances: log w_k p_k(x) = c_k + Σ_m w_mk f_m², f = (x − o) A + b.

    Every polynomial of degree 2 is a sum of squares of D (D + 3) / 2 linear forms: u_i, u_i + 1 and
    u_i + u_j, for any coordinates u; where components share their covariance, 2 D are enough. Or
    the forms are K D whitened deviations, of each component its own, and no row loses a digit.

    Parameters
    ----------
    pivot : (D,), o, feature units.
    forms : (D, M), A.
    shifts : (M,), b.
    weights : (M, K).
    constants : (K,), nats.
    """

    pivot: Floats
    forms: Floats
    shifts: Floats
    weights: Floats
    constants: Floats

    def rounding(self, reach: Floats, eps: float) -> float:
        """About the largest error of rows so far from o, (K, D): half the sum of the terms'."""
        most = reach @ np.abs(self.forms) + np.abs(self.shifts)  # (K, M)
        return (
            0.5 * eps * float((most**2 * np.abs(self.weights[:, : len(reach)].T)).sum(axis=1).max())
        )


@dataclass(frozen=True, eq=False)
class Deviations(Value):
    """Any covariances, each row whitened for each component: c_k − ‖(x − o − m_k) V_k‖².

    Its cost is N·K·D numbers that are held at once, its merit that no row loses a digit.

    Parameters
    ----------
    pivot : (D,), o, feature units.
    means : (K, D), m_k, μ_k − o.
    whitening : (K, D, D), V_k = L_k⁻ᵀ / √2; 0 for a uniform term.
    constants : (K,), nats.
    """

    pivot: Floats
    means: Floats
    whitening: Floats
    constants: Floats


Joint: TypeAlias = Separable | Squares | Deviations


def joint(mixture: Density, itemsize: int) -> Joint:
    """The quickest of the ways that have the digits.

    Parameters
    ----------
    mixture : the density; where it has a uniform term, that is the last component.
    itemsize : of the numbers that it will be computed with, in bytes.
    """
    k, d = mixture.means.shape
    within = mixture.covariance_matrices()
    shares = mixture.weights / mixture.weights.sum()
    pivot = _rounded(shares @ mixture.means, itemsize)
    about = mixture.means - pivot
    reach = np.abs(about) + 2.0 * np.sqrt(np.einsum("kdd->kd", within))
    eps, most = float(np.finfo(f"f{itemsize}").eps), d * _ROUNDING[itemsize]
    own = k * d * (d + k + _TOUCHED)
    if mixture.gaussians.factor.diagonal:
        separable = _separable(mixture, pivot)
        if separable.rounding(reach, eps) <= most:
            return separable
    else:
        squares = _squares(mixture, pivot, np.einsum("k,kde->de", shares, within), about)
        quick = len(squares.shifts) * (d + k + _TOUCHED) <= own
        if quick and squares.rounding(reach, eps) <= most:
            return squares
    if own <= k * d * (d + _STACKED):
        return _whitened(mixture, pivot)
    return _deviating(mixture, pivot)


def _whitened(mixture: Density, pivot: Floats) -> Squares:
    """Squares of the whitened deviations from each component's mean."""
    roots, constants = _roots(mixture), mixture.components.constants
    k, d = mixture.means.shape
    shifts = -np.einsum("kd,kde->ke", mixture.means - pivot, roots)
    weights = np.zeros((k * d, len(constants)))
    weights[:, :k] = -np.repeat(np.eye(k), d, axis=0)
    return Squares(pivot, np.hstack(list(roots)), shifts.ravel(), weights, constants)


def _roots(mixture: Density) -> Floats:
    """L_k⁻ᵀ / √2, (K, D, D)."""
    k, d = mixture.means.shape
    found = mixture.gaussians.whitening(kernel.invert_lower) / np.sqrt(2.0)
    if mixture.gaussians.factor.diagonal:
        return np.broadcast_to(found[:, None] if found.ndim == 1 else found, (k, d))[
            :, :, None
        ] * np.eye(d)
    return np.broadcast_to(found, (k, d, d)).swapaxes(1, 2)


def _deviating(mixture: Density, pivot: Floats) -> Deviations:
    """Each row whitened for each component."""
    components, roots = mixture.components, _roots(mixture)
    flat = np.zeros((components.n_components - len(roots), *roots.shape[1:]))
    # A mean far from 0 has no digits left in single precision; less o it has.
    return Deviations(
        pivot, components.means - pivot, np.concatenate([roots, flat]), components.constants
    )


def _separable(mixture: Density, pivot: Floats) -> Separable:
    k, d = mixture.means.shape
    whitening = mixture.gaussians.whitening(kernel.invert_lower)
    precisions = np.broadcast_to(
        (whitening[:, None] if whitening.ndim == 1 else whitening) ** 2, (k, d)
    )
    about = mixture.means - pivot
    constants = mixture.components.constants.copy()
    constants[:k] -= 0.5 * (precisions * about**2).sum(axis=1)
    flat = np.zeros((d, len(constants) - k))
    linear = np.concatenate([(precisions * about).T, flat], axis=1)
    return Separable(pivot, linear, np.concatenate([-0.5 * precisions.T, flat], axis=1), constants)


def _squares(mixture: Density, pivot: Floats, within: Floats, about: Floats) -> Squares:
    """In the coordinates in which the mean covariance is the identity."""
    (k, d), constants = about.shape, mixture.components.constants.copy()
    lower = np.linalg.cholesky(within)
    turned = kernel.invert_lower(lower[None])[0]  # (D, D), u = L⁻¹ y
    shared = isinstance(mixture.gaussians.factor, SharedTriangular)
    whitening = np.broadcast_to(mixture.gaussians.whitening(kernel.invert_lower), (k, d, d))
    roots = whitening @ lower
    precisions = roots.swapaxes(1, 2) @ roots  # (K, D, D), of u
    centres = about @ turned.T  # (K, D)
    slopes = np.einsum("kde,ke->kd", precisions, centres)
    constants[:k] -= 0.5 * (centres * slopes).sum(axis=1) + 0.5 * slopes.sum(axis=1)
    first, second = np.triu_indices(d, 1) if not shared else np.empty((2, 0), np.int64)
    own = np.einsum("kdd->kd", precisions)
    crossed = precisions[:, first, second]
    # −½ uᵀPu = −½ Σ_i (2 P_ii − Σ_j P_ij) u_i² − ½ Σ_{i<j} P_ij (u_i + u_j)²
    alone = 2.0 * own - (own if shared else precisions.sum(axis=2))
    weights = np.concatenate([-0.5 * alone - 0.5 * slopes, 0.5 * slopes, -0.5 * crossed], axis=1)
    unit = np.eye(d)
    forms = turned.T @ np.concatenate([unit, unit, unit[:, first] + unit[:, second]], axis=1)
    shifts = np.concatenate([np.zeros(d), np.ones(d), np.zeros(len(first))])
    flat = np.zeros((len(shifts), len(constants) - k))
    return Squares(pivot, forms, shifts, np.concatenate([weights.T, flat], axis=1), constants)


def _rounded(values: Floats, itemsize: int) -> Floats:
    """Doubles that are numbers of that size."""
    return values.astype(f"f{itemsize}").astype(np.float64)
