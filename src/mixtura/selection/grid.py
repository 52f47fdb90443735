"""Grid: candidates fitted for themselves, then bettered by their neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from mixtura.caching import cached_property
from mixtura.engine.executors.task_pool import Task, run_tasks
from mixtura.model.structures import Structure
from mixtura.selection.candidate import Candidate
from mixtura.selection.row import Row
from mixtura.selection.trials import Trials, parents

#: the sweep that only holds candidates to what they contain
_LAST = "up again"


class Watcher(Protocol):
    """Told how a selection gets on."""

    def begun(self, total: int) -> None:
        """So many candidates are to be fitted."""

    def fitted(self, row: Row) -> None:
        """One of the candidates is fitted."""

    def ended(self) -> None:
        """All candidates are fitted."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Candidates, and how they are fitted.

    Parameters
    ----------
    trials : fits one.
    candidates : all of them, a poorer structure before those that contain it.
    n_threads : how many are fitted at once.
    neighbours : whether each may be bettered by its neighbours.
    """

    trials: Trials
    candidates: Sequence[Candidate]
    n_threads: int
    neighbours: bool = True

    def fitted(self, observer: Watcher | None = None) -> dict[Candidate, Row]:
        """The row of each candidate, fitted and bettered.

        First every candidate is fitted for itself. Then, where that is wanted, each may be
        bettered by its neighbours: from fewer components up, from more down, and once more up, so
        that in the end none is below a poorer structure, or fewer components, of what it holds.
        """
        order = sorted(self.candidates, key=lambda each: -each.n_components)
        tasks: dict[Any, Task] = {
            # The most components first: they take longest, and nobody should wait for them.
            ("alone", each): Task((), partial(self._alone, candidate=each))
            for each in order
        }
        last = "alone"
        sweeps = (("up", True), ("down", False), (_LAST, True))
        for sweep, rising in sweeps if self.neighbours else ():
            for each in sorted(order, key=lambda each: each.n_components) if rising else order:
                beside = self._beside(each, rising)
                needs = [(last, each), *((sweep, other) for other in beside.values())]
                tasks[sweep, each] = Task(
                    tuple(dict.fromkeys(needs)),
                    partial(self._bettered, own=(last, each), sweep=sweep, beside=beside),
                )
            last = sweep

        def told(name: Any, result: Any) -> None:
            if observer and name[0] == last:
                observer.fitted(result)

        results = run_tasks(tasks, self.n_threads, told)
        return {each: results[last, each] for each in self.candidates}

    def over(self, trials: Trials) -> Grid:
        """The same candidates over other rows."""
        return replace(self, trials=trials)

    @cached_property
    def _poorer(self) -> dict[Candidate, tuple[Candidate, ...]]:
        """Each candidate with the poorer structures that it contains next."""
        return {each: parents(each, self.candidates) for each in self.candidates}

    @cached_property
    def _numbers(self) -> dict[Structure, list[int]]:
        """The numbers of components that each structure is fitted with."""
        numbers: dict[Structure, list[int]] = {}
        for each in self.candidates:
            numbers.setdefault(each.structure, []).append(each.n_components)
        return numbers

    def _beside(self, candidate: Candidate, rising: bool) -> dict[str, Candidate]:
        """The neighbours that a candidate may be bettered by in a sweep, each with what it is."""
        beside = {f"poorer {i}": each for i, each in enumerate(self._poorer[candidate])}
        numbers = self._numbers[candidate.structure]
        below = [k for k in numbers if k < candidate.n_components]
        above = [k for k in numbers if k > candidate.n_components]
        if rising and below:
            beside["fewer"] = replace(candidate, n_components=max(below))
        if not rising and above:
            beside["more"] = replace(candidate, n_components=min(above))
        return beside

    def _alone(self, _: Mapping[Any, Any], candidate: Candidate) -> Row:
        return self.trials.alone(candidate)

    def _bettered(
        self,
        results: Mapping[Any, Row],
        own: Any,
        sweep: str,
        beside: Mapping[str, Candidate],
    ) -> Row:
        sound = {
            name: results[sweep, other].fit
            for name, other in beside.items()
            if results[sweep, other].sound
        }
        poorer = [fit for name, fit in sound.items() if fit and name.startswith("poorer")]
        fewer, more = sound.get("fewer"), sound.get("more")
        if sweep == _LAST:
            return self.trials.held(results[own], poorer, fewer)
        return self.trials.bettered(results[own], poorer, fewer, more)
