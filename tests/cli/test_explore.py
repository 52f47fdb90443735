"""`mixtura explore`: a page of a model, or of a fit made on the spot."""

from __future__ import annotations

import json

import pytest

import mixtura
from mixtura.datasets import faithful, iris


def record_of(page: str) -> dict:
    return json.loads(page.split('id="record">')[1].split("</script>")[0])


def test_a_model_and_its_rows_make_a_page_that_replays_its_fit(typed, tmp_path):
    path, model = tmp_path / "page.html", tmp_path / "model.safetensors"
    assert typed("fit", "@faithful", "-k", 2, "-o", model).code == 0
    ended = typed("explore", model, "@faithful", "-o", path)
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == f"{path}: open it in a browser\n"
    record = record_of(path.read_text("utf-8"))
    fit = mixtura.fit(faithful(), 2)
    assert record["replay"]["same_run"] is True
    assert record["replay"]["trace"] == pytest.approx(fit.trace.tolist(), rel=1e-12)
    assert record["features"] == ["eruptions", "waiting"]
    assert record["name"] == "@faithful"


def test_a_fit_is_replayed_from_the_start_and_the_seed_that_the_model_keeps(typed, tmp_path):
    model = tmp_path / "model.safetensors"
    settings = ["--start", "random", "--seed", 11, "--tol", "1e-6", "--no-accelerate"]
    assert typed("fit", "@faithful", "-k", 3, "-o", model, *settings).code == 0
    record = record_of(typed("explore", model, "@faithful", "-o", "-").out)
    fit = mixtura.fit(faithful(), 3, start="random", random_state=11, tol=1e-6, accelerate=False)
    assert record["replay"]["same_run"] is True
    assert record["replay"]["trace"] == fit.trace.tolist()
    other = record_of(typed("explore", model, "@faithful", "--seed", 12, "-o", "-").out)
    assert other["replay"]["same_run"] is False


def test_a_fit_that_began_otherwise_is_said_to_be_another(typed, geyser):
    ended = typed("explore", geyser, "@faithful", "--start", "random", "--tol", "auto", "-o", "-")
    record = record_of(ended.out)
    assert record["replay"]["same_run"] is False
    assert len(record["replay"]["trace"]) > 10


def test_without_a_model_a_fit_is_made(typed):
    ended = typed(
        "explore", "@iris", "-k", 3, "--features", "petal_length", "--structure", "tied", "-o", "-"
    )
    assert ended.code == 0
    record = record_of(ended.out)
    fit = mixtura.fit(iris(), 3, structure="tied")
    assert record["fitted"]["mean_log_likelihood"] == pytest.approx(fit.trace[-1])
    assert record["structure"]["whole"] == "tied"
    assert record["features"] == ["petal_length"]


def test_a_single_row_has_no_fit_to_replay(typed, geyser, file):
    path = file("eruptions,waiting\n3.5,70\n")
    record = record_of(typed("explore", geyser, path, "-o", "-").out)
    assert record["replay"] is None
    assert record["rows"]["total"] == 1


def test_ids_come_along(typed, file):
    rows = "".join(f"n{i},{i % 7},{i * i % 11}\n" for i in range(40))
    path = file("who,a,b\n" + rows)
    record = record_of(typed("explore", path, "-k", 2, "--id", "who", "-o", "-").out)
    assert record["features"] == ["a", "b"]
    assert record["ids"]["who"][:2] == ["n0", "n1"]


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["@faithful"], 2, "got one source and no -k: expected MODEL DATA, or DATA and -k"),
        (["a", "b", "c"], 2, "got 3 sources, expected MODEL DATA, or DATA and -k"),
        (["m", "@faithful", "-k", "2"], 2, "leave -k and --structure out"),
        (["@iris", "-k", "2", "--features", "depth"], 2, "there is no feature 'depth'"),
        (["@faithful", "-k", "0"], 2, "-k is 0"),
        (["nowhere.safetensors", "@faithful"], 6, "No such file"),
    ],
)
def test_what_cannot_be_explored_ends_in_a_sentence_and_leaves_no_file(
    typed, tmp_path, monkeypatch, arguments, code, sentence
):
    monkeypatch.chdir(tmp_path)
    ended = typed("explore", *arguments)
    assert ended.code == code
    assert sentence in ended.message
    assert list(tmp_path.iterdir()) == []


def test_a_page_that_exists_is_replaced_only_by_force(typed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "explore.html").write_text("mine")
    assert typed("explore", "@faithful", "-k", 2).code == 6
    assert (tmp_path / "explore.html").read_text() == "mine"
    assert typed("explore", "@faithful", "-k", 2, "--force").code == 0
    assert "Mixture explorer" in (tmp_path / "explore.html").read_text("utf-8")
