"""Whether rows have drifted, at the command line."""

from __future__ import annotations

import json

import numpy as np
import pytest

import mixtura


@pytest.fixture(scope="module")
def days(geyser, tmp_path_factory):
    """Rows of the model's own, and some whose first feature is half a minute longer."""
    folder = tmp_path_factory.mktemp("days")
    rows, _ = mixtura.load(geyser).sample(2000, 3)
    for name, shift in (("same", 0.0), ("longer", 0.5)):
        lines = (rows + np.array([shift, 0.0])).tolist()
        text = "\n".join(["eruptions,waiting", *(f"{a!r},{b!r}" for a, b in lines)])
        (folder / f"{name}.csv").write_text(text + "\n", "utf-8")
    return folder


def test_rows_of_the_models_own_are_told_to_be_so(typed, geyser, days):
    ended = typed("compare", geyser, days / "same.csv", "--strict")
    assert ended.code == 0
    assert ended.out.startswith("Nothing tells these 2,000 rows from rows of the mixture's own")
    assert "fitted to 272 rows, taken to be others than these" in ended.out


def test_what_has_drifted_is_named_and_strict_ends_with_7(typed, geyser, days):
    ended = typed("compare", geyser, days / "longer.csv", "--strict")
    assert ended.code == 7
    assert "eruptions is 0.4" in ended.out.splitlines()[0]
    assert typed("compare", geyser, days / "longer.csv").code == 0


def test_a_record_has_what_the_library_says(typed, geyser, days):
    record = json.loads(typed("compare", geyser, days / "longer.csv", "--json").out)
    rows = np.loadtxt(days / "longer.csv", delimiter=",", skiprows=1)
    found = mixtura.load(geyser).compare(rows, fitted_to=272)
    assert record["verdict"] == found.verdict
    assert record["differing"] == [each.name for each in found.differing]
    assert record["fitted_to"] == 272
    assert not record["same_rows"]


def test_several_files_are_read_as_one(typed, geyser, days):
    record = json.loads(typed("compare", geyser, days / "*.csv", "--json").out)
    assert record["n_rows"] == 4000


def test_the_rows_of_the_fit_are_known_again(typed, tmp_path):
    typed("fit", "@faithful", "-k", 2, "-o", tmp_path / "own.safetensors")
    ended = typed("compare", tmp_path / "own.safetensors", "@faithful")
    assert "the tests are too mild for them" in ended.out


def test_a_report_on_other_rows_says_whether_they_drifted(typed, geyser, days):
    told = typed("report", geyser, days / "longer.csv", "--text").out
    assert "These 2,000 rows differ widely from what the mixture describes" in told
    assert "differ widely" not in typed("report", geyser, "@faithful", "--text").out


def test_a_share_that_is_none_is_refused(typed, geyser):
    ended = typed("compare", geyser, "@faithful", "--alpha", 0)
    assert ended.code == 2
    assert "0.0 is not in the range" in ended.message
