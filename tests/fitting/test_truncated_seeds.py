"""Seeds of truncated EM: ends of chains, found in blocks as one after the other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import norm

import mixtura
from mixtura.engine import kernel
from mixtura.engine.executors import Threads
from mixtura.fitting.given import Given
from mixtura.fitting.truncated import run
from mixtura.fitting.truncated.seeds import seeds
from mixtura.fitting.truncated.truncation import MOST

pytestmark = pytest.mark.usefixtures("passes_over_cells")


def chained(X: Any, weights: Any, k: int, random: np.random.RandomState) -> list[int]:
    """The published algorithm, one chain after the other, all distances anew."""
    first = int((weights.cumsum() <= random.random_sample() * weights.sum()).sum())
    squares = ((X - X[first]) ** 2).sum(axis=1)
    proposed = 0.5 * squares / (squares @ weights) + 0.5 / weights.sum()
    draws = random.random_sample((2, k, 10))
    reached = np.cumsum(proposed * weights)
    drawn = np.searchsorted(reached, draws[0] * reached[-1])
    found = [first]
    for at in range(1, k):
        squares = ((X[drawn[at]][:, None] - X[found]) ** 2).sum(axis=2).min(axis=1)
        now = 0
        for new in range(1, 10):
            here, there = drawn[at, now], drawn[at, new]
            if squares[new] * proposed[here] > draws[1, at, new] * squares[now] * proposed[there]:
                now = new
        found.append(int(drawn[at, now]))
    return found


@pytest.mark.parametrize("n_threads", [1, 2, 3])
@pytest.mark.parametrize("d", [1, 3, 9])
def test_seeds_are_the_ends_of_chains_whatever_the_threads(d: int, n_threads: int) -> None:
    random = np.random.default_rng(d)
    X, weights = random.normal(size=(5000, d)), random.uniform(0.5, 2.0, size=5000)
    assert kernel.cell_passes is not None
    passes = kernel.cell_passes(X, weights, Threads(n_threads))
    found = seeds(passes, 777, np.ones(d), np.random.RandomState(5))
    assert found.tolist() == chained(X, weights, 777, np.random.RandomState(5))


@pytest.mark.parametrize("dear", [True, False])
def test_rows_keep_their_likeliest_before_the_first_m_step_of_a_mixture_at_hand(
    dear: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of all components where these are shown, and all but where that would be dear."""
    if dear:
        monkeypatch.setattr(run, "_DEAR", 0)
    random, (k, d) = np.random.default_rng(0), (60, 6)
    means = random.normal(size=(k, d))
    widths = np.exp(random.uniform(-2.0, 1.0, size=(k, d)))  # the nearest mean is no guide
    rows = np.repeat(means, 60, axis=0)
    rows += np.repeat(widths, 60, axis=0) * random.normal(size=rows.shape)
    start = Given(np.full(k, 1.0 / k), means, 1.0 / widths**2)
    fit = mixtura.fit(rows, k, structure="diag", given=start, search="truncated", max_iter=1)
    joint = np.stack(
        [norm.logpdf(rows, m, w).sum(axis=1) for m, w in zip(means, widths, strict=True)], axis=1
    )
    best = logsumexp(np.sort(joint)[:, -MOST:], axis=1).mean() - np.log(k)
    assert best - (0.02 if dear else 1e-9) < fit.trace[0] < best + 1e-9
