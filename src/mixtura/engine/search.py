"""Search: what a kernel is told, and tells, that climbs and swaps over rows in memory by itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.sources import Block
from mixtura.engine.statistics import Statistics


class EMProblem(NamedTuple):
    """What EM maximises the likelihood of, and over which parameters.

    Parameters
    ----------
    block : the rows, at least one, taken as float64.
    structure : its three letters, such as ``"VVV"``.
    ridge : (D, D), symmetric, squared feature units, what is added to each covariance. Of a
        diagonal structure its diagonal is added, of a spherical one the mean of that; where
        components share a part of them but not all, n_k times the ridge is added to each W_k.
    uniform_log_density : the logarithm of the density, the same everywhere, of one more component,
        nats; −inf for none.
    equal_weights : whether each w_k is a K-th of what that one leaves.
    """

    block: Block
    structure: str
    ridge: Floats
    uniform_log_density: float = -math.inf
    equal_weights: bool = False


class EMState(NamedTuple):
    """The parameters that EM has come to.

    Parameters
    ----------
    weight : (K,), effective numbers of rows; w_k is their share of all, the uniform one's too.
    means : (K, D), feature units.
    covariances : (K, D, D), whatever the structure, squared feature units; those of a shared one
        are all the same.
    log_likelihood : the mean log-likelihood of the parameters one step before, if known, nats a
        row.
    uniform_weight : effective number of rows of the uniform component, 0 without.
    """

    weight: Floats
    means: Floats
    covariances: Floats
    log_likelihood: float = -math.inf
    uniform_weight: float = 0.0


class Climbed(NamedTuple):
    """Where some steps of EM have led to.

    Parameters
    ----------
    state : after the last step that was sound.
    gain : what that step gained, nats a row.
    n_steps : how many were done.
    sound : whether more could be. No more can from where a row is out of reach of every component,
        or where the next covariances would not be positive definite.
    """

    state: EMState
    gain: float
    n_steps: int
    sound: bool


class SwapRule(NamedTuple):
    """How components are swapped, and what is better.

    Parameters
    ----------
    close : how often what is taken is one of two that are nearly one, and not any.
    n_pairs : so many pairs that lose least by becoming one are nearly one.
    local : how often rows about the new place tell the covariance there, and not the component
        they are of.
    soft : the share of a neighbour's covariance that a component set on few rows has besides.
    n_first : EM steps after which one is first asked for its pace.
    n_settled : EM steps after which one should have settled.
    pace : one that lacks more than so many times what its last step gained will not arrive.
    gain : what is none, nats a row.
    same : candidates nearer than this to each other, nats a row, are the same.
    least_rows : a component of fewer is spurious.
    few_rows : so is one of fewer that is thin.
    thin : the least eigenvalue of a covariance, in `units`, below which it is.
    units : (D,), the variances of the features.
    """

    close: float
    n_pairs: int
    local: float
    soft: float
    n_first: int
    n_settled: int
    pace: float
    gain: float
    same: float
    least_rows: float
    few_rows: float
    thin: float
    units: Floats


class Effort(NamedTuple):
    """How long swaps go on: for as long as none of this is over.

    Parameters
    ----------
    known : the log-likelihood at which there is nothing new, nats a row; infinity for none.
    patience : how many swaps in a row may fail.
    n_failed : how many have.
    left : what may still be spent.
    call : what a climb costs besides its steps.
    step : what a step costs.
    """

    known: float
    patience: int
    n_failed: int
    left: float
    call: float
    step: float


class Swapped(NamedTuple):
    """Where swaps, and the climbs after them, have led to.

    Parameters
    ----------
    state : the best.
    n_draws : how many swaps were tried.
    n_failed : how many have failed since the last that was better.
    left : what may still be spent.
    """

    state: EMState
    n_draws: int
    n_failed: int
    left: float


class LloydRule(NamedTuple):
    """When Lloyd's iteration is over, and what of it is rounding.

    Parameters
    ----------
    tolerance : the squared movement of all centres that is rest, in units of the mean variance.
    residue : the share of all weight below which a cluster's own may be rounding.
    rounding : of a distance, relative.
    n_steps : how many at most.
    """

    tolerance: float
    residue: float
    rounding: float
    n_steps: int


class Race(NamedTuple):
    """How long candidates are climbed that are told apart.

    Parameters
    ----------
    n_brief : EM steps from each.
    n_followed : how many are gone on with, those that lead.
    n_steps : how many steps more at most.
    gain : until a step gains less, nats a row.
    """

    n_brief: int
    n_followed: int
    n_steps: int
    gain: float


class Scatter(NamedTuple):
    """Starts at random, each of spheres about K rows that are drawn.

    Parameters
    ----------
    n_starts : how many.
    weight : (K,), effective numbers of rows.
    variance : of each sphere, squared feature units.
    uniform_weight : effective number of rows of the uniform component, 0 without.
    """

    n_starts: int
    weight: Floats
    variance: float
    uniform_weight: float


class Searching(NamedTuple):
    """How searches are made that begin independently.

    Parameters
    ----------
    race : what each begins with.
    scatter : where all but the first begin.
    n_met : once so many have met the best, no other begins.
    n_drawn : so many swaps are drawn at a time.
    scattered : whether the first begins at random, too.
    """

    race: Race
    scatter: Scatter
    n_met: int
    n_drawn: int
    scattered: bool


class RatioRule(NamedTuple):
    """How the ends of K and of K + 1 components are sought, and at last climbed.

    Parameters
    ----------
    n_axes : each component of K is split along so many of its axes.
    apart : so many standard deviations to either side.
    n_merges : so many pairs of K + 1 are merged.
    alone, between, last : EM steps of K from where it begins; of what splits and merges lead to;
        and of both in the end.
    """

    n_axes: int
    apart: float
    n_merges: int
    alone: Race
    between: Race
    last: Race


class Searched(NamedTuple):
    """Where searches have ended.

    Parameters
    ----------
    states : the best first.
    times : how many have met that.
    n_used : how many draws were used.
    left : what may still be spent.
    """

    states: list[EMState]
    times: int
    n_used: int
    left: float


#: at most so many steps of EM, from a state on, until one gains less than so many nats a row
Climb: TypeAlias = Callable[[EMProblem, EMState, int, float], Climbed]
#: a few steps from each state, more from those that lead, by what a rule says is spurious; those
#: that were followed, the best first, and how many steps, or None where one of all cannot go on
RunRace: TypeAlias = Callable[
    [EMProblem, Sequence[EMState], SwapRule, Race], tuple[list[EMState], int | None]
]
#: swaps by a rule, until the effort is spent or there are no more draws (n, 6)
Swap: TypeAlias = Callable[[EMProblem, EMState, SwapRule, Effort, Floats], Swapped]
#: searches, the first from states, by a rule, until the effort is spent; of draws (n,). None where
#: EM cannot go on from one of their starts, or the draws are too few
RunSearch: TypeAlias = Callable[
    [EMProblem, Sequence[EMState], SwapRule, Searching, Effort, Floats], Searched | None
]
#: log L_{K+1} − log L_K, nats a row, from a state of K, K + 1 being sought by searches besides; NaN
#: where an end is spurious, None where EM cannot go on from a start or the draws are too few
LogRatio: TypeAlias = Callable[
    [EMProblem, EMState, SwapRule, RatioRule, Searching, Effort, Floats], float | None
]
#: a run of EM over rows in memory: `mixtura.fitting.core_run` knows what it takes and gives
EMRunOf: TypeAlias = Callable[..., Any]
#: steps of variational EM: `mixtura.bayesian.core_ascent` knows what it takes and gives
Ascend: TypeAlias = Callable[..., tuple[int, bool, bool]]
#: passes over the cells of rows in memory, for truncated EM, of rows, weights and an executor
CellPassesOf: TypeAlias = Callable[..., Any]
#: weights, means, scatters and covariances from sums, for a structure's letters and a ridge (D, D)
#: or None, with nothing to go on from; None where they leave none
FirstMStep: TypeAlias = Callable[
    [Statistics, str, Floats | None], tuple[Floats, Floats, Floats, Floats] | None
]
#: rows (K,), by draws 1 + (K − 1)·n, but for such a share of the least sum of squared distances
FarApart: TypeAlias = Callable[[Block, Floats, int, float], Integers]


class Lloyd(Protocol):
    """Lloyd's iteration over rows in memory, from centres (K, D) to labels (m,) and statistics."""

    def __call__(
        self, block: Block, centres: Floats, rule: LloydRule, *, diagonal: bool
    ) -> tuple[Integers, Statistics] | None:
        """None where a cluster loses its rows, or a row is out of reach."""
