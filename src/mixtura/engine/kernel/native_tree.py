"""The native kernel's tree of very many components: most are known to be far without a look."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mixtura.engine.arrays import Floats, Integers, Rows, doubles
from mixtura.engine.components import Components
from mixtura.engine.factors import Diagonal, SharedTriangular, Spherical, Triangular, WithUniform
from mixtura.engine.kernel import _native
from mixtura.engine.kernel.native_inverse import invert_lower

#: from so many components on, and of so many rows times components, there is a tree
_COMPONENTS, _PAIRS = 256, 2**21
#: features in which rows are compared with boxes, at most, and features that rows may have
_AXES, _FEATURES = 8, 64
#: of what share of the densities it pays to find no others
_SHARE = 0.6
#: rows that are drawn to see whether it does, each from a component of its own
_DRAWN = 256
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


def look(
    rows: Rows,
    components: Components,
    labels: Integers | None = None,
    shares: Floats | None = None,
    log_likelihood: Floats | None = None,
) -> bool:
    """What a tree tells of rows, where it pays; whether it does.

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
        return False
    tree = components.kept(_grown)
    if tree is None:
        return False
    names = np.empty((len(rows), 1), np.int64) if labels is None else labels.reshape(len(rows), -1)
    tree.look(doubles(rows), names, shares, log_likelihood)
    return True


def _grown(components: Components) -> _native.Tree | None:
    """The tree; None where it does not pay for rows that are drawn from the components."""
    factor = components.factor
    inner = factor.inner if isinstance(factor, WithUniform) else factor
    whitening = components.whitening(invert_lower)
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
    drawn = np.linspace(0, k - 1 - (inner is not factor), _DRAWN).astype(int)
    deviations = [factor.colour(c, z)[:, 0] for c, z in zip(drawn, normal, strict=True)]
    labels, likelihood = np.empty((_DRAWN, 1), np.int64), np.empty(_DRAWN)
    found = grown.look(means[drawn] + np.array(deviations), labels, None, likelihood)
    return grown if found <= _SHARE * _DRAWN * k else None


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
