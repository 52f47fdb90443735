"""Components: weighted Gaussians as the kernel sees them, and perhaps a uniform one after them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from mixtura.caching import cached_property
from mixtura.engine import factors
from mixtura.engine.arrays import Floats, Rows, Value, frozen
from mixtura.engine.factors import Factor, InvertLower
from mixtura.filling import filled

T = TypeVar("T")


@filled
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
        """K, the uniform one among them."""
        return int(self.means.shape[0])

    @property
    def n_features(self) -> int:
        """The number D of features of a row."""
        return int(self.means.shape[1])

    @property
    def normalisation(self) -> float:
        """The part −D/2·log 2π of every Gaussian's log density, nats."""
        return -0.5 * self.n_features * math.log(2.0 * math.pi)

    @cached_property
    def half_log_determinants(self) -> Floats:
        """The parts ½·log|Σ_k| of the log densities, (K,), nats."""
        halves = self.factor.half_log_determinants(self.n_features, self.n_components)
        halves.setflags(write=False)
        return halves

    @cached_property
    def constants(self) -> Floats:
        """Log w_k − ½·log|Σ_k| − D/2·log 2π, (K,): the log joint density at each mean."""
        constants = self.log_weights - self.half_log_determinants + self.normalisation
        constants.setflags(write=False)
        return constants

    def whitening(self, invert_lower: InvertLower) -> Floats:
        """L_k⁻¹ in the factor's own form, (K, D, D), (D, D), (K, D) or (K,); found once.

        For a kernel that multiplies deviations by it, where the reference solves.

        Parameters
        ----------
        invert_lower : the kernel's: lower triangular matrices (n, D, D) to their inverses.
        """
        try:
            found: Floats = self.__dict__["_whitening"]
        except KeyError:
            whitening = self.factor.inverse(invert_lower)
            whitening.setflags(write=False)
            found = self.__dict__.setdefault("_whitening", whitening)
        return found

    def kept(self, find: Callable[[Components], T]) -> T:
        """What a kernel makes of the components, found once; of this process, and never pickled."""
        if "_kept" not in self.__dict__:
            self.__dict__.setdefault("_kept", find(self))
        found: T = self.__dict__["_kept"]
        return found

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled and copied."""
        return {name: value for name, value in self.__dict__.items() if name != "_kept"}


@dataclass(frozen=True, eq=False)
class Centres:
    """Where the centres of Lloyd's iteration stand, and what is to be known of their last step.

    Parameters
    ----------
    points : (K, D) float64, C-contiguous, as are all of these.
    reference : (K, D), the points that the sums of the clusters are taken about.
    loss : (K,), how much nearer the second-nearest centre may have come to a row of each cluster,
        compared with its own.
    rounding : of a distance, relative.
    """

    points: Floats
    reference: Floats
    loss: Floats
    rounding: float


def spheres(centres: Rows) -> Components:
    """Components of log p_k(x) = −½‖x − c_k‖², for centres (K, D).

    The log weights cancel the normalisation to the last bit: beside a constant that is not zero,
    the distances of rows close together would be lost, and with them which centre is nearest.
    """
    k, d = centres.shape
    log_weights = np.full(k, 0.5 * d * math.log(2.0 * math.pi))
    return Components(log_weights, frozen(centres), factors.Spherical(np.ones(k)))


def with_uniform(
    components: Components,
    weight: float,
    log_volume: float,
    centre: Floats,
    log_extents: Floats | None = None,
) -> Components:
    """The components, and after them one of density 1/V everywhere, (K + 1).

    Parameters
    ----------
    components : K, whose weights and `weight` sum to 1.
    weight : of the uniform one, above 0.
    log_volume : log V; V in feature units.
    centre : (D,), about which the moments of its rows are taken; nothing else depends on it.
    log_extents : (D,), how far its rows reach in each feature; None where it is the same in all.

    Notes
    -----
    A pass costs what K + 1 components of their own covariances cost: a shared one is whitened K
    times.
    """
    inner = components.factor
    if isinstance(inner, factors.SharedTriangular):
        k, d = components.means.shape
        inner = factors.Triangular(np.broadcast_to(inner.lower, (k, d, d)))
    assert isinstance(inner, (factors.Triangular, factors.Diagonal, factors.Spherical))
    return Components(
        frozen(np.append(components.log_weights, math.log(weight))),
        frozen(np.vstack([components.means, centre])),
        factors.WithUniform(inner, log_volume, log_extents),
    )
