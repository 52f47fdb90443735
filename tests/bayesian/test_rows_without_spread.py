"""Rows that are odd: what a Bayesian fit says of them, and a selection by its bound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mixtura

RANDOM = np.random.default_rng(2)
ROWS = np.concatenate([RANDOM.normal(0.0, 1.0, (20, 2)), RANDOM.normal(6.0, 1.0, (20, 2))])
CONSTANT = np.column_stack([ROWS, np.full(len(ROWS), 3.0)])


@pytest.mark.parametrize("structure", ["VVV", "EEE", "VVI", "EII"])
def test_a_constant_column_is_told_and_stays_told(structure: str, tmp_path: Path) -> None:
    fit = mixtura.fit_bayes(CONSTANT, 3, structure)
    assert len(fit.notes) == 1
    assert fit.notes[0].startswith("column 2 is constant, at 3: it tells no components apart")
    assert fit.notes[0].endswith("drop column 2")
    assert fit.summary()["notes"] == list(fit.notes)
    mixtura.save(fit, tmp_path / "model")
    assert mixtura.load_bayes(tmp_path / "model").notes == fit.notes
    assert not mixtura.fit_bayes(ROWS, 3, structure).notes


def test_a_flat_component_is_chosen_by_its_bound_and_by_nothing_else() -> None:
    """Few rows near a plane make a likelihood an accident, and no average over parameters."""
    random = np.random.default_rng(3)
    flat = random.normal(size=(14, 3)) * [1.0, 1.0, 0.01]
    rows = np.concatenate([flat, flat @ [[0, 0, 1], [0, 1, 0], [1, 0, 0]] + 5.0])
    asked = {"n_components": [1, 2], "structures": ["EII", "VVV"]}
    found = mixtura.select(rows, **asked, criterion="elbo")
    (row,) = (r for r in mixtura.select(rows, **asked).rows if str(r.candidate) == "VVV,2")
    assert row.fit
    # The flat ends have 1e-4 along their shortest axis: they are no choice, or not where it ends.
    assert row.fault or np.linalg.eigvalsh(row.fit.mixture.covariances).min() > 1e-2
    assert str(found.best_row.candidate) == "VVV,2"
    bound = mixtura.fit_bayes(
        rows,
        2,
        weight_concentration_prior_type="dirichlet_distribution",
        weight_concentration_prior=1.0,
    ).elbo
    assert found.best_row.criterion("elbo") == pytest.approx(-2.0 * bound, rel=1e-6)
    assert str(found.chosen("bic").best_row.candidate) != "VVV,2"


def test_what_is_refused_for_a_constant_column_is_so_by_the_bound() -> None:
    asked = {"n_components": [1, 2], "structures": ["EII", "VVV"]}
    refused = [str(row.candidate) for row in mixtura.select(CONSTANT, **asked).failures]
    found = mixtura.select(CONSTANT, **asked, criterion="elbo")
    assert refused
    assert [str(row.candidate) for row in found.failures] == refused
    assert "column 2 is constant" in str(found)
