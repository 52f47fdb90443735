"""A report of rows that lack features says which, and is of what was observed."""

from __future__ import annotations

import numpy as np

import mixtura
from mixtura.views.report import report


def test_a_report_counts_what_is_missing_by_column_and_pattern() -> None:
    random = np.random.default_rng(0)
    rows = random.normal(size=(60, 3))
    rows[:7, 1] = np.nan
    rows[5:9, 2] = np.nan
    fit = mixtura.fit(rows, 1, missing="em")
    said = report(fit, rows, missing="em")
    data = said.record["data"]
    assert data["missing"].startswith("11 values are missing, of columns 'x1' (7), 'x2' (4)")
    assert "x1 in 5 rows, x2 in 2 rows, x1 and x2 in 2 rows" in data["missing"]
    assert data["relation"] == "same"
    for j, feature in enumerate(data["features"]):
        there = rows[~np.isnan(rows[:, j]), j]
        np.testing.assert_allclose(feature["mean"], there.mean(), rtol=1e-12)
        np.testing.assert_allclose(feature["standard_deviation"], there.std(), rtol=1e-12)
    assert data["missing"] in said.to_text()
    assert "<svg" in said.to_html()
