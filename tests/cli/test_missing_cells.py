"""Rows that lack features, from the command line."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mixtura

TEXT = "name,a,b\nann,1,2\nbob,,4\ncid,3,NA\ndan,5,7.5\neve,2,?\nfay,6,8\n"
ROWS = np.array([[1, 2], [np.nan, 4], [3, np.nan], [5, 7.5], [2, np.nan], [6, 8]])


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text(TEXT, "utf-8")
    return path


def stored(typed: Any, table: Path, tmp_path: Path) -> Path:
    model = tmp_path / "model.safetensors"
    typed("fit", table, "-k", "1", "--id", "name", "--missing", "em", "-o", model)
    return model


def test_a_fit_with_holes_is_that_of_the_library(typed: Any, table: Path, tmp_path: Path) -> None:
    model = mixtura.load(stored(typed, table, tmp_path))
    fit = mixtura.fit(ROWS, 1, missing="em")
    np.testing.assert_array_equal(model.covariances, fit.mixture.covariances)


def test_scores_and_what_is_filled_in_are_those_of_the_library(
    typed: Any, table: Path, tmp_path: Path
) -> None:
    model = stored(typed, table, tmp_path)
    mixture = mixtura.load(model)
    out = typed("score", model, table, "--id", "name", "--missing", "em").out
    scores = [float(row["log_likelihood"]) for row in csv.DictReader(io.StringIO(out))]
    np.testing.assert_allclose(scores, mixture.score_samples(ROWS, missing="em"), rtol=1e-12)
    out = typed("impute", model, table, "--id", "name", "--std").out
    lines = list(csv.DictReader(io.StringIO(out)))
    filled, deviations = mixture.impute(ROWS, return_std=True)
    assert [row["name"] for row in lines] == ["ann", "bob", "cid", "dan", "eve", "fay"]
    np.testing.assert_allclose([[float(r["a"]), float(r["b"])] for r in lines], filled, rtol=1e-12)
    np.testing.assert_allclose([float(row["b_std"]) for row in lines], deviations[:, 1], rtol=1e-12)


def test_a_gap_is_refused_with_the_option_that_takes_it(typed: Any, table: Path) -> None:
    said = typed("fit", table, "-k", "1", "--id", "name").err
    assert "line 3 (row 1), column 'a' is empty" in said
    assert "(--missing em)" in said


@pytest.mark.filterwarnings("default")
def test_a_bad_row_is_bad_nevertheless(typed: Any, table: Path, tmp_path: Path) -> None:
    model = stored(typed, table, tmp_path)
    table.write_text(TEXT + "gus,x,1\n", "utf-8")
    options = ("--id", "name", "--missing", "em")
    assert "holds 'x'" in typed("score", model, table, *options).err
    ended = typed("score", model, table, *options, "--on-bad-row", "keep")
    assert "1 bad row was given no value" in ended.err
    kept = ended.out.splitlines()
    assert len(kept) == 8
    assert kept[-1].rstrip(",") == "gus"


def test_a_picture_marks_what_was_filled_in(typed: Any, table: Path, tmp_path: Path) -> None:
    model, picture = stored(typed, table, tmp_path), tmp_path / "rows.svg"
    asked = ("plot", model, table, "--columns", "a,b", "-o", picture)
    assert "(--missing em)" in typed(*asked).err
    assert typed(*asked, "--missing", "em").err == ""
    assert picture.read_bytes().startswith(b"<?xml")
    told = typed(*asked, "--missing", "em", "--kind", "calibration", "--force").err
    assert "leave --missing em out" in told


def test_spellings_of_a_missing_cell_can_be_told(typed: Any, table: Path, tmp_path: Path) -> None:
    own, model = tmp_path / "own.csv", stored(typed, table, tmp_path)
    own.write_text(TEXT.replace(",,", ",-9,").replace("NA", "n.d."), "utf-8")
    told = ("--id", "name", "--missing-values=-9,n.d.")
    usual = typed("score", model, table, "--id", "name", "--missing", "em").out
    for more in ((), ("--on-bad-row", "skip")):
        asked = (*told, "--missing", "em", *more)
        scores = [line.split(",")[-1] for line in typed("score", model, own, *asked).out.split()]
        assert scores == [line.split(",")[-1] for line in usual.split()]
    filled = typed("impute", model, own, *told).out
    assert filled == typed("impute", model, table, "--id", "name").out
    assert (
        "--missing-values is given where nothing may be missing: give --missing em"
        in typed("score", model, own, *told).err
    )
