"""Contest: which of two candidates is better, and which may yet be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.search import Race, SwapRule
from mixtura.fitting.starts.ascent import Ascent
from mixtura.fitting.starts.candidate import Candidate
from mixtura.fitting.starts.spurious import FEW, THIN, least_rows
from mixtura.fitting.starts.swaps import CLOSE, LOCAL, PAIRS, SOFT


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
    #: EM steps that tell starts apart, those after which a candidate is first asked for its pace,
    #: and after which it should have settled
    SHORT: ClassVar[int] = 10
    FIRST: ClassVar[int] = 3
    SETTLED: ClassVar[int] = 40
    #: one that lacks more than so many times what its last step gained will not arrive
    PACE: ClassVar[float] = 40.0

    def raced(self, candidates: list[Candidate], how: Race) -> list[Candidate]:
        """The candidates that lead after a few steps, climbed on, the best first.

        Parameters
        ----------
        candidates : of as many components each.
        how : how many steps, and how many are followed.
        """
        ascent, k = self.ascent, len(candidates[0].weight)
        if kernel.race is not None and ascent.is_short(k):
            first = candidates[0]
            states = [each.state for each in candidates]
            led, n_steps = kernel.race(ascent.problem(first), states, self.rule(first), how)
            if n_steps is not None:
                ascent.budget.pay(ascent.step(k), n_steps, len(states) + len(led))
                return [first.moved(*state) for state in led]
        tried = [ascent.climbed(each, how.n_brief) for each in candidates]
        tried.sort(key=lambda each: each.rank)
        far = [ascent.climbed(each, how.n_steps, how.gain) for each in tried[: how.n_followed]]
        return sorted(far, key=lambda each: each.rank)

    def settled(self, candidate: Candidate, best: Candidate) -> Candidate:
        """The candidate, climbed for as long as it may yet be better than `best`."""
        ascent = self.ascent
        candidate = ascent.climbed(candidate, self.FIRST - 1)
        for _ in range(self.FIRST, self.SETTLED + 1):
            before = candidate.log_likelihood
            candidate = ascent.climbed(candidate, 1)
            if self.better(candidate, best):
                return ascent.climbed(candidate, self.SETTLED, self.GAIN)
            gain = candidate.log_likelihood - before
            lacking = best.log_likelihood - candidate.log_likelihood
            if not (gain >= 0.1 * self.GAIN and lacking <= self.PACE * gain):
                break
        return candidate

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

    def rule(self, candidate: Candidate) -> SwapRule:
        """What the kernel's search is told of swaps, and of what is better."""
        structure = candidate.structure
        d = candidate.means.shape[1]
        return SwapRule(
            close=CLOSE,
            n_pairs=PAIRS,
            local=LOCAL,
            soft=SOFT,
            n_first=self.FIRST,
            n_settled=self.SETTLED,
            pace=self.PACE,
            gain=self.GAIN,
            same=self.SAME,
            least_rows=0.0 if structure.bounded else least_rows(structure, d),
            few_rows=0.0 if structure.bounded else FEW * (d + 1),
            thin=THIN,
            units=candidate.units,
        )
