"""`mixtura fit-groups`, and rows scored by the mixtures of their groups."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mixtura


@pytest.fixture(autouse=True)
def frame(tmp_path, monkeypatch) -> pd.DataFrame:
    """Rows of six groups, one of which cannot be fitted, in rows.csv."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(1)
    rows = pd.DataFrame(rng.normal(size=(240, 2)), columns=["a", "b"])
    rows["gene"], rows["batch"] = np.repeat(["x", "y", "z"], 80), np.tile([1, 2], 120)
    rows.loc[80, "a"] = np.nan
    rows.to_csv("rows.csv", index=False)
    return rows


def test_a_mixture_a_group_is_stored_and_told_of(typed, frame):
    ended = typed("fit-groups", "rows.csv", "--by", "gene,batch", "-k", "1:2", "-o", "out.parquet")
    assert ended.code == 0
    assert ended.out.startswith("6 groups of 240 rows, by gene, batch\n")
    assert "1 group failed; the first, gene y, batch 1: its row 0, column 'a' is NaN" in ended.out
    stored = mixtura.load_groups("out.parquet")
    alone = mixtura.select_groups(frame, ["gene", "batch"], [1, 2])
    pd.testing.assert_frame_equal(stored.to_pandas(True), alone.to_pandas(True), check_exact=True)


def test_the_standard_output_takes_the_mixtures_or_a_record(typed):
    ended = typed("fit-groups", "rows.csv", "--by", "gene", "-k", 1, "--columns", "b", "-o", "-")
    lines = ended.out.splitlines()
    assert lines[0].startswith("gene,rows,outcome,n_components,structure,log_likelihood,bic")
    assert len(lines) == 4
    assert "3 groups of 240 rows" in ended.err
    ended = typed("fit-groups", "rows.csv", "--by", "gene,batch", "-k", 1, "--json")
    record = json.loads(ended.out)
    assert record["groups"] == 6
    assert record["outcomes"] == {"converged": 5, "failed": 1}


@pytest.mark.filterwarnings("default")
def test_a_bad_row_may_be_left_out(typed):
    ended = typed("fit-groups", "rows.csv", "--by", "gene", "-k", 1, "--on-bad-row", "skip")
    assert ended.code == 0
    assert "failed" not in ended.out
    assert "1 bad row was left out" in ended.err


@pytest.mark.filterwarnings("default")
def test_rows_are_scored_by_their_groups(typed, frame):
    typed("fit-groups", "rows.csv", "--by", "gene,batch", "-o", "groups.csv")
    line = "score", "groups.csv", "rows.csv", "--by", "gene,batch", "--on-bad-row", "keep"
    assert typed(*line, "-o", "scores.csv").code == 0
    scores = pd.read_csv("scores.csv")
    assert list(scores) == ["gene", "batch", "log_likelihood"]
    expected = mixtura.load_groups("groups.csv").score_samples(frame.fillna(0.0), ["gene", "batch"])
    np.testing.assert_array_equal(scores["log_likelihood"], expected)
    assert scores["log_likelihood"].isna().sum() == 40  # of the group that has no mixture
    assert "null" in typed(*line, "--json").out


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("fit-groups rows.csv", 2, "--by"),
        ("fit-groups rows.csv --by gene,plate", 3, "'plate'"),
        ("fit-groups rows.csv --by gene --criterion cv", 2, "--criterion is 'cv'"),
        ("fit-groups rows.csv --by gene --start no", 2, "start"),
        ("fit-groups rows.csv --by gene -o out.xlsx", 2, ".xlsx"),
        ("fit-groups rows.csv --by gene -o out.npy", 2, ".npy holds no text"),
        ("fit-groups rows.csv --by gene -o none/out.csv", 6, "there is no directory"),
        ("fit-groups none.csv --by gene", 6, "none.csv"),
        ("score rows.csv rows.csv --by gene", 4, "holds no mixtures of groups"),
    ],
)
def test_what_goes_wrong_is_one_line(typed, line, code, words):
    ended = typed(*line.split())
    assert ended.code == code
    assert words in ended.message
    assert [path.name for path in Path().iterdir()] == ["rows.csv"]


def test_scores_are_told_by_the_columns_of_the_mixtures(typed):
    typed("fit-groups", "rows.csv", "--by", "gene", "-o", "groups.csv")
    ended = typed("score", "groups.csv", "rows.csv", "--by", "batch", "--on-bad-row", "keep")
    assert ended.code == 2
    assert "name the same columns" in ended.message


def test_strict_stores_nothing_where_a_group_failed(typed):
    line = "fit-groups", "rows.csv", "--by", "gene,batch", "-k", 1, "--strict", "-o", "out.csv"
    ended = typed(*line)
    assert ended.code == 5
    assert "1 of 6 groups failed or have not converged; nothing was stored" in ended.message
    assert not Path("out.csv").exists()
