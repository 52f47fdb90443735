"""Convergence: when EM stops, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

__all__ = ["Outcome", "Tolerance"]


class Outcome(Enum):
    """How a fit ended; each value is a phrase for people, `remedy` says what to do about it."""

    CONVERGED = "converged"
    REPAIRED = "converged after repairs"
    OUT_OF_ITERATIONS = "out of iterations"
    STALLED = "stalled"
    INTERRUPTED = "interrupted"
    NOT_RUN = "not run"

    @property
    def converged(self) -> bool:
        """Whether the parameters are those of a maximum, as far as the tolerance tells."""
        return self in (Outcome.CONVERGED, Outcome.REPAIRED)

    @property
    def remedy(self) -> str:
        """What to do next, in words."""
        return _REMEDIES[self]


_REMEDIES = {
    Outcome.CONVERGED: "nothing to do",
    Outcome.REPAIRED: (
        "a component collapsed on the way and was repaired: use fewer components, raise "
        "reg_covar, or look for repeated rows and constant columns"
    ),
    Outcome.OUT_OF_ITERATIONS: "raise max_iter, or raise tol if less precision will do",
    Outcome.STALLED: (
        "the log-likelihood fell, which regularisation or repairs can cause: lower reg_covar, "
        "rescale the columns, or use fewer components"
    ),
    Outcome.INTERRUPTED: "the parameters are the best so far: fit again from them to go on",
    Outcome.NOT_RUN: "max_iter is 0, so the parameters are the start: raise it to fit",
}


@dataclass(frozen=True)
class Tolerance:
    """Stop when the mean log-likelihood moves by less than `tol`, nats a row, in one iteration.

    A move down by more than rounding is a fall: it stops EM too, but as `Outcome.STALLED`. After a
    fall of `tol` or more EM goes on, as scikit-learn does. NaN never stops it.

    Parameters
    ----------
    tol : nats a row, at least 0.
    """

    tol: float

    #: a fall of the mean log-likelihood up to this share of its size is rounding
    ROUNDING = 1e-10

    def outcome(self, trace: Sequence[float]) -> Outcome | None:
        """How EM ends after these mean log-likelihoods, or None to go on."""
        if len(trace) < 2:
            return None
        if not abs(trace[-1] - trace[-2]) < self.tol:
            return None
        return Outcome.STALLED if self.falls(trace[-2], trace[-1]) else Outcome.CONVERGED

    def falls(self, before: float, after: float) -> bool:
        """Whether one mean log-likelihood is below the one before by more than rounding, or NaN."""
        return not after - before >= -self.ROUNDING * max(1.0, abs(after))
