"""Posterior: the law that rows leave of the means and precisions of K components."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mixtura.bayesian.prior import ConjugatePrior
from mixtura.caching import cached_property
from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Value
from mixtura.engine.components import Components
from mixtura.engine.factors import Diagonal, Factor, SharedTriangular, Spherical, Triangular
from mixtura.engine.statistics import Statistics


@dataclass(frozen=True, eq=False)
class Posterior(Value):
    """Normal laws of means beside the laws of precisions, of K components.

        μ_k | Λ_k ~ N(m_k, (β_k Λ_k)⁻¹),        Λ_k ~ family(ν_k, S_k)

    Parameters
    ----------
    prior : that they come from.
    weight : (K,), n_k, expected numbers of rows.
    means : (K, D), m_k, feature units.
    mean_precision : (K,), β_k, rows.
    degrees : (C,), ν; C is K, or 1 where the law is one for all components.
    scale : (C, …), S, squared feature units, as the family holds it.
    """

    prior: ConjugatePrior
    weight: Floats
    means: Floats
    mean_precision: Floats
    degrees: Floats
    scale: Floats

    @classmethod
    def of(cls, prior: ConjugatePrior, statistics: Statistics, ridge: float = 0.0) -> Posterior:
        """What is known of K components, given sums over their rows.

        With n_k, and sums about c_k that are re-centred about m_k without a loss of digits::

            β_k = β₀ + n_k          m_k = c_k + (first_k + β₀ (m₀ − c_k)) / β_k
            ν_k = ν₀ + n_k          S_k = S₀ + Σ_i r_ik (x_i − m_k)² + β₀ (m₀ − m_k)²

        A pooled family has one ν and S, of all rows; where one variance is for D features, n_k
        counts D times.

        Parameters
        ----------
        prior : of each component.
        statistics : about any points; with the second moments that the family needs.
        ridge : added to the variance of each row, squared feature units.
        """
        family, weight, d = prior.family, statistics.weight, prior.n_features
        precision = prior.mean_precision + weight  # (K,)
        pulled = statistics.first + prior.mean_precision * (prior.mean - statistics.reference)
        means = statistics.reference + pulled / precision[:, None]  # (K, D)
        apart = prior.mean - means
        second = statistics.about(means).second
        if second.ndim == 3:
            second = second + prior.mean_precision * apart[:, :, None] * apart[:, None, :]
        else:
            second = second + prior.mean_precision * apart * apart
        squares = family.squares(second)
        if ridge:
            squares = squares + _on_diagonal(ridge * family.copies(d) * weight, squares.shape)
        rows = weight * family.copies(d)
        if family.joint:
            number = len(weight) if family.averaged else 1
            rows = np.add.reduce(rows, keepdims=True) / number
            squares = np.add.reduce(squares, axis=0, keepdims=True) / number
        return cls(prior, weight, means, precision, prior.degrees + rows, prior.scale + squares)

    @classmethod
    def none_seen(cls, prior: ConjugatePrior, n_components: int) -> Posterior:
        """What is known of components of which no row has been seen: the prior itself."""
        means = np.repeat(prior.mean[None], n_components, axis=0)
        return cls.of(prior, Statistics.zero(means, diagonal=prior.family.form.diagonal))

    @property
    def n_components(self) -> int:
        """The number K of components."""
        return len(self.weight)

    @property
    def n_features(self) -> int:
        """The number D of features."""
        return int(self.means.shape[1])

    @cached_property
    def spreads(self) -> Floats:
        """(E Λ)⁻¹ = S / ν, (C, …): of the family's shape, squared feature units."""
        return self.scale / self.degrees.reshape(-1, *[1] * (self.scale.ndim - 1))

    @cached_property
    def covariances(self) -> Floats:
        """The same in the form that a mixture holds covariances in; not E Σ, which is wider."""
        if self.prior.family.form.shared:
            return self.spreads[0]
        return np.ascontiguousarray(
            np.broadcast_to(self.spreads, (self.n_components, *self.spreads.shape[1:]))
        )

    @cached_property
    def factor(self) -> Factor:
        """Cholesky factors of (E Λ_k)⁻¹."""
        form, spreads = self.prior.family.form, self.covariances
        if form.diagonal:
            roots = np.sqrt(spreads)
            return Spherical(roots) if roots.ndim == 1 else Diagonal(roots)
        lower = np.linalg.cholesky(spreads)
        return SharedTriangular(lower) if form.shared else Triangular(lower)

    @cached_property
    def _log_determinants(self) -> Floats:
        """Log|S| over the Gammas of the law, (C,)."""
        d, family = self.n_features, self.prior.family
        halves = self.factor.half_log_determinants(d, self.n_components)
        own = halves[:1] if len(self.degrees) == 1 else halves
        gammas = family.n_gammas(d)
        return 2.0 * own / family.copies(d) + gammas * np.log(self.degrees)

    @cached_property
    def log_normalisers(self) -> Floats:
        """Log Z(ν, S) of the laws, (C,), but for what D alone decides."""
        return self.prior.family.log_normaliser(
            self.degrees, self._log_determinants, self.n_features
        )

    @cached_property
    def expected_logs(self) -> Floats:
        """E log|Λ| over the Gammas of the laws, (C,), nats."""
        return self.prior.family.expected_log(self.degrees, self._log_determinants, self.n_features)

    def components(self, log_weights: Floats) -> Components:
        """Gaussians whose log joint densities are E log π_k + E log N(x | μ_k, Λ_k⁻¹).

        E log N = ½ E log|Λ| − ½D log 2π − D/2β_k − ½ (x − m_k)ᵀ E[Λ] (x − m_k): the density of
        N(m_k, (E Λ)⁻¹), but for a constant, which goes to the log weight.

        Parameters
        ----------
        log_weights : E log π_k, (K,), nats.
        """
        d, factor = self.n_features, self.factor
        halves = factor.half_log_determinants(d, self.n_components)
        missed = 0.5 * self.prior.family.copies(d) * self.expected_logs + halves  # (K,), below 0
        constants = log_weights + missed - 0.5 * d / self.mean_precision
        return Components(constants, self.means, factor)

    @cached_property
    def divergence(self) -> float:
        """KL(posterior ‖ prior) of means and precisions, nats.

        Of each law  log Z₀ − log Z + ½(ν − ν₀) E log|Λ| − ½ (νG − tr S₀ E Λ), and of each mean
        ½ [D (β₀/β_k − 1 − log β₀/β_k) + β₀ (m_k − m₀)ᵀ E[Λ_k] (m_k − m₀)].
        """
        prior, family, d = self.prior, self.prior.family, self.n_features
        laws = prior.log_normaliser - self.log_normalisers
        laws = laws + 0.5 * (self.degrees - prior.degrees) * self.expected_logs
        laws = laws - 0.5 * (self.degrees * family.n_gammas(d) - self._prior_traces)
        ratio = prior.mean_precision / self.mean_precision
        apart = self._whitened(self.means - prior.mean)
        means = d * (ratio - 1.0 - np.log(ratio)) + prior.mean_precision * apart
        times = self.n_components if family.averaged else 1
        return float(times * np.add.reduce(laws) + 0.5 * np.add.reduce(means))

    @property
    def log_evidence(self) -> float:
        """Log p(X) of the rows, if each is wholly of one component, which is known; nats.

        Σ [log Z(ν, S) − log Z(ν₀, S₀)] + ½D Σ_k log(β₀/β_k) − ½ N D log 2π, the first sum over
        the laws that there are, Z their normalisers.
        """
        prior, d = self.prior, self.n_features
        gain = np.add.reduce(self.log_normalisers - prior.log_normaliser)
        shrunk = np.add.reduce(np.log(prior.mean_precision / self.mean_precision))
        n = float(np.add.reduce(self.weight))
        return float(gain + 0.5 * d * (shrunk - n * math.log(2.0 * math.pi)))

    @cached_property
    def _whitening(self) -> Floats:
        return self.factor.inverse(kernel.invert_lower)

    @cached_property
    def _prior_traces(self) -> Floats:
        """Tr S₀ E Λ over the Gammas of each law, (C,)."""
        family, d = self.prior.family, self.n_features
        if not family.form.diagonal:
            whitening = self._whitening.reshape(-1, d, d)  # (C, D, D)
            held = whitening @ self.prior.root
            return np.einsum("kij,kij->k", held, held)
        ratio = self.prior.scale / self.spreads
        return np.add.reduce(ratio, axis=-1) if ratio.ndim == 2 else ratio * family.n_gammas(d)

    def _whitened(self, deviations: Floats) -> Floats:
        """dᵀ E[Λ_k] d for deviations (K, D), one a component, (K,)."""
        whitening = self._whitening
        if whitening.ndim == 1:
            whitened = whitening[:, None] * deviations
        elif self.prior.family.form.diagonal:
            whitened = whitening * deviations
        else:
            whitened = np.squeeze(whitening @ deviations[:, :, None], axis=-1)
        return np.einsum("kd,kd->k", whitened, whitened)


def _on_diagonal(added: Floats, shape: tuple[int, ...]) -> Floats:
    """Numbers (K,) where the diagonals of scales of that shape are."""
    if len(shape) == 3:
        return added[:, None, None] * np.eye(shape[-1])
    return added.reshape(-1, *[1] * (len(shape) - 1))
