"""Deconvolution: the pass over rows that were measured with errors, in NumPy, its specification.

A row x_i is a true value of density Σ_k w_k N(μ_k, Σ_k) and an error of covariance S_i. With
Σ_k = L Lᵀ, z = L⁻¹(x_i − μ_k), A = L⁻¹ S_i L⁻ᵀ, G = (I + A)⁻¹ and u = G z::

    log density  = log w_k − ½ zᵀu − ½ log|I + A| − log|L| − D/2·log 2π
    E[true − μ]  = L u,     Cov[true] = L (I − G) Lᵀ         given x_i and component k

Everything is about the means and in units of the components, so that no digit is lost to an offset,
as it is where moments about 0 are summed and a square subtracted. S_i = 0 is G = I, the plain pass.

What was measured may be R_i times the true value. Then, with H = R_i L and T = H Hᵀ + S_i, the log
density is that of N(R_i μ_k, T), and u = Hᵀ T⁻¹ (x_i − R_i μ_k), I − G = I − Hᵀ T⁻¹ H. A row of
zeros in R_i observed nothing, and so did what is NaN.

References
----------
Bovy, Hogg & Roweis 2011, "Extreme deconvolution", equations 15 to 17, restated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Floats
from mixtura.engine.components import Components
from mixtura.engine.factors import Triangular, WithUniform
from mixtura.engine.sources import Block
from mixtura.engine.statistics import Statistics
from mixtura.errors import ParameterError

#: of all log-likelihoods that are numbers
_LOWEST = float(np.finfo(np.float64).min)


def same_for_all(errors: Floats) -> Floats | None:
    """The covariance (D, D) of the errors of every row, where all have one; else None.

    Parameters
    ----------
    errors : (m, D) standard deviations, or (m, D, D) covariances.
    """
    first = errors[0]
    if errors.strides[0] != 0 and not ((errors[:2] == first).all() and (errors == first).all()):
        return None
    return np.diag(np.square(first)) if errors.ndim == 2 else np.asarray(first, np.float64)


def is_partial(block: Block) -> bool:
    """Whether of some rows projections were measured, or some features not at all."""
    return "projections" in block.fields or bool(np.isnan(np.sum(block.rows)))


@dataclass(frozen=True, eq=False)
class Deconvolved:
    """What a component makes of some rows, in units of its own standard deviations.

    Parameters
    ----------
    expected : (m, D), u: where the true values are expected.
    kept : (m, D, D), I − G: their covariances; (1, D, D) where all rows have one error.
    distances : (m,), (x − μ)ᵀ(Σ + S)⁻¹(x − μ).
    log_determinants : (m,), log|I + A|.
    log_density : (m,), log N(x | μ, Σ + S), nats.
    """

    expected: Floats
    kept: Floats
    distances: Floats
    log_determinants: Floats
    log_density: Floats

    @classmethod
    def of(cls, block: Block, components: Components, k: int) -> Deconvolved:
        """The rows of a block by component k, with the errors that are among its fields."""
        if is_partial(block):
            return cls.of_projections(block, components, k)
        errors, d = block.fields["errors"], components.n_features
        shared = same_for_all(errors)
        errors = errors if shared is None else shared[None]  # one gain for all rows
        factor = components.factor
        deviations = np.asarray(block.rows, np.float64) - components.means[k]
        z = factor.whiten(k, deviations.T).T  # (m, D)
        whitening = factor.whiten(k, np.eye(d))
        if errors.ndim == 2:
            scaled = whitening * errors[:, None, :]  # (m, D, D)
            excess = scaled @ scaled.transpose(0, 2, 1)
        else:
            excess = whitening @ errors @ whitening.T
        both = np.eye(d) + 0.5 * (excess + excess.transpose(0, 2, 1))
        gain = np.linalg.inv(both)
        gain = 0.5 * (gain + gain.transpose(0, 2, 1))
        lower = np.linalg.cholesky(both)
        log_determinants = 2.0 * np.log(np.einsum("mdd->md", lower)).sum(axis=1)
        expected = z @ gain[0] if len(gain) == 1 else np.einsum("mde,me->md", gain, z)
        kept = gain @ excess  # I − G, which of a small error would have few digits left
        kept = 0.5 * (kept + kept.transpose(0, 2, 1))
        distances = np.einsum("md,md->m", z, expected)
        plain = components.constants[k] - components.log_weights[k]
        log_density = plain - 0.5 * (distances + log_determinants)
        log_determinants = np.broadcast_to(log_determinants, distances.shape)
        return cls(expected, kept, distances, log_determinants, log_density)

    @classmethod
    def of_projections(cls, block: Block, components: Components, k: int) -> Deconvolved:
        """The same of rows of which parts, or projections, were measured."""
        rows = np.asarray(block.rows, np.float64)
        m, d = rows.shape
        if isinstance(components.factor, WithUniform):
            if "projections" in block.fields:
                raise ParameterError(
                    "projections are given, and a component is even over a box, as it is not "
                    "through a projection, expected one of them: leave that component out"
                )
            if k == components.n_components - 1:
                return cls._of_uniform(~np.isnan(rows), components.factor)
        projections = block.fields.get("projections", np.broadcast_to(np.eye(d), (m, d, d)))
        seen = projections.any(axis=2) & ~np.isnan(rows)  # (m, D)
        apart = rows - projections @ components.means[k]
        lower = components.factor.colour(k, np.eye(d))
        half = np.where(seen[:, :, None], projections @ lower, 0.0)  # H
        errors = block.fields.get("errors", np.zeros((m, d)))
        if errors.ndim == 2:
            errors = np.square(errors)[:, :, None] * np.eye(d)
        both = seen[:, :, None] & seen[:, None, :]
        total = half @ half.transpose(0, 2, 1) + np.where(
            both, errors, ~seen[:, :, None] * np.eye(d)
        )
        total = 0.5 * (total + total.transpose(0, 2, 1))
        right = np.concatenate([np.where(seen, apart, 0.0)[:, :, None], half], axis=2)
        solved = np.linalg.solve(total, right)
        expected = np.einsum("mpd,mp->md", half, solved[:, :, 0])
        gain = half.transpose(0, 2, 1) @ solved[:, :, 1:]
        kept = np.eye(d) - 0.5 * (gain + gain.transpose(0, 2, 1))
        distances = np.einsum("mp,mp->m", right[:, :, 0], solved[:, :, 0])
        log_determinants = np.linalg.slogdet(total)[1]
        counted = math.log(2.0 * math.pi) * seen.sum(axis=1)
        log_density = -0.5 * (distances + log_determinants + counted)
        relative = log_determinants - 2.0 * components.half_log_determinants[k]
        return cls(expected, kept, distances, relative, log_density)

    @classmethod
    def _of_uniform(cls, seen: NDArray[np.bool_], factor: WithUniform) -> Deconvolved:
        """The same by the uniform component, of rows with the features `seen` (m, D)."""
        m, d = seen.shape
        nothing: Floats = np.zeros((m, d))
        flat = -(seen @ factor.extents(d))
        return cls(nothing, np.zeros((m, d, d)), nothing[:, 0], nothing[:, 0], flat)


def log_joint(block: Block, components: Components) -> Floats:
    """Log w_k + log N(x_i | μ_k, Σ_k + S_i) of a block's rows, (m, K), nats; −∞ out of reach."""
    densities = np.empty((len(block.rows), components.n_components))
    with np.errstate(over="ignore", invalid="ignore"):
        for k in range(components.n_components):
            densities[:, k] = Deconvolved.of(block, components, k).log_density
    densities[np.isnan(densities)] = -np.inf
    return components.log_weights + densities


