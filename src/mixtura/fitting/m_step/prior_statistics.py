"""Prior statistics: a prior as rows that each component has seen before, and what they take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mixtura.caching import cached_property
from mixtura.engine.arrays import Floats, Value
from mixtura.model.mixture import Mixture

#: variances below this share of the rows' own are worth a word
_LEAST = 0.9


@dataclass(frozen=True, eq=False)
class PriorStatistics(Value):
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


def kept_shares(mixture: Mixture, seen: PriorStatistics, total_weight: float) -> Floats:
    """What share of the variance that its rows have each component keeps, (K,).

    The M-step makes n'Σ = nS + Λ, with n' = n + a, so that in the mean over directions, of Σ,

        S is to Σ as n + a − t is to n,      t = tr(Σ⁻¹ Λ) / D.

    What κ adds is left out: it is in one direction alone. Where a part of the covariance is
    shared, all components together have one share.

    Parameters
    ----------
    mixture : the mode of the posterior density.
    seen : what the prior is worth, in the units of `total_weight`.
    total_weight : of the rows.
    """
    k, d = mixture.n_components, mixture.n_features
    whiten = mixture.gaussians.factor.whiten
    pulled = [np.square(whiten(j, root)).sum() / d for j, root in enumerate(seen.roots)]  # t
    weight, beside = mixture.weights * total_weight, seen.rows - np.array(pulled)
    if not mixture.structure.separate:
        weight, beside = (np.full(k, part.sum()) for part in (weight, beside))
    # Where the prior is most of it, as of a component of no row, it takes nothing: above 1.
    return weight / np.maximum(weight + beside, 1e-3 * weight)


def shrinkage_notes(
    mixture: Mixture, seen: PriorStatistics | None, total_weight: float
) -> tuple[str, ...]:
    """A sentence where a prior takes more than a tenth of a component's variance.

    Parameters
    ----------
    mixture, seen, total_weight : as for `kept_shares`; without a prior there is none.
    """
    if seen is None:
        return ()
    shares = kept_shares(mixture, seen, total_weight)
    low = np.flatnonzero(shares < _LEAST)
    if not len(low):
        return ()
    least, most = (f"{100.0 * share:.0f} %" for share in (shares[low].min(), shares[low].max()))
    which = "every component" if len(low) == len(shares) > 1 else _listed(low.tolist())
    kept = least if least == most else f"{least} to {most}"
    return (
        f"the prior leaves {which} {kept} of the variance that its rows have: it counts beside "
        "them, for more rows the more features there are; take a structure of fewer parameters, "
        "a Prior of fewer degrees_of_freedom or of a larger scale, or none",
    )


def _listed(components: Sequence[int]) -> str:
    named = ", ".join(map(str, components))
    return f"component {named}" if len(components) == 1 else f"each of components {named}"
