"""Factor analysers at the command line: fitted, kept, shown, explained and chosen among."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import mixtura
from mixtura.datasets import iris

if TYPE_CHECKING:
    from conftest import Typed


def test_a_model_is_fitted_kept_and_shown(typed: Typed, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    fit = ["fit", "@iris", "-k", 2, "--structure", "factor", "--n-factors", 1, "-o", path]
    done = typed(*fit)
    assert done.code == 0
    assert "factor-1 covariances" in done.out
    ours = mixtura.fit(iris(), 2, structure="factor", n_factors=1).mixture
    np.testing.assert_array_equal(mixtura.load(path).covariances, ours.covariances)
    shown = typed("show", path)
    assert shown.code == 0
    heads = next(line for line in shown.out.splitlines() if "own variance" in line).split()
    assert heads == ["feature", "mean", "factor", "1", "own", "variance"]
    assert "expected at" in typed("explain", path, "@iris", "--row", 3).out
    record = json.loads(typed("show", path, "--json").out)
    assert np.shape(record["covariances"]) == (2, 4, 2)


def test_numbers_of_factors_are_chosen_among(typed: Typed) -> None:
    told = typed(
        *("select", "@iris", "-k", "2", "--structures", "diag,factor", "--n-factors", "1:2"),
        "--csv",
    )
    assert told.code == 0
    named = {row["structure"] for row in csv.DictReader(told.out.splitlines())}
    assert named == {"VVI", "factor-1", "factor-2"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["--structure", "factor"], "give --n-factors, such as 2, or call it factor-2"),
        (["--n-factors", 2], "which has none: ask for the structure factor or factor-shared"),
        (["--structure", "factor-4"], "expected fewer than there are features, 4"),
        (["--structure", "factor-1", "--noise"], "cannot be fitted with noise yet"),
    ],
)
def test_what_cannot_be_is_said_in_options(typed: Typed, line: list[str | int], said: str) -> None:
    done = typed("fit", "@iris", "-k", 2, *line)
    assert done.code != 0
    assert said in done.message
    assert "n_factors" not in done.message
