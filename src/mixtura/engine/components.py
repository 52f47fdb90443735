"""Components: K weighted Gaussians as the kernel sees them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from mixtura.engine.arrays import Floats
from mixtura.engine.factors import Factor

__all__ = ["Components"]


@dataclass(frozen=True, eq=False)
class Components:
    """Weighted Gaussians, factorised and ready for a pass.

    Parameters
    ----------
    log_weights : (K,), nats.
    means : (K, D), feature units.
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
        return self.factor.half_log_determinants(self.n_features, self.n_components)

    @cached_property
    def constants(self) -> Floats:
        """Log w_k − ½·log|Σ_k| − D/2·log 2π, (K,): the log joint density at each mean."""
        return self.log_weights - self.half_log_determinants + self.normalisation
