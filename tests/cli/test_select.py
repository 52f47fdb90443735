"""`mixtura select` prints the table, says what is best, and stores it."""

from __future__ import annotations

import csv
import io
import json

import pytest

import mixtura
from mixtura.cli.main import main
from mixtura.model import storage

FEW = ["-k", "1:3", "--structures", "EEE,VVV", "--jobs", "1"]


def test_the_table_marks_the_best_and_the_verdict_says_how_sure_it_is(capsys):
    assert main(["select", "@faithful", *FEW]) == 0
    text = capsys.readouterr().out
    assert "2314.30*" in text
    assert text.count("*") == 2  # the mark, and what it means
    assert "EEE,3 is the best of 6 candidates by BIC: 2314.30, smaller" in text


def test_the_best_model_is_stored(tmp_path, capsys):
    path = tmp_path / "best.safetensors"
    assert main(["select", "@faithful", *FEW, "-o", str(path)]) == 0
    stored = storage.read(str(path))
    assert stored.mixture.structure.letters == "EEE"
    assert stored.mixture.n_components == 3
    assert stored.training["bic"] == pytest.approx(2314.2957, abs=1e-3)
    assert main(["select", "@faithful", *FEW, "-o", str(path)]) == 6
    assert "exists already: add --force" in capsys.readouterr().err


def test_json_has_what_the_library_finds(capsys):
    assert main(["select", "@faithful", *FEW, "--json", "--sign", "mclust"]) == 0
    record = json.loads(capsys.readouterr().out)
    found = mixtura.select(mixtura.datasets.faithful(), [1, 2, 3], structures=["EEE", "VVV"])
    assert record["best"] == {"structure": "EEE", "n_components": 3}
    for row, expected in zip(record["candidates"], found.table("mclust"), strict=True):
        assert row["bic"] == expected["bic"] < 0.0


def test_criteria_have_one_sign_wherever_they_are_told(capsys):
    ways = {"mclust": ("larger", "smaller"), "scikit-learn": ("smaller", "larger")}
    for sign, (better, worse) in ways.items():
        for form in ([], ["--json"]):
            assert main(["select", "@faithful", *FEW, "--sign", sign, *form]) == 0
            said = capsys.readouterr().out
            assert ("-2314.30" in said) == (sign == "mclust")
            assert f"{better} is better" in said
            assert f"{worse} is better" not in said


def test_files_that_a_glob_names_are_one_table(tmp_path, capsys):
    lines = [f"{x!r},{y!r}\n" for x, y in mixtura.datasets.faithful().rows.tolist()]
    for name, part in (("a", lines[:100]), ("b", lines[100:])):
        (tmp_path / f"{name}.csv").write_text("eruptions,waiting\n" + "".join(part), "utf-8")
    assert main(["select", str(tmp_path / "*.csv"), *FEW]) == 0
    whole = capsys.readouterr().out
    assert main(["select", "@faithful", *FEW]) == 0
    assert capsys.readouterr().out == whole


def test_a_constrained_model_is_fitted_stored_and_shown(tmp_path, capsys):
    path = tmp_path / "vve.safetensors"
    assert main(["fit", "@faithful", "-k", "2", "--structure", "VVE", "-o", str(path)]) == 0
    fitted = capsys.readouterr().out
    assert "VVE covariances, 10 parameters" in fitted
    assert storage.read(str(path)).mixture.structure.letters == "VVE"
    assert main(["show", str(path)]) == 0
    assert capsys.readouterr().out.startswith(fitted)


def test_csv_has_a_line_for_each_candidate(capsys):
    assert main(["select", "@faithful", "-k", "2,300", "--structures", "EEE", "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["n_components"] for row in rows] == ["2", "300"]
    assert rows[1]["bic"] == ""
    assert rows[1]["reason"].startswith("there are 272 rows")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["-k", "9:1"], 2, "the range '9:1' is empty"),
        (["-k", "two"], 2, "'two' is neither a number nor a range such as 1:9"),
        (["-k", "0"], 2, "-k has 0"),
        (["--structures", "EEE,ABC"], 2, "unknown covariance structure 'ABC'"),
        (["--criterion", "bics"], 2, "unknown criterion 'bics', expected one of: bic, icl, aic"),
        (["--json", "--csv"], 2, "--json and --csv were both given"),
        (["-k", "500"], 3, "is fit to be chosen: there are 272 rows"),
    ],
)
def test_bad_input_is_told_in_one_sentence(arguments, code, words, capsys):
    assert main(["select", "@faithful", *arguments]) == code
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_the_record_becomes_a_picture(tmp_path, capsys):
    assert main(["select", "@faithful", *FEW, "--json"]) == 0
    record = tmp_path / "selection.json"
    record.write_text(capsys.readouterr().out, "utf-8")
    picture = tmp_path / "bic.png"
    assert main(["plot", str(record), "--kind", "selection", "-o", str(picture)]) == 0
    assert picture.read_bytes()[:4] == b"\x89PNG"


def test_a_file_that_is_no_selection_is_refused(tmp_path, capsys):
    for content in ("not json", "[1]", '{"by": "bic"}'):
        record = tmp_path / "selection.json"
        record.write_text(content, "utf-8")
        out = str(tmp_path / "x.png")
        assert main(["plot", str(record), "--kind", "selection", "-o", out]) == 4
        assert "mixtura select --json" in capsys.readouterr().err
