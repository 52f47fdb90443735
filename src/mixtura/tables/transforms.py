"""Transforms: scales on which values that span decades, and fall below zero, look normal."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from mixtura.caching import cached_property
from mixtura.errors import ParameterError

#: steps of Newton's method, which doubles the digits of a root at each
_STEPS = 32


@dataclass(frozen=True)
class Transform(ABC):
    """A monotone function of one feature, by its name and its parameters."""

    @abstractmethod
    def __call__(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """The values (m,) on the new scale; NaN and infinity stay what they are."""

    @property
    def text(self) -> str:
        """The name and the parameters, from which `transform` makes it again."""
        name = next(name for name, kind in _KINDS.items() if kind is type(self))
        numbers = ",".join(f"{getattr(self, field.name):.17g}" for field in fields(self))
        return f"{name}:{numbers}"


@dataclass(frozen=True)
class Arcsinh(Transform):
    """arcsinh(x / c): linear about 0, logarithmic far from it.

    Parameters
    ----------
    cofactor : c, in the units of x; 150 for fluorescence, 5 for mass cytometry.

    Raises
    ------
    ParameterError : it is not above 0.
    """

    cofactor: float = 150.0

    def __post_init__(self) -> None:
        if not self.cofactor > 0:
            raise ParameterError(
                f"arcsinh has the cofactor {self.cofactor:g}, expected one above 0"
            )

    def __call__(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        return np.arcsinh(values.astype(np.float64) / self.cofactor)


@dataclass(frozen=True)
class Logicle(Transform):
    """The y at which a·exp(by) − c·exp(−dy) − f = x, Parks' and Moore's scale of flow cytometry.

    Of T it is 1, of 0 it is (A + W)/(A + M); about that place it is odd and without curvature.

    Parameters
    ----------
    top : T, the top of the scale, in the units of x.
    linear : W, decades that are about linear.
    decades : M, decades of the whole scale.
    negative : A, decades more below zero.

    Raises
    ------
    ParameterError : T or M is not above 0, W not between 0 and M/2, or A not between −W and M − 2W.

    References
    ----------
    Moore, W. A., and Parks, D. R. (2012). Update for the logicle data scale including operational
    code implementations. Cytometry A 81(4), 273–277.
    """

    top: float = 262144.0
    linear: float = 0.5
    decades: float = 4.5
    negative: float = 0.0

    def __post_init__(self) -> None:
        t, w, m, a = self.top, self.linear, self.decades, self.negative
        if not (t > 0 and m > 0 and 0 <= w <= m / 2 and -w <= a <= m - 2 * w):
            raise ParameterError(
                f"logicle has T {t:g}, W {w:g}, M {m:g} and A {a:g}, expected T and M above 0, W "
                "from 0 to M/2, and A from −W to M − 2W"
            )

    @property
    def zero(self) -> float:
        """Where 0 comes to stand."""
        return (self.negative + self.linear) / (self.negative + self.decades)

    @cached_property
    def _rates(self) -> tuple[float, float, float, float]:
        """The numbers a, b, c and d of the function that is inverted."""
        w = self.linear / (self.negative + self.decades)
        b = (self.negative + self.decades) * math.log(10.0)
        low, high = 0.0, b  # 2·log(d/b) + w·(d + b) grows with d, from −∞ to at least 0
        while low < (middle := (low + high) / 2) < high:
            above = 2.0 * math.log(middle / b) + w * (middle + b) > 0
            low, high = (low, middle) if above else (middle, high)
        d = high
        at = self.zero  # without curvature: a·b²·exp(b·at) = c·d²·exp(−d·at)
        share = (b / d) ** 2 * math.exp((b + d) * at)
        a = self.top / (math.exp(b) - math.exp(b * at) + share * (math.exp(-d * at) - math.exp(-d)))
        return a, b, a * share, d

    def __call__(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        a, b, c, d = self._rates
        at = self.zero
        x = np.abs(values.astype(np.float64))
        rise, fall = a * math.exp(b * at), c * math.exp(-d * at)
        # Above zero the function is convex, and here above x: Newton's steps come down to the root.
        y = np.log(x / a + math.exp(b * at)) / b
        for _ in range(_STEPS):
            up, down = a * np.exp(b * y), c * np.exp(-d * y)
            with np.errstate(invalid="ignore"):  # of infinity
                step = (up - rise + fall - down - x) / (b * up + d * down)
            y -= np.where(np.isfinite(step), step, 0.0)
            if not np.any(np.abs(step) > 1e-12):
                break
        return np.where(values < 0, 2.0 * at - y, y)


_KINDS: dict[str, type[Transform]] = {"arcsinh": Arcsinh, "logicle": Logicle}


def transform(text: str) -> Transform:
    """The transform that a text names: ``arcsinh``, ``arcsinh:5``, ``logicle:262144,0.5,4.5,0``.

    Raises
    ------
    ParameterError : there is none of that name, or its numbers are none, or too many.
    """
    name, _, listed = text.partition(":")
    kind = _KINDS.get(name.strip().lower())
    if kind is None:
        raise ParameterError(f"there is no transform {text!r}, expected arcsinh or logicle")
    try:
        numbers = [float(number) for number in listed.split(",")] if listed else []
    except ValueError:
        numbers = [math.nan]
    if not all(map(math.isfinite, numbers)) or len(numbers) > len(fields(kind)):
        expected = ", ".join(field.name for field in fields(kind))
        raise ParameterError(f"transform {text!r} has no such numbers, expected: {expected}")
    return kind(*numbers)
