"""Search: variational EM to its end, and moves from there as long as the bound rises."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from mixtura.bayesian.belief import Belief, Variational
from mixtura.bayesian.core_ascent import Ascended, CoreAscent
from mixtura.bayesian.moves import candidates, emptied, halved, merged, reordered
from mixtura.engine.statistics import Statistics

#: iterations that a move has to show what it is worth
_TRIAL = 12
#: how many mergers are tried after each end
_MERGERS = 10
#: a move is worth at least this, nats
_LEAST = 1e-6


@dataclass
class Search:
    """One run, as it stands: a belief, the sums under it, and its bound.

    Parameters
    ----------
    engine : that makes the steps.
    tol : the gain below which an ascent ends, nats.
    most : of all passes that ascents and moves may take.
    core : makes steps of which nobody is told; or None.
    told : called with the number of each pass that raised the bound, and the trace; or None.
    """

    engine: Variational
    tol: float
    most: int
    told: Any = None
    trace: list[float] = field(default_factory=list)
    moves: dict[str, int] = field(default_factory=dict)
    passes: int = 0
    converged: bool = False
    core: CoreAscent | None = None
    belief: Belief = field(init=False)
    sums: Statistics = field(init=False)

    def begin(self, statistics: Statistics) -> None:
        """Take up a start."""
        self._keep(*self._step(statistics))

    def ascend(self) -> None:
        """Iterate until the gain is below the tolerance."""
        self.converged = False
        if self.core and self.told is None and self.passes < self.most:
            left = self.most - self.passes
            done = self.core.steps(self.sums, left, self.tol, self.bound, theirs=False)
            if done is not None:
                self.passes += len(done.trace)
                self._take(done)
                self.converged = done.ended
                return
        while self.passes < self.most:
            before = self.trace[-1]
            self._keep(*self._step(self.sums))
            if self.trace[-1] - before <= self.tol:
                self.converged = True
                return

    def improve(self) -> None:
        """Move, and ascend again, until no move raises the bound."""
        self.ascend()
        while self.passes < self.most:
            if not (self._merge() or self._empty() or self._halve()):
                return
            self.ascend()

    @property
    def bound(self) -> float:
        """The bound of the belief, nats."""
        return self.trace[-1]

    def _keep(self, belief: Belief, sums: Statistics, bound: float) -> None:
        self.belief, self.sums = belief, sums
        self.trace.append(bound)
        if self.told:
            self.told(len(self.trace), self.trace, belief)

    def _take(self, done: Ascended) -> None:
        """Take up where the core has come to."""
        belief = self.engine.believing(done.before)
        reached = done.trace[-1] + belief.divergence
        self.trace += done.trace[:-1]
        self._keep(belief, replace(done.sums, log_likelihood=reached), done.trace[-1])

    def _step(self, statistics: Statistics) -> tuple[Belief, Statistics, float]:
        """A belief in sums, the sums under it, and its bound."""
        if self.engine.concentration.ordered:
            falling = np.argsort(-statistics.weight, kind="stable")
            if (falling != np.arange(len(falling))).any():
                statistics = reordered(statistics, falling)
        belief = self.engine.believing(statistics)
        sums = self.engine.looking(belief)
        self.passes += 1
        return belief, sums, belief.evidence_bound(sums)

    def _tried(self, name: str, statistics: Statistics, passes: int = _TRIAL) -> bool:
        """Whether a move, with a few iterations after it, raises the bound; it is made if so."""
        best = self.bound + _LEAST
        if self.core:
            done = self.core.steps(statistics, passes, 0.0, -np.inf, theirs=False)
            if done is not None:
                self.passes += len(done.trace)
                if risen := done.trace[-1] > best:
                    self._take(replace(done, trace=done.trace[-1:]))
                    self.moves[name] = self.moves.get(name, 0) + 1
                return risen
        last = -np.inf
        for _ in range(passes):
            belief, sums, bound = self._step(statistics)
            if bound > best:
                self._keep(belief, sums, bound)
                self.moves[name] = self.moves.get(name, 0) + 1
                return True
            if bound - last < 1e-3 * (best - bound) / passes:
                return False  # at this pace it never comes up
            statistics, last = sums, bound
        return False

    def _merge(self) -> bool:
        pairs = candidates(self.belief, self.sums)[:_MERGERS]
        return any(self._tried("merged", merged(self.sums, *pair), 4) for pair in pairs)

    def _empty(self) -> bool:
        alive = np.flatnonzero(self.sums.weight > 0.5)
        rising = alive[np.argsort(self.sums.weight[alive], kind="stable")]
        return len(alive) > 1 and any(
            self._tried("emptied", emptied(self.sums, k), 4) for k in rising[:2].tolist()
        )

    def _halve(self) -> bool:
        weight = self.sums.weight
        slot = int(weight.argmin())
        if weight[slot] > 0.5:
            return False
        falling = np.argsort(-weight, kind="stable")
        return any(
            self._tried("halved", halved(self.sums, self.belief, k, slot, axis))
            for axis in range(2 if self.engine.prior.n_features > 1 else 1)
            for k in falling.tolist()
            if weight[k] > 2.0
        )
