"""Rounding: no fit goes on, or is called stalled, for what rounding alone makes of its trace."""

from __future__ import annotations

import numpy as np
import pytest

import mixtura
from mixtura.engine.arrays import Floats
from mixtura.engine.sources import StreamSource
from mixtura.fitting import Outcome
from mixtura.fitting.convergence.rules import Remaining, Rule, Tolerance
from mixtura.fitting.convergence.steadiness import fell, resolution
from mixtura.fitting.m_step.regularisation import regularisation
from mixtura.model.mixture import Mixture


def _rows(seed: int, n: int, d: int, k: int) -> Floats:
    random = np.random.default_rng(seed)
    return random.standard_normal((n, d)) + 3.0 * random.integers(0, k, n)[:, None]


@pytest.mark.parametrize(("n", "d", "k"), [(60, 2, 1), (60, 2, 2), (300, 3, 2), (60, 10, 1)])
def test_rows_in_float32_converge_where_those_in_float64_do(n: int, d: int, k: int) -> None:
    for seed in range(8):
        rows = _rows(seed, n, d, k)
        double = mixtura.fit(rows, k, start="kmeans", random_state=0)
        single = mixtura.fit(rows.astype(np.float32), k, start="kmeans", random_state=0)
        assert single.outcome is double.outcome is Outcome.CONVERGED
        assert len(single.trace) <= len(double.trace) + 25
        assert single.log_likelihood == pytest.approx(double.log_likelihood, rel=2e-6)


def test_a_tolerance_takes_no_rounding_for_a_fall() -> None:
    for seed in range(8):
        rows = _rows(seed, 60, 2, 1).astype(np.float32)
        assert mixtura.fit(rows, 1, tol=1e-3, random_state=0).outcome is Outcome.CONVERGED


@pytest.mark.parametrize(
    ("dtype", "lost", "changed"),
    [(np.float32, 5e-7, False), (np.float32, 5e-6, True), (np.float64, 5e-7, True)],
)
def test_rows_in_float32_are_not_taken_for_others_by_their_rounding(
    dtype: type, lost: float, changed: bool
) -> None:
    """A sum of float32 rows has some 1e-6 of rounding, ten times what one whitening has."""
    stream = StreamSource(lambda: (), (100, 1), np.dtype(dtype))
    mixture = Mixture([1.0], [[0.0]], [[[1.0]]])
    assert fell(stream, [-1.0, -1.0 - lost], mixture, regularisation(0.0), ()) is changed


def test_too_few_rows_for_any_covariance_end_soon() -> None:
    rows = np.random.default_rng(0).standard_normal((30, 60))
    fit = mixtura.fit(rows, 2, structure="full", random_state=0)
    assert fit.outcome is Outcome.REPAIRED
    assert fit.floored == (0, 1)
    assert len(fit.trace) < 20


def test_what_rounding_makes_of_a_log_likelihood_is_told_from_what_it_computes() -> None:
    """The kernel's answer for float32 rows beside NumPy's in float64."""
    random = np.random.default_rng(3)
    for correlation in (0.0, 0.9, 0.999):
        covariance = np.full((3, 3), correlation) + (1.0 - correlation) * np.eye(3)
        rows = (random.multivariate_normal([5.0, 0.0, -2.0], covariance, 500)).astype(np.float32)
        mixture = Mixture([1.0], [[5.0, 0.0, -2.0]], [covariance])
        deviations = rows.astype(np.float64) - mixture.means[0]
        squared = np.einsum("nd,de,ne->n", deviations, np.linalg.inv(covariance), deviations)
        constant = 3.0 * np.log(2.0 * np.pi) + np.linalg.slogdet(covariance)[1]
        right = float(-0.5 * (squared + constant).mean())
        mean = float(mixture.score_samples(rows).mean())
        assert abs(mean - right) <= resolution(mixture, mean, (), singles=True)


def test_rows_in_float64_have_no_resolution_but_on_the_floor() -> None:
    mixture = Mixture([0.5, 0.5], [[0.0], [1.0]], [[[1.0]], [[1.0]]])
    assert resolution(mixture, -1.0, (), singles=False) == 0.0


@pytest.mark.parametrize("rule", [Tolerance(1e-3), Remaining()])
def test_falls_up_to_the_resolution_are_none(rule: Rule) -> None:
    assert rule.falls(-5.0, -5.0 - 1e-6)
    assert not rule.falls(-5.0, -5.0 - 1e-6, 2e-6)
    assert rule.falls(-5.0, float("nan"), 2e-6)


def test_gains_below_the_resolution_that_add_up_go_on() -> None:
    climbing = [-5.0 + 5e-7 * i for i in range(9)]
    swinging = [-5.0 + 5e-7 * (i % 2) for i in range(9)]
    assert Remaining().outcome(climbing, 0, 1e-6) is None
    assert Remaining().outcome(swinging, 0, 1e-6) is Outcome.CONVERGED
    assert Remaining().outcome(swinging) is None
    assert Remaining().outcome(swinging[:6], 0, 1e-6) is None


def test_steps_that_undo_one_another_end_as_stalled() -> None:
    """As they do where three components of 30 rows and 20 features are held to the floor."""
    swinging = [-5.0 - 8.0 * (i % 2) for i in range(13)]
    assert Remaining().outcome(swinging) is Outcome.STALLED
    assert Remaining().outcome(swinging[:12]) is None
