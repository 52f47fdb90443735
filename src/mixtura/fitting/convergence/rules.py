"""Convergence: when EM stops, and how it ended."""

from __future__ import annotations

import math
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from mixtura.arguments import is_number
from mixtura.errors import ParameterError

#: gains up to this share of the mean log-likelihood are rounding: a few ulp
_ROUNDING = 16.0 * sys.float_info.epsilon


class Outcome(Enum):
    """How a fit ended; each value is a phrase for people. `Fit.remedy` says what to do about it."""

    CONVERGED = "converged"
    REPAIRED = "converged after repairs"
    OUT_OF_ITERATIONS = "out of iterations"
    STALLED = "stalled"
    CHANGED = "the rows changed"
    INTERRUPTED = "interrupted"
    NOT_RUN = "not run"

    def __reduce__(self) -> tuple[type[Outcome], tuple[str]]:
        """How it is kept, also by those who do not ask for what `pickle` asks: by its value."""
        return Outcome, (self.value,)

    @property
    def converged(self) -> bool:
        """Whether the parameters are those of a maximum, as far as the tolerance tells."""
        return self in (Outcome.CONVERGED, Outcome.REPAIRED)


class Rule(ABC):
    """A rule that says from the trace when EM stops."""

    #: whether the last gain alone decides, however many are to follow
    hasty: bool

    @property
    @abstractmethod
    def enough(self) -> float:
        """The gain that extrapolation may leave, nats a row."""

    @abstractmethod
    def outcome(
        self, trace: Sequence[float], since: int = 0, resolution: float = 0.0
    ) -> Outcome | None:
        """How EM ends after these mean log-likelihoods, or None to go on.

        Parameters
        ----------
        trace : nats a row.
        since : the entry from which on every step was one of plain EM, without a repair.
        resolution : differences that rounding alone can make, nats a row, where it is more than
            that of float64: `mixtura.fitting.convergence.steadiness`.
        """

    @abstractmethod
    def falls(self, before: float, after: float, resolution: float = 0.0) -> bool:
        """Whether one mean log-likelihood is below the one before by more than counts, or NaN."""


@dataclass(frozen=True)
class Tolerance(Rule):
    """Stop when the mean log-likelihood moves by less than `tol`, nats a row, in one iteration.

    A move down by more than rounding, and than a ten-thousandth of `tol`, is a fall: it stops EM
    too, but as `Outcome.STALLED`. (From a start at the maximum of the likelihood a number that is
    added to the variances leads down, by next to nothing where that is small.) After a fall of
    `tol` or more EM goes on, as scikit-learn does. NaN never stops it.

    Parameters
    ----------
    tol : nats a row, at least 0.
    """

    tol: float
    hasty = True

    #: a fall of the mean log-likelihood up to this share of its size is rounding
    ROUNDING = 1e-10
    #: and up to this share of the tolerance it is of no account
    SLIGHT = 1e-4

    def outcome(
        self, trace: Sequence[float], since: int = 0, resolution: float = 0.0
    ) -> Outcome | None:
        if len(trace) < 2:
            return None
        if not abs(trace[-1] - trace[-2]) < self.tol:
            return None
        fallen = self.falls(trace[-2], trace[-1], resolution)
        return Outcome.STALLED if fallen else Outcome.CONVERGED

    @property
    def enough(self) -> float:
        return self.tol

    def falls(self, before: float, after: float, resolution: float = 0.0) -> bool:
        slack = max(self.ROUNDING * max(1.0, abs(after)), self.SLIGHT * self.tol, resolution)
        return not after - before >= -slack


