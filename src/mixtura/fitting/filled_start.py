"""Filled: a start when rows lack features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.engine.sources import ArraySource
from mixtura.engine.statistics import Statistics
from mixtura.errors import CollapseError, DataError, Interrupted
from mixtura.fitting.em import EM
from mixtura.fitting.fit import Fit
from mixtura.fitting.starts.ground import searched_rows
from mixtura.fitting.starts.met import Met
from mixtura.fitting.starts.request import Request
from mixtura.model.imputation import drawn

#: EM iterations over the rows as they are, by which starts are told apart
_SHORT = 300
#: what a row that was filled weighs in the searches after the first: by the rows' normal
#: distribution, and by a mixture
_BY_NORMAL, _BY_MIXTURE = 0.05, 0.3

#: gives the statistics that a first M-step is taken from
Begin = Callable[[EM, Request], Statistics]
#: by which the better of two fits is known
Rank = Callable[[Fit], tuple[int, int, float]]


def filled_start(em: EM, request: Request, begin: Begin, rank: Rank) -> Fit:
    """The best of three searches, each of rows that were filled, after some EM on rows as they are.

    Of complete rows alone there may be none, and those that are may be others than the rest. Rows
    that are filled by what all rows are like together blur the components: so the first search has
    all rows count alike, the second those little that were filled, and the third has them filled
    by the better of the two, component by component.

    Parameters
    ----------
    em : the fit that is to begin.
    request : as a start takes it.
    begin : the search.
    rank : of a fit, by which the better of two is known.

    Notes
    -----
    Three searches, and 900 iterations at most over as many rows as a search looks at.
    """
    data, sample = em.data, em.data.sample
    most = searched_rows(request.n_components, sample.n_features)
    if sample.n_rows > most:
        sample = sample.take(np.linspace(0, sample.n_rows - 1, most).astype(np.int64))
    search = _Search(em.shortened(sample, _SHORT), request, begin)
    filled = data.normal.filled_sample(sample, sample.n_rows).rows
    found: list[tuple[Fit, Met | None]] = []
    faults: list[DataError] = []
    for light in (1.0, _BY_NORMAL, _BY_MIXTURE):
        if light == _BY_MIXTURE and found:
            best = max(found, key=lambda each: rank(each[0]))[0]
            filled = drawn(best.mixture, sample.rows, 1, request.random)[0]
        try:
            found.append(search.of(filled, light))
        except (CollapseError, DataError) as fault:
            faults.append(fault)
        except Interrupted:  # of a fit to the sample, which is no answer
            raise KeyboardInterrupt from None
    if not found:
        raise faults[0]
    best, met = max(found, key=lambda each: rank(each[0]))
    if met and request.told:
        request.told(met)
    return best


@dataclass(frozen=True, eq=False)
class _Search:
    """A search of filled rows, and EM over the rows as they are from where it ends."""

    em: EM
    request: Request
    begin: Begin

    def of(self, filled: Floats, light: float) -> tuple[Fit, Met | None]:
        """The end for rows (N, D) of which those that were filled weigh `light`."""
        own = self.em.data.sample
        weights = np.where(np.isnan(own.rows).any(axis=1), light, 1.0)
        weights = weights if own.weights is None else weights * own.weights
        weights *= own.total_weight / weights.sum()
        rows = np.ascontiguousarray(filled, np.float64)
        source = ArraySource(rows, None if (weights == 1.0).all() else weights)
        met: list[Met] = []
        inner = replace(
            self.request, source=source, counting=None, whole=None, filled=None, told=met.append
        )
        data = self.em.data.of_others(source)
        mixture, repairs = self.em.begin_with(self.begin(replace(self.em, data=data), inner))
        return self.em.climb(mixture, repairs=repairs), met[-1] if met else None
