"""No rows of finite numbers abort a fit, whatever is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

import mixtura
from hostile_problems import Hostile, hostile
from mixtura.fitting import Fit


def fitted(problem: Hostile, start: str) -> Fit:
    return mixtura.fit(
        problem.rows,
        problem.n_components,
        structure=problem.structure,
        start=start,
        reg_covar="auto",
        tol="auto",
        accelerate="auto",
        max_iter=100,
    )


def is_finite(fit: Fit, rows: np.ndarray) -> bool:
    """Whether every number that the fit reports or answers is one."""
    mixture = fit.mixture
    numbers = (
        fit.trace,
        mixture.weights,
        mixture.means,
        mixture.covariances,
        mixture.score_samples(rows),
        mixture.predict_proba(rows),
    )
    return all(np.isfinite(values).all() for values in numbers)


def worst_fall(fit: Fit) -> float:
    """The largest fall as a share of the log-likelihood's size, where nothing was reseeded."""
    reseeded = {repair.iteration for repair in fit.repairs if repair.action == "reseeded"}
    falls = -np.diff(fit.trace) / np.maximum(1.0, np.abs(fit.trace[:-1]))
    counting = [fall for entry, fall in enumerate(falls, 1) if entry not in reseeded]
    return max([0.0, *counting])


def rounding(fit: Fit, problem: Hostile) -> float:
    """How far a log-likelihood may fall, as a share of its size.

    Without repairs what 1e-10 of float64, or 1e-5 of a kernel that works in float32, allows. A
    covariance on the floor costs eight digits, and an offset of up to 1e16 those of the means.
    """
    if problem.rows.dtype == np.float32:
        return 1e-5
    if "offset" in problem.traits:
        return 1e-4
    return 1e-6 if fit.repairs else 1e-10


def failures(seeds: Iterable[int], auto_every: int) -> list[str]:
    """What went wrong with the problems of these numbers, a line each."""
    found = []
    for seed in seeds:
        problem = hostile(seed)
        start = "auto" if seed % auto_every == 0 else "kmeans"
        try:
            fit = fitted(problem, start)
        except Exception as error:  # any exception, a warning too, is what the test looks for
            found.append(f"hostile({seed}) from {start}: {error!r}")
            continue
        if not is_finite(fit, problem.rows):
            found.append(f"hostile({seed}) from {start}: a number is not finite")
        if not worst_fall(fit) <= rounding(fit, problem):
            found.append(f"hostile({seed}) from {start}: fell by {worst_fall(fit):.2g}")
    return found


def test_500_hostile_problems_end_in_a_finite_mixture_without_a_fall() -> None:
    assert failures(range(500), auto_every=20) == []


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 10_000, 1000))
def test_10_000_hostile_problems_end_in_a_finite_mixture_without_a_fall(
    first: int, on_each_kernel: str
) -> None:
    # The search of `auto` is many fits, and the reference is slow at each.
    auto_every = 1 if on_each_kernel == "native" else 10
    assert failures(range(first, first + 1000), auto_every) == []


@pytest.mark.parametrize("reg_covar", [1e-6, 1e-300, 1e100])
def test_any_ridge_above_0_ends_in_a_finite_mixture(reg_covar: float) -> None:
    for seed in range(150):
        problem = hostile(seed)
        fit = mixtura.fit(
            problem.rows,
            problem.n_components,
            structure=problem.structure,
            start="kmeans",
            tol=1e-3,
            reg_covar=reg_covar,
            max_iter=30,
        )
        assert is_finite(fit, problem.rows), f"hostile({seed})"
