"""Swaps in the kernel: those that the search makes one by one, and never to a worse place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from families import LETTERS
from mixtura.datasets import iris
from mixtura.engine import kernel
from mixtura.engine.executors import Serial
from mixtura.engine.kernel.reference import swap as no_swap
from mixtura.engine.search import Race
from mixtura.engine.sources import ArraySource
from mixtura.fitting.starts.ascent import Ascent
from mixtura.fitting.starts.budget import Budget
from mixtura.fitting.starts.candidate import Candidate
from mixtura.fitting.starts.contest import Contest
from mixtura.fitting.starts.swapping import Swapping
from mixtura.fitting.starts.swaps import DRAWS
from mixtura.model.structures import structure as structure_called

if not kernel.native_is_installed():
    pytest.skip("this installation has no native kernel", allow_module_level=True)

from mixtura.engine.kernel.native import swap

EACH = pytest.mark.parametrize("letters", LETTERS)


@pytest.fixture(autouse=True, scope="module")
def on_each_kernel() -> Iterator[None]:
    """Only one kernel has them; between swaps one by one its climbs are taken too."""
    before = "native" if kernel.describe().startswith("native") else "reference"
    kernel.use("native")
    yield
    kernel.use(before)


def sampled(d: int, k: int, n: int = 240, seed: int = 0) -> np.ndarray:
    """Rows of K clusters that overlap somewhat, some of them repeated, in units of their spread."""
    random = np.random.default_rng(seed)
    centres = 2.5 * random.normal(size=(k, d))
    roots = np.exp(0.4 * random.normal(size=(k, 1, d))) * random.normal(size=(k, d, d))
    label = random.integers(k, size=n)
    rows = centres[label] + np.einsum("nd,nde->ne", random.normal(size=(n, d)), roots[label])
    rows[-n // 6 :] = rows[: n // 6]
    return (rows - rows.mean(axis=0)) / rows.std(axis=0)


def searching(
    rows: np.ndarray,
    letters: str,
    k: int,
    *,
    weights: np.ndarray | None = None,
    patience: int = 60,
    left: float = 1e12,
    ridge: float = 1e-6,
    seed: int = 1,
    log_volume: float = np.inf,
) -> tuple[Swapping, Candidate]:
    """Swaps over rows, and where they begin: a few steps from the rows shared out at random."""
    d = rows.shape[1]
    structure = structure_called(letters)
    source, least = ArraySource(rows, weights), ridge * np.eye(d)
    ascent = Ascent(source, structure, Serial(), Budget(left), least, log_volume)
    seeds = rows[np.random.default_rng(seed).choice(len(rows), k, replace=False)]
    nearest = np.square(rows[:, None] - seeds).sum(axis=2).argmin(axis=1)
    start = ascent.climbed(ascent.from_shares(np.eye(k)[nearest]), 10)
    ascent.budget.left = left
    return Swapping(Contest(ascent), patience), start


def draws_of(n: int, seed: int = 2) -> np.ndarray:
    return np.random.RandomState(seed).uniform(size=(n, DRAWS))


def same_bits(one: Candidate, other: Candidate) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("weight", "means", "covariances", "log_likelihood")
    )


@EACH
@pytest.mark.parametrize("noise", [False, True], ids=["plain", "noise"])
@pytest.mark.parametrize("weighted", [False, True], ids=["counted", "weighted"])
@pytest.mark.parametrize(("d", "k"), [(1, 4), (2, 3), (4, 5)])
def test_swaps_at_once_are_swaps_one_by_one(
    letters: str, weighted: bool, d: int, k: int, noise: bool
) -> None:
    rows = sampled(d, k)
    log_volume = float(np.log(np.ptp(rows, axis=0)).sum()) if noise else np.inf
    weights = None
    if weighted:
        weights = np.random.default_rng(3).uniform(0.2, 3.0, len(rows))
    # Where the last gain of a climb is as large as what is none, rounding parts the two.
    draws = draws_of(8 if noise else 24)
    ends = []
    for way in ("at_once", "one_by_one"):
        swaps, start = searching(rows, letters, k, weights=weights, log_volume=log_volume)
        take = getattr(swaps, way)
        end = take(swap, start, 2, draws) if way == "at_once" else take(start, 2, draws)
        ends.append((*end, swaps.contest.ascent.budget.left))
    (one, failed, left), (other, failed_too, left_too) = ends
    assert failed == failed_too
    assert left == left_too
    assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-9)
    assert_allclose(one.weight, other.weight, rtol=1e-6)
    assert one.background == pytest.approx(other.background, rel=1e-6)
    assert (one.background > 0.0) is noise
    assert_allclose(one.means, other.means, rtol=1e-6, atol=1e-7)
    assert_allclose(one.covariances, other.covariances, rtol=1e-5, atol=1e-7)
    assert one.n_spurious == other.n_spurious


def test_the_comparison_is_of_searches_that_find_something() -> None:
    found = []
    for letters in LETTERS:
        swaps, start = searching(sampled(2, 3), letters, 3)
        end, _ = swaps.at_once(swap, start, 0, draws_of(24))
        found.append(end.log_likelihood > start.log_likelihood + 1e-3)
    assert np.mean(found) > 0.5


@EACH
def test_swaps_in_parts_are_swaps_at_once(letters: str) -> None:
    draws = draws_of(40)
    swaps, start = searching(sampled(3, 4), letters, 4)
    whole, failed = swaps.at_once(swap, start, 0, draws)
    part, left = start, 0
    for chosen in np.split(draws, [7, 9, 25]):
        part, left = swaps.at_once(swap, part, left, chosen)
    assert failed == left
    assert same_bits(part, whole)
    again, _ = swaps.at_once(swap, start, 0, draws)
    assert same_bits(again, whole)


@EACH
def test_the_likelihood_is_that_of_the_parameters_and_no_lower_than_before(letters: str) -> None:
    rows = sampled(2, 4)
    swaps, start = searching(rows, letters, 4)
    end, _ = swaps.at_once(swap, start, 0, draws_of(30))
    assert end.log_likelihood >= start.log_likelihood
    shares = end.weight / end.weight.sum()
    density = [
        np.log(share) + multivariate_normal(mean, matrix).logpdf(rows)
        for share, mean, matrix in zip(shares, end.means, end.covariances, strict=True)
    ]
    # Said of the parameters one step before, which has come to rest.
    reached = logsumexp(density, axis=0).mean()
    assert reached == pytest.approx(end.log_likelihood, abs=1e-4)
    assert end.weight.sum() == pytest.approx(len(rows))


@EACH
@pytest.mark.parametrize("noise", [False, True], ids=["plain", "noise"])
def test_a_race_at_once_is_one_climb_after_the_other(
    letters: str, noise: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = sampled(2, 3)
    log_volume = float(np.log(np.ptp(rows, axis=0)).sum()) if noise else np.inf
    ends, how = [], Race(n_brief=4, n_followed=2, n_steps=30, gain=1e-6)
    for race in (kernel.race, None):
        monkeypatch.setattr(kernel, "race", race)
        begun = [searching(rows, letters, 3, log_volume=log_volume, seed=s) for s in range(5)]
        contest = begun[0][0].contest
        ends.append((contest.raced([start for _, start in begun], how), contest.ascent.budget.left))
    (ours, left), (theirs, as_much) = ends
    assert len(ours) == len(theirs) == 2
    assert left == as_much
    assert ours[0].rank <= ours[1].rank
    for one, other in zip(ours, theirs, strict=True):
        assert same_bits(one, other)
        assert one.background == other.background


def test_two_components_on_one_cluster_are_set_on_two() -> None:
    random = np.random.default_rng(0)
    centres = np.array([[-9.0, 0.0], [0.0, 0.0], [9.0, 1.0]])
    rows = centres[np.arange(300) % 3] + random.normal(size=(300, 2))
    swaps, start = searching(rows, "VVV", 3)
    ascent = swaps.contest.ascent
    # Two halves of the first cluster, and one component for the two others.
    side = np.where(rows[:, 0] > -4.5, 2, (rows[:, 1] > 0.0).astype(int))
    start = ascent.climbed(ascent.from_shares(np.eye(3)[side]), 60)
    assert np.abs(np.sort(start.means[:, 0]) - centres[:, 0]).max() > 3.0
    end, _ = swaps.at_once(swap, start, 0, draws_of(60))
    assert_allclose(np.sort(end.means[:, 0]), centres[:, 0], atol=0.4)


def test_a_search_ends_with_its_patience_its_effort_or_what_is_known() -> None:
    rows, draws = sampled(2, 3), draws_of(200)
    swaps, start = searching(rows, "VVV", 3, patience=12)
    best, failed = swaps.at_once(swap, start, 0, draws)
    assert failed == 12
    assert swaps.at_once(swap, best, 12, draws) == (best, 12)

    budget = swaps.contest.ascent.budget
    budget.left = 0.0
    assert swaps.at_once(swap, start, 0, draws) == (start, 0)
    budget.left = 1.0  # what is begun is ended
    _, failed = swaps.at_once(swap, best, 0, draws)
    assert failed == 1
    assert budget.left < 0.0

    budget.left = 1e12
    known = Swapping(swaps.contest, 12, best)
    assert known.at_once(swap, best, 0, draws) == (best, 0)
    assert budget.left == 1e12
    again, failed = known.at_once(swap, start, 0, draws)
    assert again.log_likelihood == pytest.approx(best.log_likelihood, abs=1e-5)
    assert failed < 12


@EACH
def test_rows_without_a_maximum_leave_finite_parameters(letters: str) -> None:
    rows = np.repeat(iris().rows[:40:4, :2], 4, axis=0)
    rows[:, 1] = 1.0
    swaps, start = searching(rows, letters, 3, ridge=1e-3)
    for ridge in (0.0, 1e-10):
        ascent = replace(swaps.contest.ascent, ridge=ridge * np.eye(2))
        end, failed = Swapping(Contest(ascent), 60).at_once(swap, start, 0, draws_of(60))
        for name in ("weight", "means", "covariances"):
            assert np.isfinite(getattr(end, name)).all()
        assert np.isfinite(end.log_likelihood)
        assert end.log_likelihood >= start.log_likelihood
        assert (np.linalg.eigvalsh(end.covariances) > 0.0).all()
        assert 0 <= failed <= 60


def test_draws_and_shapes_are_checked() -> None:
    swaps, start = searching(sampled(2, 3), "VVV", 3)
    for bad in (1.0, -0.1, np.nan):
        draws = draws_of(3)
        draws[1, 4] = bad
        with pytest.raises(ValueError, match="draws are not all from 0 to below 1"):
            swaps.at_once(swap, start, 0, draws)
    with pytest.raises(ValueError, match="draws has shape"):
        swaps.at_once(swap, start, 0, draws_of(3)[:, :5].copy())
    one, alone = searching(sampled(2, 3), "VVV", 1)
    with pytest.raises(ValueError, match="two components"):
        one.at_once(swap, alone, 0, draws_of(3))


def test_the_reference_has_none() -> None:
    assert no_swap is None


def test_a_search_is_the_same_in_every_run() -> None:
    swaps, start = searching(sampled(2, 4), "VVV", 4, patience=20)
    ends = [swaps.best(start, np.random.RandomState(5)) for _ in range(2)]
    assert same_bits(*ends)
    assert_array_equal(ends[0].means, ends[1].means)
