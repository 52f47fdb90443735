"""When EM stops, and what it calls that."""

from __future__ import annotations

import pytest

from mixtura.fitting import Outcome
from mixtura.fitting.convergence import Tolerance

NAN = float("nan")


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


@pytest.mark.parametrize(
    ("outcome", "advice"),
    [
        (Outcome.CONVERGED, "nothing to do"),
        (Outcome.REPAIRED, "fewer components"),
        (Outcome.OUT_OF_ITERATIONS, "raise max_iter"),
        (Outcome.STALLED, "lower reg_covar"),
        (Outcome.INTERRUPTED, "fit again from them"),
        (Outcome.NOT_RUN, "max_iter is 0"),
    ],
)
def test_every_outcome_says_what_to_do(outcome: Outcome, advice: str) -> None:
    assert advice in outcome.remedy


def test_no_outcome_is_untested() -> None:
    assert len(Outcome) == 6
