"""Steadiness: whether rows are the same at each pass, as far as the log-likelihood tells."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from mixtura.engine.sources import ArraySource, Source
from mixtura.fitting.m_step.health import Repair
from mixtura.fitting.m_step.regularisation import Regularisation
from mixtura.model.mixture import Mixture

__all__ = ["fell", "tell"]

#: of the mean log-likelihood, what may be rounding: of rows in float64 and in float32
_DOUBLE, _SINGLE = 1e-8, 1e-6
#: below this share of the rows' variance a covariance costs digits in proportion
_THIN = 1e-4


def fell(
    source: Source,
    trace: Sequence[float],
    before: Mixture,
    regularisation: Regularisation,
    repairs: Sequence[Repair],
) -> bool:
    """Whether the last step lost more likelihood than one of EM can over rows that stay the same.

    A step of EM loses none, but by rounding, by a repair, or by the number r that is added to the
    variances. Those are the maximum of the expected log-likelihood less ½·r·Σ_k w_k·tr Σ_k⁻¹, and
    so a step loses at most what that is before it.

    Parameters
    ----------
    source : the rows; those in memory are not asked about.
    trace : mean log-likelihoods, nats a row, the last one of the step's end.
    before : the mixture that it began from.
    regularisation : of the covariances.
    repairs : of components, so far: from the first one on the likelihood may fall, for a covariance
        that is held to the floor and shares a part with others is no maximum.

    References
    ----------
    Dempster, Laird & Rubin 1977, theorem 1.
    """
    if isinstance(source, ArraySource) or len(trace) < 2:
        return False
    lost = trace[-2] - trace[-1]
    rounding = (_SINGLE if source.dtype == np.float32 else _DOUBLE) * max(1.0, abs(trace[-2]))
    if repairs or not lost > rounding:
        return False
    return lost > rounding * _digits_lost(before) + _ridge_costs(before, regularisation.ridge)


def tell(iteration: int, lost: float) -> None:
    """Warn that the rows seem to be others than they were."""
    warnings.warn(
        f"the log-likelihood fell by {lost:.3g} nats a row in iteration {iteration}, as it cannot "
        "over the same rows: the rows must be the same at each pass; give what makes them a seed, "
        "persist the collection, or keep others from writing to them",
        stacklevel=3,
    )


def _digits_lost(mixture: Mixture) -> float:
    """How many times larger the rounding is for the thinnest component, at least 1."""
    scale = np.sqrt(np.diagonal(mixture.covariance()))
    scale = np.where(scale > 0.0, scale, 1.0)
    least = np.linalg.eigvalsh(mixture.covariance_matrices() / scale / scale[:, None]).min()
    return max(1.0, _THIN / max(float(least), np.finfo(np.float64).tiny))


def _ridge_costs(mixture: Mixture, ridge: float) -> float:
    """½·r·Σ_k w_k·tr Σ_k⁻¹, nats a row."""
    if not ridge:
        return 0.0
    inverse = np.linalg.inv(mixture.covariance_matrices())
    return 0.5 * ridge * float(mixture.weights @ np.einsum("kdd->k", inverse))
