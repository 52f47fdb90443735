"""Components: K weighted Gaussians as the kernel sees them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mixtura.caching import cached_property
from mixtura.engine.arrays import Floats, Value
from mixtura.engine.factors import Factor

__all__ = ["Components"]


@dataclass(frozen=True, eq=False)
class Components(Value):
    """Weighted Gaussians, factorised and ready for a pass.

    Parameters
    ----------
    log_weights : (K,), nats.
    means : (K, D) float64, C-contiguous, feature units.
    factor : the K Cholesky factors of the covariances.
    """

    log_weights: Floats
    means: Floats
    factor: Factor

    @property
    def n_components(self) -> int:
        return int(self.means.shape[0])

    @property
    def n_features(self) -> int:
        return int(self.means.shape[1])

    @property
    def normalisation(self) -> float:
        """−D/2·log 2π, nats."""
        return -0.5 * self.n_features * math.log(2.0 * math.pi)

    @cached_property
    def half_log_determinants(self) -> Floats:
        """½·log|Σ_k|, (K,), nats."""
        halves = self.factor.half_log_determinants(self.n_features, self.n_components)
        halves.setflags(write=False)
        return halves

    @cached_property
    def constants(self) -> Floats:
        """Log w_k − ½·log|Σ_k| − D/2·log 2π, (K,): the log joint density at each mean."""
        constants = self.log_weights - self.half_log_determinants + self.normalisation
        constants.setflags(write=False)
        return constants

    @cached_property
    def whitening(self) -> Floats:
        """L_k⁻¹ in the factor's own form, (K, D, D), (D, D), (K, D) or (K,).

        For a kernel that multiplies deviations by it, where the reference solves.
        """
        from mixtura.engine.kernel import invert_lower  # which knows components

        whitening = self.factor.inverse(invert_lower)
        whitening.setflags(write=False)
        return whitening
