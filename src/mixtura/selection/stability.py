"""Stability: whether rows drawn anew fall into the same clusters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from mixtura.arguments import is_whole
from mixtura.engine import kernel
from mixtura.engine.arrays import Integers
from mixtura.engine.executors.task_pool import Task, run_tasks
from mixtura.engine.sources import ArraySource
from mixtura.errors import ParameterError
from mixtura.metrics import adjusted_rand_index
from mixtura.selection.candidate import Candidate
from mixtura.selection.grid import Grid, Watcher
from mixtura.selection.row import Row


@dataclass(frozen=True, eq=False)
class Redraws:
    """How often rows are drawn anew, and how.

    Parameters
    ----------
    count : B, how many bootstrap samples there are.
    seed : of the draws.
    """

    count: int
    seed: int

    @classmethod
    def of(cls, count: int, seed: int, numbers: Sequence[int]) -> Redraws:
        """So many draws, for those numbers of components.

        Raises
        ------
        ParameterError : `count` is not a whole number of at least 2, or there is but one component.
        """
        if not is_whole(count) or count < 2:
            raise ParameterError(f"n_bootstrap is {count!r}, expected a whole number of at least 2")
        if max(numbers) == 1:
            raise ParameterError(
                "criterion is 'stability', and n_components is 1, which parts no rows: try more "
                "components, or use 'bic'"
            )
        return cls(int(count), seed)

    def over(
        self, grid: Grid, table: Mapping[Candidate, Row], observer: Watcher | None
    ) -> dict[Candidate, Row]:
        """The table with 1 − the mean of the adjusted Rand indices as ``stability``.

        Everything is done anew for each sample, the starts too, as one task of the pool. A sample
        to which a candidate cannot be fitted agrees with nothing. One component parts no rows, so
        that it has no ``stability``, and is not chosen.
        """
        own = {
            each: _partition(row, grid.trials.data.sample)
            for each, row in table.items()
            if row.sound and each.n_components > 1
        }
        inner = replace(grid, n_threads=1)
        tasks: dict[Any, Task] = {
            number: Task((), partial(self._agreements, number, inner, own))
            for number in range(self.count)
        }

        def told(_: Any, result: tuple[Mapping[Candidate, Row], Any]) -> None:
            for row in result[0].values() if observer else ():
                assert observer is not None
                observer.fitted(row)

        found = run_tasks(tasks, grid.n_threads, told)
        apart = {
            each: tuple((1.0 - found[i][1][each]) / self.count for i in range(self.count))
            for each in own
        }
        return {
            each: replace(
                row, criteria={**row.criteria, "stability": sum(apart[each])}, folds=apart[each]
            )
            if each in own
            else row
            for each, row in table.items()
        }

    def _agreements(
        self, number: int, grid: Grid, own: Mapping[Candidate, Integers], _: Mapping[Any, Any]
    ) -> tuple[Mapping[Candidate, Row], dict[Candidate, float]]:
        """The fits to a sample, and the index of each one's partition of all rows and our own."""
        data = grid.trials.data
        source, n = data.sample, data.sample.n_rows
        random = np.random.RandomState([self.seed, number])
        times = np.bincount(random.randint(n, size=n), minlength=n)
        drawn = times > 0
        # A row that is drawn twice counts twice: as two rows it would be a cluster of its own.
        kept = source.take(drawn)
        weights = times[drawn] * (1.0 if kept.weights is None else kept.weights)
        counting = drawn
        if data.counting is not None:
            counting = data.counting.copy()
            counting[np.flatnonzero(counting)[~drawn]] = False
        others = data.of_others(replace(kept, weights=weights), counting)
        rows = grid.over(replace(grid.trials, data=others)).fitted()
        return rows, {
            each: adjusted_rand_index(mine, _partition(rows[each], source))
            if rows[each].sound
            else 0.0
            for each, mine in own.items()
        }


def _partition(row: Row, source: ArraySource) -> Integers:
    """The component of largest responsibility of each row (N,); noise is one more."""
    assert row.fit is not None
    components = row.fit.mixture.components
    return np.concatenate([kernel.labels(each, components) for each in source.blocks()])
