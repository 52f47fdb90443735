"""Peer: a library that fits mixtures, and what is asked of it."""

from __future__ import annotations

import time
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from workloads import Rows, Start, Workload

__all__ = ["Fitted", "Iterated", "Peer", "Scored", "timed"]

T = TypeVar("T")


@dataclass(frozen=True)
class Iterated:
    """A fit of so many iterations from a given start.

    `log_likelihood` is the mean log-likelihood, nats a row, as the peer itself computed it in its
    last iteration: that of the parameters before its last M-step.
    """

    seconds: float
    log_likelihood: float


@dataclass(frozen=True)
class Fitted:
    """A whole fit as the peer does it unasked.

    `start_share` is the start's part of the time; `log_likelihood` is as in `Iterated`.
    """

    seconds: float
    start_share: float
    n_iter: int
    log_likelihood: float


@dataclass(frozen=True)
class Scored:
    """The log-likelihood of every row, and their mean, nats."""

    seconds: float
    log_likelihood: float


class Peer(ABC):
    """A library, one set of rows (N, D), and the start that it is to take."""

    name: ClassVar[str]
    structures: ClassVar[frozenset[str]]

    @abstractmethod
    def __init__(self, rows: Rows, workload: Workload, start: Start) -> None:
        """Take the data, and load the library."""

    @property
    @abstractmethod
    def version(self) -> str:
        """The library's name and version."""

    @abstractmethod
    def use_threads(self, n: int) -> None:
        """Use so many threads from now on."""

    @abstractmethod
    def iterate(self, n: int) -> Iterated:
        """Exactly `n` EM iterations from the start."""

    @abstractmethod
    def fit(self, seed: int) -> Fitted:
        """A fit with the library's defaults, its own start included."""

    @abstractmethod
    def score(self) -> Scored:
        """The log-likelihood of every row under the start's parameters."""


def timed(action: Callable[[], T]) -> tuple[float, T]:
    """The seconds that an action takes, and its value.

    Its warnings are dropped: a fit of fixed length says each time that it did not converge.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        began = time.perf_counter()
        value = action()
        return time.perf_counter() - began, value
