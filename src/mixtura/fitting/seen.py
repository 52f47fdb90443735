"""Seen: a prior as rows that each component has seen before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixtura.caching import cached_property
from mixtura.engine.arrays import Floats, Value
from mixtura.model.mixture import Mixture

__all__ = ["Seen"]


@dataclass(frozen=True, eq=False)
class Seen(Value):
    """What a conjugate prior adds to the sums of an M-step.

    To the effective rows n_k of a component with the mean m_k and the scatter W_k::

        μ_k = (n_k m_k + κ μ_P) / (n_k + κ)
        W'_k = W_k + Λ_k + κ n_k / (n_k + κ) · (m_k − μ_P)(m_k − μ_P)ᵀ,    n'_k = n_k + a

    and the structure's own formula for (n'_k, W'_k) gives the covariances of largest posterior
    density, since the logarithm of the prior's is, but for a constant,

        −½ Σ_k [a log|Σ_k| + tr(Σ_k⁻¹ Λ_k) + κ (μ_k − μ_P)ᵀ Σ_k⁻¹ (μ_k − μ_P)].

    So every structure that has an M-step has one with a prior. For the fourteen this is the prior
    of each Σ_k, held to the family; what all components share has one prior, not K.

    Parameters
    ----------
    rows : a, for each component: ν + D + 1 of the inverse Wishart and 1 of the mean; or what the
        inverse gamma comes to; a share of the former where all share the covariance.
    scatter : Λ_k, (K, D, D), or its diagonals (K, D).
    centre : (D,), μ_P.
    shrinkage : κ.

    References
    ----------
    Fraley & Raftery 2007, table 1, for VVV, EEE, VII, EII and, with one scale for all features, VVI
    and EEI.
    """

    rows: float
    scatter: Floats
    centre: Floats
    shrinkage: float

    def joined(
        self, weight: Floats, means: Floats, scatter: Floats
    ) -> tuple[Floats, Floats, Floats]:
        """n'_k (K,), μ_k (K, D) and W'_k, in the shape of W_k, from n_k, m_k and W_k."""
        pulled = self.shrinkage / (weight + self.shrinkage)  # (K,)
        apart = means - self.centre  # (K, D)
        between = (weight * pulled)[:, None] * apart
        full = scatter.ndim == 3
        between = between[:, :, None] * apart[:, None, :] if full else between * apart
        prior = self.scatter
        if len(scatter) < len(prior):  # the scatter is that of all components together
            between, prior = between.sum(axis=0, keepdims=True), prior.sum(axis=0, keepdims=True)
        moved = means - pulled[:, None] * apart
        return weight + self.rows, moved, scatter + between + prior

    def log_density(self, mixture: Mixture) -> float:
        """The logarithm of the prior's density at a mixture, but for a constant, nats."""
        gaussians = mixture.gaussians
        total = 2.0 * self.rows * float(gaussians.half_log_determinants.sum())
        reach = np.sqrt(self.shrinkage) * (mixture.means - self.centre)
        for k, root in enumerate(self.roots):
            whitened = gaussians.factor.whiten(k, np.column_stack([root, reach[k]]))
            with np.errstate(over="ignore"):  # the density is then 0
                total += float((whitened**2).sum())
        return -0.5 * total

    @cached_property
    def roots(self) -> Floats:
        """Λ_k^½, (K, D, D): whitened, their squares sum to tr(Σ_k⁻¹ Λ_k)."""
        if self.scatter.ndim == 2:
            return np.sqrt(self.scatter)[:, :, None] * np.eye(self.scatter.shape[1])
        # In units of each feature, so that none is lost in the rounding of another.
        scale = np.sqrt(np.einsum("kdd->kd", self.scatter))
        scale = np.where(scale > 0.0, scale, 1.0)[:, :, None]
        values, vectors = np.linalg.eigh(self.scatter / scale / scale.swapaxes(1, 2))
        return scale * vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]
