"""Probe: a row far outside the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mixtura.engine.arrays import Floats

if TYPE_CHECKING:
    from mixtura.model.mixture import Mixture

__all__ = ["FAR", "far_row"]

#: standard deviations at which exp(−d²/2) is 0 in double precision
FAR = 60.0


def far_row(mixture: Mixture, distance: float = FAR) -> Floats:
    """A row `distance` standard deviations from the nearest component.

    It lies on the ray x(t) = μ + t·v from the heaviest component's mean along its longest axis.
    The squared distance to component k is a parabola in t::

        ‖L_k⁻¹(x(t) − μ_k)‖² = a t² + 2 b t + c,  a = p·p, b = p·q, c = q·q,
        p = L_k⁻¹v, q = L_k⁻¹(μ − μ_k)

    which last comes down to distance² at t_k = (√(b² − a(c − distance²)) − b) / a, if at all. At
    the largest t_k one component is that far away and no other one is nearer.

    Parameters
    ----------
    mixture : of D features.
    distance : standard deviations, at least 0.

    Returns
    -------
    (1, D), feature units.

    Examples
    --------
    >>> from mixtura import Mixture
    >>> far_row(Mixture([0.6, 0.4], [[0.0], [10.0]], [[[4.0]], [[1.0]]])).tolist()
    [[120.0]]
    """
    k = int(mixture.weights.argmax())
    origin = mixture.means[k]
    axis = np.linalg.eigh(mixture.covariance_matrices()[k])[1][:, -1]
    axis = axis * np.sign(axis[np.abs(axis).argmax()])  # an eigenvector's sign is nobody's choice
    whiten = mixture.gaussians.factor.whiten
    latest = 0.0
    for j, mean in enumerate(mixture.means):
        p = whiten(j, axis[:, None])[:, 0]
        q = whiten(j, (origin - mean)[:, None])[:, 0]
        a, b, c = p @ p, p @ q, q @ q
        discriminant = b * b - a * (c - distance**2)
        if discriminant >= 0.0:
            latest = max(latest, float((np.sqrt(discriminant) - b) / a))
    return (origin + latest * axis)[None, :]
