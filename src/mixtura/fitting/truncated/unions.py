"""Unions: two components put together, and how large covariances are."""

from __future__ import annotations

import numpy as np

from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.low_rank import LowRank
from mixtura.fitting.m_step.estimate import Estimate
from mixtura.model.structures import Structure
from mixtura.model.structures.loadings import Loadings


def united(estimate: Estimate, one: Integers, other: Integers) -> Floats:
    """The covariances of pairs of components together, in the structure's form.

    With shares s and 1 − s of a pair, s Σ₁ + (1 − s) Σ₂ + s (1 − s) δδᵀ, δ being what lies between
    the means. Of factor analysers that has 2H + 1 directions beside a diagonal, of which the H
    longest are kept.

    Parameters
    ----------
    estimate : the components.
    one, other : (n,), numbers of components.
    """
    form = estimate.structure.form
    share = estimate.weight[one] / (estimate.weight[one] + estimate.weight[other])
    apart = estimate.means[one] - estimate.means[other]  # (n, D)
    if isinstance(form, Loadings):
        return _analysed(form, estimate.covariances[one], estimate.covariances[other], share, apart)
    covariances = estimate.covariances
    share = share.reshape(-1, *[1] * (covariances.ndim - 1))
    within = share * covariances[one] + (1.0 - share) * covariances[other]
    between = share * (1.0 - share)
    if covariances.ndim == 1:
        return np.asarray(within + between * (apart**2).mean(axis=1))
    if covariances.ndim == 2:
        return np.asarray(within + between * apart**2)
    return np.asarray(within + between * apart[:, :, None] * apart[:, None, :])


def _analysed(form: Loadings, one: Floats, other: Floats, share: Floats, apart: Floats) -> Floats:
    """Factor analysers of pairs together, (n, D, H + 1).

    The directions that are kept are the longest in units of what is a feature's own, which becomes
    what they leave of its variance.
    """
    s = share[:, None, None]
    own = (s * one + (1.0 - s) * other)[:, :, -1]
    parts = np.sqrt(s) * one[:, :, :-1], np.sqrt(1.0 - s) * other[:, :, :-1]
    between = np.sqrt(s * (1.0 - s)) * apart[:, :, None]
    directions = np.concatenate([*parts, between], axis=2)  # (n, D, 2H + 1)
    scaled = directions / np.sqrt(own)[:, :, None]
    axes = np.linalg.eigh(scaled.swapaxes(1, 2) @ scaled)[1]
    turned = directions @ axes  # the longest last
    left = (turned[:, :, : -form.n_factors] ** 2).sum(axis=2)
    return form.packed(turned[:, :, -form.n_factors :], own + left)


def log_determinants(covariances: Floats, structure: Structure, n_features: int) -> Floats:
    """Log|Σ| of each covariance in the structure's form, (n,), nats."""
    if covariances.ndim == 1:
        return np.asarray(n_features * np.log(covariances))
    if structure.form.diagonal:
        return np.asarray(np.log(covariances).sum(axis=1))
    if structure.n_factors:
        return 2.0 * LowRank(covariances).half_log_determinants(n_features, len(covariances))
    return np.asarray(np.linalg.slogdet(covariances)[1])
