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
