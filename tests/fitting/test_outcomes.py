"""Every way a fit can end, with a case that ends so."""

from __future__ import annotations

import numpy as np
import pytest

from mixtura import Given, Outcome
from mixtura.datasets import faithful, iris
from usual import usual_fit

ROWS = faithful().rows


def test_converged() -> None:
    fit = usual_fit(ROWS, 2)
    assert fit.outcome is Outcome.CONVERGED
    assert fit.repairs == ()


def test_out_of_iterations() -> None:
    fit = usual_fit(iris(), 3, max_iter=3)
    assert fit.outcome is Outcome.OUT_OF_ITERATIONS
    assert fit.n_iter == 3


def test_not_run() -> None:
    fit = usual_fit(ROWS, 2, max_iter=0)
    assert fit.outcome is Outcome.NOT_RUN
    assert fit.n_iter == 0


def test_stalled() -> None:
    # From the maximum of the likelihood a ridge can only lead down.
    top = usual_fit(ROWS, 2, reg_covar=0.0, tol=1e-12, max_iter=1000).mixture
    given = Given(top.weights, top.means, np.linalg.inv(top.covariances))
    fit = usual_fit(ROWS, 2, given=given, reg_covar=0.1, tol=1.0)
    assert fit.outcome is Outcome.STALLED
    assert not fit.outcome.converged
    assert "lower reg_covar" in fit.remedy


def test_a_fall_of_next_to_nothing_within_the_tolerance_is_none() -> None:
    # A start that the search leaves at the maximum; what is added to the variances leads down.
    fit = usual_fit(np.asarray(iris().rows), 3, start="auto", reg_covar=1e-5)
    gains = np.diff(fit.trace)
    assert gains.min() < 0.0
    assert gains.min() > -1e-7
    assert fit.outcome is Outcome.CONVERGED


def test_repaired() -> None:
    fit = usual_fit(np.repeat([[0.0], [1.0], [5.0]], 4, axis=0), 5)
    assert fit.outcome is Outcome.REPAIRED
    assert fit.outcome.converged
    assert len(fit.repairs) > 0


@pytest.mark.parametrize("outcome", [Outcome.CONVERGED, Outcome.OUT_OF_ITERATIONS])
def test_the_summary_says_the_same(outcome: Outcome) -> None:
    fit = usual_fit(iris(), 3, tol=1e-5, max_iter=100 if outcome is Outcome.CONVERGED else 2)
    record = fit.summary()
    assert record["outcome"] == outcome.value == fit.outcome.value
    assert record["converged"] is fit.outcome.converged
    assert record["remedy"] == fit.remedy
    assert record["iterations"] == fit.n_iter == len(record["trace"]) - 1
    assert record["log_likelihood"] == pytest.approx(150 * record["trace"][-1])
    assert record["n_parameters"] == 2 + 3 * 4 + 3 * 10
