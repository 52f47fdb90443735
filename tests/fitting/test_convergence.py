"""When EM stops, and what it calls that."""

from __future__ import annotations

import math

import numpy as np
import pytest

import mixtura
from mixtura.datasets import faithful, separated
from mixtura.errors import ParameterError
from mixtura.fitting import Outcome
from mixtura.fitting.convergence.rules import Remaining, Tolerance, remaining_gain, rule

NAN = float("nan")
INF = float("inf")


def _geometric(gain: float, ratio: float, n: int) -> list[float]:
    """A trace of n entries up to −5 − the gains still to come, each `ratio` of the one before."""
    gains = [gain * ratio**i for i in range(2000)]
    return [-5.0 - math.fsum(gains[i:]) for i in range(n)]


@pytest.mark.parametrize(
    ("trace", "outcome"),
    [
        ([], None),
        ([-5.0], None),
        ([-5.0, -4.0], None),
        ([-5.0, -4.9999], Outcome.CONVERGED),
        ([-5.0, -5.0], Outcome.CONVERGED),
        ([-5.0, -4.999], None),
        # a fall by less than the tolerance stops, one by more may pass
        ([-5.0, -5.0001], Outcome.STALLED),
        ([-5.0, -6.0], None),
        # falls of the size of rounding are none
        ([-5.0, -5.0 - 1e-12], Outcome.CONVERGED),
        ([-5e6, -5e6 - 1e-5], Outcome.CONVERGED),
        # only the last step counts
        ([-5.0, -5.0, -4.0], None),
        ([NAN, -5.0], None),
        ([-5.0, NAN], None),
        ([NAN, NAN], None),
        ([float("-inf"), float("-inf")], None),
    ],
)
def test_only_a_small_gain_converges(trace: list[float], outcome: Outcome | None) -> None:
    assert Tolerance(1e-3).outcome(trace) is outcome


def test_a_tolerance_of_zero_never_stops() -> None:
    assert Tolerance(0.0).outcome([-5.0, -5.0]) is None


@pytest.mark.parametrize(
    ("before", "after", "falls"),
    [(-5.0, -4.0, False), (-5.0, -5.0, False), (-5.0, -5.1, True), (-5.0, NAN, True)],
)
def test_nan_is_a_fall(before: float, after: float, falls: bool) -> None:
    assert Tolerance(1e-3).falls(before, after) is falls


def test_two_outcomes_alone_are_converged() -> None:
    converged = {outcome for outcome in Outcome if outcome.converged}
    assert converged == {Outcome.CONVERGED, Outcome.REPAIRED}


def test_no_outcome_is_untested() -> None:
    assert len(Outcome) == 7


@pytest.mark.parametrize("ratio", [0.01, 0.5, 0.9, 0.99])
def test_what_remains_of_a_geometric_sequence_is_its_sum(ratio: float) -> None:
    trace = _geometric(1e-3, ratio, 6)
    assert remaining_gain(trace) == pytest.approx(-5.0 - trace[-1], rel=1e-6)


@pytest.mark.parametrize(
    ("trace", "remains"),
    [
        ([-4.0, -3.0], NAN),
        ([-4.0, NAN, -2.0], NAN),
        ([-INF, -3.0, -2.5], NAN),
        ([-3.0, -4.0, -3.5], NAN),
        ([-3.0, -2.0, -2.5], NAN),
        ([-4.0, -3.0, -2.0], INF),
        # the gains shrank and grow again
        ([-4.0, -3.0, -2.99, -2.97], INF),
        # 1, then 0.5, then 0.125: the slower ratio of the two
        ([-4.0, -3.0, -2.5, -2.375], 0.125),
        ([-5.0, -5.0, -5.0], 0.0),
        ([-5.0, -5.0 + 1e-15, -5.0], 0.0),
    ],
)
def test_what_remains_is_told_only_where_the_gains_shrink(
    trace: list[float], remains: float
) -> None:
    assert remaining_gain(trace) == pytest.approx(remains, nan_ok=True)


