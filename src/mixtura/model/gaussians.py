"""Gaussians: the components of a mixture, the family of terms that every mixture has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Floats, Integers, Rows
from mixtura.engine.factors import solve_lower
from mixtura.filling import filled
from mixtura.model.affine import AffineMap
from mixtura.model.distributions import normal_cdf, normal_pdf
from mixtura.model.structures import Structure, of_some_features
from mixtura.model.structures.loadings import Loadings
from mixtura.model.terms import Evidence, Regressions, Terms
from mixtura.textual import resolved

#: standard deviations above which no double tells a share from 1, and below which it is 0
_FAR, _LOW = 9.0, -40.0
#: a share that lacks what components have below −_FAR deviations, 1.2e-19, is right to the last bit
_LITTLE = 1e-3


@filled
@dataclass(frozen=True, eq=False)
class Gaussians(Terms):
    """The terms w_k N(x | μ_k, Σ_k).

    Parameters
    ----------
    weights : (K,).
    means : (K, D), feature units.
    covariances : in the structure's form, squared feature units.
    structure : of the covariances.
    equal_weights : whether the weights are equal by decree.
    """

    ARRAYS = ("weights", "means", "covariances")

    weights: Floats
    means: Floats
    covariances: Floats
    structure: Structure
    equal_weights: bool = False

    @property
    def shares(self) -> Floats:
        return self.weights

    @property
    def labels(self) -> Integers:
        return np.arange(len(self.weights))

    @property
    def n_parameters(self) -> int:
        k, d = self.means.shape
        free = 0 if self.equal_weights else k - 1
        return free + k * d + self.structure.n_covariance_parameters(k, d)

    def matrices(self) -> Floats:
        """The covariances written out, (K, D, D)."""
        return self.structure.form.matrices(self.covariances, *self.means.shape)

    def variances(self) -> Floats:
        """The variances of the features, (K, D), squared feature units."""
        return self.structure.form.variances(self.covariances, *self.means.shape)

    def deviations(self) -> Floats:
        """The standard deviations, (K, D), feature units."""
        return np.sqrt(self.variances())

    def mean(self) -> Floats:
        return self.weights @ self.means

    def covariance(self, middle: Floats) -> Floats:
        """Σ_k w_k (Σ_k + δ_k δ_kᵀ) with δ_k = μ_k − c: the law of total covariance."""
        apart = self.means - middle  # (K, D)
        if self.structure.form.diagonal:
            within: Floats = np.diag(self.weights @ self.variances())
        elif isinstance(self.structure.form, Loadings):
            within = self.structure.form.mean_matrix(self.weights, self.covariances)
        else:
            within = np.einsum("k,kij->ij", self.weights, self.matrices())
        return within + np.einsum("k,ki,kj->ij", self.weights, apart, apart)

    def marginal(self, kept: Sequence[int]) -> Self:
        """The means and covariances of those features: Bishop 2006, equation 2.98."""
        part = self.structure.form.restricted(self.covariances, kept)
        return self._of_parts(self.weights, self.means[:, kept], part)

    def conditioned(self, evidence: Evidence, log_weights: Floats) -> Self:
        """The components in b, given a: Bishop 2006, equations 2.81 and 2.82.

        μ'_k and Σ'_k of `Mixture.condition` are read off the Cholesky factor of (a, b) in that
        order, so that Σ'_k = L_bb L_bbᵀ stays positive definite without a subtraction. A component
        whose weight underflows is left out, but for the last.
        """
        a, b, values = evidence.given, evidence.left, evidence.values
        kept = np.flatnonzero(np.exp(log_weights) > 0.0)
        if not len(kept):
            kept = log_weights.argmax(axis=0, keepdims=True)
        structure = of_some_features(self.structure, len(b))
        weights = np.maximum(np.exp(log_weights[kept]), np.finfo(np.float64).tiny)
        if structure.form.diagonal:  # what is given says nothing of what is left
            alone = structure.form.restricted(self.covariances[kept], b)
            return type(self)(weights, self.means[kept][:, b], alone, structure)
        if isinstance(self.structure.form, Loadings):
            moves, left = self.structure.form.conditioned(
                self.covariances[kept], a, b, values - self.means[kept][:, a]
            )
            return self._of_parts(weights, self.means[kept][:, b] + moves, left)
        means = np.empty((len(kept), len(b)))
        matrices = np.empty((len(kept), len(b), len(b)))
        ordered, n, written_out = np.ix_(a + b, a + b), len(a), self.matrices()
        for row, k in enumerate(kept):
            lower = np.linalg.cholesky(written_out[k][ordered])
            whitened = solve_lower(lower[:n, :n], (values - self.means[k, a])[:, None])[:, 0]
            means[row] = self.means[k, b] + lower[n:, :n] @ whitened
            matrices[row] = lower[n:, n:] @ lower[n:, n:].T
        return type(self)(weights, means, structure.form.gathered(matrices), structure)

    def _of_parts(self, weights: Floats, means: Floats, covariances: Floats) -> Self:
        """Components of some features, whose covariances are still held as those of all are."""
        d = means.shape[1]
        structure = of_some_features(self.structure, d)
        if structure.form is not self.structure.form and self.structure.n_factors:
            covariances = self.structure.form.matrices(covariances, len(means), d)
        return replace(
            self, weights=weights, means=means, covariances=covariances, structure=structure
        )

    def sharing(self, total: float) -> Self:
        """The same with weights, in proportion, that sum to `total`."""
        return replace(self, weights=self.weights / (self.weights.sum() / total))

    def regressions(self, given: Sequence[int], left: Sequence[int]) -> Regressions:
        """B_k = L_ba L_aa⁻¹ and L_bb L_bbᵀ, of the Cholesky factor of (a, b) in that order."""
        order, n = [*given, *left], len(given)
        lower = np.linalg.cholesky(self.matrices()[:, order][:, :, order])
        first, outer, inner = lower[:, :n, :n], lower[:, n:, :n], lower[:, n:, n:]
        slopes = np.linalg.solve(first.swapaxes(1, 2), outer.swapaxes(1, 2)).swapaxes(1, 2)
        covariances = inner @ inner.swapaxes(1, 2)
        return Regressions(self.means[:, given], self.means[:, left], slopes, covariances)

    def standard_cdf(self, z: Floats) -> Floats:
        return normal_cdf(z)

    def standard_pdf(self, z: Floats) -> Floats:
        return normal_pdf(z)

    def standard_quantile(self, p: float) -> float:
        return NormalDist().inv_cdf(p)

    def mapped(self, by: AffineMap) -> Self:
        """The components N(A μ_k + b, A Σ_k Aᵀ): Bishop 2006, equation 2.113."""
        structure = by.structure(self.structure)
        if by.diagonal and structure.form.diagonal:
            means = by.linear * self.means + by.shift
            scaled = structure.form.of_variances(self.variances() * by.linear**2)
            return replace(self, means=means, covariances=scaled, structure=structure)
        if by.diagonal and isinstance(structure.form, Loadings):
            means = by.linear * self.means + by.shift
            scaled = structure.form.scaled(self.covariances, by.linear)
            return replace(self, means=means, covariances=scaled, structure=structure)
        matrices = self.matrices()
        if by.diagonal:
            means = by.linear * self.means + by.shift
            matrices = matrices * np.outer(by.linear, by.linear)
        else:
            means = self.means @ by.linear.T + by.shift
            matrices = by.linear @ matrices @ by.linear.T
            matrices = 0.5 * (matrices + matrices.transpose(0, 2, 1))
        covariances = structure.form.gathered(matrices)
        return replace(self, means=means, covariances=covariances, structure=structure)

    def sample(self, counts: Integers, random: np.random.RandomState) -> Floats:
        blocks = []
        if self.structure.form.diagonal:
            deviations = self.deviations()
            for k in np.flatnonzero(counts):
                normal = random.standard_normal(size=(counts[k], len(deviations[k])))
                blocks.append(self.means[k] + normal * deviations[k])
            return np.vstack(blocks) if blocks else self.means[:0]
        if isinstance(self.structure.form, Loadings):
            return self.structure.form.drawn(self.means, self.covariances, counts, random)
        for mean, matrix, count in zip(self.means, self.matrices(), counts, strict=True):
            # NumPy's check has an absolute tolerance and calls a sound covariance of large numbers
            # unsound; this one has a Cholesky factor.
            drawn = random.multivariate_normal(mean, matrix, int(count), check_valid="ignore")
            blocks.append(drawn)
        return np.vstack(blocks)

    def marginal_cdf(self, rows: Rows) -> Floats:
        order = np.argsort(rows, axis=0, kind="stable")
        values = np.take_along_axis(rows, order, axis=0)
        shares: Floats = np.empty(rows.shape)
        for j in range(rows.shape[1]):
            shares[order[:, j], j] = self._rising_cdf(values[:, j], j)
        return shares

    def _rising_cdf(self, values: Floats, feature: int) -> Floats:
        """The shares of the components below values in rising order, (N,).

        What a component has below −_FAR deviations counts only where the others have as little.
        """
        means, deviations = self.means[:, feature], self.deviations()[:, feature]
        with np.errstate(over="ignore"):
            places = [means + z * deviations for z in (_LOW, -_FAR, _FAR)]
        low, near, above = np.searchsorted(values, places)  # (K,) each
        shares: Floats = np.cumsum(np.bincount(above, self.weights, len(values) + 1)[:-1])

        def add(first: Integers, last: Integers) -> None:
            for k in np.flatnonzero(first < last):
                some = slice(first[k], last[k])
                z = (values[some] - means[k]) / deviations[k]
                shares[some] += self.weights[k] * normal_cdf(z)

        add(near, above)
        add(low, np.minimum(near, np.searchsorted(shares, _LITTLE)))
        return shares

    def ends(self) -> Floats:
        """Nine standard deviations to either side, (2, K)."""
        return self.means[:, 0] + _FAR * np.array([[-1.0], [1.0]]) * self.deviations()[:, 0]

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {name: np.ascontiguousarray(getattr(self, name)) for name in self.ARRAYS}

    def table(self, most: int, n_features: int) -> list[list[str]]:
        """Weights, and means ± standard deviations."""
        lines = []
        for k, deviations in enumerate(self.deviations()[:most, :n_features]):
            ends = zip(self.means[k], deviations, strict=False)
            spreads = (f"{resolved(float(m), float(s), 5)} ± {s:.3g}" for m, s in ends)
            lines.append([str(k), f"{self.weights[k]:.4g}", *spreads])
        return lines
