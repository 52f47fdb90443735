"""`--errors`: columns that hold what the features were measured with."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest

import mixtura

RANDOM = np.random.RandomState(3)
ERRORS = RANDOM.uniform(0.1, 0.8, size=(50, 2))
ROWS = RANDOM.standard_normal((50, 2)) + ERRORS * RANDOM.standard_normal((50, 2))
DATA = "name,x,y,dx,dy\n" + "".join(
    f"r{i},{x!r},{y!r},{dx!r},{dy!r}\n"
    for i, (x, y, dx, dy) in enumerate(np.column_stack([ROWS, ERRORS]).tolist())
)


def test_a_fit_with_errors_is_the_librarys_and_says_so(typed, file):
    ended = typed("fit", file(DATA), "-k", 1, "--id", "name", "--errors", "dx,dy", "--json")
    told = json.loads(ended.out)
    fit = mixtura.fit(ROWS, 1, errors=ERRORS)
    assert told["features"] == ["x", "y"]
    assert told["training"]["log_likelihood"] == pytest.approx(fit.log_likelihood, rel=1e-12)
    assert "the mixture is of their true values" in told["training"]["notes"][0]


def test_scores_and_labels_are_of_rows_with_their_errors(typed, file, tmp_path):
    path, model = file(DATA), tmp_path / "m.safetensors"
    packed = tmp_path / "rows.csv.gz"
    packed.write_bytes(gzip.compress(DATA.encode()))
    options = ("--id", "name", "--errors", "dx,dy")
    typed("fit", path, "-k", 2, *options, "-o", model)
    mixture = mixtura.load(model)
    wanted = mixture.score_samples(ROWS, errors=ERRORS)
    for data in (path, packed):
        lines = typed("score", model, data, *options).out.splitlines()
        assert lines[0] == "name,log_likelihood"
        found = [float(line.split(",")[1]) for line in lines[1:]]
        np.testing.assert_allclose(found, wanted, rtol=1e-12)
    lines = typed("predict", model, path, *options).out.splitlines()[1:]
    labels = mixture.predict(ROWS, errors=ERRORS).tolist()
    assert [int(line.split(",")[1]) for line in lines] == labels


def test_two_rows_with_equal_errors_are_scored(typed, file, tmp_path):
    model = tmp_path / "m.safetensors"
    typed("fit", file(DATA), "-k", 1, "--columns", "x,y", "-o", model)
    few = file("x,y,dx,dy\n0,0,.5,.5\n1,1,.5,.5\n", "few.csv")
    found = typed("score", model, few, "--errors", "dx,dy").out.split()[1:]
    wanted = mixtura.load(model).score_samples([[0.0, 0.0], [1.0, 1.0]], 0.25 * np.eye(2)[None])
    np.testing.assert_allclose([float(each) for each in found], wanted, rtol=1e-12)


@pytest.mark.parametrize(
    ("data", "option", "said"),
    [
        ("x,y,dx\n1,2,1\n2,1,1\n", "dx", "errors names 1 column (dx), and there are 2 features"),
        ("x,dx\n1,-1\n2,1\n", "dx", "the error of row 0, column 0 is -1"),
        ("x,dx\n1,wide\n2,1\n", "dx", "column 'dx' holds 'wide', expected a number"),
        ("x,dx\n1,1\n2,1\n", "dy", "has no column 'dy'"),
    ],
)
def test_columns_that_hold_no_errors_are_told(typed, file, data, option, said):
    ended = typed("fit", file(data), "-k", 1, "--errors", option)
    assert ended.code in (2, 3)
    assert said in ended.message


@pytest.mark.filterwarnings("default")
def test_a_selection_takes_errors_and_leaves_bad_rows_out(typed, file):
    data = file(DATA + "r50,nan,0,1,1\n")
    options = ("--id", "name", "--errors", "dx,dy", "--structures", "EII,VVV", "--json")
    ended = typed("select", data, "-k", "1", "--on-bad-row", "skip", *options)
    assert "1 bad row was left out" in ended.err
    told = json.loads(ended.out)
    found = mixtura.select(ROWS, [1], structures=["EII", "VVV"], errors=ERRORS)
    bic = {row["structure"]: row["bic"] for row in told["candidates"]}
    for row in found.table():
        assert bic[row["structure"]] == pytest.approx(row["bic"], rel=1e-9)


def test_rows_with_errors_are_explained_as_by_the_library(typed, file, tmp_path):
    model, path = tmp_path / "m.safetensors", file(DATA)
    options = ("--id", "name", "--errors", "dx,dy")
    typed("fit", path, "-k", 2, *options, "-o", model)
    mixture = mixtura.load(model)
    record = json.loads(typed("explain", model, path, *options, "--worst", 3, "--json").out)
    scores = mixture.score_samples(ROWS, errors=ERRORS)
    least = np.argsort(scores, kind="stable")[:3]
    assert [row["row"] for row in record["rows"]] == least.tolist()
    found = [row["log_likelihood"] for row in record["rows"]]
    np.testing.assert_allclose(found, scores[least], rtol=1e-12)
    assert set(record["rows"][0]["ids"]) == {"name"}
    assert "nats" in typed("explain", model, path, *options, "--row", 4).out
