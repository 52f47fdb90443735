"""Terms: what a mixture's density is a sum of, family by family."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Floats, Integers, Rows, Value
from mixtura.model.affine import AffineMap


@dataclass(frozen=True, eq=False)
class Evidence:
    """The values that some features were found to have.

    Parameters
    ----------
    given : the indices of those features.
    left : those of the others, in their order.
    values : of the features given, in the order of their indices, feature units.
    """

    given: list[int]
    left: list[int]
    values: Floats


@dataclass(frozen=True, eq=False)
class Regressions(Value):
    """Of each term, what some features y are expected to be where others, x, are known.

    E_t[y | x] = m_t + B_t (x − c_t) and Cov_t[y | x] = C_t, whatever x: each term is linear.

    Parameters
    ----------
    inputs : (T, A), c_t, the means of x.
    outputs : (T, L), m_t, the means of y.
    slopes : (T, L, A), B_t.
    covariances : (T, L, L), C_t.
    """

    inputs: Floats
    outputs: Floats
    slopes: Floats
    covariances: Floats


class Terms(Value, ABC):
    """Some terms w_t p_t(x) of a mixture's density, all of one family.

    p(x) is the sum over the terms of all families that a mixture has: its K Gaussians first, and
    perhaps a uniform one. What is asked of a mixture is asked of each family, and put together;
    a new one has these methods, and nobody else needs to know of it.
    """

    #: the names of its numbers in a model file
    ARRAYS: ClassVar[tuple[str, ...]]

    @property
    @abstractmethod
    def shares(self) -> Floats:
        """The weights w_t, (T,); those of all families sum to 1."""

    @property
    @abstractmethod
    def labels(self) -> Integers:
        """What the rows of each term are labelled, (T,)."""

    @property
    @abstractmethod
    def n_parameters(self) -> int:
        """How many free parameters the terms have, their weights among them."""

    @abstractmethod
    def mean(self) -> Floats:
        """The part Σ_t w_t E_t[x] of the mean, (D,), feature units."""

    @abstractmethod
    def covariance(self, middle: Floats) -> Floats:
        """The part Σ_t w_t E_t[(x − c)(x − c)ᵀ] of the covariance about c (D,), (D, D)."""

    @abstractmethod
    def marginal(self, kept: Sequence[int]) -> Self:
        """The same terms in some of the features, in the order given."""

    @abstractmethod
    def conditioned(self, evidence: Evidence, log_weights: Floats) -> Self | None:
        """The terms in the other features, given values of some; None where nothing is left.

        Parameters
        ----------
        evidence : the features given, and their values.
        log_weights : (T,), the logarithms of the terms' responsibilities for those values, nats.
        """

    @abstractmethod
    def regressions(self, given: Sequence[int], left: Sequence[int]) -> Regressions:
        """The features `left` of each term, as they depend on those `given`; none may be given."""

    @abstractmethod
    def standard_cdf(self, z: Floats) -> Floats:
        """The distribution function of any feature, less its mean, over its deviation."""

    @abstractmethod
    def standard_pdf(self, z: Floats) -> Floats:
        """The density of any feature, less its mean, over its deviation."""

    @abstractmethod
    def standard_quantile(self, p: float) -> float:
        """Where `standard_cdf` is p, above 0 and below 1."""

    @abstractmethod
    def mapped(self, by: AffineMap) -> Self:
        """The terms of the density of A x + b."""

    @abstractmethod
    def sample(self, counts: Integers, random: np.random.RandomState) -> Floats:
        """Rows of each term, as many as `counts` (T,) says, one term after the other, (n, D)."""

    @abstractmethod
    def marginal_cdf(self, rows: Rows) -> Floats:
        """The part Σ_t w_t F_tj(x_ij) of each feature's distribution function, (N, D)."""

    @abstractmethod
    def ends(self) -> Floats:
        """Values between which one feature's probability lies, but for 1e-18 of it, (2, T)."""

    @abstractmethod
    def arrays(self) -> dict[str, NDArray[Any]]:
        """The numbers, by the names that they have in a model file."""

    @abstractmethod
    def table(self, most: int, n_features: int) -> list[list[str]]:
        """Name, weight, and where it lies in so many features, of each of so many terms."""
