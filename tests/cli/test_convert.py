"""Commands take the models of other tools, and `mixtura convert` writes them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import mixtura

MODELS = Path(__file__).parents[1] / "data" / "models"


def test_a_model_goes_to_another_tool_and_comes_back(typed, tmp_path: Path) -> None:
    ours, back = tmp_path / "m.safetensors", tmp_path / "m.yml"
    assert typed("convert", MODELS / "mclust_2d_EEE.rda", ours).code == 0
    ended = typed("convert", ours, back)
    assert ended.code == 0
    assert "opencv has no place for the names of the features" in ended.err
    one, two = mixtura.load(ours), mixtura.load(back)
    assert one.structure.name == "tied"
    assert one.feature_names == ("eruptions", "waiting")
    assert np.array_equal(one.covariance_matrices(), two.covariance_matrices())


def test_where_a_model_is_from_stays_with_it(typed, tmp_path: Path) -> None:
    ours = tmp_path / "m.safetensors"
    assert typed("convert", MODELS / "spark_pipeline", ours).code == 0
    shown = typed("show", ours).out
    assert "from: Spark 3.5.9, GaussianMixtureModel" in shown
    assert "note: Spark adds 2^-52" in shown
    assert "written: " in shown
    assert "written: " not in typed("show", MODELS / "spark_pipeline").out


def test_one_model_of_several_is_named_after_two_colons(typed, tmp_path: Path) -> None:
    several = MODELS / "kaldi_am_pdfs.mdl"
    record = json.loads(typed("show", f"{several}::1", "--json").out)
    assert record["weights"] == mixtura.load(several, 1).weights.tolist()
    message = typed("show", several).message
    assert "holds 2 models, expected to be told which: ::0 after the file's name" in message
    odd = shutil.copy(MODELS / "arma_full.gmm", tmp_path / "a::b")
    assert typed("show", odd).code == 0


@pytest.mark.parametrize("name", ["mclust_da.rds", "opencv_generic_2d_3.yml", "spark_gmm"])
def test_every_command_that_takes_a_model_takes_those_of_others(typed, name: str, tmp_path) -> None:
    rows = tmp_path / "rows.csv"
    names = mixtura.load(MODELS / name).feature_labels
    cells = np.random.default_rng(0).normal([4, 3], 1.0, (30, 2)).tolist()
    rows.write_text("\n".join([",".join(names), *(f"{a},{b}" for a, b in cells)]))
    for command in ("score", "predict", "explain", "report", "impute", "validate"):
        more = ("-o", tmp_path / "page.html", "--force") if command == "report" else ()
        assert typed(command, MODELS / name, rows, *more).code == 0, command
    assert typed("sample", MODELS / name, "-n", "5").code == 0
    if name == "mclust_da.rds":
        classes = typed("classify", MODELS / name, rows).out
        assert "setosa" in classes or "versicolor" in classes


def test_a_model_is_taken_from_the_standard_input(typed) -> None:
    data = (MODELS / "mclust_1d_V.rds").read_bytes()
    assert "from: R, mclust" in typed("show", "-", stdin=data).out


def test_nothing_is_written_where_the_format_has_no_place_for_it(typed, tmp_path: Path) -> None:
    to = tmp_path / "m.xml"
    ended = typed("convert", MODELS / "mclust_2d_noise_VVV.rds", to)
    assert ended.code == 2
    assert "which OpenCV has no place for" in ended.err
    assert not to.exists()
    assert typed("convert", MODELS / "spark_gmm", tmp_path / "m.pmml").code == 2


def test_a_file_is_replaced_only_where_that_is_asked_for(typed, tmp_path: Path) -> None:
    to = tmp_path / "m.json"
    assert typed("convert", MODELS / "spark_gmm", to).code == 0
    assert "add --force" in typed("convert", MODELS / "spark_gmm", to).message
    assert typed("convert", MODELS / "spark_gmm", to, "--force").code == 0
    same = typed("convert", to, to, "--force")
    assert same.code == 2
    assert "is read by this command" in same.message
