"""Loadings: how the covariances of factor analysers are held, and their M-step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mixtura.engine.arrays import Floats, Integers, frozen
from mixtura.engine.factors import Factor
from mixtura.engine.low_rank import LowRank
from mixtura.errors import ModelError
from mixtura.model.structures import factor_analysis
from mixtura.model.structures.form import Form

#: principal factors are at rest where no variance changes by more, and are tried so often at most
_AT_REST, _TURNS = 1e-12, 500
#: the share of a variance that principal factors leave a feature at least, as R's factanal does
_LEAST = 5e-3
#: the share of a variance that is a feature's own at least where nothing is left by the factors:
#: squared distances, which are differences, have ten digits there
_OWN = 1e-6


@dataclass(frozen=True)
class Loadings(Form):
    """Σ_k = A_k A_kᵀ + Ψ_k as one array (K, D, H + 1): A_k, and after it the diagonal of Ψ_k.

    Some of its rows are the loadings of some features; a component's array may be turned, A_k Q
    with any orthogonal Q, and is still of the same covariance.

    Parameters
    ----------
    n_factors : H, at least 1.
    level : whether Ψ is the same for all components.
    """

    n_factors: int
    level: bool
    name = "factor"
    diagonal = False
    seconds = None
    shared = False

    def shape(self, n_components: int, n_features: int) -> tuple[int, ...]:
        return (n_components, n_features, self.n_factors + 1)

    def factor(self, covariances: Floats) -> Factor:
        own = covariances[:, :, -1]
        if own.min() <= 0.0:
            k, j = np.unravel_index(int(own.argmin()), own.shape)
            raise ModelError(
                f"the covariance of component {k} is not positive definite: what its factors leave "
                f"of feature {j} has the variance {own[k, j]:.6g}, expected more than 0; take "
                "fewer factors, drop a constant feature, or add to the variances"
            )
        return LowRank(frozen(covariances))

    def matrices(self, covariances: Floats, n_components: int, n_features: int) -> Floats:
        loadings, own = covariances[:, :, :-1], covariances[:, :, -1]
        matrices = loadings @ loadings.swapaxes(1, 2)
        matrices = 0.5 * (matrices + matrices.swapaxes(1, 2))
        matrices[:, range(n_features), range(n_features)] += own
        return np.asarray(matrices)

    def variances(self, covariances: Floats, n_components: int, n_features: int) -> Floats:
        return np.asarray((covariances[:, :, :-1] ** 2).sum(axis=2) + covariances[:, :, -1])

    def gathered(self, matrices: Floats) -> Floats:
        """The factor analysers near matrices (K, D, D), by iterated principal factors."""
        variances = np.einsum("kdd->kd", matrices)
        scale = np.sqrt(variances)
        alike = matrices / (scale[:, :, None] * scale[:, None, :])
        loadings, own = principal_factors(alike, self.n_factors)
        found = self.packed(loadings * scale[:, :, None], own * variances)
        return self.levelled(np.ones(len(found)), found)

    def of_variances(self, variances: Floats) -> Floats:
        return self.packed(np.zeros((*variances.shape, self.n_factors)), variances)

    def ridged(self, covariances: Floats, ridge: float | Floats) -> Floats:
        raised = covariances.copy()
        raised[:, :, -1] += np.diagonal(ridge) if np.ndim(ridge) == 2 else ridge
        return raised

    def restricted(self, covariances: Floats, features: Sequence[int]) -> Floats:
        return covariances[:, features]

    def inverted(self, matrices: Floats) -> Floats:
        """Covariances from precisions Ψ⁻¹ − U Uᵀ that are packed as `precisions` packs them.

        With C = Ψ^½ U, Σ = Ψ + Ψ U (I − CᵀC)⁻¹ Uᵀ Ψ.
        """
        directions, own = matrices[:, :, :-1], 1.0 / matrices[:, :, -1]
        scaled = directions * np.sqrt(own)[:, :, None]  # C
        values, axes = np.linalg.eigh(scaled.swapaxes(1, 2) @ scaled)
        if not values.max() < 1.0 or own.min() <= 0.0:
            raise ModelError(
                "the precisions are not positive definite: expected 1/Ψ above 0, and directions U "
                "with UᵀΨU below the identity"
            )
        turned = axes / np.sqrt(1.0 - values)[:, None, :]
        return self.packed((directions * own[:, :, None]) @ turned, own)

    def precisions(self, whitening: Floats) -> Floats:
        return whitening.copy()

    def precision_factors(self, whitening: Floats) -> Floats:
        return whitening

    def inverse_trace(self, whitening: Floats, floor: Floats) -> float:
        """Σ_k tr(F Ψ_k⁻¹): the floor is one of what is a feature's own."""
        return float(np.add.reduce(whitening[:, :, -1], axis=0) @ floor)

    def unsound(self, covariances: Floats, floor: Floats | None = None) -> list[int]:
        """The components of which a feature's own variance is not positive, or below the floor."""
        own = covariances[:, :, -1]
        sound = own > 0.0 if floor is None else own >= floor
        return np.flatnonzero(~sound.all(axis=1)).tolist()

    def floored(self, covariances: Floats, low: Sequence[int], floor: Floats) -> Floats:
        """With the variances that are `low` ones' own raised: their exact constrained maximum."""
        raised, at = covariances.copy(), list(low)
        raised[at, :, -1] = np.maximum(raised[at, :, -1], floor)
        return raised

    def levelled(self, weight: Floats, covariances: Floats) -> Floats:
        """The covariances, with the mean of the Ψ_k, of weight n_k (K,), where it is shared."""
        if not self.level:
            return covariances
        even = covariances.copy()
        even[:, :, -1] = weight @ covariances[:, :, -1] / weight.sum()
        return even

    def analysed(self, weight: Floats, scatter: Floats, before: Floats | None) -> Floats:
        """The M-step, see `Structure.maximise`: of W_k what lies along the directions U_k before.

        With A, Ψ before, M = I + AᵀΨ⁻¹A and β = M⁻¹AᵀΨ⁻¹, factors z are expected to be β (x − μ)
        and to have the second moments E = (β W βᵀ + n M⁻¹) / n, so that::

            A ← W βᵀ/n · E^-½,      Ψ ← diag(W)/n − diag(A Aᵀ)

        It is regression on the factors, A ← W βᵀ/n · E⁻¹, whose own covariance may be E for a step:
        A E^½ with factors of unit covariance is the same density. Such a step never loses
        likelihood, gains more of it, and gives every feature the variance of its rows.

        Parameters
        ----------
        weight : (K,), n_k.
        scatter : (K, D, H + 1), W_k U_k, and diag W_k after it.
        before : (K, D, H + 1), the covariances that U_k are of.

        References
        ----------
        Rubin & Thayer 1982, "EM algorithms for ML factor analysis"; Liu, Rubin & Wu 1998,
        "Parameter expansion to accelerate EM", section 3.
        """
        if before is None or scatter.shape != before.shape:
            raise ModelError(
                "factor analysers take second moments along their own directions: give covariances "
                "near the answer, and the sums that were taken under them"
            )
        held = LowRank(before)
        shrinkage = held.shrinkage / weight[:, None, None]
        seen = scatter[:, :, :-1] @ shrinkage  # W βᵀ / n, (K, D, H)
        regressed = held.shrinkage @ (held.directions.swapaxes(1, 2) @ seen)
        moments = 0.5 * (regressed + regressed.swapaxes(1, 2)) + held.shrinkage @ held.shrinkage
        values, axes = np.linalg.eigh(moments)
        loadings = seen @ ((axes / np.sqrt(values)[:, None, :]) @ axes.swapaxes(1, 2))
        own = scatter[:, :, -1] / weight[:, None] - (loadings * loadings).sum(axis=2)
        return self.levelled(weight, self.packed(loadings, own))

    def at_best(self, weight: Floats, scatter: Floats, before: Floats | None) -> Floats:
        """The M-step where the whole W_k are known, (K, D, D): the maximum itself.

        No variance that is a feature's own falls below a millionth of the feature's, if it was not
        lower before. The loadings are turned as near as may be to those before.
        """
        if before is None or before.shape[-1] != self.n_factors + 1:
            raise ModelError(
                "factor analysers are found step by step: give covariances near the answer"
            )
        matrices = scatter / weight[:, None, None]
        if not np.isfinite(matrices).all():
            return np.full(before.shape, np.nan)
        variances = np.einsum("kdd->kd", matrices)
        if self.level:
            variances = np.broadcast_to(weight @ variances / weight.sum(), variances.shape)
        own = before[:, :, -1]
        least = np.where(variances > 0.0, np.minimum(_OWN * variances, own), own)
        loadings, own = factor_analysis.analysed(
            weight, matrices, own, self.n_factors, level=self.level, least=least
        )
        left, _, right = np.linalg.svd(loadings.swapaxes(1, 2) @ before[:, :, :-1])
        return self.packed(loadings @ (left @ right), own)

    def mean_matrix(self, weights: Floats, covariances: Floats) -> Floats:
        """Σ_k w_k Σ_k, (D, D), for weights (K,)."""
        d = covariances.shape[1]
        roots = covariances[:, :, :-1] * np.sqrt(weights)[:, None, None]
        beside = roots.transpose(1, 0, 2).reshape(d, -1)
        return np.asarray(beside @ beside.T + np.diag(weights @ covariances[:, :, -1]))

    def scaled(self, covariances: Floats, factors: Floats) -> Floats:
        """The covariances of features times `factors` (D,), or a number."""
        across = np.broadcast_to(factors, covariances.shape[1])[:, None]
        loadings, own = covariances[:, :, :-1], covariances[:, :, -1]
        return self.packed(loadings * across, own * (across * across)[:, 0])

    def conditioned(
        self, covariances: Floats, a: Sequence[int], b: Sequence[int], deviations: Floats
    ) -> tuple[Floats, Floats]:
        """What features b are given deviations (K, |a|) of features a from their means.

        With M = I + A_aᵀ Ψ_a⁻¹ A_a the factors are expected to be M⁻¹ A_aᵀ Ψ_a⁻¹ (x_a − μ_a), and
        have the covariance M⁻¹: Σ_bb − Σ_ba Σ_aa⁻¹ Σ_ab = (A_b M^-½)(A_b M^-½)ᵀ + Ψ_b.

        Returns
        -------
        moves : (K, |b|), what it adds to the means of b.
        covariances : of b, (K, |b|, H + 1).
        """
        known = LowRank(covariances[:, a])
        loadings = covariances[:, b, :-1] @ known.shrinkage
        along = np.einsum("kah,ka->kh", known.directions, deviations)
        moves = np.einsum("kbh,kh->kb", loadings, along)
        return moves, self.packed(loadings, covariances[:, b, -1])

    def drawn(
        self, means: Floats, covariances: Floats, counts: Integers, random: np.random.RandomState
    ) -> Floats:
        """Rows μ_k + A_k z + Ψ_k^½ e, z and e standard normal, `counts` (K,) of each component."""
        blocks = [means[:0]]
        d, h = covariances.shape[1], self.n_factors
        for k in np.flatnonzero(counts):
            normal = random.standard_normal(size=(counts[k], h + d))
            along = normal[:, :h] @ covariances[k, :, :-1].T
            blocks.append(means[k] + along + normal[:, h:] * np.sqrt(covariances[k, :, -1]))
        return np.vstack(blocks)

    @staticmethod
    def packed(loadings: Floats, own: Floats) -> Floats:
        """One array of loadings (K, D, H) and of the diagonals of Ψ_k (K, D)."""
        return np.concatenate([loadings, own[:, :, None]], axis=2)


def principal_factors(alike: Floats, n_factors: int) -> tuple[Floats, Floats]:
    """Loadings (K, D, H) and own variances (K, D) of correlations (K, D, D).

    A A' is the part of rank H nearest to R − Ψ, and Ψ the diagonal of R − A Aᵀ, in turn.

    References
    ----------
    Harman 1976, Modern Factor Analysis, chapter 8.
    """
    own = np.full(alike.shape[:2], 0.5)
    d = alike.shape[-1]
    loadings = np.zeros((*own.shape, n_factors))
    for _ in range(_TURNS):
        reduced = alike.copy()
        reduced[:, range(d), range(d)] -= own
        values, axes = np.linalg.eigh(reduced)
        lengths = np.sqrt(np.maximum(values[:, None, -n_factors:], 0.0))
        loadings = axes[:, :, -n_factors:] * lengths
        left = np.einsum("kdd->kd", alike) - (loadings * loadings).sum(axis=2)
        left = np.maximum(left, _LEAST)
        change, own = float(np.abs(left - own).max()), left
        if change < _AT_REST:
            break
    return loadings, own
