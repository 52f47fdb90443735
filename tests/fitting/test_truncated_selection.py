"""A selection whose candidates are fitted by truncated EM, or not."""

from __future__ import annotations

import json

import numpy as np
import pytest

import mixtura
from mixtura.cli.main import main
from mixtura.errors import ParameterError

pytestmark = pytest.mark.usefixtures("passes_over_cells")


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    """Sixteen round clusters on a grid, 40 rows each."""
    centres = 6.0 * np.stack(np.meshgrid(np.arange(4), np.arange(4)), axis=-1).reshape(-1, 2)
    return np.repeat(centres, 40, axis=0) + np.random.RandomState(0).normal(size=(640, 2))


def test_a_row_says_which_search_fitted_it(rows: np.ndarray) -> None:
    for search in ("exact", "truncated"):
        found = mixtura.select(rows, [15, 16], structures=["diag"], search=search)
        assert [row["search"] for row in found.table()] == [search, search]
        assert found.best_row.n_components == 16


def test_a_candidate_on_its_own_is_the_fit_of_that_search(rows: np.ndarray) -> None:
    found = mixtura.select(rows, 16, structures=["spherical"], search="truncated", tol=1e-6)
    own = mixtura.fit(rows, 16, structure="spherical", search="truncated", tol=1e-6)
    np.testing.assert_array_equal(found.best.mixture.means, own.mixture.means)
    assert found.best.log_likelihood == own.log_likelihood


def test_what_is_bettered_from_other_ends_stays_truncated(rows: np.ndarray) -> None:
    found = mixtura.select(
        rows, [8, 12, 16], structures=["spherical", "diag", "full"], search="truncated"
    )
    assert {row["search"] for row in found.table()} == {"truncated"}
    heights = {str(row.candidate): row.fit.log_likelihood for row in found.rows if row.fit}
    for k in (8, 12, 16):  # what contains another is not below it, but for what is left out
        assert heights[f"VVV,{k}"] > heights[f"VVI,{k}"] - 0.5 > heights[f"VII,{k}"] - 1.0


def test_few_rows_are_searched_exactly_where_nothing_is_asked(rows: np.ndarray) -> None:
    found = mixtura.select(rows, [2, 3], structures=["diag"])
    assert [row["search"] for row in found.table()] == ["exact", "exact"]


def test_what_truncated_em_cannot_do_is_refused_before_anything_is_fitted(rows: np.ndarray) -> None:
    holes = rows.copy()
    holes[0, 0] = np.nan
    with pytest.raises(ParameterError, match="does without rows that lack features: leave search"):
        mixtura.select(holes, [2, 3], missing="em", search="truncated")
    with pytest.raises(ParameterError, match="expected 'auto', 'exact' or 'truncated'"):
        mixtura.select(rows, [2, 3], search="fast")


def test_the_command_line_takes_it_and_tells_of_it(rows: np.ndarray, tmp_path, capsys) -> None:
    np.savetxt(tmp_path / "rows.csv", rows, delimiter=",", header="a,b", comments="")
    words = ["select", str(tmp_path / "rows.csv"), "-k", "15:16", "--structures", "diag"]
    words += ["--search", "truncated"]
    assert main([*words, "--csv"]) == 0
    assert "search" in capsys.readouterr().out.splitlines()[0].split(",")
    assert main([*words, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert [each["search"] for each in record["candidates"]] == ["truncated", "truncated"]
