"""Concentration: a Dirichlet's or a Dirichlet process's law of weights, and what rows leave."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import numpy as np

from mixtura.arguments import is_number
from mixtura.bayesian.hyperparameters import MOST_ROWS
from mixtura.bayesian.special import digamma, log_beta, log_gamma
from mixtura.caching import cached_property
from mixtura.engine.arrays import Floats, Value
from mixtura.errors import ParameterError

#: the two, as scikit-learn calls them
PRIORS = ("dirichlet_process", "dirichlet_distribution")


class Concentration(ABC):
    """A prior law of the weights of K components."""

    #: how scikit-learn calls it
    name: str
    #: whether the order of components counts
    ordered: bool

    @abstractmethod
    def posterior(self, weight: Floats) -> WeightLaw:
        """What expected numbers of rows (K,) leave of it."""

    @property
    @abstractmethod
    def told(self) -> tuple[bool, bool, float, float, float]:
        """As the core takes it: a process, α unknown, α, and the shape and rate of its law."""

    @abstractmethod
    def constant(self, n_components: int) -> float:
        """What scikit-learn leaves out of the bound: the log normaliser of the prior, nats."""


class WeightLaw(Value, ABC):
    """A posterior law of the weights of K components."""

    #: whether there are components beyond the K, which have what the weights lack to 1
    open: bool
    #: α, or E α where that is not known
    alpha: float

    @property
    @abstractmethod
    def log_weights(self) -> Floats:
        """E log π_k, (K,), nats."""

    @property
    @abstractmethod
    def means(self) -> Floats:
        """E π_k, (K,); what they lack to 1 is the weight of all components beyond the K."""

    @property
    @abstractmethod
    def divergence(self) -> float:
        """KL(posterior ‖ prior), nats."""

    @property
    @abstractmethod
    def log_normaliser(self) -> float:
        """The log normaliser of the law, nats."""

    @property
    @abstractmethod
    def parameters(self) -> tuple[Floats, ...]:
        """Its parameters, as scikit-learn's `weight_concentration_` has them."""


@dataclass(frozen=True)
class Dirichlet(Concentration):
    """A Dirichlet law of the weights of a mixture of K components, π ~ Dir(α, …, α).

    Parameters
    ----------
    alpha : α > 0, rows that each component is worth before any is seen.
    """

    alpha: float
    name = "dirichlet_distribution"
    ordered = False

    @property
    def told(self) -> tuple[bool, bool, float, float, float]:
        return False, False, self.alpha, 1.0, 1.0

    def posterior(self, weight: Floats) -> DirichletLaw:
        return DirichletLaw(self.alpha, self.alpha + weight)

    def constant(self, n_components: int) -> float:
        alphas = np.array([n_components * self.alpha, self.alpha])
        whole, each = log_gamma(alphas).tolist()
        return float(whole - n_components * each)


@dataclass(frozen=True, eq=False)
class DirichletLaw(WeightLaw):
    """Dir(α₁, …, α_K) with α_k = α + n_k."""

    alpha: float
    alphas: Floats
    open = False

    @cached_property
    def log_weights(self) -> Floats:
        total = np.add.reduce(self.alphas, keepdims=True)
        logs = digamma(np.concatenate([self.alphas, total]))
        return logs[:-1] - logs[-1]

    @property
    def means(self) -> Floats:
        return self.alphas / np.add.reduce(self.alphas)

    @property
    def divergence(self) -> float:
        k = len(self.alphas)
        beyond = float((self.alphas - self.alpha) @ self.log_weights)
        return beyond + self.log_normaliser - Dirichlet(self.alpha).constant(k)

    @property
    def log_normaliser(self) -> float:
        total = np.add.reduce(self.alphas, keepdims=True)
        logs = log_gamma(np.concatenate([total, self.alphas]))
        return float(logs[0] - np.add.reduce(logs[1:]))

    @property
    def parameters(self) -> tuple[Floats, ...]:
        return (self.alphas,)


@dataclass(frozen=True)
class DirichletProcess(Concentration):
    """A stick-breaking law: π_k = v_k Π_{l<k} (1 − v_l), v_k ~ Beta(1, α), without an end.

    Rows are held to the first K sticks, and every one of these has a law of its own: the process
    is not cut off, what is left of the stick stays, for components that no row has (Kurihara,
    Welling & Vlassis 2007). Standard truncation has v_K = 1 instead.

    Parameters
    ----------
    alpha : α > 0: about α log(1 + N/α) components are expected among N rows.
    """

    alpha: float
    name = "dirichlet_process"
    ordered = True

    @property
    def told(self) -> tuple[bool, bool, float, float, float]:
        return True, False, self.alpha, 1.0, 1.0

    def posterior(self, weight: Floats) -> Sticks:
        return Sticks.of(weight, self.alpha, math.log(self.alpha))

    def constant(self, n_components: int) -> float:
        return n_components * math.log(self.alpha)


