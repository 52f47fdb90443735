"""Settings: how to fit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral, Real

from mixtura.errors import ParameterError
from mixtura.fitting.start import start
from mixtura.model.structures import Structure

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """What a fit is told besides the data.

    Parameters
    ----------
    n_components : K, at least 1.
    structure : of the covariances.
    start : the name of the first responsibilities' rule.
    tol : the gain of the mean log-likelihood below which EM stops, nats a row, at least 0.
    reg_covar : added to every variance, squared feature units, at least 0.
    max_iter : EM iterations at most; 0 keeps the start.
    n_init : how many starts; the best end is kept.

    Raises
    ------
    ParameterError : one of them is not so.
    """

    n_components: int
    structure: Structure
    start: str = "kmeans"
    tol: float = 1e-3
    reg_covar: float = 1e-6
    max_iter: int = 100
    n_init: int = 1

    def __post_init__(self) -> None:
        _whole("n_components", self.n_components, 1)
        _whole("max_iter", self.max_iter, 0)
        _whole("n_init", self.n_init, 1)
        _not_negative("tol", self.tol)
        _not_negative("reg_covar", self.reg_covar)
        start(self.start)


def _whole(name: str, value: object, least: int) -> None:
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise ParameterError(f"{name} is {value!r}, expected a whole number of at least {least}")


def _not_negative(name: str, value: object) -> None:
    if not isinstance(value, Real) or not math.isfinite(value) or value < 0.0:
        raise ParameterError(f"{name} is {value!r}, expected a finite number of at least 0")
