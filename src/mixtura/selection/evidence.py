"""Evidence: how probable the rows are under each candidate, its parameters averaged over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from mixtura.bayesian import concentration, family, runs, wishes
from mixtura.errors import MixturaError, ParameterError
from mixtura.selection.candidate import Candidate
from mixtura.selection.grid import Grid, Watcher
from mixtura.selection.row import Row


@dataclass(frozen=True)
class Bounds:
    """A bound on log p(X) of each candidate, by variational EM from where EM has ended.

    Parameters
    ----------
    count : how many more fits of everything it takes, 1.
    """

    count: int = 1

    @classmethod
    def of(cls, grid: Grid) -> Bounds:
        """The bounds for candidates that have priors.

        Raises
        ------
        ParameterError : anything else is assumed, of weights or of priors; or rows lack
            features, or have errors.
        """
        settings, data = grid.trials.settings, grid.trials.data
        if settings.background is not None or settings.conjugate or settings.equal_weights:
            raise ParameterError(
                "criterion is 'elbo', which has priors of its own and knows components alone: "
                "leave what else is assumed out"
            )
        if data.source.holes or "errors" in data.sample.fields:
            raise ParameterError(
                "criterion is 'elbo', and rows lack features or have errors: use 'bic'"
            )
        return cls()

    def over(
        self, grid: Grid, table: Mapping[Candidate, Row], observer: Watcher | None
    ) -> dict[Candidate, Row]:
        """The table with −2 times the evidence bound, as ``elbo``.

        A candidate whose structure has no conjugate prior has none, and is not chosen. One whose
        likelihood is an accident of few rows has one, which averages over such parameters, and no
        other criterion. A constant column makes bounds as large as priors let it: what is refused
        for its sake stays so.
        """
        found = {candidate: self._judged(grid, row) for candidate, row in table.items()}
        if observer:
            for row in found.values():
                observer.fitted(row)
        return found

    def _judged(self, grid: Grid, row: Row) -> Row:
        """The row with its bound: weights ~ Dir(1, …, 1), and the priors of `fit_bayes`."""
        if row.fit is None:
            return row
        kind, data = row.candidate.structure, grid.trials.data
        # The likelihood's maximum may be no place to begin at: few rows make it, or keep from it.
        starts = row.fit.mixture, "kmeans"
        try:
            law = family.family_of(kind)
            found = []
            for start in starts:
                asked = wishes.Wishes(
                    row.n_components, kind, law, concentration.Dirichlet(1.0), start, moves=False
                )
                found.append(runs.fit_data(data, asked, np.random.RandomState(0)).elbo)
        except MixturaError as error:
            return replace(row, fault=row.fault or str(error))
        judged = {"elbo": -2.0 * max(found)}
        if row.sound or data.constants:
            return replace(row, criteria={**row.criteria, **judged})
        return replace(row, criteria=judged, fault="")
