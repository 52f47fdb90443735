"""Groups: what a kernel is told, and tells, that fits a mixture to each of many groups of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Floats, Integers


class GroupProblem(NamedTuple):
    """Groups of rows, to each of which every candidate is fitted.

    Parameters
    ----------
    rows : (N, D) float64, of all groups.
    weights : (N,) float64, or None.
    order : (M,), the rows group by group; None where they stand so.
    starts, stops : (G,), the part of each group.
    seeds : (G,), of the draws of each group's starts.
    candidates : numbers of components with the letters of a structure, such as ``(2, "VVV")``.
    """

    rows: Floats
    weights: Floats | None
    order: Integers | None
    starts: Integers
    stops: Integers
    seeds: Integers
    candidates: Sequence[tuple[int, str]]


class GroupRule(NamedTuple):
    """How each candidate is fitted, and which is chosen.

    Parameters
    ----------
    ridge : is added to every variance, squared feature units.
    floor : the share of the data's own variance below which none may end.
    equal_weights : of the components.
    least_gain : nats a row, below which a run ends.
    least_in_all : the same of all rows of a group; the larger one counts.
    hasty : whether the last gain decides, and not Aitken's estimate of what is to come.
    n_steps : of a run, at most.
    n_starts : of each candidate.
    n_short : the steps that tell starts apart.
    n_swaps : of components of the best start.
    by_rows : whether a parameter costs log N, as in BIC, and not 2, as in AIC.
    thin : a variance, as a share of the data's own, and
    few_rows : the rows of a component that flat, or fewer, that is an accident.
    """

    ridge: float
    floor: float
    equal_weights: bool
    least_gain: float
    least_in_all: float
    hasty: bool
    n_steps: int
    n_starts: int
    n_short: int
    n_swaps: int
    by_rows: bool
    thin: float
    few_rows: float


class GroupEnds(NamedTuple):
    """What became of each group; beyond a group's own components there is nothing of meaning.

    Parameters
    ----------
    chosen : (G,), the number of the candidate; −1 where the kernel found no end.
    n_steps : (G,), of EM.
    n_rows : (G,), those of positive weight.
    converged : (G,), whether the run was over before its steps were.
    log_likelihood : (G,), of all rows, nats.
    bic : (G,), −2·log L + p·log of the rows' weight.
    weights : (G, K), of the largest K.
    means : (G, K, D).
    covariances : (G, K, D, D).
    """

    chosen: Integers
    n_steps: Integers
    n_rows: Integers
    converged: NDArray[np.bool_]
    log_likelihood: Floats
    bic: Floats
    weights: Floats
    means: Floats
    covariances: Floats

    @classmethod
    def empty(cls, n_groups: int, n_components: int, n_features: int) -> GroupEnds:
        """Room for so many groups, none of which is fitted."""
        g, k, d = n_groups, n_components, n_features
        return cls(
            np.full(g, -1),
            np.zeros(g, np.int64),
            np.zeros(g, np.int64),
            np.zeros(g, np.bool_),
            np.full(g, np.nan),
            np.full(g, np.nan),
            np.zeros((g, k)),
            np.zeros((g, k, d)),
            np.zeros((g, k, d, d)),
        )


#: the ends of groups, in one call
FitGroups: TypeAlias = Callable[[GroupProblem, GroupRule], GroupEnds]
