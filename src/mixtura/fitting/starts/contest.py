"""Contest: which of two candidates is better, and which may yet be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mixtura.fitting.starts.ascent import Ascent
from mixtura.fitting.starts.candidate import Candidate


@dataclass(frozen=True, eq=False)
class Contest:
    """Candidates against each other: they are climbed for as long as it takes to tell.

    Parameters
    ----------
    ascent : over the rows.
    """

    ascent: Ascent

    #: a gain below this, nats a row, is none
    GAIN: ClassVar[float] = 1e-6
    #: candidates nearer than this to each other, nats a row, are the same
    SAME: ClassVar[float] = 1e-5
    #: EM steps that tell candidates apart, and after which one should have settled
    SHORT: ClassVar[int] = 5
    SETTLED: ClassVar[int] = 40

    def settled(self, candidate: Candidate, best: Candidate) -> Candidate:
        """The candidate, climbed for as long as it may yet be better than `best`."""
        ascent, done = self.ascent, self.SHORT
        candidate = ascent.climbed(candidate, self.SHORT)
        while not self.better(candidate, best):
            before = candidate.log_likelihood
            if done >= self.SETTLED or self.same(candidate, best):
                return candidate
            candidate = ascent.climbed(candidate, self.SHORT, 0.1 * self.GAIN)
            done += self.SHORT
            # At the pace of the last steps it would not arrive in those that are left.
            left = (self.SETTLED - done) / self.SHORT
            reached = candidate.log_likelihood + left * (candidate.log_likelihood - before)
            if not reached >= best.log_likelihood - self.SAME:
                return candidate
        return ascent.climbed(candidate, self.SETTLED, self.GAIN)

    def better(self, one: Candidate, other: Candidate) -> bool:
        """Whether one is sounder than the other, or as sound and of larger likelihood."""
        if not one.log_likelihood > other.log_likelihood + self.GAIN:
            return (
                np.isfinite(one.log_likelihood)
                and other.n_spurious > 0
                and one.n_spurious < other.n_spurious
            )
        return one.n_spurious <= other.n_spurious

    def same(self, one: Candidate, other: Candidate) -> bool:
        """Whether two candidates have come to the same height."""
        return abs(one.log_likelihood - other.log_likelihood) < self.SAME
