"""Intervals: on the scale on which an estimate is nearest to normal."""

from __future__ import annotations

import numpy as np

from mixtura.engine.arrays import Floats

#: the largest correlation whose artanh is told from that of 1
_ALL = 1.0 - 1e-15
#: the lower and the upper ends
Ends = tuple[Floats, Floats]


def plain_ends(at: Floats, error: Floats, z: float) -> Ends:
    """The estimate ± z standard errors."""
    return at - z * error, at + z * error


def share_ends(at: Floats, error: Floats, z: float) -> Ends:
    """Ends for numbers between 0 and 1: of log p / (1 − p), whose error is se / p (1 − p)."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        odds = np.log(at) - np.log1p(-at)
        reach = np.where(at < 1.0, z * error / (at * (1.0 - at)), 0.0)
        return 1.0 / (1.0 + np.exp(reach - odds)), 1.0 / (1.0 + np.exp(-reach - odds))


def correlations(covariances: Floats) -> Floats:
    """Correlations of covariances (..., D, D), 1 on the diagonal."""
    deviations = np.sqrt(np.einsum("...dd->...d", covariances))
    ratios = covariances / deviations[..., :, None] / deviations[..., None, :]
    return np.asarray(np.where(np.eye(covariances.shape[-1]) > 0.0, 1.0, ratios))


def correlation_errors(covariances: Floats, joint: Floats) -> Floats:
    """Standard errors of correlations, (K, D, D), by the delta method.

    Of r_ij the derivatives are −r_ij / 2σ_ii by σ_ii, likewise by σ_jj, and 1 / √(σ_ii σ_jj) by
    σ_ij.

    Parameters
    ----------
    covariances : (K, D, D).
    joint : (K, D, D, D, D), the covariance of σ_ij / √(σ_ii σ_jj) and σ_kl / √(σ_kk σ_ll).
    """
    return np.sqrt(np.maximum(_polar(covariances, joint)[1], 0.0))


def correlation_ends(at: Floats, error: Floats, z: float) -> Ends:
    """Ends by Fisher's z: tanh(artanh r ± z se / (1 − r²)); 1 has none but itself.

    References
    ----------
    Fisher 1921, "On the probable error of a coefficient of correlation deduced from a small
    sample".
    """
    inside = np.abs(at) < 1.0
    r = np.where(inside, at, 0.0)
    middle, reach = np.arctanh(r), z * error / (1.0 - r * r)
    return (
        np.where(inside, np.tanh(middle - reach), at + 0.0 * error),
        np.where(inside, np.tanh(middle + reach), at + 0.0 * error),
    )


def covariance_ends(at: Floats, joint: Floats, z: float) -> Ends:
    """Ends for variances and covariances, each that of a positive definite matrix.

    Of a variance by its logarithm: σ_ii exp(± z se / σ_ii). A covariance is e^g tanh f, with g the
    mean of log σ_ii and log σ_jj and f Fisher's z of the correlation, both nearly normal: the ends
    are its values where it changes most, z standard deviations of (g, f) to either side. To first
    order that is the estimate ± z standard errors, but it never is larger than the geometric mean
    of the variances which it goes with.

    Parameters
    ----------
    at : (K, D, D).
    joint : (K, D, D, D, D), the covariance of σ_ij / √(σ_ii σ_jj) and σ_kl / √(σ_kk σ_ll).
    z : standard errors.
    """
    size, spread_r, spread_g, both = _polar(at, joint)
    r = np.where(np.eye(at.shape[-1]) > 0.0, 0.0, correlations(at))  # variances come after
    slack = np.maximum(1.0 - r * r, 1e-15)
    spread_f, across = spread_r / slack**2, both / slack
    # The derivatives of e^g tanh f by g and f, over e^g.
    by_g, by_f = r, slack
    steps = by_g * spread_g + by_f * across, by_g * across + by_f * spread_f
    length = np.sqrt(np.maximum(by_g * steps[0] + by_f * steps[1], 0.0))
    moves = [np.divide(z * s, length, out=np.zeros_like(s), where=length > 0.0) for s in steps]
    f = np.arctanh(np.clip(r, -_ALL, _ALL))
    variances = np.einsum("kdd->kd", at)
    reach = z * np.sqrt(np.maximum(np.einsum("kdddd->kd", joint), 0.0))
    ends = []
    with np.errstate(over="ignore", invalid="ignore"):  # an error beyond all numbers: no end
        for sign in (-1.0, 1.0):
            end = size * np.exp(sign * moves[0]) * np.tanh(f + sign * moves[1])
            np.einsum("kdd->kd", end)[:] = variances * np.exp(sign * reach)
            ends.append(end)
    held = np.einsum("kijij->kij", joint) == 0.0  # what the structure holds at 0 has no width
    low, high = np.minimum(*ends), np.maximum(*ends)
    return np.where(held, at, np.minimum(low, at)), np.where(held, at, np.maximum(high, at))


def percentiles(draws: Floats, level: float) -> Ends:
    """The ends between which a share `level` of replicates (B, ...) lies.

    References
    ----------
    Efron & Tibshirani 1993, "An Introduction to the Bootstrap", section 13.3.
    """
    low, high = np.quantile(draws, [0.5 - 0.5 * level, 0.5 + 0.5 * level], axis=0)
    return low, high


def _polar(covariances: Floats, joint: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """√(σ_ii σ_jj), and the variances and the covariance of r_ij and g_ij: (K, D, D) each.

    With the relative changes a = dσ_ii / σ_ii, b = dσ_jj / σ_jj and c = dσ_ij / √(σ_ii σ_jj):
    dr = c − r (a + b) / 2 and dg = (a + b) / 2.
    """
    deviations = np.sqrt(np.einsum("kdd->kd", covariances))
    size = deviations[:, :, None] * deviations[:, None, :]  # (K, D, D)
    r = correlations(covariances)
    own = np.einsum("kiijj->kij", joint)  # Cov(a, b) of features i, j
    alone = np.einsum("kii->ki", own)
    of_g = 0.25 * (alone[:, :, None] + alone[:, None, :] + 2.0 * own)
    of_c = np.einsum("kijij->kij", joint)
    with_a = np.einsum("kijii->kij", joint)
    across = 0.5 * (with_a + with_a.swapaxes(1, 2))  # Cov(c, g)
    return size, of_c - 2.0 * r * across + r * r * of_g, of_g, across - r * of_g