def test_auto_stops_when_little_remains_and_not_before() -> None:
    trace = _geometric(1e-2, 0.9, 300)
    ends = [n for n in range(1, 301) if Remaining().outcome(trace[:n])]
    remains = [-5.0 - trace[n - 1] for n in ends]
    assert remains[0] == pytest.approx(1e-8, rel=0.15)
    assert ends == list(range(ends[0], 301))


@pytest.mark.parametrize("shift", [-40.0, 1000.0])
def test_the_units_of_the_data_do_not_count(shift: float) -> None:
    # Another unit adds the same constant to every entry.
    trace = _geometric(1e-2, 0.9, 300)
    ends = [
        next(n for n in range(1, 301) if Remaining().outcome([one + by for one in trace[:n]]))
        for by in (0.0, shift)
    ]
    assert abs(ends[0] - ends[1]) <= 1


@pytest.mark.parametrize(
    ("trace", "outcome"),
    [
        ([], None),
        ([-5.0, -5.0], None),
        ([-5.0, -5.0, -5.0], Outcome.CONVERGED),
        ([-5.0, NAN, -5.0], None),
        ([-5.0, -5.0, NAN], None),
        ([NAN, NAN, NAN], None),
        # early plateaus: the gains shrink fast, then slowly; or then they grow
        ([-5.0, -4.9, -4.9 + 4e-8, -4.9 + 7e-8], None),
        ([-5.0, -4.9, -4.9 + 1e-9, -4.9 + 3e-9], None),
        # losses of the size of rounding
        ([-5.0, -5.0 + 1e-12, -5.0], Outcome.CONVERGED),
        ([-5.0, -5.0 + 1e-9, -5.0 + 9e-10], Outcome.CONVERGED),
        # at the end of a long way down
        ([-5.0, -5.1, -5.1 - 1e-9, -5.1 - 2e-9], Outcome.STALLED),
        ([-5.0, -5.1, -5.2], None),
    ],
)
def test_auto_is_not_taken_in(trace: list[float], outcome: Outcome | None) -> None:
    assert Remaining().outcome(trace) is outcome


def test_auto_looks_at_nothing_before_a_repair() -> None:
    trace = [-1.0, -5.0, -5.0, -5.0]
    assert Remaining().outcome(trace) is Outcome.STALLED
    assert Remaining().outcome(trace, 1) is Outcome.CONVERGED


@pytest.mark.parametrize("tol", ["automatic", -1e-3, NAN, INF, None])
def test_a_tolerance_is_a_number_or_auto(tol: object) -> None:
    with pytest.raises(ParameterError, match=r"tol is .*, expected 'auto' or a finite number"):
        rule(tol)  # type: ignore[arg-type]


@pytest.mark.parametrize("structure", ["full", "tied", "diag", "spherical"])
def test_auto_leaves_as_little_as_it_says(structure: str) -> None:
    table = separated(300, 2, 3, separation=2.0, random_state=4)[0]
    options = {"structure": structure, "reg_covar": 0.0, "max_iter": 5000}
    fit = mixtura.fit(table, 3, tol="auto", **options)
    best = mixtura.fit(table, 3, tol=1e-14, **options)
    assert fit.outcome is Outcome.CONVERGED
    assert fit.mean_log_likelihood == pytest.approx(best.mean_log_likelihood, abs=2e-8)
    assert 0.0 <= fit.remaining_gain < 1e-8 * 300


def test_a_fit_that_stops_early_says_how_far_it_was() -> None:
    shares = np.random.RandomState(1).uniform(size=(272, 2))
    options = {"start": shares / shares.sum(axis=1, keepdims=True), "reg_covar": 0.0}
    early = mixtura.fit(faithful(), 2, tol=1e-3, **options)
    best = mixtura.fit(faithful(), 2, tol="auto", max_iter=5000, **options)
    missed = best.log_likelihood - early.log_likelihood
    assert early.outcome is Outcome.CONVERGED
    assert missed > 1e-2
    assert "EM stopped early" in early.remedy
    assert "set tol to 'auto'" in early.remedy
    assert best.remedy == "nothing to do"


def test_a_fit_that_is_near_the_maximum_says_nothing_of_it() -> None:
    fit = mixtura.fit(faithful(), 2, tol=1e-6)
    assert 0.0 <= fit.remaining_gain < 1e-2
    assert fit.remedy == "nothing to do"
