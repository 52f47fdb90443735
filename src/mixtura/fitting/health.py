"""Health: one bad component never aborts a fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.errors import CollapseError
from mixtura.fitting.estimate import Estimate

__all__ = ["Health", "Repair"]


@dataclass(frozen=True)
class Repair:
    """What was done to a component, when and why.

    Parameters
    ----------
    iteration : the iteration that it ended; 0 is the start.
    component : which one.
    action : ``floored``, its covariance was raised, or ``reseeded``, it was set anew.
    reason : a sentence.
    """

    iteration: int
    component: int
    action: str
    reason: str


@dataclass(frozen=True, eq=False)
class Health:
    """Makes the parameters of an M-step sound.

    A covariance that is not positive definite is floored: in units of the floor, its eigenvalues
    are raised to 1. A component that no row belongs to any more takes half of the heaviest one,
    from which it is set a standard deviation apart along the longest axis.

    Parameters
    ----------
    variances : gives the data's variance in each feature (D,), asked only when a repair is due.
    reg_covar : what the fit adds to every variance; 0 asks for the exact maximum of the
        likelihood, so nothing is repaired and a collapse raises.
    """

    variances: Callable[[], Floats]
    reg_covar: float

    #: the share of the data's variance that no component may fall below
    FLOOR = 1e-10
    #: a component with fewer effective rows than this is empty
    EMPTY = 1e-8
    #: how often an empty component may be set anew in one run; after that it stays as it is
    RESEEDS = 10

    @cached_property
    def floor(self) -> Floats:
        """(D,), squared feature units."""
        return np.maximum(self.FLOOR * self.variances(), self.reg_covar)

    def sound(
        self, estimate: Estimate, iteration: int, reseeded: int
    ) -> tuple[Estimate, list[Repair]]:
        """The estimate, made sound, and the repairs that it took.

        Parameters
        ----------
        estimate : the parameters of an M-step.
        iteration : its number, for the record.
        reseeded : how many times this run has set a component anew before.

        Raises
        ------
        CollapseError : a covariance is singular and `reg_covar` is 0.
        """
        repairs: list[Repair] = []
        for k in estimate.structure.form.unsound(estimate.covariances):
            if self.reg_covar == 0.0:
                raise CollapseError(_collapse(estimate, k))
            estimate = estimate.floored(k, self.floor)
            reason = f"its covariance was singular with {estimate.weight[k]:.4g} rows' weight in it"
            repairs.append(Repair(iteration, k, "floored", reason))
        for k in np.flatnonzero(estimate.weight < self.EMPTY).tolist():
            if reseeded + len(repairs) >= self.RESEEDS:
                break
            heaviest = int(estimate.weight.argmax())
            estimate = estimate.split(heaviest, k)
            reason = f"no row belonged to it; it took half of component {heaviest}"
            repairs.append(Repair(iteration, k, "reseeded", reason))
        return estimate, repairs


def _collapse(estimate: Estimate, k: int) -> str:
    """The sentence for a singular covariance where none may be repaired."""
    if estimate.structure.form.shared:
        whose = "the covariance shared by all components"
    else:
        around = ", ".join(f"{value:.6g}" for value in estimate.means[k])
        whose = (
            f"the covariance of component {k}, which holds the weight of "
            f"{estimate.weight[k]:.4g} rows around ({around}),"
        )
    return (
        f"{whose} is singular: the likelihood has no maximum there. Use fewer components, drop "
        "constant or repeated columns, or set reg_covar above 0"
    )
