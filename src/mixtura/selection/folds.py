"""Folds: rows left out in turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from mixtura.arguments import is_whole
from mixtura.engine import kernel
from mixtura.engine.arrays import Integers
from mixtura.engine.sources import ArraySource
from mixtura.errors import ParameterError
from mixtura.model.mixture import Mixture
from mixtura.selection.candidate import Candidate
from mixtura.selection.grid import Grid, Watcher
from mixtura.selection.row import Row


@dataclass(frozen=True, eq=False)
class Folds:
    """Which rows are left out together.

    Parameters
    ----------
    number : (N,), from 0 to count − 1, the fold of each row.
    count : how many there are.
    """

    number: Integers
    count: int

    @classmethod
    def of(cls, n_rows: int, count: int, seed: int) -> Folds:
        """Folds of equal size, up to one row, drawn at random.

        Raises
        ------
        ParameterError : `count` is not a whole number from 2 to `n_rows`.
        """
        if not is_whole(count) or not 2 <= count <= n_rows:
            raise ParameterError(
                f"folds is {count!r}, expected a whole number from 2 to {n_rows}, the number of "
                "rows"
            )
        random = np.random.RandomState([seed, 0])
        return cls(random.permutation(n_rows) % count, int(count))

    def over(
        self, grid: Grid, table: Mapping[Candidate, Row], observer: Watcher | None
    ) -> dict[Candidate, Row]:
        """The table with the cross-validated log-likelihood, times −2, as ``cv``.

        Everything is done anew without the rows left out, the starts too. A candidate that fails
        without some of them has no ``cv``, and is not chosen.
        """
        losses: dict[Candidate, list[float]] = {each: [] for each in table}
        faults: dict[Candidate, str] = {}
        data = grid.trials.data
        source = data.sample
        for fold in range(self.count):
            out = self.number == fold
            kept = source.take(~out)
            counting = ~out
            if data.counting is not None:
                counting = data.counting.copy()
                counting[np.flatnonzero(counting)[out]] = False
            fewer = data.of_others(kept, counting)
            fitted = grid.over(replace(grid.trials, data=fewer)).fitted(observer)
            held = source.take(out)
            for candidate, row in fitted.items():
                if row.fit is None or not row.sound:
                    faults.setdefault(candidate, f"without fold {fold}: {row.fault}")
                else:
                    loss = _loss(row.fit.mixture, held) * data.unit
                    losses[candidate].append(loss)
        return {
            candidate: _judged(row, losses[candidate], faults.get(candidate, ""))
            for candidate, row in table.items()
        }


def _judged(row: Row, losses: list[float], fault: str) -> Row:
    if row.fault or fault:
        return replace(row, fault=row.fault or fault)
    return replace(row, criteria={**row.criteria, "cv": sum(losses)}, folds=tuple(losses))


def _loss(mixture: Mixture, source: ArraySource) -> float:
    """The loss of rows that were left out, −2·Σ_i v_i log p(x_i), nats."""
    total = 0.0
    for block in source.blocks():
        scores = kernel.log_likelihood(block, mixture.components)
        total += float(scores.sum() if block.weights is None else scores @ block.weights)
    return -2.0 * total
