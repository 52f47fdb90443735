"""Run: truncated EM from a start to its end."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.fitting.convergence.anderson import AndersonState
from mixtura.fitting.convergence.rules import Outcome
from mixtura.fitting.m_step.health import Repair
from mixtura.fitting.run_state import RunState
from mixtura.fitting.truncated.moves import Mover
from mixtura.fitting.truncated.rounds import Place, Rounds
from mixtura.fitting.truncated.spread import SpreadRounds
from mixtura.fitting.truncated.state import TruncatedState
from mixtura.fitting.truncated.streamed import StreamedRounds
from mixtura.fitting.truncated.truncation import (
    GAPS,
    KEPT,
    MOST,
    NEAR,
    PLANE,
    SLACK,
    Breadth,
    Scored,
    Truncation,
)

#: after these rounds and so many each time some rows are scored exactly, and how many
_EARLY, _EVERY, _LOOKED_AT = (2, 4), 10, 1000
#: so many rounds are to be near exact EM's, where it may begin there, too; up to so many times what
#: a row is shown all components are shown then, and until so many rounds are over
_FIRST, _DEAR, _SEEN = 9, 25, 12
#: what E-steps alone gain, nats a row, once rows keep what they should; and so many at most
_WARM, _WARM_STEPS = 1e-3, 10
#: a gain below which components are moved, nats a row
_SETTLED = 5e-3
#: rounds after which a batch of moves is judged, and batches at most
_JUDGED, _BATCHES = 1, 40
#: the share of the components that a batch moves at most; and a fraction of one that did not gain
_SHARE, _FEWER = 0.05, 3
#: the share below which a batch is not worth the rounds that judge it; it is no share of none
_FEWEST = 1e-3
#: up to so many densities all rows are scored in the end, else so many of them
_ALL, _SOME = 2e10, 20_000


@dataclass(eq=False)
class Run:
    """Rounds from a place to an end.

    Parameters
    ----------
    rounds : over the rows.
    place : where they begin; it changes as they go on.
    random : draws the rows that are looked at.
    repairs : what was done to components that collapsed.
    near : whether it is to go where exact EM would: from a mixture that another made, of rows in
        memory. Rows are shared out among more components in the first rounds, and see all of them
        there and where some were set elsewhere, if that is not dear.
    """

    rounds: Rounds | StreamedRounds | SpreadRounds
    place: Place
    breadth: Breadth
    random: np.random.RandomState
    repairs: list[Repair]
    near: bool = False

    def __post_init__(self) -> None:
        self.trace: list[float] = []  # of what is maximised, nats a row
        self.since = 0  # the entry from which on nothing but rounds led to the next
        self.known = self.place.mixture  # of which the last entry is
        self.weight: Floats | None = None
        self.n_moves = self.n_densities = self.n_rounds = 0

    def warm(self) -> Run:
        """The same after E-steps alone, until they raise the bound by little.

        What rows keep of another's mixture is found by distances between means at first: an M-step
        from that would go away from where exact EM goes. Where that is not dear they see all.
        """
        if self._sees_all():
            return self
        bound, gain, least = -np.inf, np.inf, _WARM * self.rounds.em.data.source.total_weight
        while gain > least and self.n_rounds < _WARM_STEPS:
            before, bound = bound, self._expand()
            gain = bound - before
        return self

    def settle(self) -> None:
        """Rounds until little is gained, then moves."""
        while self.rounds.em.settings.allows(self.iteration):
            self._round()
            if self._gain < _SETTLED:
                self._move()
                return

    def climb(self, number: int) -> Outcome:
        """Rounds of the run of that number until the rule ends them, or there are no more."""
        settings, checkpointer = self.rounds.em.settings, self.rounds.em.checkpointer
        while settings.allows(self.iteration):
            if checkpointer:
                checkpointer.note(number, self.state())
            self._round()
            ended = settings.rule.outcome(self.trace, self.since)
            if ended:
                return ended
        return Outcome.OUT_OF_ITERATIONS if settings.allows(1) else Outcome.NOT_RUN

    @property
    def iteration(self) -> int:
        """The number of the next round, from 1."""
        return len(self.trace) + 1

    @property
    def _gain(self) -> float:
        return self.trace[-1] - self.trace[-2] if len(self.trace) > self.since + 1 else np.inf

    def reach(self) -> None:
        """The E-step at the mixture ahead, whose bound goes on record."""
        em, place = self.rounds.em, self.place
        height = self._expand() + em.m_step.log_prior(place.mixture)
        self.trace.append(height / em.data.source.total_weight)
        self.known = place.mixture

    def _expand(self) -> float:
        """The E-step at the mixture ahead: its bound, nats."""
        done = self.rounds.expand(self.place)
        self.n_densities += done.n_densities
        self.n_rounds += 1
        return done.bound

    def _sees_all(self) -> bool:
        """Show rows all components, where that is wanted and not dear; whether it was done."""
        usual = Breadth.usual(*self.place.mixture.means.shape)
        dear = len(self.place.graph) > _DEAR * usual.kept * usual.neighbours
        if not self.near or dear or not isinstance(self.rounds, Rounds):
            return False
        self.n_densities += self.rounds.show_all(self.place)
        return True

    def _round(self, *, told: bool = True) -> None:
        """One E-step and one M-step; now and then a look whether rows keep enough."""
        self.reach()
        if self._looks:
            self._look()
        if told:
            self._tell()
        self.weight, repairs = self.rounds.maximise(self.place, len(self.trace), self.repairs)
        if repairs:
            self.repairs.extend(repairs)
            self.since = len(self.trace)
        first = len(self.trace) < _SEEN and self.breadth.kept > KEPT[0]
        if first or any(repair.action == "reseeded" for repair in repairs):
            self._sees_all()

    @property
    def _looks(self) -> bool:
        """Whether it is time to see what rows lack."""
        n = len(self.trace)
        if self.near and n <= _EVERY:
            return n == 1 or self.breadth.kept > KEPT[0] or n in _EARLY
        return n in _EARLY or n % _EVERY == 0

    def _tell(self) -> None:
        """Tell the observer of the last entry of the trace."""
        observer = self.rounds.em.observer
        if observer:
            observer.iterated(len(self.trace), [*self.trace], self.known)

    def _look(self) -> None:
        """Score some rows exactly; keep more where that shows a gap, and fewer where they may."""
        seen, shape = self._scored(_LOOKED_AT), self.place.mixture.means.shape
        first = self.near and len(self.trace) <= _FIRST
        limit, slack = (NEAR, 1.0) if first else (GAPS[shape[1] > PLANE], SLACK)
        told = (KEPT[0], MOST) if first else KEPT, seen.lacking, seen.missed, shape
        wider = self.breadth.joined(self.breadth.fitting(*told, limit))
        if wider != self.breadth:
            self.breadth, self.place = wider, self.rounds.widened(self.place, wider)
            self.since = len(self.trace)
            if self.near:
                self.reach()
                del self.trace[-2]
        enough = self.breadth.fitting(*told, slack * limit)
        if self.near and enough.kept < self.breadth.kept:
            self._narrow(enough.kept)

    def _narrow(self, n_kept: int) -> None:
        """Have rows keep fewer, if the bound is not below that of the round before for it."""
        wide, before = self.place, self.trace[-2] if len(self.trace) > 1 else -np.inf
        self.place = wide.narrowed(n_kept)
        self.reach()
        height = self.trace.pop()
        if height < before:
            self.place = wide
            return
        self.trace[-1] = height
        self.breadth, self.since = replace(self.breadth, kept=n_kept), len(self.trace)

    def _scored(self, count: int) -> Scored:
        """So many rows scored exactly, beside what they keep."""
        return self.rounds.scored(self.place, count, self.random)

    def _move(self) -> None:
        """Batches of moves, each kept if the bound is above what it was a few rounds later."""
        assert isinstance(self.rounds, Rounds)
        mover = Mover(self.rounds)
        most = largest = max(1, int(_SHARE * len(self.place.graph)))
        for _ in range(_BATCHES):
            if not self.rounds.em.settings.allows(self.iteration + _JUDGED):
                break
            before = self.place.copied(), len(self.repairs), self.weight, self.known
            ahead, n_moves = mover.moved(self.place, most)
            if not n_moves or n_moves < min(_FEWEST * len(self.place.graph), most):
                break
            self.place = ahead
            trial, height = len(self.trace), self.trace[-1]
            try:
                for _ in range(_JUDGED):
                    self._round(told=False)
                self.reach()
                higher = self.trace[-1] > height
                self.trace[trial:] = self.trace[-1:] if higher else []
            except KeyboardInterrupt:
                self.trace, self.known = self.trace[:trial], before[3]
                raise
            if not higher:
                self.place, n_repairs, self.weight, self.known = before
                self.place = self.place.widened(self.breadth)
                del self.repairs[n_repairs:]
                if n_moves == 1:
                    break
                most = max(1, n_moves // _FEWER)
                continue
            self.n_moves += n_moves
            most = min(2 * most, largest)
            self._tell()
            self.weight, repairs = self.rounds.maximise(self.place, len(self.trace), self.repairs)
            self.repairs.extend(repairs)
        self.since = len(self.trace)

    def state(self) -> RunState:
        """Where the run stands before a round."""
        rounds, place, settings = self.rounds, self.place, self.rounds.em.settings
        state = RunState.starting(
            AndersonState.starting(settings.rule, settings.acceleration, place.mixture),
            self.repairs,
        )
        state.trace, state.known = [*self.trace], (self.known, len(self.trace))
        state.iteration, state.weight = self.iteration, self.weight
        if isinstance(rounds, Rounds):
            state.truncated = TruncatedState(
                rounds.order,
                place.sets.ids.copy(),
                place.graph,
                place.number,
                self.since,
                (self.n_moves, self.n_densities, self.n_rounds),
                dict(self.random.get_state(legacy=False)),
            )
        return state

    def scored(self) -> Truncation:
        """What is known of the mixture whose bound is on record last."""
        rounds, place = self.rounds, self.place
        em, n = rounds.em, rounds.em.data.source.n_rows
        log_prior = em.m_step.log_prior(place.mixture) / em.data.source.total_weight
        bound = self.trace[-1] - log_prior
        seen = self._scored(_SOME)
        likelihood, error = bound + seen.gap, seen.standard_error
        if n * len(place.graph) <= _ALL:
            likelihood, error = em.objective(place.mixture) - log_prior, 0.0
        densities = self.n_densities / (self.n_rounds * n)
        return Truncation(
            bound,
            likelihood,
            error,
            1.0 - seen.missed,
            int(seen.sizes.sum()),
            self.breadth,
            self.n_moves,
            densities,
        )
