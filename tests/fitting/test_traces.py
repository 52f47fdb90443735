"""What a fit tells of its path is about its own trace, however it came about."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import mixtura
from mixtura import GaussianMixture
from mixtura.errors import Interrupted

RANDOM = np.random.default_rng(3)
#: two clouds that overlap much, so that EM is slow and is extrapolated
ROWS = np.concatenate([RANDOM.normal(0.0, 1.0, (600, 2)), RANDOM.normal(1.2, 1.0, (600, 2))])


@pytest.fixture(autouse=True, scope="module")
def on_each_kernel() -> None:
    """One kernel is enough: a path lies between passes."""


def of_its_own_trace(fit: mixtura.Fit) -> None:
    """Every number of an entry is that of an entry, and extrapolation led upwards to those."""
    entries = len(fit.trace)
    assert fit.n_iter == entries - 1 + fit.rejected
    assert all(0 < entry < entries for entry in fit.accelerated)
    assert list(fit.accelerated) == sorted(set(fit.accelerated))
    repaired = {repair.iteration for repair in fit.repairs}
    assert all(0 <= iteration < entries for iteration in repaired)
    for entry in fit.accelerated:
        assert fit.trace[entry] >= fit.trace[entry - 1] or entry - 1 in repaired
    assert all(k < fit.mixture.n_components for k in (*fit.floored, *fit.starved))


@pytest.mark.parametrize("accelerate", [True, "auto"])
def test_each_fit_of_a_selection(accelerate):
    options = {"structures": ["VII", "VVV"], "start": "random"}
    found = mixtura.select(ROWS, [1, 2, 3], accelerate=accelerate, **options)
    fits = [row.fit for row in found.rows if row.fit is not None]
    assert any(fit.accelerated for fit in fits)
    for fit in fits:
        of_its_own_trace(fit)
        # The end is that of the trace, too.
        assert fit.trace[-1] == pytest.approx(fit.mixture.score(ROWS), abs=1e-10)


def test_a_fit_that_goes_on_from_an_earlier_one():
    model = GaussianMixture(2, warm_start=True, max_iter=15, tol=0.0, accelerate=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for rows in (ROWS, ROWS, ROWS[:900]):
            of_its_own_trace(model.fit(rows).fit_)
    assert model.fit_.accelerated


class Stopped:
    """An observer that interrupts after so many iterations."""

    def __init__(self, after: int) -> None:
        self.after = after

    def begun(self, run: int) -> None:
        pass

    def iterated(self, iteration: int, *_: Any) -> None:
        if iteration >= self.after:
            raise KeyboardInterrupt

    def ended(self, fit: mixtura.Fit) -> None:
        pass


@pytest.mark.parametrize("after", [1, 4, 9])
def test_a_fit_that_was_interrupted_and_one_that_went_on(tmp_path, after):
    options: dict[str, Any] = {"accelerate": True, "start": "random", "tol": 0.0, "max_iter": 40}
    options |= {"checkpoint": tmp_path / "run", "resume": True}
    with pytest.raises(Interrupted) as stopped:
        mixtura.fit(ROWS, 2, observer=Stopped(after), **options)
    of_its_own_trace(stopped.value.fit)
    of_its_own_trace(mixtura.fit(ROWS, 2, **options))


def test_the_best_of_several_starts_and_one_with_noise_and_repairs():
    rows = np.concatenate([ROWS, RANDOM.uniform(-9.0, 9.0, (150, 2))])
    for options in (
        {"n_init": 3, "start": "random", "accelerate": True},
        {"noise": True, "start": "kmeans", "accelerate": True},
        {"start": np.r_[np.zeros(len(rows) - 2, int), 1, 2], "structure": "VII"},
    ):
        of_its_own_trace(mixtura.fit(rows, 3, **options))
