"""Models that other tools wrote are those tools' own, to the bit, and so are their densities."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from foreign import FILES, MODELS, check, expected_of
from scipy.io import savemat

import mixtura
from mixtura import formats
from mixtura.errors import ModelError
from mixtura.model.classes import ClassMixture

SINGLE = [path for path in FILES if "probe_points" in expected_of(path)]
SEVERAL = [path for path in FILES if "mixtures" in expected_of(path)]


@pytest.mark.parametrize("path", SINGLE, ids=lambda path: path.name)
def test_a_model_has_the_parameters_and_the_densities_that_its_tool_says(path: Path) -> None:
    said = expected_of(path)
    mixture = mixtura.load(path)
    check(mixture, said, path)
    names = said.get("feature_names")
    assert mixture.feature_names == (None if names is None else tuple(names))
    if said.get("noise"):
        assert mixture.noise is not None
        assert mixture.noise.weight == said["noise"]["weight"]
        assert mixture.noise.box.volume == pytest.approx(said["noise"]["volume"], rel=1e-14)


@pytest.mark.parametrize("path", SEVERAL, ids=lambda path: path.name)
def test_a_whole_acoustic_model_has_its_mixtures_by_number(path: Path) -> None:
    for place, said in enumerate(expected_of(path)["mixtures"]):
        check(mixtura.load(path, place), said, path)
        check(mixtura.load(path, str(place)), said, path)
    with pytest.raises(ModelError, match=r"holds 2 models, expected to be told which: name='0'"):
        mixtura.load(path)


def test_an_mclust_da_is_a_mixture_for_each_class_and_one_of_all() -> None:
    path = MODELS / "mclust_da.rds"
    classes = expected_of(path)["classes"]
    stored = formats.read(path)
    whole = ClassMixture.stored(stored.mixture, stored.training, "it")
    assert whole.names == tuple(classes)
    points = np.array(next(iter(classes.values()))["probe_points"])
    joint = [
        np.log(said["prior"]) + np.array(said["exact_log_density"]) for said in classes.values()
    ]
    np.testing.assert_allclose(whole.log_joint(points), np.transpose(joint), rtol=1e-12)
    for name, said in classes.items():
        check(mixtura.load(path, name), said, path)


@pytest.mark.parametrize("name", ["kaldi_full.ubm", "opencv_nested.yml", "mclust_1d_E.rds"])
def test_a_model_is_known_by_its_contents_whatever_its_file_is_called(
    name: str, tmp_path: Path
) -> None:
    path = shutil.copy(MODELS / name, tmp_path / "picture.png")
    assert np.array_equal(mixtura.load(path).means, mixtura.load(MODELS / name).means)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_packed_file_holds_what_is_in_it(pack, tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(pack((MODELS / "arma_full.gmm").read_bytes()))
    check(mixtura.load(path), expected_of(MODELS / "arma_full.gmm"), path)


@pytest.mark.parametrize(
    ("name", "structure"),
    [
        ("mclust_1d_E.rds", "E"),
        ("mclust_2d_EEE.rda", "tied"),
        ("mclust_2d_EEV_equalpro_xz.rds", "EEV"),
        ("mclust_5d_VVI.rds", "diag"),
        ("mclust_2d_XXX_one.rds", "full"),
        ("opencv_spherical_3d_2.json", "spherical"),
        ("opencv_diagonal_2d_2.xml", "diag"),
        ("kaldi_diag.dubm", "diag"),
        ("arma_diag_float.gmm", "diag"),
        ("octave_shared_v7.mat", "tied"),
        ("octave_diagonal_v7.mat", "diag"),
    ],
)
def test_the_structure_is_kept_where_the_file_tells_it(name: str, structure: str) -> None:
    assert mixtura.load(MODELS / name).structure.name == structure


def test_the_record_tells_the_origin_and_the_figures_of_the_fit() -> None:
    stored = formats.read(MODELS / "mclust_2d_noise_VVV.rds")
    training = stored.training
    assert training["origin"] == {"tool": "R, mclust", "kind": "Mclust"}
    assert stored.fitted_to == 332
    loglik = expected_of(MODELS / "mclust_2d_noise_VVV.rds")["tool_loglik"]
    assert training["log_likelihood"] == loglik
    # mclust's BIC is 2 log L − p log N, ours has the other sign
    p, n = stored.mixture.n_parameters, stored.fitted_to
    assert training["bic"] == pytest.approx(p * np.log(n) - 2.0 * loglik, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("arma_diag_float.gmm", "the weights sum to 0.99999994 in the file, by rounding"),
        ("kaldi_diag.dubm", "the weights sum to 0.99999994 in the file, by rounding"),
        ("mclust_2d_EEV_equalpro_xz.rds", "fitted with equal proportions"),
        ("opencv_spherical_3d_2.json", "predict2 counts log v once"),
        ("spark_gmm", "Spark adds 2^-52"),
    ],
)
def test_what_differs_from_the_tool_is_noted(name: str, words: str) -> None:
    (note,) = formats.read(MODELS / name).training["notes"]
    assert words in note


def test_a_component_of_weight_0_is_left_out_and_noted(tmp_path: Path) -> None:
    record = {
        "structure": "spherical",
        "weights": [0.25, 0.0, 0.75],
        "means": [[0.0], [5.0], [9.0]],
        "covariances": [[[1.0]], [[2.0]], [[4.0]]],
    }
    path = tmp_path / "m.json"
    path.write_text(json.dumps({"gaussian_mixture": record}))
    stored = formats.read(path)
    assert stored.mixture.means.tolist() == [[0.0], [9.0]]
    assert stored.mixture.covariances.tolist() == [1.0, 4.0]
    assert stored.training["notes"] == ["component 1 of the file has weight 0, and was left out"]


def test_a_mixture_behind_a_transition_model_is_found(tmp_path: Path) -> None:
    """As in Kaldi's final.mdl: what stands in front is gone over."""
    text, binary = b"<TransitionModel> \n1 2 3\n</TransitionModel> \n", b"<TransitionModel> \4\1"
    for name, front in (("kaldi_am_pdfs.mdl", text), ("kaldi_am_pdfs_binary.mdl", b"\0B" + binary)):
        path = tmp_path / name
        path.write_bytes(front + (MODELS / name).read_bytes().removeprefix(b"\0B"))
        assert np.array_equal(mixtura.load(path, 1).means, mixtura.load(MODELS / name, 1).means)


def test_a_diagonal_distribution_of_mlpack_has_a_vector_for_its_covariance(tmp_path: Path) -> None:
    def matrix(*numbers: float) -> str:
        elements = ", ".join(f'"elem": {x}' for x in numbers)
        return f'{{"n_rows": "{len(numbers)}", "n_cols": "1", "vec_state": "1", {elements}}}'

    dists = ", ".join(
        f'{{"mean": {matrix(m, m + 1.0)}, "covariance": {matrix(2.0, 3.0)}}}' for m in (0.0, 5.0)
    )
    path = tmp_path / "m.json"
    path.write_text(
        f'{{"DiagonalGMM": {{"cereal_class_version": 0, "gaussians": 2, "dimensionality": 2, '
        f'"dists": [{dists}], "weights": {matrix(0.25, 0.75)}}}}}'
    )
    mixture = mixtura.load(path)
    assert mixture.structure.name == "diag"
    assert mixture.means.tolist() == [[0.0, 1.0], [5.0, 6.0]]
    assert mixture.covariances.tolist() == [[2.0, 3.0], [2.0, 3.0]]
    assert mixture.weights.tolist() == [0.25, 0.75]


def test_tables_of_numbers_in_a_c_source_make_the_mixtures_that_they_are() -> None:
    said = json.loads((MODELS / "webrtcvad_tables.expected.json").read_text())
    tables = said["tables"]
    for of in ("Noise", "Speech"):
        parts = [np.reshape(tables[f"k{of}Data{what}"], (2, 6)) / 128 for what in
                 ("Weights", "Means", "Stds")]  # fmt: skip
        for channel in range(6):
            weights, means, deviations = (part[:, channel] for part in parts)
            mixture = mixtura.Mixture(weights, means[:, None], deviations**2, "spherical")
            expected = said["mixtures"][f"{of.lower()} channel {channel}"]
            scores = mixture.score_samples(np.array(expected["probe_points"]))
            np.testing.assert_allclose(scores, expected["exact_log_density"], rtol=1e-12)


def test_the_import_loads_no_format() -> None:
    code = "import mixtura, sys; print(*(name for name in sys.modules if 'formats' in name))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize(("covariances", "structure"), [
    ([[[2.0, 0.5], [0.5, 3.0]]] * 3, "full"), ([[2.0, 3.0]] * 3, "diag"), ([2.0] * 3, "spherical"),
    ([[2.0, 0.5], [0.5, 3.0]], "tied"),
])  # fmt: skip
def test_plain_json_needs_no_name_and_no_structure(
    tmp_path: Path, covariances: list, structure: str
) -> None:
    means, weights = [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]], [0.25, 0.5, 0.25]
    path = tmp_path / "m.json"
    path.write_text(
        json.dumps({"weights": weights, "means": means, "covariances": covariances}, indent=400)
    )
    found, direct = mixtura.load(path), mixtura.Mixture(weights, means, covariances, structure)
    assert found.structure.name == structure
    assert np.array_equal(found.covariances, direct.covariances)
    assert np.array_equal(found.means, direct.means)


PLAIN = {"weights": [0.5, 0.5], "means": [[0.0], [1.0]], "covariances": [[[1.0]], [[1.0]]]}
SQUARE = {"means": [[0.0, 0.0], [1.0, 2.0]], "covariances": [[1.0, 0.5], [0.5, 1.0]]}


@pytest.mark.parametrize(("change", "words"), [
    ({"means": None}, "holds null where numbers are expected, among its means"),
    ({"means": [[0.0], [1.0, 2.0]]}, "holds means that are no numbers in lists of equal lengths"),
    ({"means": [0.0, 1.0]}, r"weights of shape \(2,\) and means of \(2,\), expected \(K\)"),
    ({"covariances": [[[1.0]]]}, r"holds covariances of shape \(1, 1, 1\) beside means of"),
    ({"structure": "round"}, "holds structure 'round', expected one of EII"),
    ({"noise": {}}, "holds noise that is no record of its weight"),
    (SQUARE, "say which by structure, 'tied' or 'diag'"),
])  # fmt: skip
def test_plain_json_that_is_no_mixture_is_refused_by_its_key(
    tmp_path: Path, change: dict, words: str
) -> None:
    path = tmp_path / "m.json"
    path.write_text(json.dumps(PLAIN | change))
    with pytest.raises(ModelError, match=f"m.json .*{words}"):
        mixtura.load(path)


@pytest.mark.parametrize("key", PLAIN)
def test_plain_json_that_lacks_a_key_is_told_so(tmp_path: Path, key: str) -> None:
    path = tmp_path / "m.json"
    path.write_text(json.dumps({name: v for name, v in PLAIN.items() if name != key}))
    with pytest.raises(ModelError, match=rf"m.json lacks {key}, expected weights \(K\), means"):
        mixtura.load(path)


def test_weights_of_single_precision_are_divided_by_their_sum(tmp_path: Path) -> None:
    path, weights = tmp_path / "m.mat", np.float32([[0.1, 0.2, 0.7]]) * np.float32(1.000001)
    given = {"mu": np.arange(3.0)[:, None], "Sigma": np.ones((1, 1, 3))}
    savemat(path, {"s": given | {"ComponentProportion": weights}})
    stored = formats.read(path)
    assert weights.astype(float).sum() - 1.0 > 1e-8
    np.testing.assert_allclose(stored.mixture.weights, [0.1, 0.2, 0.7], rtol=2e-7)
    assert "divided by their sum" in stored.training["notes"][0]
    savemat(path, {"s": given | {"ComponentProportion": weights.astype(float)}})
    with pytest.raises(ModelError, match=r"weights that sum to 1\.0000"):
        formats.read(path)
