"""Resting: components on so few rows that nothing but a floor holds them up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.engine.executors import Executor
from mixtura.engine.sources import Source
from mixtura.engine.statistics import Statistics
from mixtura.fitting.ended import Ended
from mixtura.fitting.m_step.regularisation import regularisation
from mixtura.model.mixture import Mixture
from mixtura.model.structures import Structure
from mixtura.rows.spread import Spread
from mixtura.rows.summary import RowSummary

#: rounding may have left a covariance just above the floor
_SLACK = 1.0 + 1e-4


@dataclass(frozen=True)
class Resting:
    """A component of which the rows do not say how sure its parameters are.

    Parameters
    ----------
    component : which one.
    rows : its effective number of rows.
    flat : whether these are as many as a covariance needs, and yet have none.
    """

    component: int
    rows: float
    flat: bool

    def __str__(self) -> str:
        count = f"{self.rows:.3g}"
        number = f"{count} row{'' if count == '1' else 's'}"
        without = " without a spread in every direction" if self.flat else ""
        return f"component {self.component} rests on {number}{without}: no interval"


def resting(
    fit: Ended | Mixture, sums: Statistics, source: Source, executor: Executor
) -> tuple[Resting, ...]:
    """The components that have fewer than D + 1 rows' weight, or a covariance on the floor.

    A covariance that all components share rests on all rows, and one with a prior on what was
    known before: there are none. The floor is that of ``reg_covar="auto"``, and no less than a
    constant that was added to the variances; what is held to it is the covariance of a component's
    own rows.

    Parameters
    ----------
    fit : a fit, or its mixture alone.
    sums : of the rows under the mixture, with whole second moments.
    source : the rows.
    executor : who carries the passes out.
    """
    mixture = fit if isinstance(fit, Mixture) else fit.mixture
    known = isinstance(fit, Ended) and fit.settings.conjugate is not None
    structure, (k, d) = mixture.structure, mixture.means.shape
    if structure.shared or known:
        return ()
    rule = regularisation("auto") if isinstance(fit, Mixture) else fit.settings.regularisation
    floor = rule.floor(Spread.of(RowSummary.of(source, executor)))
    floor = floor if structure.rescales else np.full_like(floor, floor.mean())
    weight = sums.weight[:k]
    low = set(structure.form.unsound(mixture.covariances, _SLACK * floor))
    low |= set(structure.form.unsound(_own(structure, sums, k), _SLACK * floor))
    few = set(np.flatnonzero(weight < d + 1).tolist())
    starved = set(fit.starved) if isinstance(fit, Ended) else set()
    return tuple(
        Resting(j, float(weight[j]), j not in few and j not in starved)
        for j in sorted(low | few | starved)
    )


def _own(structure: Structure, sums: Statistics, k: int) -> Floats:
    """The covariance of each component's own rows, in the structure's form."""
    weight = np.maximum(sums.weight[:k], np.finfo(np.float64).tiny)
    shift = sums.first[:k] / weight[:, None]
    scatter = sums.second[:k] - sums.first[:k, :, None] * shift[:, None, :]
    if structure.separate:
        diagonal = structure.form.diagonal
        return structure.maximise(weight, np.einsum("kdd->kd", scatter) if diagonal else scatter)
    return structure.form.gathered(scatter / weight[:, None, None])
