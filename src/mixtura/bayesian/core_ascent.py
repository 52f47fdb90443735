"""Core ascent: steps of variational EM that the kernel's core makes in one call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura.bayesian.belief import Variational
from mixtura.bayesian.prior import ConjugatePrior
from mixtura.engine import kernel
from mixtura.engine.arrays import doubles
from mixtura.engine.factors import FactorForm
from mixtura.engine.sources import ArraySource
from mixtura.engine.statistics import Statistics

#: products of rows, components and features between two looks at whether Ctrl-C was pressed
_WORK = 2e7
_FORMS = {
    "full": FactorForm.TRIANGULAR,
    "tied": FactorForm.SHARED_TRIANGULAR,
    "diag": FactorForm.DIAGONAL,
    "spherical": FactorForm.SPHERICAL,
}


@dataclass(frozen=True, eq=False)
class Ascended:
    """Where some steps have led to.

    Parameters
    ----------
    before, sums : the sums that the last belief was made from, and those under it.
    trace : the bound of each step, nats.
    ended : whether the rule ended them.
    """

    before: Statistics
    sums: Statistics
    trace: list[float]
    ended: bool


@dataclass(frozen=True, eq=False)
class CoreAscent:
    """The core's steps over rows in memory, which are one block.

    Parameters
    ----------
    engine : whose steps they are.
    """

    engine: Variational

    @classmethod
    def of(cls, engine: Variational) -> CoreAscent | None:
        """What makes the steps of an engine; None where they are the loop's."""
        source = engine.data.source
        held = isinstance(source, ArraySource) and source.n_blocks == 1
        return cls(engine) if kernel.ascend is not None and held else None

    def steps(
        self, sums: Statistics, n_steps: int, tol: float, last: float, *, theirs: bool
    ) -> Ascended | None:
        """Steps from sums on, until one gains less than `tol`; None where the first is not sound.

        Parameters
        ----------
        sums : over all rows.
        n_steps : at most.
        last : the bound before, nats.
        theirs : whether the bound and its end are scikit-learn's.
        """
        source, engine = self.engine.data.source, self.engine
        assert isinstance(source, ArraySource)
        assert kernel.ascend is not None
        rows, weights = doubles(source.rows), source.weights
        own = (sums.reference.copy(), sums.weight.copy(), sums.first.copy(), sums.second.copy())
        past = (own[0].copy(), own[1].copy(), own[2].copy(), own[3].copy())
        work = rows.size * len(sums.weight)
        trace: list[float] = []
        ended, sound = False, True
        while sound and not ended and len(trace) < n_steps:
            room = np.empty(int(min(n_steps - len(trace), max(_WORK // work, 1))))
            done, ended, sound = kernel.ascend(
                rows,
                weights,
                engine.data.unit,
                _told(engine.prior, engine.ridge),
                engine.concentration.told,
                own,
                past,
                theirs,
                tol,
                trace[-1] if trace else last,
                room,
            )
            trace += room[:done].tolist()
        if not trace or not sound:
            return None
        of_all = 0.0, source.n_rows, engine.total_weight
        return Ascended(Statistics(*past, *of_all), Statistics(*own, *of_all), trace, ended)


def _told(prior: ConjugatePrior, ridge: float) -> tuple[Any, ...]:
    """The prior, as the core takes it."""
    family = prior.family
    return (
        int(_FORMS[family.form.name]),
        family.wishart,
        family.pooled,
        family.averaged,
        prior.mean,
        prior.mean_precision,
        prior.degrees,
        np.atleast_1d(prior.scale),
        None if family.form.diagonal else prior.root,
        prior.log_normaliser,
        ridge,
    )
