"""Marginals: the components in the features that were observed, and what they say of the others."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mixtura.engine import factors
from mixtura.engine.arrays import Floats, Integers, Rows
from mixtura.engine.components import Components
from mixtura.engine.low_rank import LowRank
from mixtura.engine.statistics import Statistics, zeros


@dataclass(frozen=True, eq=False)
class Marginal:
    """The components in the observed features o, and the regression of the missing ones m on them.

    Under component k, x_m given x_o is N(μ_m + G_k (x_o − μ_o), C_k), with G_k = Σ_mo Σ_oo⁻¹ and
    C_k = Σ_mm − G_k Σ_om. Both are read off the Cholesky factor of (o, m) in that order, so that
    C_k = L_mm L_mmᵀ stays positive without a subtraction.

    Parameters
    ----------
    observed : the indices of the features o, in their order.
    missing : those of m.
    components : in o, as a kernel reads them.
    slopes : (K, |m|, |o|), G_k; 0 of a uniform component.
    roots : (K, |m|, |m|), L_mm, lower triangular; 0 of a uniform component.

    References
    ----------
    Ghahramani & Jordan 1994, "Supervised learning from incomplete data via an EM approach".
    """

    observed: Integers
    missing: Integers
    components: Components
    slopes: Floats
    roots: Floats

    @classmethod
    def of(cls, components: Components, observed: NDArray[np.bool_]) -> Marginal:
        """The marginal in some features (D,), or in none: there every density is 1.

        Notes
        -----
        An orthogonal factorisation of the K factors with their rows in the order (o, m),
        4/3·K·D³; none where covariances are diagonal.
        """
        o, m = np.flatnonzero(observed), np.flatnonzero(~observed)
        factor = components.factor
        log_weights, means = components.log_weights, np.ascontiguousarray(components.means[:, o])
        if isinstance(factor, factors.WithUniform):
            inner, slopes, roots = _divided(factor.inner, o, m, len(components.means) - 1)
            assert isinstance(inner, (factors.Triangular, factors.Diagonal, factors.Spherical))
            extents = factor.extents(components.n_features)[o]
            whole: factors.Factor = factors.WithUniform(inner, math.fsum(extents), extents)
            slopes, roots = (np.concatenate([a, np.zeros_like(a[:1])]) for a in (slopes, roots))
        else:
            whole, slopes, roots = _divided(factor, o, m, len(components.means))
        return cls(o, m, Components(log_weights, means, whole), slopes, roots)

    def expected(self, rows: Rows, means: Floats, k: int) -> Floats:
        """E[x_m | x_o] under component k for the observed features (n, |o|) of rows, (n, |m|).

        Parameters
        ----------
        rows : the values of o.
        means : (K, D), of all features.
        k : the component.
        """
        return means[k, self.missing] + (rows - means[k, self.observed]) @ self.slopes[k].T

    def lifted(self, sums: Statistics, reference: Floats, *, diagonal: bool) -> Statistics:
        """The statistics in all D features, of those in o about the means: no row is touched.

        The sums of a row's missing part are those of its conditional mean and, besides,
        n_k C_k: what is left out where gaps are filled and then taken for observed.

        Parameters
        ----------
        sums : of the rows of the pattern in o, with whole second moments unless the factor is
            diagonal.
        reference : (K, D), the components' means.
        diagonal : whether the diagonals of the second moments will do.
        """
        o, m = self.observed, self.missing
        weight, first, second = zeros(reference, diagonal=diagonal)
        weight += sums.weight
        first[:, o] = sums.first
        first[:, m] = np.einsum("kmo,ko->km", self.slopes, sums.first)
        own = sums.weight[:, None, None] * (self.roots @ self.roots.transpose(0, 2, 1))
        if sums.diagonal:
            second[:, o] = sums.second
            second[:, m] = np.einsum("kmm->km", own)
        else:
            across = self.slopes @ sums.second  # (K, m, o)
            own = own + across @ self.slopes.transpose(0, 2, 1)
            if diagonal:
                second[:, o] = np.einsum("koo->ko", sums.second)
                second[:, m] = np.einsum("kmm->km", own)
            else:
                second[:, o[:, None], o] = sums.second
                second[:, m[:, None], o] = across
                second[:, o[:, None], m] = across.transpose(0, 2, 1)
                second[:, m[:, None], m] = 0.5 * (own + own.transpose(0, 2, 1))
        return replace(sums, reference=reference, weight=weight, first=first, second=second)


def _divided(
    factor: factors.Factor, o: Integers, m: Integers, k: int
) -> tuple[factors.Factor, Floats, Floats]:
    """The factor in o, the slopes of m on o, and the factor of what those leave."""
    if isinstance(factor, factors.Triangular):
        lower, n = _reordered(factor.lower, o, m), len(o)
        inner = np.ascontiguousarray(lower[:, :n, :n])
        across = lower[:, n:, :n].transpose(0, 2, 1)  # L_mo = G L_oo
        slopes = np.linalg.solve(inner.transpose(0, 2, 1), across).transpose(0, 2, 1)
        return factors.Triangular(inner), slopes, lower[:, n:, n:]
    if isinstance(factor, factors.SharedTriangular):
        one = factors.Triangular(factor.lower[None])
        inside, slopes, roots = _divided(one, o, m, 1)
        assert isinstance(inside, factors.Triangular)
        shared = factors.SharedTriangular(inside.lower[0])
        return shared, np.repeat(slopes, k, axis=0), np.repeat(roots, k, axis=0)
    if isinstance(factor, LowRank):
        known, part = LowRank(factor.packed[:, o]), factor.packed[:, m]
        loadings = part[:, :, :-1] @ known.shrinkage  # of m, whose factors o tells of
        slopes = loadings @ known.directions.transpose(0, 2, 1)
        own = loadings @ loadings.transpose(0, 2, 1)
        own[:, range(len(m)), range(len(m))] += part[:, :, -1]
        return known, slopes, np.linalg.cholesky(own)
    slopes, roots = np.zeros((k, len(m), len(o))), np.zeros((k, len(m), len(m)))
    if isinstance(factor, factors.Diagonal):
        roots[:, np.arange(len(m)), np.arange(len(m))] = factor.scale[:, m]
        return factors.Diagonal(np.ascontiguousarray(factor.scale[:, o])), slopes, roots
    assert isinstance(factor, factors.Spherical)
    roots[:, np.arange(len(m)), np.arange(len(m))] = factor.scale[:, None]
    return factor, slopes, roots


def _reordered(lower: Floats, o: Integers, m: Integers) -> Floats:
    """The Cholesky factors of (o, m) in that order, of factors (K, D, D) in the own order.

    With the rows of L so ordered, M Mᵀ is the covariance; Mᵀ = Q R gives it as Rᵀ R, and nothing
    is squared.
    """
    turned = lower[:, np.concatenate([o, m]), :].transpose(0, 2, 1)
    upper = np.linalg.qr(turned, mode="r")
    signs = np.where(np.einsum("kdd->kd", upper) < 0.0, -1.0, 1.0)
    return (signs[:, :, None] * upper).transpose(0, 2, 1)
