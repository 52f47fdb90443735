"""Orientation: the M-steps of one orientation and varying shapes.

With O the orientation and m_kj = (Oᵀ W_k O)_jj, the best shapes and volumes for O are known, and
what is left to minimise over orthogonal O is::

    VVE:  φ = Σ_k n_k Σ_j log m_kj
    EVE:  φ = n D log Σ_k v_k,  v_k = (Π_j m_kj)^(1/D)

Both are concave in m with ∂φ/∂m_kj = c_k / m_kj, where c_k is n_k for VVE and n v_k / Σ v for EVE,
so their tangent, Σ_k tr(W_k O B_k Oᵀ) with B_k = diag(c_k / m_k), lies above. That is what Browne &
McNicholas minimise. Near a minimum their steps become short where the scatters are long and thin;
there a Newton step with the Hessian of scatters that O makes diagonal goes most of the way.

References
----------
Browne & McNicholas 2014, "Estimating common principal components in high dimensions";
Flury 1984, "Common principal components in K groups", for φ of VVE; Pham 2001, "Joint approximate
diagonalization of positive definite Hermitian matrices", for the Hessian.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from mixtura.engine.arrays import Floats

#: the fall of φ in a sweep, nats a row, at which it has arrived
_SETTLED = 1e-12
#: that at which one start can be told from another
_ROUGHLY = 1e-4
_SWEEPS = 200
#: those by which one start can be told from another
_BRIEF = 20
#: within EM, which goes on from where it ends: so many, while each promises such a share of what
#: the first one fell
_FEW, _SHARE = 10, 0.05
#: a fall of φ that is lost in its rounding, nats a row
_LOST = 1e-14
#: the largest angle of a Newton step, about
_WIDEST = 0.5
#: variances this small beside the largest of the component are its rounding
_ROUNDING = 1e-18
_GOLDEN = 0.5 * (5.0**0.5 - 1.0)


class _Criterion(ABC):
    """φ for effective numbers of rows (K,)."""

    def __init__(self, weight: Floats) -> None:
        self.weight = weight

    @abstractmethod
    def value(self, spread: Floats) -> float:
        """The criterion φ at m (K, D), which is least at the best orientation."""

    @abstractmethod
    def shares(self, spread: Floats) -> Floats:
        """c_k of m (K, D), (K,)."""


class _VaryingVolume(_Criterion):
    def value(self, spread: Floats) -> float:
        return float(self.weight @ np.add.reduce(np.log(spread), axis=1))

    def shares(self, spread: Floats) -> Floats:
        return self.weight


class _EqualVolume(_Criterion):
    def value(self, spread: Floats) -> float:
        volumes = _volumes(spread)
        return float(self.weight.sum() * spread.shape[1] * np.log(volumes.sum()))

    def shares(self, spread: Floats) -> Floats:
        volumes = _volumes(spread)
        return self.weight.sum() * volumes / volumes.sum()


def vve(weight: Floats, scatter: Floats, before: Floats | None = None) -> Floats:
    """Σ_k = O diag(m_k / n_k) Oᵀ.

    Parameters
    ----------
    weight : (K,), n_k.
    scatter : (K, D, D), W_k.
    before : (K, D, D), covariances near the answer, whose orientation to begin with, or None.
    """
    axes = _common(_VaryingVolume, weight, scatter, before)
    return _turned_back(axes, _spread(axes, scatter) / weight[:, None])


def eve(weight: Floats, scatter: Floats, before: Floats | None = None) -> Floats:
    """Σ_k = λ O diag(m_k / v_k) Oᵀ with λ = Σ_j v_j / n; parameters as for `vve`."""
    axes = _common(_EqualVolume, weight, scatter, before)
    spread = np.maximum(_spread(axes, scatter), 0.0)
    volumes = _volumes(spread)
    mean = volumes.sum() / weight.sum()
    factors = np.divide(mean, volumes, out=np.zeros_like(volumes), where=volumes > 0.0)
    return _turned_back(axes, spread * factors[:, None])


def _common(
    kind: type[_Criterion], weight: Floats, scatter: Floats, before: Floats | None
) -> Floats:
    """The orientation (D, D) of least φ that is found.

    φ has several minima, so without an orientation to begin with it is sought from the axes of
    every component, and from those of all of them.
    """
    traces = np.einsum("kdd->k", scatter)
    full = traces > 0.0
    if not full.all():
        if not full.any():
            return np.eye(scatter.shape[1])
        weight, scatter, traces = weight[full], scatter[full], traces[full]
        before = None if before is None else before[full]
    criterion = kind(weight)
    # φ of scatters that are all divided by one number is φ less a constant.
    matrices = scatter / np.maximum.reduce(traces)
    if before is not None:
        near = _Place.at(_axes_of(before), matrices, criterion)
        return _descended(near, _SETTLED, _FEW, _SHARE).axes
    alike = scatter / traces[:, None, None]
    starts = np.linalg.eigh(np.concatenate([matrices.sum(axis=0)[None], alike]))[1]
    places = [_Place.at(start, matrices, criterion) for start in starts]
    rough = [_descended(place, _ROUGHLY, _BRIEF) for place in places]
    return _descended(min(rough, key=lambda place: place.value), _SETTLED, _SWEEPS).axes


@dataclass(frozen=True, eq=False)
class _Place:
    """An orientation, and what is known of φ there.

    Parameters
    ----------
    axes : (D, D), O.
    scatter : (K, D, D), W_k.
    turned : (K, D, D), Oᵀ W_k O.
    spread : (K, D), m.
    criterion : φ.
    value : φ(m).
    """

    axes: Floats
    scatter: Floats
    turned: Floats
    spread: Floats
    criterion: _Criterion
    value: float

    @classmethod
    def at(cls, axes: Floats, scatter: Floats, criterion: _Criterion) -> _Place:
        """Where an orientation `axes` (D, D) stands for scatters."""
        turned = axes.T @ scatter @ axes
        diagonals = np.einsum("kdd->kd", turned)
        least = _ROUNDING * np.maximum.reduce(diagonals, axis=1, keepdims=True)
        spread = np.maximum(diagonals, least)
        return cls(axes, scatter, turned, spread, criterion, criterion.value(spread))

    def moved(self, axes: Floats) -> _Place:
        """The same scatters seen along other axes (D, D)."""
        return _Place.at(axes, self.scatter, self.criterion)


def _descended(place: _Place, enough: float, sweeps: int, share: float = 0.0) -> _Place:
    """Where φ descends to; by Newton's steps, and by majorisation where one does not descend.

    Parameters
    ----------
    place : where to begin.
    enough : the fall in a sweep to stop at, nats a row.
    sweeps : how many at most.
    share : of the first sweep's fall, that a further one has to promise.
    """
    weight = float(np.add.reduce(place.criterion.weight))
    enough *= weight
    least = _LOST * weight
    for _ in range(sweeps):
        last = place
        step, promise = _newton(last)
        if not promise > least:
            return last
        place = last.moved(_turned(last.axes, step))
        if not place.value < last.value:
            place = last.moved(_browne_mcnicholas(last))
        if not place.value < last.value:
            return last
        if last.value - place.value <= enough:
            return place
        least = max(least, share * (last.value - place.value))
    return place


def _newton(place: _Place) -> tuple[Floats, float]:
    """The skew step X (D, D) to where the model of φ is least, and the fall that it promises.

    Turning axis p towards q by θ and q away from p changes φ by 2 G_pq θ + H_pq θ², with
    G_pq = Σ_k c_k M_kpq (1/m_kp − 1/m_kq) and, where M_k = Oᵀ W_k O is diagonal,
    H_pq = Σ_k c_k (m_kp/m_kq + m_kq/m_kp − 2); other pairs do not enter. The fall is
    Σ_{p<q} G_pq² / H_pq.
    """
    spread = place.spread
    shares = place.criterion.shares(spread)
    inverse = shares[:, None] / spread
    half = np.einsum("kpq,kp->pq", place.turned, inverse)
    gradient = half - half.T
    ratios = inverse.T @ spread
    curvature = ratios + ratios.T - 2.0 * shares.sum()
    step = np.divide(gradient, curvature, out=np.zeros(gradient.shape), where=curvature > 0.0)
    return step, 0.5 * float(np.vdot(gradient, step))


def _turned(axes: Floats, step: Floats) -> Floats:
    """O (I − X/2)⁻¹ (I + X/2), with angles of X that are not too wide."""
    half = 0.5 * np.minimum(np.maximum(step, -_WIDEST), _WIDEST)
    identity = np.eye(len(half))
    return axes @ np.linalg.solve(identity - half, identity + half)


def _browne_mcnicholas(place: _Place) -> Floats:
    """Two steps that minimise what lies above Σ_k tr(W_k O B_k Oᵀ).

    A concave quadratic in O has its tangent above it: first with W_k less its largest eigenvalue,
    then with B_k less its largest. The orientation of least tr(Fᵀ O) is −P Rᵀ for F = P S Rᵀ.
    """
    spread, scatter = place.spread, place.scatter
    inverse = place.criterion.shares(spread)[:, None] / spread  # (K, D), B_k
    longest = np.linalg.eigvalsh(scatter)[:, -1]
    lowered = scatter - longest[:, None, None] * np.eye(spread.shape[1])
    axes = _least_along((lowered @ (place.axes * inverse[:, None, :])).sum(axis=0))
    lowest = inverse - inverse.max(axis=1, keepdims=True)
    return _least_along((scatter @ (axes * lowest[:, None, :])).sum(axis=0))


def _least_along(slopes: Floats) -> Floats:
    left, _, right = np.linalg.svd(slopes)
    return -(left @ right)


def _axes_of(covariances: Floats) -> Floats:
    """The orientation of covariances that share one.

    Their sum with weights that no symmetry of the data has, lest two axes come to be equally long.
    """
    shares = 1.0 + (_GOLDEN * np.arange(len(covariances))) % 1.0
    traces = np.einsum("kdd->k", covariances)
    return np.linalg.eigh(np.einsum("k,kij->ij", shares / traces, covariances))[1]


def _spread(axes: Floats, scatter: Floats) -> Floats:
    """m_kj = (Oᵀ W_k O)_jj, (K, D)."""
    return np.add.reduce(axes * (scatter @ axes), axis=1)


def _volumes(spread: Floats) -> Floats:
    """The volumes (Π_j m_kj)^(1/D) of the components' covariances, (K,)."""
    return np.exp(np.add.reduce(np.log(spread), axis=1) / spread.shape[1])


def _turned_back(axes: Floats, spread: Floats) -> Floats:
    """O diag(spread_k) Oᵀ, (K, D, D), symmetric to the last bit."""
    matrices = (axes * spread[:, None, :]) @ axes.T
    return 0.5 * (matrices + matrices.swapaxes(1, 2))
