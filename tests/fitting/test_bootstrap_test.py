"""The bootstrap's p-value is small where there is one component more, and else it is not."""

from __future__ import annotations

import numpy as np
import pytest

import mixtura
from mixtura.datasets import faithful, galaxies
from mixtura.errors import DataError, ParameterError
from mixtura.selection import BootstrapTest
from mixtura.selection.replicates import Replicates


def test_one_component_of_the_geyser_is_refused():
    found = mixtura.bootstrap_test(faithful(), 1, structure="EEE", n_bootstrap=19, n_jobs=1)
    # From the published log-likelihoods of the two fits: 2 (1289.57 - 1140.19).
    assert found.statistic == pytest.approx(299.2, abs=1.0)
    assert found.p_value == 1 / 20
    assert (found.replicates > -1e-6).all()


def test_a_second_component_of_normal_rows_is_chance():
    rows = np.random.RandomState(0).normal(size=(120, 1))
    found = mixtura.bootstrap_test(rows, 1, structure="E", n_bootstrap=19, n_jobs=1)
    assert found.p_value > 0.1


def test_the_data_count_as_one_of_the_replicates():
    fit = mixtura.fit(faithful(), 1)
    test = BootstrapTest(fit, fit, 3.0, np.array([1.0, 2.0, 3.0, 4.0]))
    assert test.p_value == (1 + 2) / 5


def test_the_answer_does_not_depend_on_the_number_of_threads():
    rows = np.asarray(faithful())[:60]
    one = mixtura.bootstrap_test(rows, 1, structure="EII", n_bootstrap=4, n_jobs=1)
    two = mixtura.bootstrap_test(rows, 1, structure="EII", n_bootstrap=4, n_jobs=2)
    assert one.replicates.tobytes() == two.replicates.tobytes()


def test_a_wrong_wish_is_told():
    with pytest.raises(ParameterError, match="n_bootstrap is 0, expected"):
        mixtura.bootstrap_test(faithful(), 1, n_bootstrap=0)
    with pytest.raises(DataError, match="X has 3 rows, expected at least one for each of the 4"):
        mixtura.bootstrap_test(np.eye(3), 3)


def test_rows_that_happen_to_be_less_likely_than_the_person_s_are_no_failed_replicates():
    test = mixtura.bootstrap_test(galaxies(), 3, structure="E", n_bootstrap=9, n_jobs=1)
    assert test.n_failed == 0
    assert len(test.replicates) == 9


def test_a_replicate_that_collapses_is_drawn_anew():
    # The likeliest two components of few normal rows are often a spike and the rest.
    rows = np.random.RandomState(1).normal(size=(12, 1))
    test = mixtura.bootstrap_test(rows, 1, structure="V", n_bootstrap=3, n_jobs=1, random_state=3)
    assert test.n_failed > 0
    assert len(test.replicates) == 3


def test_where_every_replicate_collapses_the_draws_have_an_end(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Replicates, "ratio", lambda self, number: np.nan)
    test = mixtura.bootstrap_test(faithful(), 1, structure="EEE", n_bootstrap=5, n_jobs=1)
    assert test.n_failed == 10
    assert test.p_value == 1.0
