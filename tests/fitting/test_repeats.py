"""A value is repeated where many rows hold it and hardly any hold the values beside it."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_wine

import mixtura
from mixtura.datasets import faithful, galaxies, iris
from mixtura.engine.sources import ArraySource
from mixtura.rows.oddities import Repeat, repeats

RANDOM = np.random.RandomState(5)


def spiked(n: int, held: int, value: float = 0.0, n_features: int = 1) -> np.ndarray:
    """Normal rows, the last feature of `held` of which is one value."""
    rows = np.random.RandomState(n + held).standard_normal((n, n_features)) + 5.0
    rows[np.random.RandomState(held).permutation(n)[:held], -1] = value
    return rows


def found(rows: np.ndarray) -> tuple[Repeat, ...]:
    return repeats(ArraySource(rows))


@pytest.mark.parametrize(("n", "held"), [(1500, 30), (1500, 600), (40, 10), (3000, 2990)])
def test_a_spike_is_found_and_counted(n: int, held: int) -> None:
    rows = spiked(n, held, -1.5, 3)
    assert found(rows) == (Repeat(2, -1.5, Counter(rows[:, 2])[-1.5], n),)


def test_what_is_sought_among_some_rows_is_counted_among_all() -> None:
    rows = spiked(50_000, 10_000)
    assert found(rows) == (Repeat(0, 0.0, 10_000, 50_000),)


def test_of_very_many_rows_the_share_is_that_of_those_looked_at() -> None:
    (repeat,) = found(np.asfortranarray(spiked(300_000, 60_000, 0.0, 20)))
    assert repeat.of < 300_000
    assert repeat.count / repeat.of == pytest.approx(0.2, abs=0.05)


@pytest.mark.parametrize(
    "rows",
    [
        faithful().rows,
        iris().rows,
        load_wine().data,
        galaxies().rows,
        RANDOM.standard_normal((500, 2)),
        RANDOM.standard_normal((500, 2)).round(1),
        RANDOM.poisson(0.5, (500, 1)),
        RANDOM.randint(0, 2, (500, 1)),
        load_diabetes().data,
        np.full((50, 1), 3.0),
        np.arange(12.0)[:, None],
        np.repeat(np.arange(4.0), 25)[:, None],
        spiked(1500, 9),
        spiked(9, 9),
    ],
)
def test_rounded_values_counts_and_constants_are_no_spikes(rows: np.ndarray) -> None:
    assert found(rows) == ()


def test_rows_of_every_type_are_looked_at() -> None:
    rows = spiked(400, 100, 2.0, 2)
    for same in (rows.astype(np.float32), rows[::-1], rows.astype(">f8")):
        assert [(each.feature, each.count) for each in found(same)] == [(1, 100)]


def test_the_component_on_a_spike_is_named() -> None:
    rows = spiked(600, 150)
    fit = mixtura.fit(rows, 2, start=(rows[:, 0] == 0.0).astype(int))
    assert fit.floored == (1,)
    assert fit.starved == ()
    assert fit.notes[0].startswith("column 0 is 0 in 150 of 600 rows: component 1 is that spike")
    assert fit.remedy != "nothing to do"


def test_a_spike_that_no_component_is_on_is_told_all_the_same() -> None:
    rows = spiked(600, 150, 4.0)
    fit = mixtura.fit(rows, 1)
    assert fit.outcome is mixtura.Outcome.CONVERGED
    assert "column 0 is 4 in 150 of 600 rows, and no component is that spike" in fit.notes[0]
    assert "ask for one component more" in fit.remedy


def test_many_spikes_that_no_component_is_on_are_told_in_one() -> None:
    rows = np.tile(spiked(600, 150, 4.0), 3) + np.random.RandomState(1).uniform(0, 9, 3)
    (note,) = mixtura.fit(rows, 1, structure="diag").notes
    assert "in 150 of 600 rows (2 more values repeated so), and no component is" in note


def test_rows_in_files_are_told_of_by_their_sample() -> None:
    rows = spiked(600, 150)
    assert mixtura.fit([rows[:400], rows[400:]], 1).notes == mixtura.fit(rows, 1).notes
