"""Run: truncated EM from a start to its end."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.engine.cells import Sets
from mixtura.errors import Interrupted
from mixtura.fitting.convergence.anderson import AndersonState
from mixtura.fitting.convergence.rules import Outcome
from mixtura.fitting.em import EM
from mixtura.fitting.fit import Fit
from mixtura.fitting.given import Given
from mixtura.fitting.m_step.health import Repair
from mixtura.fitting.run_state import RunState
from mixtura.fitting.runs import begin
from mixtura.fitting.truncated.begin import (
    begun,
    from_mixture,
    gathered,
    passes_over,
    with_factors,
)
from mixtura.fitting.truncated.moves import Mover, movable
from mixtura.fitting.truncated.rounds import Place, Rounds
from mixtura.fitting.truncated.spread import SpreadRounds, beyond_memory
from mixtura.fitting.truncated.state import TruncatedState
from mixtura.fitting.truncated.streamed import StreamedRounds
from mixtura.fitting.truncated.truncation import Breadth, Truncation
from mixtura.model.mixture import Mixture
from mixtura.model.structures import structure

#: after these rounds and so many each time some rows are scored exactly, and how many
_EARLY, _EVERY, _LOOKED_AT = (2, 4), 10, 1000
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
#: structures whose components are moved as they are
_BY_AXES = ("VII", "VVI")


@dataclass(eq=False)
class Run:
    """Rounds from a place to an end.

    Parameters
    ----------
    rounds : over the rows.
    place : where they begin; it changes as they go on.
    random : draws the rows that are looked at.
    repairs : what was done to components that collapsed.
    """

    rounds: Rounds | StreamedRounds | SpreadRounds
    place: Place
    breadth: Breadth
    random: np.random.RandomState
    repairs: list[Repair]

    def __post_init__(self) -> None:
        self.trace: list[float] = []  # of what is maximised, nats a row
        self.since = 0  # the entry from which on nothing but rounds led to the next
        self.known = self.place.mixture  # of which the last entry is
        self.weight: Floats | None = None
        self.n_moves = self.n_densities = self.n_rounds = 0

    def warm(self) -> Run:
        """The same after E-steps alone, until they raise the bound by little.

        What rows keep of another's mixture is found by distances between means at first: an M-step
        from that would go away from where exact EM goes.
        """
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

    def _round(self, *, told: bool = True) -> None:
        """One E-step and one M-step; now and then a look whether rows keep enough."""
        self.reach()
        if len(self.trace) in _EARLY or len(self.trace) % _EVERY == 0:
            self._look()
        if told:
            self._tell()
        self.weight, repairs = self.rounds.maximise(self.place, len(self.trace), self.repairs)
        if repairs:
            self.repairs.extend(repairs)
            self.since = len(self.trace)

    def _tell(self) -> None:
        """Tell the observer of the last entry of the trace."""
        observer = self.rounds.em.observer
        if observer:
            observer.iterated(len(self.trace), [*self.trace], self.known)

    def _look(self) -> None:
        """Score some rows exactly, and keep more where that shows a gap."""
        seen = self.rounds.scored(self.place, _LOOKED_AT, self.random)
        wider = self.breadth.widened(seen.lacking, seen.missed, self.place.mixture.means.shape)
        if wider != self.breadth:
            self.breadth, self.place = wider, self.rounds.widened(self.place, wider)
            self.since = len(self.trace)

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
        seen = rounds.scored(place, _SOME, self.random)
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


def run(
    em: EM,
    number: int,
    given: Given,
    random: np.random.RandomState,
    *,
    resumed: Fit | None = None,
) -> Fit:
    """One run of truncated EM: from its own start, or from what another gives.

    Parameters
    ----------
    em, number, given, random, resumed : as for `mixtura.fitting.runs.run`.

    Raises
    ------
    Interrupted : Ctrl-C, with the fit of the last mixture whose bound is known.
    KeyboardInterrupt : Ctrl-C before any is known.
    """
    began, settings = time.perf_counter(), em.settings
    automatic = isinstance(settings.start, str) and settings.start == "auto"
    own = automatic and resumed is None and given.empty
    if em.observer:
        em.observer.begun(number)
    runs: list[Run] = []
    try:
        if em.checkpointer and em.checkpointer.state:
            going = _continued(em, em.checkpointer.state)
        elif own:
            going = searched(em, random, runs)
        else:
            going = _going(em, given, random, number, resumed)
        runs.append(going)
        outcome = going.climb(number)
        going.reach()
        truncation = going.scored()
    except KeyboardInterrupt:
        known = [each for each in runs if each.trace and each.rounds.em is em]
        if not known:
            raise
        raise Interrupted(_fit(known[-1], Outcome.INTERRUPTED, began, None)) from None
    fit = _fit(going, outcome, began, truncation)
    if em.observer:
        em.observer.ended(fit)
    return fit


def _going(
    em: EM, given: Given, random: np.random.RandomState, number: int, resumed: Fit | None
) -> Run:
    """A run from what another start gives, or from where another fit ended."""
    repairs: list[Repair] = []
    mixture = resumed.mixture if resumed else None
    if mixture is None:
        mixture, repairs = begin(em, given, random, run=number)
    breadth = Breadth.usual(mixture.n_components, mixture.n_features)
    if not em.data.in_memory:
        return _elsewhere(em, mixture, breadth, random, repairs)
    begins = from_mixture(em, mixture, breadth, random)
    seed = np.random.RandomState(random.randint(2**31))
    return Run(*begins, breadth, seed, repairs).warm()


def _elsewhere(
    em: EM,
    mixture: Mixture,
    breadth: Breadth,
    random: np.random.RandomState,
    repairs: list[Repair],
) -> Run:
    """A run over rows that memory does not hold, from a mixture."""
    rounds = beyond_memory(em, np.random.RandomState(random.randint(2**31)))
    seed = np.random.RandomState(random.randint(2**31))
    return Run(rounds, rounds.beginning(mixture, breadth), breadth, seed, repairs).warm()


def _continued(em: EM, state: RunState) -> Run:
    """A run on from a checkpoint."""
    stood, mixture = state.truncated, state.ahead
    assert stood is not None
    passes = passes_over(em.data.sample, em.data.executor)
    rounds = gathered(em, passes, stood.order)
    sets = Sets(np.array(stood.ids), np.zeros(stood.ids.shape))
    place = Place(mixture, sets, np.array(stood.graph), stood.number)
    random = np.random.RandomState()
    random.set_state(dict(stood.random))
    breadth = Breadth(stood.ids.shape[1], stood.graph.shape[1])
    going = Run(rounds, place, breadth, random, [*state.repairs])
    going.trace, going.since, going.known = [*state.trace], stood.since, state.known[0]
    going.n_moves, going.n_densities, going.n_rounds = stood.counts
    return going


def searched(em: EM, random: np.random.RandomState, runs: list[Run]) -> Run:
    """A run from a start of its own, with components moved; mostly in two steps.

    Whether a cell is one component or two is told by its axes with a few rows, while a covariance
    has D (D + 1) / 2 numbers, which fit any rows; and where components share what a covariance is
    made of, none can be split by itself. So components are moved as if they lay along the axes, and
    full ones then once more. Of rows that memory does not hold it is over the sample. All runs are
    put into `runs`.
    """
    if not em.data.in_memory:
        some = replace(
            em,
            data=em.data.of_others(em.data.sample),
            observer=None,
            checkpointer=None,
            assumed=em.assumptions,
        )
        small = searched(some, random, runs)
        going = _elsewhere(em, small.place.mixture, small.breadth, random, [])
        going.n_moves = small.n_moves
        return going
    settings = em.settings
    breadth = Breadth.usual(settings.n_components, em.data.source.n_features)
    axes = settings.structure.letters not in _BY_AXES and em.data.source.n_features > 1
    first = em
    if axes:
        plain = replace(settings, structure=structure("VVI"))
        first = replace(em, settings=plain, assumed=em.assumptions)
    rounds, place, repairs = begun(first, breadth, random)
    seed = np.random.RandomState(random.randint(2**31))
    going = Run(replace(rounds, em=first), place, breadth, seed, repairs)
    runs.append(going)
    if movable(first.settings.structure) and settings.n_components > 2:
        going.settle()
    if not axes:
        return going
    if not going.trace:
        going.reach()
    whole = Run(replace(rounds, em=em), going.place, going.breadth, seed, [])
    runs.append(whole)
    whole.n_moves = going.n_moves
    if settings.structure.n_factors:
        whole.place = with_factors(replace(rounds, em=em), whole.place)
    else:
        whole.weight, whole.repairs = whole.rounds.maximise(whole.place, 0, ())
    if movable(settings.structure) and settings.n_components > 2:
        whole.settle()
    return whole


def _fit(run: Run, outcome: Outcome, began: float, truncation: Truncation | None) -> Fit:
    """The result: of the last mixture whose bound is known."""
    em = run.rounds.em
    rule, wish = em.settings.rule, em.settings.acceleration
    trace = [*run.trace]
    if truncation is not None:
        trace[-1] += truncation.log_likelihood - truncation.bound
    state = RunState.starting(AndersonState.starting(rule, wish, run.known), run.repairs)
    state.trace, state.weight, state.known = trace, run.weight, (run.known, len(trace))
    if outcome is Outcome.CONVERGED and run.repairs:
        outcome = Outcome.REPAIRED
    return replace(em.ended(state, outcome, began), truncation=truncation)