def accumulate(block: Block, components: Components, *, diagonal: bool) -> Statistics:
    """Statistics of the true values about the components' means: one E-step.

    Σ q, Σ q L u and Σ q L (u uᵀ + I − G) Lᵀ with q_ik = v_i r_ik. A row out of reach takes part in
    no sum but the log-likelihood, which is −∞ then.
    """
    likelihood, shares = normalised(log_joint(block, components))
    if block.weights is not None:
        shares, likelihood = shares * block.weights[:, None], weighed(likelihood, block.weights)
    k, d = components.means.shape
    weight, first, second = shares.sum(axis=0), np.zeros((k, d)), np.zeros((k, d, d))
    for c in range(k):
        seen, share = Deconvolved.of(block, components, c), shares[:, c]
        near = share > 0.0
        share, expected = share[near], seen.expected[near]
        kept = seen.kept if len(seen.kept) == 1 else seen.kept[near]
        first[c] = share @ expected
        outer = (share[:, None] * expected).T @ expected
        second[c] = outer + np.einsum("m,mde->de", share, kept)
    moments = lifted(weight, first, second, components, diagonal=diagonal)
    total = float(likelihood.sum())
    return Statistics(components.means, *moments, total, len(block.rows), block.total_weight)


def true_values(block: Block, components: Components, shares: Floats) -> Floats:
    """What is known of the true values of a block's rows: (m, D, D + 1).

    E[true] first and Cov[true] behind it: with those of each component, μ_k + L_k u and
    L_k (I − G) L_kᵀ, it is the law of total covariance. A row that is noise is known by its error
    alone, and what it lacks lies anywhere in the box.

    Parameters
    ----------
    block : rows with errors.
    components : K.
    shares : (m, K), the responsibilities.
    """
    rows = np.asarray(block.rows, np.float64)
    m, d = rows.shape
    errors = block.fields.get("errors", np.zeros((m, d)))
    there, within = np.empty((m, components.n_components, d)), np.zeros((m, d, d))
    of_all = np.zeros((components.n_components, d, d))  # covariances that all rows share
    own = components.n_components - isinstance(components.factor, WithUniform)
    for k in range(own):
        seen, lower = Deconvolved.of(block, components, k), components.factor.colour(k, np.eye(d))
        there[:, k] = components.means[k] + seen.expected @ lower.T
        kept = lower @ seen.kept @ lower.T
        if len(kept) < m:
            of_all[k] = kept[0]
        else:
            within += shares[:, k, None, None] * kept
    lacking = np.isnan(rows)
    for k in range(own, components.n_components):
        there[:, k] = np.where(lacking, components.means[k], rows)
        matrices = errors if errors.ndim == 3 else np.square(errors)[:, :, None] * np.eye(d)
        if lacking.any() and isinstance(components.factor, WithUniform):
            even = np.diag(np.exp(2.0 * components.factor.extents(d)) / 12.0)  # of the box
            either = lacking[:, :, None] | lacking[:, None, :]
            matrices = np.where(either, even, matrices)
        within += shares[:, k, None, None] * matrices
    mean = np.einsum("mk,mkd->md", shares, there)
    apart = there - mean[:, None]
    within += (shares[:, :, None] * apart).transpose(0, 2, 1) @ apart
    within += np.tensordot(shares, of_all, 1)
    return np.concatenate([mean[:, :, None], within], axis=2)


