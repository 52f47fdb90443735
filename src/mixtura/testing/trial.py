"""Trial: rows that the oracle has spoken on, and the verdicts that follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from mixtura.engine.arrays import Floats, Integers, Rows
from mixtura.testing.allowance import Allowance
from mixtura.testing.oracle import Answer, oracle

__all__ = ["AGREES", "OURS", "Fault", "Trial", "Verdict"]

AGREES = "agrees"
OURS = "mixtura"

#: a wrong value -> what is wrong with it, and why (or "")
Fault: TypeAlias = Callable[[float], tuple[str, str]]


@dataclass(frozen=True)
class Verdict:
    """Who is right.

    Parameters
    ----------
    agrees : whether everybody is.
    verdict : in a few words.
    reason : what shows it; empty where everybody is right.
    """

    agrees: bool
    verdict: str
    reason: str


@dataclass(frozen=True, eq=False)
class Trial:
    """The truth about some rows, and how far from it a right answer may be.

    Parameters
    ----------
    labels : m names of the rows, for the verdicts.
    indices : (m,), where the rows are in the answers that are judged.
    answers : m, the oracle's.
    allowed : (m,), the errors that double precision explains, nats.
    """

    labels: tuple[str, ...]
    indices: Integers
    answers: tuple[Answer, ...]
    allowed: Floats

    @classmethod
    def of(
        cls, allowance: Allowance, rows: Rows, indices: Integers, labels: tuple[str, ...]
    ) -> Trial:
        """Put rows[indices] of `rows` (N, D) to the oracle."""
        answers = tuple(oracle(allowance.mixture, rows[indices]))
        return cls(labels, indices, answers, allowance.of_answers(answers))

    @property
    def truths(self) -> Floats:
        """(m,), the oracle's answers, nats."""
        return np.array([float(answer.log_likelihood) for answer in self.answers])

    def errors(self, values: Floats) -> Floats:
        """|values − truth| at the trial's rows, (m,) of (N,); NaN for no number."""
        pairs = zip(self.answers, values[self.indices].tolist(), strict=True)
        return np.array([answer.error(value) for answer, value in pairs])

    def wrong(self, values: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Whether rounding fails to explain the error, (m,) of (N,)."""
        return ~(self.errors(values) <= self.allowed)

    def verdict_on_ours(self, ours: Floats) -> Verdict:
        """Whether mixtura's values (N,) are right."""
        if not self.wrong(ours).any():
            return Verdict(True, AGREES, "")
        return Verdict(False, f"{OURS} is wrong here", self._worst(ours)[1])

    def verdict(self, name: str, theirs: Floats, ours: Floats, fault: Fault) -> Verdict:
        """Who is right, where a peer has `theirs` (N,) and mixtura has `ours` (N,)."""
        if not self.wrong(theirs).any():
            return self.verdict_on_ours(ours)
        value, where = self._worst(theirs)
        if self.wrong(ours).any():
            return Verdict(False, f"{OURS} and {name} are both wrong here", where)
        words, reason = fault(value)
        return Verdict(False, words, f"{reason}; {where}" if reason else where)

    def _worst(self, values: Floats) -> tuple[float, str]:
        """The value that is furthest beyond its allowance, and its row and error in words."""
        errors = self.errors(values)
        excess = np.where(np.isnan(errors), np.inf, errors / self.allowed)
        worst = int(excess.argmax())
        value = float(values[self.indices[worst]])
        if not np.isfinite(errors[worst]):
            return value, f"{self.labels[worst]} comes out as {value}"
        return value, (
            f"{self.labels[worst]} is off by {errors[worst]:.2g} nats, rounding explains "
            f"{self.allowed[worst]:.2g}"
        )
