"""Chains: how many independent draws those of a Markov chain are worth, and whether they agree."""

from __future__ import annotations

import math

import numpy as np

from mixtura.engine.arrays import Floats


def effective_sample_size(values: Floats) -> float:
    """How many independent draws tell the mean as well as chains of draws (C, M) do.

    C M / τ with τ = 1 + 2 Σ_t ρ_t: correlations between draws t sweeps apart, of all chains
    together, summed in pairs for as long as these are positive, and never rising.

    References
    ----------
    Geyer 1992, "Practical Markov chain Monte Carlo", section 3.3; Vehtari, Gelman, Simpson,
    Carpenter & Bürkner 2021, "Rank-normalization, folding, and localization: an improved R-hat",
    equations 10 to 13.

    Examples
    --------
    >>> round(effective_sample_size(np.array([[0.0, 0.0, 1.0, 1.0] * 50])))
    200
    """
    n_chains, n = values.shape
    if n < 2:  # chains are apart from each other, and that is all that is known
        return float(n_chains)
    within, overall = _variances(values)
    if not overall > 0.0:  # a number that never changes is known
        return float(n_chains * n)
    away = values - values.mean(axis=1, keepdims=True)
    waves = np.fft.rfft(away, 2 * n)  # as many zeros after, so that ends do not meet
    apart = np.fft.irfft(np.abs(waves) ** 2)[:, :n].mean(axis=0) / n
    correlations = 1.0 - (within - apart) / overall
    correlations[0] = 1.0
    pairs = correlations[: n - n % 2].reshape(-1, 2).sum(axis=1)
    negative = np.flatnonzero(pairs <= 0.0)
    kept = np.minimum.accumulate(pairs[: negative[0] if len(negative) else None])
    return min(n_chains * n / max(2.0 * float(kept.sum()) - 1.0, 1.0 / n), float(n_chains * n))


def scale_reduction(values: Floats) -> float:
    """R̂: how much wider all chains of draws (C, M) are than each of their halves.

    Near 1 where they tell the same; above 1.01 they have not yet been everywhere. NaN of fewer than
    4 draws a chain, whose halves do not vary.

    References
    ----------
    Gelman & Rubin 1992; Vehtari et al. 2021, equation 4, for halves.
    """
    n_chains, n = values.shape
    if n < 4:
        return math.nan
    within, overall = _variances(values[:, : n - n % 2].reshape(2 * n_chains, -1))
    if not overall > 0.0:
        return 1.0
    return math.sqrt(overall / within) if within > 0.0 else math.inf


def _variances(values: Floats) -> tuple[float, float]:
    """The variance within chains (C, M), and what that and the one between them come to."""
    n_chains, n = values.shape
    within = float(values.var(axis=1, ddof=1).mean()) if n > 1 else 0.0
    between = float(values.mean(axis=1).var(ddof=1)) if n_chains > 1 else 0.0
    return within, within * (n - 1) / n + between
