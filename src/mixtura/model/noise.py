"""Noise: the family of one uniform term, rows that belong to no component."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Floats, Integers, Rows, frozen
from mixtura.engine.components import Components, with_uniform
from mixtura.errors import ModelError, ParameterError
from mixtura.model.affine import AffineMap
from mixtura.model.box import Box
from mixtura.model.terms import Evidence, Regressions, Terms

#: the label of a row that is noise; of responsibilities it is the last column
NOISE = -1
#: of a uniform density, in standard deviations
_WIDTH = math.sqrt(12.0)
#: the largest weight below 1
_MOST = 1.0 - float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Noise(Terms):
    """Rows that belong to no component: a weight, spread evenly over a box.

    Its density is 1/V, and is taken to be that outside the box as well: the rows that a mixture is
    fitted to lie inside, and of others the nearer a row is to no component, the surer it is noise.

    Parameters
    ----------
    weight : w₀, above 0 and below 1; with the components' weights it sums to 1.
    box : where its rows lie.

    Raises
    ------
    ModelError : the weight is not so.

    References
    ----------
    Banfield & Raftery 1993, "Model-based Gaussian and non-Gaussian clustering", section 3.

    Examples
    --------
    >>> from mixtura import Box, Mixture, Noise
    >>> m = Mixture([0.8], [[0.0]], [[[1.0]]], noise=Noise(0.2, Box([-10.0], [20.0])))
    >>> m.predict([[0.5], [8.0]]).tolist()
    [0, -1]
    """

    ARRAYS = ("noise_weight", "noise_low", "noise_extent")

    weight: float
    box: Box

    def __init__(self, weight: float, box: Box) -> None:
        value = _number(weight)
        if not 0.0 < value < 1.0:
            raise ModelError(
                f"the weight of the noise is {weight!r}, expected a number above 0 and below 1: "
                "leave the noise out where there is none"
            )
        if not isinstance(box, Box):
            raise ModelError(f"the box of the noise is {box!r}, expected a mixtura.Box")
        object.__setattr__(self, "weight", value)
        object.__setattr__(self, "box", box)

    def __repr__(self) -> str:
        return f"Noise(weight {self.weight:.6g}, {self.box!r})"

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, Any]) -> Noise:
        """The noise of a model file's arrays.

        Raises
        ------
        ModelError : they make none.
        """
        weight, low, extent = (arrays[name] for name in cls.ARRAYS)
        if weight.shape != (1,):
            raise ModelError(f"the weight of the noise has shape {weight.shape}, expected (1,)")
        return cls(weight[0], Box(low, extent))

    @property
    def log_joint(self) -> float:
        """Log w₀ − log V, nats: its part of the density, the same for every row."""
        return math.log(self.weight) - self.box.log_volume

    @property
    def shares(self) -> Floats:
        return np.array([self.weight])

    @property
    def labels(self) -> Integers:
        return np.array([NOISE])

    @property
    def n_parameters(self) -> int:
        """Two, its weight and its volume, as R's mclust counts."""
        return 2

    def after(self, gaussians: Components) -> Components:
        """The Gaussians, and the noise after them, as the kernel reads them."""
        box = self.box
        extents = frozen(np.log(box.extent))
        return with_uniform(gaussians, self.weight, box.log_volume, box.centre, extents)

    def mean(self) -> Floats:
        """The middle of the box, weighted."""
        return self.weight * self.box.centre

    def covariance(self, middle: Floats) -> Floats:
        """That of rows spread evenly over the box, weighted."""
        apart = self.box.centre - middle
        return self.weight * (np.diag(self.box.scatter()) + np.outer(apart, apart))

    def marginal(self, kept: Sequence[int]) -> Noise:
        """The noise spread over the shadow of its box."""
        return Noise(min(self.weight, _MOST), self.box.of_features(kept))

    def conditioned(self, evidence: Evidence, log_weights: Floats) -> Noise | None:
        """The noise with its new weight: it is in every feature by itself, w'_0 ∝ w_0 / V_a."""
        share = float(np.exp(log_weights[0]))
        if share <= 0.0:
            return None
        return Noise(min(share, _MOST), self.box.of_features(evidence.left))

    def regressions(self, given: Sequence[int], left: Sequence[int]) -> Regressions:
        """A slope of 0: in its box every feature is by itself."""
        centre, scatter = self.box.centre[None], self.box.scatter()
        return Regressions(
            centre[:, given],
            centre[:, left],
            np.zeros((1, len(left), len(given))),
            np.diag(scatter[left])[None],
        )

    def standard_cdf(self, z: Floats) -> Floats:
        return np.clip(0.5 + z / _WIDTH, 0.0, 1.0)

    def standard_pdf(self, z: Floats) -> Floats:
        return (np.abs(z) <= 0.5 * _WIDTH) / _WIDTH

    def standard_quantile(self, p: float) -> float:
        return (p - 0.5) * _WIDTH

    def mapped(self, by: AffineMap) -> Noise:
        """The noise of density 1 / (V |det A|), in a box of that volume about the mapped middle.

        Raises
        ------
        ParameterError : A leaves features out.
        """
        if by.diagonal:
            ends = [by.linear * end + by.shift for end in (self.box.low, self.box.high)]
            low = np.sort(ends, axis=0)[0]
            return Noise(self.weight, Box(low, np.abs(by.linear) * self.box.extent))
        if not by.square:
            raise ParameterError(
                "A leaves features out, and the shadow of noise on those left is not even: use "
                "marginal, or a mixture without noise"
            )
        extent = np.abs(by.linear) @ self.box.extent
        middle = by.linear @ self.box.centre + by.shift
        log_volume = self.box.log_volume + float(np.linalg.slogdet(by.linear)[1])
        return Noise(self.weight, Box(middle - 0.5 * extent, extent).of_volume(log_volume))

    def sample(self, counts: Integers, random: np.random.RandomState) -> Floats:
        return self.box.sample(int(counts[0]), random)

    def marginal_cdf(self, rows: Rows) -> Floats:
        inside: Floats = np.clip((rows - self.box.low) / self.box.extent, 0.0, 1.0)
        return self.weight * inside

    def ends(self) -> Floats:
        """The ends of the box, (2, 1)."""
        return np.stack([self.box.low, self.box.high])

    def arrays(self) -> dict[str, NDArray[Any]]:
        numbers = (np.array([self.weight]), self.box.low, self.box.extent)
        return dict(zip(self.ARRAYS, map(np.ascontiguousarray, numbers), strict=True))

    def table(self, most: int, n_features: int) -> list[list[str]]:
        """Its weight, and the ends of its box."""
        sides = list(zip(self.box.low, self.box.high, strict=True))[:n_features]
        spans = (f"{low:.4g} to {high:.4g}" for low, high in sides)
        return [["noise", f"{self.weight:.4g}", *spans]]

    def record(self) -> dict[str, Any]:
        """As plain numbers: weight, volume and its logarithm, and the box."""
        return {
            "weight": self.weight,
            "volume": self.box.volume,
            "log_volume": self.box.log_volume,
            "low": self.box.low.tolist(),
            "high": self.box.high.tolist(),
        }


def labelled(places: Integers, n: int) -> Integers:
    """Labels of rows, (N,): which of n components each is of, or −1 where it is of none."""
    return np.where(places == n, NOISE, places)


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan
