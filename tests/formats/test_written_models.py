"""Models in other tools' formats are those tools' own files, and come back as they were."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from foreign import MODELS, expected_of
from sklearn.datasets import make_spd_matrix

import mixtura
from mixtura import formats
from mixtura.errors import ParameterError
from mixtura.formats.writers import WRITERS, writer
from mixtura.model.storage import StoredModel
from mixtura.model.structures import STRUCTURES

#: what a format keeps of numbers, relatively: a float32 has seven digits
PRECISION = {"kaldi": 2e-6, "kaldi-text": 2e-6}
#: those that are read again; R runs its script
BACK = [each for each in WRITERS if each.name != "R" and "is not read back" not in each.told]


def stored(structure: str, noise: bool = False) -> StoredModel:
    """A mixture of three uneven components in three features, of a structure."""
    base = make_spd_matrix(3, random_state=4)
    matrices = np.stack([base * scale for scale in (1.0, 4.0, 0.25)])
    chosen = next(each for each in STRUCTURES if structure in (each.letters, each.alias))
    if chosen.form.name != "full":
        matrices = np.stack([np.diag(np.diag(each)) for each in matrices])
    if chosen.form.name == "spherical":
        matrices = np.stack([np.eye(3) * each[0, 0] for each in matrices])
    if chosen.form.name == "tied":
        matrices = np.stack([base] * 3)
    box = mixtura.Box([-9.0, -9.0, -9.0], [20.0, 21.0, 22.0])
    rest = 0.9 if noise else 1.0
    mixture = mixtura.Mixture(
        rest * np.array([0.5, 0.2, 0.3]),
        [[0.1, 2.0, -3.0], [7.0, -1.0, 0.0], [1e3, 2.0, 1.0]],
        chosen.form.gathered(matrices),
        chosen,
        ["length", "width", "größe"],
        noise=mixtura.Noise(0.1, box) if noise else None,
    )
    return StoredModel(mixture, {"n_rows": 500, "log_likelihood": -1234.5}, "")


@pytest.mark.parametrize("structure", [each.letters for each in STRUCTURES])
@pytest.mark.parametrize("to", [each.name for each in BACK])
def test_a_model_comes_back_as_it_was(to: str, structure: str, tmp_path: Path) -> None:
    given = stored(structure)
    path = tmp_path / "model"
    path.write_bytes(writer("", to).encoded(given))
    back, before = formats.read(path).mixture, given.mixture
    precision = PRECISION.get(to, 0.0)
    np.testing.assert_allclose(back.weights, before.weights, rtol=max(precision, 1e-15))
    np.testing.assert_allclose(back.means, before.means, rtol=precision, atol=100 * precision)
    np.testing.assert_allclose(
        back.covariance_matrices(), before.covariance_matrices(), rtol=precision, atol=precision
    )
    if to in ("mixtura", "json"):
        assert back.structure == before.structure
        assert back.feature_names == before.feature_names


@pytest.mark.parametrize("ending", [".xml", ".json", ".yml"])
def test_opencv_is_written_as_the_file_is_called(ending: str) -> None:
    given = stored("VVV")
    data = writer(ending, "opencv").encoded(given, ending)
    assert data[:1] == {".xml": b"<", ".json": b"{", ".yml": b"%"}[ending]
    back = formats.decoded(data, "it").mixture
    assert np.array_equal(back.means, given.mixture.means)
    assert np.array_equal(back.covariances, given.mixture.covariances)


@pytest.mark.parametrize(
    ("name", "to"),
    [("arma_diag.gmm", "armadillo"), ("arma_diag_1d.gmm", "armadillo"),
     ("arma_full.gmm", "armadillo")],
)  # fmt: skip
def test_what_armadillo_wrote_is_written_byte_for_byte(name: str, to: str) -> None:
    data = (MODELS / name).read_bytes()
    again = writer("", to).encoded(formats.decoded(data, "it"))
    # the weights of some sum to 1 but for an ulp, by which they are divided
    assert len(again) == len(data)
    differ = sum(a != b for a, b in zip(again, data, strict=True))
    assert differ <= 3


@pytest.mark.parametrize("name", ["kaldi_diag.dubm", "kaldi_full.ubm", "kaldi_diag_one.gmm"])
def test_what_kaldi_wrote_is_written_as_kaldi_lays_it_out(name: str) -> None:
    data = (MODELS / name).read_bytes()
    again = writer("", "kaldi").encoded(formats.decoded(data, "it"))
    assert len(again) == len(data)
    assert again.split(b"> ")[:2] == data.split(b"> ")[:2]
    back, before = (formats.decoded(each, "it").mixture for each in (again, data))
    np.testing.assert_allclose(back.means, before.means, rtol=1e-6)
    np.testing.assert_allclose(back.covariances, before.covariances, rtol=1e-6)


def test_noise_goes_where_there_is_a_place_for_it_and_is_refused_elsewhere() -> None:
    given = stored("VVV", noise=True)
    for each in BACK:
        if each.name in ("mixtura", "json"):
            back = formats.decoded(each.encoded(given), "it").mixture
            assert back.noise.record() == given.mixture.noise.record()
        else:
            with pytest.raises(ParameterError, match="has no place for: convert it to json or R"):
                each.encoded(given)


def test_the_record_goes_along_where_there_is_a_place_for_it() -> None:
    given = formats.read(MODELS / "mclust_2d_noise_VVV.rds")
    for to in ("mixtura", "json"):
        assert formats.decoded(writer("", to).encoded(given), "it").training == given.training


def test_a_format_that_is_not_there_is_answered_by_those_that_are() -> None:
    with pytest.raises(ParameterError, match="no format is called 'pmml', expected one of mixtura"):
        writer(".pmml", "pmml")
    with pytest.raises(ParameterError, match=r"no format has names that end in '\.pmml'"):
        writer(".pmml")


def test_the_json_is_plain_numbers_component_first() -> None:
    given = stored("EEE")
    record = json.loads(writer(".json").encoded(given))["gaussian_mixture"]
    assert np.shape(record["covariances"]) == (3, 3, 3)
    assert record["weights"] == given.mixture.weights.tolist()


RUNS = """
suppressMessages(library(mclust))
source({script!r})
rows <- matrix(c({rows}), ncol = {d}, byrow = TRUE)
cat(sprintf("%a", dens(rows, fit$modelName, fit$parameters, logarithm = TRUE)), "\\n")
cat(predict(fit, rows)$classification, "\\n")
saveRDS(fit, {back!r})
"""


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("Rscript") is None, reason="there is no R")
@pytest.mark.parametrize(
    "name", ["mclust_2d_noise_VVV.rds", "mclust_1d_V.rds", "mclust_5d_VVI.rds"]
)
def test_an_r_script_rebuilds_a_fit_that_mclust_computes_with(name: str, tmp_path: Path) -> None:
    said, model = expected_of(MODELS / name), formats.read(MODELS / name)
    rows = np.reshape(said["probe_points"], (-1, model.mixture.n_features))
    script, back, run = (str(tmp_path / each) for each in ("fit.R", "fit.rds", "run.R"))
    Path(script).write_bytes(writer(".R").encoded(model))
    numbers = ", ".join(map(repr, rows.ravel().tolist()))
    Path(run).write_text(RUNS.format(script=script, rows=numbers, d=rows.shape[1], back=back))
    done = subprocess.run(["Rscript", run], check=True, capture_output=True, text=True)
    densities, labels = (line.split() for line in done.stdout.splitlines())
    scores = [float.fromhex(each) for each in densities]
    np.testing.assert_allclose(scores, said["exact_log_density"], rtol=1e-11)
    ours = model.mixture.predict(rows) + 1  # of noise 0, as mclust has it
    assert list(map(int, labels)) == ours.tolist()
    again = mixtura.load(back)
    assert np.array_equal(again.means, model.mixture.means)
    assert np.array_equal(again.covariance_matrices(), model.mixture.covariance_matrices())