@dataclass(frozen=True)
class UnknownProcess(Concentration):
    """The same of which α is not known: α ~ Gamma(shape, rate).

    Parameters
    ----------
    shape, rate : of the law of α, whose mean is shape / rate.
    """

    shape: float = 1.0
    rate: float = 1.0
    name = "dirichlet_process"
    ordered = True

    @property
    def told(self) -> tuple[bool, bool, float, float, float]:
        return True, True, 1.0, self.shape, self.rate

    def posterior(self, weight: Floats) -> Sticks:
        """The laws of sticks and of α that together are the best.

        α | v ~ Gamma(shape + K, rate − Σ log(1 − v_k)), and sticks need E α alone: each is found
        from the other until nothing changes.
        """
        shape = self.shape + len(weight)
        # α = shape / rate(α) by the secant of log α: the ratio of plain steps is near 1 where
        # many components are empty.
        at, value = math.log(self.shape / self.rate), 0.0
        step = 1.0
        for number in range(60):
            sticks = Sticks.of(weight, math.exp(at), 0.0)
            rate = self.rate - float(np.add.reduce(sticks.log_rest))
            before, value = value, math.log(shape / rate) - at
            if abs(value) <= 1e-11:
                break
            slope = (value - before) / step if number else -1.0
            step = value if not -1e3 < 1.0 / slope < -0.3 else -value / slope
            at += step
        alpha = shape / rate
        psi = float(digamma(np.array([shape]))[0])
        after, prior = log_gamma(np.array([shape, self.shape])).tolist()
        apart = (shape - self.shape) * psi - after + prior
        apart += self.shape * math.log(rate / self.rate) + shape * (self.rate / rate - 1.0)
        log_alpha = psi - math.log(rate)
        return replace(
            sticks, alpha=alpha, log_alpha=log_alpha, of_alpha=apart, gamma=(shape, rate)
        )

    def constant(self, n_components: int) -> float:
        return 0.0


@dataclass(frozen=True, eq=False)
class Sticks(WeightLaw):
    """Laws of sticks, v_k ~ Beta(1 + n_k, α + Σ_{l>k} n_l), and perhaps one of α.

    Parameters
    ----------
    broken, rest : (K,), the parameters a_k and b_k.
    alpha, log_alpha : E α and E log α, of the prior's concentration.
    of_alpha : KL of the law of α from its prior, nats; 0 where α is given.
    gamma : shape and rate of the law of α; empty where that is given.
    """

    broken: Floats
    rest: Floats
    alpha: float
    log_alpha: float
    of_alpha: float = 0.0
    gamma: tuple[float, ...] = ()
    open = True

    @classmethod
    def of(cls, weight: Floats, alpha: float, log_alpha: float) -> Sticks:
        """The best laws for expected numbers of rows (K,)."""
        after = np.append(np.cumsum(weight[::-1])[-2::-1], 0.0)
        return cls(1.0 + weight, alpha + after, alpha, log_alpha)

    @cached_property
    def _logs(self) -> Floats:
        """E log v_k and E log(1 − v_k), (2, K)."""
        psi = digamma(np.stack([self.broken, self.rest, self.broken + self.rest]))
        return psi[:2] - psi[2]

    @property
    def log_rest(self) -> Floats:
        """E log(1 − v_k), (K,), nats."""
        return self._logs[1]

    @cached_property
    def log_weights(self) -> Floats:
        before = np.cumsum(self._logs[1])
        return self._logs[0] + np.append(0.0, before[:-1])

    @property
    def means(self) -> Floats:
        broken = self.broken / (self.broken + self.rest)
        return broken * np.append(1.0, np.cumprod(1.0 - broken)[:-1])

    @property
    def divergence(self) -> float:
        log_broken, log_rest = self._logs
        each = (self.broken - 1.0) * log_broken + (self.rest - self.alpha) * log_rest
        whole = float(np.add.reduce(each)) + self.log_normaliser
        return whole - len(self.broken) * self.log_alpha + self.of_alpha

    @property
    def log_normaliser(self) -> float:
        return -float(np.add.reduce(log_beta(self.broken, self.rest)))

    @property
    def parameters(self) -> tuple[Floats, ...]:
        return self.broken, self.rest


def named(kind: str, alpha: float | str | None, n_components: int) -> Concentration:
    """The prior of the weights that two parameters name.

    Raises
    ------
    ParameterError : they name none.
    """
    if kind not in PRIORS:
        raise ParameterError(
            f"weight_concentration_prior_type is {kind!r}, expected {' or '.join(PRIORS)}"
        )
    process = kind == DirichletProcess.name
    if isinstance(alpha, str) and alpha == "auto":
        return UnknownProcess() if process else Dirichlet(1.0 / n_components)
    if not is_number(alpha) or not 0.0 < alpha <= MOST_ROWS:
        raise ParameterError(
            f"weight_concentration_prior is {alpha!r}, expected a number above 0, at most "
            f"{MOST_ROWS:g}, or 'auto'"
        )
    return DirichletProcess(float(alpha)) if process else Dirichlet(float(alpha))
