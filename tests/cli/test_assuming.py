"""Equal weights, a prior and noise at the command line."""

from __future__ import annotations

import json

import numpy as np
import pytest

import mixtura
from cluttered import background


@pytest.fixture
def rows(tmp_path):
    path = tmp_path / "rows.csv"
    np.savetxt(path, background(0, 300), delimiter=",", header="x,y", comments="")
    return path


def test_fit_takes_them_and_the_model_keeps_them(typed, rows, tmp_path) -> None:
    model = tmp_path / "model.safetensors"
    ended = typed("fit", rows, "-k", 2, "--equal-weights", "--prior", "--noise", "-o", model)
    assert ended.code == 0
    assert "12 parameters, equal weights" in ended.out
    assert "log prior per row, but for a constant" in ended.out
    assert "noise: weight 0." in ended.out
    mixture = mixtura.load(model)
    direct = mixtura.fit(
        np.loadtxt(rows, delimiter=",", skiprows=1), 2, weights="equal", prior=True, noise=True
    )
    assert mixture.weights.tolist() == direct.mixture.weights.tolist()
    shown = json.loads(typed("show", model, "--json").out)
    assert shown["equal_weights"] is True
    assert shown["noise"]["weight"] == mixture.noise.weight
    assert shown["noise"]["high"] == mixture.noise.box.high.tolist()


def test_predict_score_explain_and_sample_know_of_noise(typed, rows, tmp_path) -> None:
    model = tmp_path / "model.safetensors"
    assert typed("fit", rows, "-k", 2, "--noise", "-o", model).code == 0
    lines = typed("predict", model, rows, "--proba").out.splitlines()
    assert lines[0] == "label,responsibility_0,responsibility_1,responsibility_noise"
    labels = np.array([int(line.split(",")[0]) for line in lines[1:]])
    assert set(labels) == {-1, 0, 1}
    assert 30 < np.count_nonzero(labels == -1) < 80
    told = typed("explain", model, rows, "--worst", 1).out
    assert "It most likely is noise" in told
    drawn = typed("sample", model, "-n", 200, "--labels").out.splitlines()
    assert {line.split(",")[-1] for line in drawn[1:]} == {"-1", "0", "1"}
    assert typed("score", model, rows).code == 0


def test_validate_proves_a_model_with_noise(typed, rows, tmp_path) -> None:
    pytest.importorskip("mpmath")
    model = tmp_path / "model.safetensors"
    typed("fit", rows, "-k", 2, "--noise", "-o", model)
    assert typed("validate", model, rows, "--rows", 5).code == 0


def test_select_takes_them(typed, rows) -> None:
    found = typed(
        *("select", rows, "-k", "1:2", "--structures", "EEE,VVV"),
        *("--noise", "700", "--equal-weights", "--prior", "--json"),
    )
    record = json.loads(found.out)
    assert record["best"]["n_components"] == 2
    counts = {row["structure"]: row["n_parameters"] for row in record["candidates"]}
    assert counts == {"EEE": 9, "VVV": 12}


@pytest.mark.parametrize("kind", ["density", "scatter"])
def test_pictures_name_the_noise(typed, rows, tmp_path, kind) -> None:
    model, picture = tmp_path / "model.safetensors", tmp_path / "picture.svg"
    typed("fit", rows, "-k", 2, "--noise", "-o", model)
    feature = ["--features", "x"] if kind == "density" else []
    assert typed("plot", model, rows, "--kind", kind, *feature, "-o", picture).code == 0
    noise = mixtura.load(model).noise
    assert f"noise, weight {noise.weight:.3g}" in picture.read_text()


def test_the_trace_s_axis_says_that_it_is_of_the_posterior(typed, rows, tmp_path) -> None:
    model, picture = tmp_path / "model.safetensors", tmp_path / "picture.svg"
    typed("fit", rows, "-k", 2, "--prior", "-o", model)
    assert typed("plot", model, "--kind", "trace", "-o", picture).code == 0
    assert "mean log-likelihood and log prior" in picture.read_text()


def test_a_volume_that_is_none_is_refused(typed, rows) -> None:
    assert typed("fit", rows, "-k", 2, "--noise", "0").message.startswith(
        "Invalid value for '--noise': '0' is neither a volume above 0 nor the word box"
    )
    assert "write --noise=box or put the option last" in typed("fit", "--noise", rows, "-k", 2).err


def test_the_explorer_says_that_it_has_no_noise(typed, rows, tmp_path) -> None:
    model = tmp_path / "model.safetensors"
    typed("fit", rows, "-k", 2, "--noise", "-o", model)
    ended = typed("explore", model, rows, "-o", tmp_path / "page.html")
    assert ended.code != 0
    assert "the page knows nothing of noise" in ended.message


def test_a_model_tells_a_command_that_can_be_typed_again(typed, rows, tmp_path) -> None:
    model = tmp_path / "model.safetensors"
    typed("fit", rows, "-k", 2, "--noise", "-o", model)
    words = json.loads(typed("show", model, "--json").out)["training"]["command"]
    ended = typed(*words[1:], "-o", tmp_path / "again.safetensors")
    assert ended.code == 0
    noises = [mixtura.load(tmp_path / f"{name}.safetensors").noise for name in ("model", "again")]
    assert noises[0].weight == noises[1].weight
