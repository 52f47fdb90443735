"""Swapping: swaps, one after the other, for as long as they help."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats
from mixtura.engine.search import Effort, Swap
from mixtura.fitting.starts.budget import CALL
from mixtura.fitting.starts.candidate import Candidate
from mixtura.fitting.starts.contest import Contest
from mixtura.fitting.starts.moves import merge_losses
from mixtura.fitting.starts.swaps import DRAWS, swapped

#: swaps that are drawn at a time
DRAWN = 64


@dataclass(frozen=True, eq=False)
class Swapping:
    """Swaps of the best there is, each climbed for as long as it may be better.

    Parameters
    ----------
    contest : over the rows; the budget of its ascent says how long.
    patience : so many in a row that lead nowhere, and it is over.
    known : a candidate; it is over as soon as the best is that and no better. None for none.
    """

    contest: Contest
    patience: int
    known: Candidate | None = None

    def best(self, start: Candidate, random: np.random.RandomState) -> Candidate:
        """The best there is after as many swaps as help, of at least two components."""
        best, failed = start, 0
        while self._goes_on(best, failed):
            draws = random.uniform(size=(DRAWN, DRAWS))
            if kernel.swap is not None and self.contest.ascent.is_short(len(best.weight)):
                best, failed = self.at_once(kernel.swap, best, failed, draws)
            else:
                best, failed = self.one_by_one(best, failed, draws)
        return best

    def one_by_one(self, best: Candidate, failed: int, draws: Floats) -> tuple[Candidate, int]:
        """The best after at most as many swaps as there are draws (n, 6), and how many failed.

        Parameters
        ----------
        best : the best before.
        failed : how many swaps of it have led nowhere.
        draws : each from [0, 1).
        """
        losses = merge_losses(best)
        for each in draws:
            if not self._goes_on(best, failed):
                break
            moved = swapped(best, self.contest.ascent.source, losses, each)
            tried = self.contest.settled(moved, best)
            if self.contest.better(tried, best):
                best, failed, losses = tried, 0, merge_losses(tried)
            else:
                failed += 1
        return best, failed

    def at_once(
        self, swap: Swap, best: Candidate, failed: int, draws: Floats
    ) -> tuple[Candidate, int]:
        """As `one_by_one`, without a return between the swaps.

        A candidate from which the kernel's climb cannot go on is no better than any.
        """
        ascent, budget = self.contest.ascent, self.contest.ascent.budget
        effort = Effort(
            known=np.inf if self.known is None else self.known.log_likelihood,
            patience=self.patience,
            n_failed=failed,
            left=budget.left,
            call=CALL,
            step=ascent.step(len(best.weight)),
        )
        end = swap(ascent.problem(best), best.state, self.contest.rule(best), effort, draws)
        budget.left = end.left
        if end.n_draws <= end.n_failed - failed:
            return best, end.n_failed
        return best.moved(*end.state), end.n_failed

    def _goes_on(self, best: Candidate, failed: int) -> bool:
        if failed >= self.patience or self.contest.ascent.budget.empty:
            return False
        return self.known is None or not self.contest.same(best, self.known)
