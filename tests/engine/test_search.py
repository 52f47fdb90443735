"""Searches in the kernel: those that are made one after the other, to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from families import LETTERS
from mixtura.engine import kernel
from mixtura.engine.executors import Serial
from mixtura.engine.sources import ArraySource
from mixtura.fitting.starts.ascent import Ascent
from mixtura.fitting.starts.budget import Budget
from mixtura.fitting.starts.search import Found, Search
from mixtura.model.structures import structure as structure_called

if not kernel.native_is_installed():
    pytest.skip("this installation has no native kernel", allow_module_level=True)


@pytest.fixture(autouse=True)
def on_the_native_kernel() -> None:
    if kernel.search is None:
        pytest.skip("the reference kernel has no search of its own")


def searching(
    letters: str,
    k: int,
    *,
    noise: bool = False,
    effort: float = 3e7,
    rows: np.ndarray | None = None,
) -> Search:
    if rows is None:
        random = np.random.default_rng(k)
        rows = random.normal(size=(150, 2)) + 4.0 * random.normal(size=(k, 2))[np.arange(150) % k]
    log_volume = float(np.log(np.ptp(rows, axis=0)).sum()) if noise else np.inf
    structure, ridge = structure_called(letters), 1e-10 * np.eye(2)
    source, budget = ArraySource(rows), Budget(effort)
    ascent = Ascent(source, structure, Serial(), budget, ridge, log_volume)
    return Search(ascent, (source,), k, np.random.RandomState(3))


def one_by_one(search: Search, monkeypatch: pytest.MonkeyPatch) -> Found:
    with monkeypatch.context() as patch:
        patch.setattr(kernel, "search", None)
        return search.found()


@pytest.mark.parametrize("letters", LETTERS)
@pytest.mark.parametrize(("k", "noise"), [(2, False), (5, False), (3, True)])
def test_searches_at_once_are_those_one_after_the_other(
    letters: str, k: int, noise: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = (searching(letters, k, noise=noise) for _ in range(2))
    found, expected = ours.found(), one_by_one(theirs, monkeypatch)
    assert found.times == expected.times
    assert len(found.ends) == len(expected.ends) >= 1
    assert ours.ascent.budget.left == theirs.ascent.budget.left
    # The draws that follow are the same, too.
    assert ours.random.uniform() == theirs.random.uniform()
    for one, other in zip(found.ends, expected.ends, strict=True):
        assert one.log_likelihood == other.log_likelihood
        assert one.background == other.background
        for name in ("weight", "means", "covariances"):
            assert_array_equal(getattr(one, name), getattr(other, name))


def test_searches_end_once_three_have_met_the_best() -> None:
    centres = np.array([[0.0, 0.0], [30.0, 0.0], [0.0, 30.0]])
    rows = centres[np.arange(90) % 3] + np.random.default_rng(0).normal(size=(90, 2))
    found = searching("VVV", 3, rows=rows, effort=1e9).found()
    assert found.times == 3
    nearest = np.abs(found.ends[0].means[:, None] - centres).sum(axis=2)
    assert sorted(nearest.argmin(axis=1).tolist()) == [0, 1, 2]
    assert nearest.min(axis=1).max() < 1.0


def test_without_effort_there_is_one_search() -> None:
    assert len(searching("VVI", 4, effort=1.0).found().ends) == 1


def test_where_draws_run_out_the_searches_are_made_one_after_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = one_by_one(searching("EEE", 4), monkeypatch)
    monkeypatch.setattr("mixtura.fitting.starts.search._AHEAD", 1)
    monkeypatch.setattr("mixtura.fitting.starts.search._AHEAD_EACH", 0)
    short = searching("EEE", 4)
    found = short.found()
    assert [each.log_likelihood for each in found.ends] == [
        each.log_likelihood for each in expected.ends
    ]


def test_a_search_refuses_what_it_cannot_take(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[Any] = []
    search = kernel.search
    monkeypatch.setattr(kernel, "search", lambda *arguments: taken.extend(arguments))
    searching("VVV", 3).found()
    assert search is not None
    problem, states, rule, how, effort, draws = taken
    with pytest.raises(ValueError, match="draws are not all from 0"):
        search(problem, states, rule, how, effort, np.ones_like(draws))
    one = how._replace(scatter=how.scatter._replace(weight=np.ones(1)))
    with pytest.raises(ValueError, match="two components at least"):
        search(problem, states, rule, one, effort, draws)
    none = how._replace(scattered=False)
    with pytest.raises(ValueError, match="a search takes rows, a place"):
        search(problem, states, rule, none, effort, draws)
