"""The native kernel's tree of very many components: most are known to be far without a look."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mixtura.engine.arrays import Floats, Integers, Rows, doubles
from mixtura.engine.components import Components
from mixtura.engine.factors import Diagonal, SharedTriangular, Spherical, Triangular, WithUniform
from mixtura.engine.kernel import _native

#: from so many components on, and of so many rows times components, there is a tree
_COMPONENTS, _PAIRS = 256, 2**21
#: features in which rows are compared with boxes, at most, and features that rows may have
_AXES, _FEATURES = 8, 64
#: of what share of the densities it pays to find no others: for sums, and for labels
_SUMS, _LABELS = 0.1, 0.05
#: rows that are drawn to see whether it does
_DRAWN = 64
#: nats, about, below its largest that a density does not count in a sum
_DEPTH = 46.0


class Bounds(NamedTuple):
    """What bounds the distances of rows from components.

    With y = A (x − c), ½‖W_k (x − μ_k)‖² ≥ Σ_p rate_kp max(low_kp − y_p, y_p − high_kp, 0)².

    Parameters
    ----------
    centre : (D,), c.
    axes : (P, D), A.
    low, high : (K, P), y of the means, less and more what rounding may take.
    rates : (K, P).
    reaches : (K,), how far a component is felt, in the unit of y.
    """

    centre: Floats
    axes: Floats
    low: Floats
    high: Floats
    rates: Floats
    reaches: Floats

    @classmethod
    def of(cls, means: Floats, axes: Floats, rates: Floats) -> Bounds:
        """The bounds of components by axes and rates."""
        centre = means.mean(axis=0)
        apart = means - centre
        places = apart @ axes.T
        slack = 1e-15 * (means.shape[1] + 2) * (np.abs(apart) @ np.abs(axes.T))
        rates = np.clip(rates, 0.0, 1e300)
        span = 1.0 + float(np.ptp(places, axis=0).max())
        reaches = np.sqrt(_DEPTH / np.maximum(rates.min(axis=1), _DEPTH / (10.0 * span) ** 2))
        return cls(centre, axes.copy(), places - slack, places + slack, rates, reaches)


@dataclass(frozen=True, eq=False)
class Tree:
    """Components in boxes of boxes, which tell how large a density may be at most.

    Parameters
    ----------
    grown : the core's.
    sums, labels : how many densities a row it may find, and be of use, for sums and for labels
        alone; 0 where it finds more of rows that are drawn from the components.
    """

    grown: _native.Tree
    sums: float
    labels: float


def look(
    rows: Rows,
    components: Components,
    labels: Integers | None = None,
    shares: Floats | None = None,
    log_likelihood: Floats | None = None,
) -> int:
    """What a tree tells of rows, as far as it pays: of how many, from the first on.

    Parameters
    ----------
    rows : (m, D).
    labels : (m,) or (m, C), overwritten by the components of largest log joint density, the first
        of equals first; −1 where there is none.
    shares : (m, C), overwritten by their responsibilities.
    log_likelihood : (m,), overwritten.

    Notes
    -----
    Labels are those of the pass. A sum leaves out e⁻⁴⁰ of itself at most, and adds in another
    order: responsibilities and likelihoods are the pass's to an ulp or two of the sum. What is told
    of a row depends on that row alone.
    """
    k, d = components.means.shape
    if k < _COMPONENTS or len(rows) * k < _PAIRS or d > _FEATURES or np.isnan(rows).any():
        return 0
    if "_tree" not in components.__dict__:
        components.__dict__.setdefault("_tree", _grown(components))
    tree: Tree | None = components.__dict__["_tree"]
    sums = shares is not None or log_likelihood is not None
    most = 0.0 if tree is None else tree.sums if sums else tree.labels
    if tree is None or not most:
        return 0
    names = np.empty((len(rows), 1), np.int64) if labels is None else labels.reshape(len(rows), -1)
    return tree.grown.look(doubles(rows), most, names, shares, log_likelihood)[0]


def _grown(components: Components) -> Tree | None:
    """The tree, and whether it pays for rows that are drawn from the components."""
    factor = components.factor
    inner = factor.inner if isinstance(factor, WithUniform) else factor
    whitening = components.whitening(_invert_lower)
    if isinstance(inner, (Diagonal, Spherical)):
        bounds = _diagonal_bounds(components, whitening)
    elif isinstance(inner, SharedTriangular):
        bounds = _shared_bounds(components, inner.lower, whitening)
    elif isinstance(inner, Triangular):
        bounds = _full_bounds(components, inner.lower, whitening)
    else:
        return None
    form, constants, means = factor.form, components.constants, components.means
    grown = _native.Tree(form, constants, means, whitening, *map(doubles, bounds))
    k, d = means.shape
    normal = np.random.RandomState(0).standard_normal((_DRAWN, d, 1))
    drawn = np.linspace(0, len(inner.held) - 1 if inner is not factor else k - 1, _DRAWN)
    rows = np.array(
        [
            means[c] + factor.colour(c, z)[:, 0]
            for c, z in zip(drawn.astype(int), normal, strict=True)
        ]
    )
    labels = np.empty((_DRAWN, 1), np.int64)
    for_sums = grown.look(rows, math.inf, labels, None, np.empty(_DRAWN))[1]
    for_labels = grown.look(rows, math.inf, labels, None, None)[1]
    shares = (for_sums, _SUMS * k), (for_labels, _LABELS * k)
    return Tree(grown, *(most if found <= most * _DRAWN else 0.0 for found, most in shares))


def _diagonal_bounds(components: Components, whitening: Floats) -> Bounds:
    """Bounds by the features themselves, by those in which the means lie farthest apart."""
    k, d = components.means.shape
    inverse = np.broadcast_to(whitening.reshape(k, -1), (k, d))
    unit = np.median(inverse, axis=0)  # (D,) one over a deviation
    unit = np.where((unit > 0.0) & np.isfinite(unit), unit, 1.0)
    chosen = _farthest(components.means * unit)
    with np.errstate(over="ignore"):
        rates = 0.5 * (inverse / unit)[:, chosen] ** 2
    return Bounds.of(components.means, np.diag(unit)[chosen], (1.0 - 1e-9) * rates)


def _shared_bounds(components: Components, lower: Floats, whitening: Floats) -> Bounds:
    """Bounds by the whitened features, in which all components are round."""
    chosen = _farthest(components.means @ whitening.T)
    least = _less_rounding(np.ones(1), whitening, lower)
    rates = np.broadcast_to(0.5 * least**2, (components.n_components, len(chosen)))
    return Bounds.of(components.means, whitening[chosen], rates)


def _full_bounds(components: Components, lower: Floats, whitening: Floats) -> Bounds:
    """Bounds by the least singular value of each whitening, where components are round on average.

    With H the factor of that average, y = Q H⁻¹ (x − c) for orthogonal Q, and λ_k the largest
    eigenvalue of H⁻¹ Σ_k H⁻ᵀ: ‖W_k (x − μ_k)‖² ≥ ‖y − y_k‖² / λ_k, of some of the axes too.
    """
    n, d, _ = lower.shape
    deviations = np.median(np.linalg.norm(lower, axis=2), axis=0)  # (D,)
    scaled = lower / deviations[:, None]
    scaled = scaled / np.linalg.norm(scaled, axis=(1, 2), keepdims=True)
    average = np.einsum("kij,klj->il", scaled, scaled) / n
    held = deviations[:, None] * np.linalg.cholesky(average + 1e-9 * np.eye(d))
    inverse = np.linalg.inv(held)
    places = (components.means - components.means.mean(axis=0)) @ inverse.T
    turned = np.linalg.eigh(places.T @ places)[1].T[::-1][:_AXES]
    least = 1.0 / np.sqrt(_largest_eigenvalue(inverse @ lower))
    rates = np.zeros((components.n_components, len(turned)))  # 0 of a uniform one
    rates[:n] = 0.5 * _less_rounding(least, whitening[:n], held)[:, None] ** 2
    return Bounds.of(components.means, turned @ inverse, rates)


def _less_rounding(least: Floats, whitening: Floats, held: Floats) -> Floats:
    """The least singular values of W H, less what rounding takes in finding W and W (x − μ)."""
    taken = (
        16.0
        * 2.0**-52
        * len(held)
        * np.linalg.norm(np.abs(whitening) @ np.abs(held), axis=(-2, -1))
    )
    return np.maximum((1.0 - 1e-9) * least - taken, 0.0)


def _largest_eigenvalue(lower: Floats) -> Floats:
    """What the largest eigenvalues of C = L Lᵀ are at most, (K,): the 32nd root of tr C³²."""
    power = lower @ lower.swapaxes(1, 2)
    log_trace = np.zeros(len(lower))
    for doubled in range(6):
        if doubled:
            power = power @ power
        trace = np.einsum("kdd->k", power)
        power = power / trace[:, None, None]
        log_trace = 2.0 * log_trace + np.log(trace)
    return np.exp(log_trace / 32.0)


def _farthest(places: Floats) -> Integers:
    """The axes along which places (K, D) lie farthest apart."""
    return np.argsort(-places.std(axis=0), kind="stable")[:_AXES]


def _invert_lower(lower: Floats) -> Floats:
    inverse = np.empty(lower.shape)
    _native.invert_lower(doubles(lower), inverse)
    return inverse
