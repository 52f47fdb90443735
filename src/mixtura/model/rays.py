"""Rays: weighted rows along directions out of each component, which reach far into its tail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.model.density import Density
from mixtura.model.distributions import chi_survival_quantiles

#: rows that are drawn of all components together, and at least of each
_ALL, _LEAST = 2**17, 2**12
#: products of numbers that their scores may take; beyond that fewer are drawn, 1,024 at least
_OPERATIONS = 2**35
#: rows that are drawn of terms that are no Gaussians, as those of noise
_OF_OTHERS = 2**14
#: axes that a draw has, of one frame or, in few dimensions, of several
_AXES = 4
#: draws of a term at least: its standard error is found from their spread
_DRAWS = 8
#: rows that are scored together, about
_TOGETHER = 2**15
#: probability beyond the ends of the strata of a ray: as much in each at first, then shrinking
#: by one ratio
_STRATA = np.concatenate([np.linspace(1.0, 1.0 / 9.0, 33), np.geomspace(1.0 / 9.0, 1e-12, 33)[1:]])
#: steps between two of them, within which distances are interpolated
_STEPS = 16


@dataclass(frozen=True, eq=False)
class Drawn:
    """The scores of weighted rows that stand for one term of a mixture.

    Parameters
    ----------
    scores : (F, P), log p of the P rows of F independent draws, nats.
    weights : (P,), how much of the probability each row stands for: F times their sum is the
        weight of the term.
    """

    scores: Floats
    weights: Floats


def drawn_terms(mixture: Density, seed: int) -> list[Drawn]:
    """Weighted draws of each term of a mixture, its noise last.

    A row of component k is μ_k + r·L_k u. Directions u are axes of random orthogonal frames, both
    ways; r is drawn in each stratum of its chi distribution, so that the rays of a draw share the
    stratum out (a Latin hypercube).

    Parameters
    ----------
    mixture : the density.
    seed : of the draws.
    """
    random = np.random.RandomState(seed)
    k, d = mixture.means.shape
    axes, frames, n = _effort(k, d)
    rays = 2 * axes * frames
    lengths, masses = _strata(d)
    shape = (n, rays, len(masses))
    stretch = _stretch(mixture)
    drawn: list[Drawn] = []
    waiting: list[tuple[Floats, Floats]] = []
    for number, (weight, mean) in enumerate(zip(mixture.weights, mixture.means, strict=True)):
        shares = np.arange(rays)[:, None] + random.randint(rays, size=(n, 1, len(masses)))
        parts = (shares % rays + random.uniform(size=shape)) * (_STEPS / rays)
        turned = np.linalg.qr(random.standard_normal((n * frames, d, axes)))[0]
        steps = stretch(turned.transpose(0, 2, 1), number).reshape(n, -1, d)
        both = np.concatenate([steps, -steps], axis=1)  # (F, R, D)
        rows = mean + _interpolated(lengths, parts)[..., None] * both[:, :, None, :]
        waiting.append((rows.reshape(n, -1, d), np.tile(weight / (n * rays) * masses, rays)))
        if len(waiting) * rows.size >= _TOGETHER * d or number == k - 1:
            drawn += _scored(mixture, waiting)
            waiting = []
    for terms in mixture.terms[1:]:
        rows = terms.sample(np.array([_OF_OTHERS]), random)
        scores = mixture.score_samples(rows).reshape(_DRAWS * 16, -1)
        weight = terms.shares.sum() / scores.size
        drawn.append(Drawn(scores, np.full(scores.shape[1], weight)))
    return drawn


def _scored(mixture: Density, waiting: list[tuple[Floats, Floats]]) -> list[Drawn]:
    """Draws of several components with their scores, for rows that are many are scored sooner.

    Parameters
    ----------
    waiting : (F, P, D) rows and (P,) weights of each.
    """
    rows = np.concatenate([each for each, _ in waiting])
    scores = mixture.score_samples(rows.reshape(-1, rows.shape[2])).reshape(rows.shape[:2])
    parts = np.split(scores, len(waiting))
    return [Drawn(part, weights) for part, (_, weights) in zip(parts, waiting, strict=True)]


def _stretch(mixture: Density) -> Callable[[Floats, int], Floats]:
    """What makes L_k u of directions u (..., D) and a component's number k."""
    if mixture.structure.form.diagonal:
        deviations = np.sqrt(mixture.variances())
        return lambda directions, k: directions * deviations[k]
    factors = np.linalg.cholesky(mixture.covariance_matrices())
    return lambda directions, k: directions @ factors[k].T


def are_affordable(mixture: Density) -> bool:
    """Whether the least that has to be drawn is within reach: not of thousands of wide terms."""
    k, d = mixture.means.shape
    return k * k * d * d * _DRAWS * 2 * len(_STRATA) <= 4 * _OPERATIONS


def _effort(k: int, d: int) -> tuple[int, int, int]:
    """Axes of a frame, frames of a draw, and draws of each of K components of D features."""
    rows = max(_LEAST, _ALL // k)
    affordable = _OPERATIONS // (k * k * d * d)
    axes, frames = min(d, _AXES), _AXES // min(d, _AXES)
    if affordable < rows:
        rows, axes, frames = affordable, 1, 1
    return axes, frames, max(_DRAWS, rows // (2 * axes * frames * len(_STRATA)))


def _strata(degrees: int) -> tuple[Floats, Floats]:
    """Distances at even steps of probability through each stratum, (G, S + 1), and masses (G,)."""
    beyond, masses = np.append(_STRATA, 0.0), -np.diff(_STRATA, append=0.0)
    levels = beyond[:-1, None] - masses[:, None] * np.linspace(0.0, 1.0, _STEPS + 1)
    levels[-1, -1] = 0.1 * levels[-1, -2]
    return chi_survival_quantiles(levels.ravel(), degrees).reshape(levels.shape), masses


def _interpolated(lengths: Floats, parts: Floats) -> Floats:
    """Each stratum's lengths (G, S + 1) at parts (F, R, G) of its S steps."""
    step = parts.astype(np.int64)
    place = step + (_STEPS + 1) * np.arange(len(lengths))
    left = lengths.take(place)
    return left + (parts - step) * (lengths.take(place + 1) - left)
