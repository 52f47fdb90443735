"""Scale: what is taken from the numbers of an axis, so that they can be read, and is said there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axis import Axis

__all__ = ["Scale", "scale_of"]

#: values this many times as far from 0 as from each other are written as differences
_FAR = 1e4
#: numbers that differ by so much, and are below so much, are written out
_SMALL, _LARGE = 1e-3, 1e6
#: beyond this and one over it powers of ten would be lost
_LEAST = 1e-290
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
#: decimals of a tick at most
_DECIMALS = 6


@dataclass(frozen=True)
class Scale:
    """The numbers of an axis: (value − offset) / 10^exponent.

    Parameters
    ----------
    offset : in the unit of the values.
    exponent : of the power of ten that the numbers are counted in.
    """

    offset: float = 0.0
    exponent: int = 0

    @property
    def words(self) -> str:
        """What was done to the values, as it follows their name; empty where nothing was.

        Examples
        --------
        >>> Scale(1e9).words, Scale(-2.5, -7).words
        (', less 1,000,000,000', ', plus 2.5, in 10⁻⁷')
        """
        said = ""
        if self.offset:
            size = f"{abs(self.offset):,.0f}" if self._whole else f"{abs(self.offset):.15g}"
            said = f", {'less' if self.offset > 0.0 else 'plus'} {size}"
        if self.exponent:
            said += f", in 10{str(self.exponent).translate(_RAISED)}"
        return said

    @property
    def _whole(self) -> bool:
        return self.offset == round(self.offset) and abs(self.offset) < 1e16

    def number(self, value: float) -> float:
        """What stands for a value on the axis."""
        return (value - self.offset) / 10.0**self.exponent

    def on(self, axis: Axis) -> None:
        """Have an axis written in these numbers, whatever part of it is looked at later."""
        from matplotlib.ticker import FuncFormatter, ScalarFormatter

        if self == Scale():
            axis.set_major_formatter(ScalarFormatter(useOffset=False))
            return

        def label(value: float, _: int | None) -> str:
            numbers = [self.number(float(place)) for place in axis.get_majorticklocs()]
            return f"{self.number(value):.{_decimals(numbers)}f}".replace("-", "−")

        axis.set_major_formatter(FuncFormatter(label))


def scale_of(low: float, high: float) -> Scale:
    """The scale that shows values from `low` to `high` in a few digits.

    Values far from 0 and near each other are less a round number that lies among them or not far
    below; then very large and very small ones are counted in a power of ten.

    Examples
    --------
    >>> scale_of(0.0, 7.5), scale_of(1e9 - 0.3, 1e9 + 7.0)
    (Scale(offset=0.0, exponent=0), Scale(offset=1000000000.0, exponent=0))
    >>> scale_of(-1234.49999, -1234.4999893).exponent
    -7
    """
    span = high - low
    farthest = max(abs(low), abs(high))
    if not (math.isfinite(span) and span > 0.0):
        return Scale()
    near = farthest >= _FAR * span and _LEAST < farthest < 1.0 / _LEAST
    offset = _round_number(low, high) if near else 0.0
    largest = max(abs(low - offset), abs(high - offset))
    if span >= _SMALL and largest < _LARGE:
        return Scale(offset)
    power = math.log10(max(span if offset else largest, _LEAST))
    return Scale(offset, math.floor(power))


def _round_number(low: float, high: float) -> float:
    """The number of fewest digits from as far below `low` as `high` is above it, up to `high`."""
    power = math.ceil(math.log10(max(abs(low), abs(high))))
    while True:
        step = 10.0**power
        found = math.floor(high / step) * step
        if found >= low - (high - low):
            return round(found, -power)
        power -= 1


def _decimals(numbers: list[float]) -> int:
    """How many decimals tell the numbers apart."""
    steps = [abs(after - before) for before, after in pairwise(numbers)]
    near = 1e-3 * min(filter(None, steps), default=1.0)
    for decimals in range(_DECIMALS):
        if all(abs(round(number, decimals) - number) <= near for number in numbers):
            return decimals
    return _DECIMALS