def weighed(likelihood: Floats, weights: Floats) -> Floats:
    """Log-likelihoods (m,) times weights (m,): −∞ where one is, though it weigh nothing."""
    return np.where(likelihood == -np.inf, likelihood, np.maximum(likelihood, _LOWEST) * weights)


def lifted(
    weight: Floats, first: Floats, second: Floats, components: Components, *, diagonal: bool
) -> tuple[Floats, Floats, Floats]:
    """Weight, first and second moments about the means, from those in units of the components.

    Parameters
    ----------
    weight, first, second : (K,), (K, D) and (K, D, D).
    diagonal : whether the diagonals of the second moments will do.
    """
    lower = written_out(components)[0]
    first = np.einsum("kde,ke->kd", lower, first)
    second = lower @ second @ lower.transpose(0, 2, 1)
    second = 0.5 * (second + second.transpose(0, 2, 1))
    return weight, first, np.einsum("kdd->kd", second).copy() if diagonal else second


def widened(components: Components, shared: Floats) -> Components:
    """The components of rows that all have errors of covariance `shared` (D, D): Σ_k + S.

    Their factor is L C with C Cᵀ = I + A, so that S = 0 changes no bit of it.
    """
    factor = components.factor
    lower, whitening = written_out(components)
    n = len(lower) - isinstance(factor, WithUniform)
    wide = Triangular(lower[:n] @ np.linalg.cholesky(_with_errors(whitening[:n], shared)))
    changed = WithUniform(wide, factor.log_volume) if isinstance(factor, WithUniform) else wide
    return replace(components, factor=changed)


def gathered(
    sums: Statistics, components: Components, shared: Floats, *, diagonal: bool
) -> Statistics:
    """The statistics of the true values, from plain ones under `widened` components.

    With a = Σ q (x − μ) and B = Σ q (x − μ)(x − μ)ᵀ, in units of a component: Σ q u = G L⁻¹ a, and
    Σ q (u uᵀ + I − G) = G L⁻¹ B L⁻ᵀ G + n (I − G).
    """
    whitening = written_out(components)[1]
    gain = np.linalg.inv(_with_errors(whitening, shared))
    gain = 0.5 * (gain + gain.transpose(0, 2, 1))
    through = gain @ whitening
    first = np.einsum("kde,ke->kd", through, sums.first)
    second = through @ sums.second @ through.transpose(0, 2, 1)
    second += sums.weight[:, None, None] * (np.eye(components.n_features) - gain)
    moments = lifted(sums.weight, first, second, components, diagonal=diagonal)
    return replace(sums, first=moments[1], second=moments[2])


def _with_errors(whitening: Floats, shared: Floats) -> Floats:
    """I + A of each component, (K, D, D), for errors of covariance `shared` (D, D)."""
    excess = whitening @ shared @ whitening.transpose(0, 2, 1)
    return np.eye(len(shared)) + 0.5 * (excess + excess.transpose(0, 2, 1))


def written_out(components: Components) -> tuple[Floats, Floats]:
    """L_k and L_k⁻¹ as matrices, (K, D, D) both; 0 for a uniform component. Found once."""
    try:
        found: tuple[Floats, Floats] = components.__dict__["_written_out"]
    except KeyError:
        factor, unit = components.factor, np.eye(components.n_features)
        each = range(components.n_components)
        lower = np.stack([factor.colour(k, unit) for k in each])
        whitening = np.stack([factor.whiten(k, unit) for k in each])
        found = components.__dict__.setdefault("_written_out", (lower, whitening))
    return found


def normalised(joint: Floats) -> tuple[Floats, Floats]:
    """Log-likelihoods (m,) and responsibilities (m, K); 0 for all where every density is 0."""
    top = joint.max(axis=1)
    scale = np.where(np.isfinite(top), top, 0.0)
    exponentials = np.exp(joint - scale[:, None])
    total = exponentials.sum(axis=1)
    with np.errstate(divide="ignore"):
        likelihood = scale + np.log(total)
    return likelihood, exponentials / np.where(total > 0.0, total, 1.0)[:, None]