@dataclass(frozen=True)
class Remaining(Rule):
    """Stop when the gain still to come, by Aitken's estimate, is below `least` nats a row.

    See `remaining_gain` for the estimate. It is compared with an absolute number: the mean
    log-likelihood is in nats a row, and another unit of the data adds the same constant to all of
    the trace, so a bound relative to the trace's size would not be free of units.

    EM cannot lose likelihood but by rounding or regularisation. Two gains in a row below `least`
    of which the last is a loss, or which are both of the size of rounding, therefore stop it too;
    as `Outcome.STALLED` where the end lies more than `least` below what was reached before. Where
    the log-likelihood is not known to `least`, six gains in a row below its resolution that come
    to none together stop it as well, and no fall up to the resolution counts. NaN never stops it.

    Parameters
    ----------
    least : nats a row.

    References
    ----------
    Böhning, Dietz, Schaub, Schlattmann & Lindsay 1994, "The distribution of the likelihood ratio
    for mixtures of densities from the one-parameter exponential family", for the criterion.
    """

    least: float = 1e-8
    hasty = False

    #: so many gains of the size of rounding tell by their sum whether there is one among them
    BLURRED = 6
    #: so many gains that each undo the one before are a swing
    SWINGS = 12

    def outcome(
        self, trace: Sequence[float], since: int = 0, resolution: float = 0.0
    ) -> Outcome | None:
        if len(trace) - since < 3:
            return None
        before, last = trace[-2] - trace[-3], trace[-1] - trace[-2]
        lost = max(abs(before), abs(last)) < self.least and last <= 0.0
        lost = lost or (resolution > self.least and self._blurred(trace[since:], resolution))
        if self._swings(trace[since:]):
            return Outcome.STALLED
        if not (lost or remaining_gain(trace[max(since, len(trace) - 4) :]) < self.least):
            return None
        fallen = self.falls(max(trace[since:]), trace[-1], resolution)
        return Outcome.STALLED if fallen else Outcome.CONVERGED

    def _swings(self, trace: Sequence[float]) -> bool:
        """Whether the last steps go up and down between two heights, as no step of EM does.

        Where covariances that share a part are held to the floor, one step can undo another.
        """
        last = trace[-self.SWINGS - 1 :]
        if len(last) <= self.SWINGS or not self.falls(max(last), min(last)):
            return False
        gains = [after - before for before, after in pairwise(last)]
        return all(abs(one + other) <= 0.01 * abs(one) for one, other in pairwise(gains))

    def _blurred(self, trace: Sequence[float], resolution: float) -> bool:
        """Whether the last gains are all of the size of rounding, and come to none together."""
        last = trace[-self.BLURRED - 1 :]
        if len(last) <= self.BLURRED or not last[-1] <= last[0]:
            return False
        return all(abs(after - before) <= resolution for before, after in pairwise(last))

    @property
    def enough(self) -> float:
        # EM stops within `least` of the maximum, an accelerated run well within that.
        return 0.01 * self.least

    def falls(self, before: float, after: float, resolution: float = 0.0) -> bool:
        slack = max(self.least, Tolerance.ROUNDING * abs(after), resolution)
        return not after - before >= -slack


def rule(tol: float | str | Rule) -> Rule:
    """The rule for a tolerance: ``auto``, a number, or a rule itself.

    Raises
    ------
    ParameterError : it is neither.
    """
    if isinstance(tol, str):
        if tol == "auto":
            return Remaining()
    elif is_number(tol) and tol >= 0.0:
        return Tolerance(float(tol))
    elif isinstance(tol, Rule):
        return tol
    raise ParameterError(f"tol is {tol!r}, expected 'auto' or a finite number of at least 0")


def remaining_gain(trace: Sequence[float]) -> float:
    """Aitken's estimate of the gain that is still to come.

    With the last gains g₁ = l₁ − l₀ and g₂ = l₂ − l₁ and their ratio a = g₂ / g₁, EM's gains are
    taken to go on as g₂a + g₂a² + … = g₂·a / (1 − a). Of the last two ratios the larger one is
    taken for a, for the ratio grows while the fast directions die out; after an early plateau, on
    which the gains shrink and then grow, there is then no end in sight rather than a false one.

    Parameters
    ----------
    trace : of plain EM, mean log-likelihoods, nats a row.

    Returns
    -------
    Nats a row: 0 where the last two gains are of the size of rounding, infinity where the gains do
    not shrink, NaN where it cannot be told: fewer than three entries, a loss, or no numbers.

    References
    ----------
    Böhning et al. 1994; Aitken 1926 for the extrapolation of a geometric sequence.

    Examples
    --------
    >>> from mixtura.fitting.convergence.rules import remaining_gain
    >>> round(remaining_gain([-4.0, -3.0, -2.5, -2.25]), 12)
    0.25
    """
    gains = [after - before for before, after in pairwise(trace[-4:])]
    if len(gains) < 2 or not all(map(math.isfinite, gains)):
        return math.nan
    rounding = _ROUNDING * max(1.0, abs(trace[-1]))
    if max(abs(gains[-1]), abs(gains[-2])) <= rounding:
        return 0.0
    if min(gains[-2:]) <= 0.0:
        return math.nan
    ratio = max(after / before for before, after in pairwise(gains) if before > 0.0)
    return gains[-1] * ratio / (1.0 - ratio) if ratio < 1.0 else math.inf
