"""An ascent is the same whether its steps are taken at once or one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from families import LETTERS
from mixtura.datasets import faithful, iris
from mixtura.engine import kernel
from mixtura.engine.executors import Serial
from mixtura.engine.sources import ArraySource
from mixtura.fitting.starts.ascent import RIDGE, Ascent
from mixtura.fitting.starts.budget import Budget
from mixtura.fitting.starts.candidate import Candidate
from mixtura.model.structures import structure as structure_called

pytestmark = pytest.mark.skipif(
    not kernel.native_is_installed(), reason="this installation has no native kernel"
)
EACH = pytest.mark.parametrize("letters", LETTERS)


@pytest.fixture(autouse=True, scope="module")
def on_each_kernel() -> Iterator[None]:
    """Only one kernel can take steps at once."""
    before = "native" if kernel.describe().startswith("native") else "reference"
    kernel.use("native")
    yield
    kernel.use(before)


def begun(
    rows: np.ndarray,
    letters: str,
    weights: np.ndarray | None = None,
    log_volume: float = np.inf,
) -> Ascent:
    """Over the rows in units of their spread, with as much to spend as anyone could."""
    points = np.ascontiguousarray((rows - rows.mean(axis=0)) / rows.std(axis=0))
    source, ridge = ArraySource(points, weights), RIDGE * np.eye(points.shape[1])
    return Ascent(source, structure_called(letters), Serial(), Budget(1e12), ridge, log_volume)


def from_rows(ascent: Ascent, k: int) -> Candidate:
    """From the rows nearest to each of K that lie evenly along the table."""
    rows = ascent.source.rows
    seeds = rows[np.linspace(0, len(rows) - 1, k).astype(int)]
    nearest = ((rows[:, None] - seeds) ** 2).sum(axis=2).argmin(axis=1)
    return ascent.from_shares((nearest[:, None] == np.arange(k)).astype(np.float64))


@EACH
@pytest.mark.parametrize("name", ["faithful", "iris", "weighted iris"])
def test_at_once_or_one_by_one_comes_to_the_same(
    letters: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = (faithful() if name == "faithful" else iris()).rows
    weights = np.random.default_rng(0).uniform(0.5, 2.0, len(rows)) if "weighted" in name else None
    at_once, loop = (begun(rows, letters, weights) for _ in range(2))
    start = from_rows(at_once, 3)
    for n_steps, gain in ((1, 0.0), (5, 0.0), (60, 1e-6)):
        one = at_once.climbed(start, n_steps, gain)
        with monkeypatch.context() as context:
            context.setattr(kernel, "climb", None)
            other = loop.climbed(start, n_steps, gain)
        if letters in ("EVE", "VVE"):  # whose orientation each seeks in its own way
            assert_allclose(one.log_likelihood, other.log_likelihood, atol=2e-3)
            continue
        assert_allclose(one.log_likelihood, other.log_likelihood, rtol=1e-11)
        assert_allclose(one.estimate.weight, other.estimate.weight, rtol=1e-8)
        assert_allclose(one.estimate.means, other.estimate.means, rtol=1e-8, atol=1e-10)
        covariances = other.estimate.covariances
        assert one.estimate.covariances.shape == covariances.shape
        assert_allclose(one.estimate.covariances, covariances, rtol=1e-8, atol=1e-10)
        assert at_once.budget.left == loop.budget.left


@EACH
def test_amid_noise_the_likelihood_is_that_of_the_parameters_before(
    letters: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(1)
    rows = np.vstack([faithful().rows, random.uniform([1.0, 40.0], [6.0, 100.0], (80, 2))])
    log_volume = float(np.log(np.ptp(rows / rows.std(axis=0), axis=0)).sum())
    ends = []
    for climb in (kernel.climb, None):
        monkeypatch.setattr(kernel, "climb", climb)
        ascent = begun(rows, letters, log_volume=log_volume)
        end = ascent.climbed(from_rows(ascent, 2), 30)
        ends.append((end, ascent.climbed(end, 1)))
    (one, _), (other, _) = ends
    if letters not in ("EVE", "VVE"):  # whose orientation each seeks in its own way
        assert_allclose(one.log_likelihood, other.log_likelihood, rtol=1e-9)
        assert_allclose(one.background, other.background, rtol=1e-6)
    for end, after in ends:
        total = end.weight.sum() + end.background
        assert_allclose(total, len(rows))
        joint = [np.full(len(rows), np.log(end.background / total) - log_volume)]
        for weight, mean, covariance in zip(end.weight, end.means, end.covariances, strict=True):
            density = multivariate_normal(mean, covariance).logpdf(ascent.source.rows)
            joint.append(np.log(weight / total) + density)
        assert_allclose(logsumexp(joint, axis=0).mean(), after.log_likelihood, rtol=1e-10)
        assert ascent.shares(end).shape == (len(rows), 2)


def test_what_cannot_be_done_at_once_is_left_to_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row out of reach is the nearest component's: only the loop knows how."""
    near = begun(faithful().rows, "full")
    start = from_rows(near, 3)
    narrow = replace(start, covariances=1e-20 * start.covariances)
    rows = np.concatenate([near.source.rows, [[1e150, 1e150]]])
    ends = []
    for climb in (kernel.climb, None):
        monkeypatch.setattr(kernel, "climb", climb)
        ascent = replace(near, source=ArraySource(rows), budget=Budget(1e12))
        ends.append((ascent.climbed(narrow, 1), ascent.budget.left))
    (one, left), (other, as_much) = ends
    assert left == as_much
    np.testing.assert_array_equal(one.estimate.weight, other.estimate.weight)
    np.testing.assert_array_equal(one.estimate.means, other.estimate.means)


def test_long_steps_are_the_executor_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several threads share the rows of a step that takes longer than what is between steps."""

    def climb(*_: object, **__: object) -> None:
        raise AssertionError("it was asked to")

    monkeypatch.setattr(kernel, "climb", climb)
    rows = np.random.default_rng(0).normal(size=(8000, 12))
    ascent = begun(rows, "full")
    ascent.climbed(from_rows(ascent, 10), 1)
    short = begun(rows[:100], "full")
    with pytest.raises(AssertionError, match="it was asked to"):
        short.climbed(from_rows(short, 3), 1)
