"""Bytes that nobody vouches for are refused in one sentence, or are the numbers of a file."""

from __future__ import annotations

import gzip
import json
import shutil
import struct
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from foreign import FILES, MODELS

from mixtura import formats
from mixtura.errors import ModelError
from mixtura.formats.unpacking import unpacked

SINGLE_FILES = [path for path in FILES if path.is_file()]
SMALL = [path for path in SINGLE_FILES if len(unpacked(path.read_bytes())) < 5000]


def damaged(data: bytes, n: int) -> Iterator[bytes]:
    """The bytes with one flipped, and cut, at up to n places, which a seed chooses."""
    random = np.random.default_rng(0)
    places = np.arange(len(data)) if n >= len(data) else random.choice(len(data), n, False)
    for at in places.tolist():
        for bits in (0xFF, 1 << int(random.integers(8))):
            flipped = bytearray(data)
            flipped[at] ^= bits
            yield bytes(flipped)
        yield data[:at]


def refused_or_read(read: Callable[[], object], label: str = "it") -> bool:
    """Whether a model was read; all else but a refusal in one sentence is raised."""
    try:
        read()
    except ModelError as error:
        said = str(error)
    else:
        return True
    assert said.startswith(f"{label} ")
    assert said.isprintable()
    assert len(said) < 600 + len(label)
    return False


def decoded(data: bytes, name: int | None = None) -> bool:
    """Whether a file with those bytes holds a model."""
    return refused_or_read(lambda: formats.decoded(data, "it", name))


def hold_to_it(path: Path, n: int) -> None:
    raw = path.read_bytes()
    name = 1 if "am_pdfs" in path.name else None
    for data in dict.fromkeys((raw, unpacked(raw))):
        assert decoded(data, name)
        read = [decoded(each, name) for each in damaged(data, n)]
        assert not all(read)


@pytest.mark.parametrize("path", SINGLE_FILES, ids=lambda path: path.name)
def test_a_damaged_file_is_refused_or_read(path: Path) -> None:
    hold_to_it(path, 12)


@pytest.mark.slow
@pytest.mark.parametrize("path", SMALL, ids=lambda path: path.name)
def test_every_byte_flipped_and_every_length_cut_is_refused_or_read(path: Path) -> None:
    hold_to_it(path, 5000)


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(set(SINGLE_FILES) - set(SMALL)), ids=lambda path: path.name)
def test_many_bytes_flipped_of_a_larger_file_are_refused_or_read(path: Path) -> None:
    hold_to_it(path, 1000)


def hold_folder_to_it(path: Path, n: int, folder: Path) -> None:
    model = shutil.copytree(path, folder / "model", copy_function=shutil.copyfile)
    for part in sorted(model.rglob("part-*")):
        whole = part.read_bytes()
        for data in damaged(whole, n):
            part.write_bytes(data)
            refused_or_read(lambda: formats.read(model), str(model))
        part.write_bytes(whole)
    formats.read(model)


def test_a_damaged_folder_is_refused_or_read(tmp_path: Path) -> None:
    hold_folder_to_it(MODELS / "spark_pipeline", 5, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["spark_gmm", "spark4_gmm", "spark_pipeline"])
def test_many_bytes_flipped_of_a_folder_are_refused_or_read(name: str, tmp_path: Path) -> None:
    hold_folder_to_it(MODELS / name, 600, tmp_path)


# -- sizes that lie, and bytes made to take time or memory --------------------------------------

HUGE = 2**31 - 1
KALDI = b"\0B<DiagGMM> <WEIGHTS> "
R = b"X\n" + struct.pack(">iii", 2, 0x40202, 0x20300)
LIES = {
    "armadillo": b"ARMA_CUB_BIN_FN008\n%d %d 2\n" % (HUGE, HUGE) + bytes(99),
    "armadillo field": b"ARMA_FLD_BIN\n%d\n1\n" % HUGE + bytes(99),
    "kaldi": KALDI + b"FV \x04" + struct.pack("<i", HUGE) + bytes(99),
    "kaldi matrix": KALDI + b"FM \x04" + struct.pack("<i", HUGE) + b"\x04"
    + struct.pack("<i", HUGE) + bytes(99),
    "kaldi negative": KALDI + b"FV \x04" + struct.pack("<i", -5) + bytes(99),
    "R numbers": R + struct.pack(">ii", 14, HUGE) + bytes(99),
    "R list": R + struct.pack(">ii", 19, HUGE) + bytes(99),
    "R long": R + struct.pack(">iiii", 14, -1, HUGE, HUGE) + bytes(99),
    "R nested": R + struct.pack(">ii", 19, 1) * 100_000,
    "R pairlists": R + struct.pack(">i", 0x402) * 200_000,
    "R attributes": R + struct.pack(">iii", 0x20A, 0, 0x20A) * 50_000,
    "R empty": R + struct.pack(">ii", 19, 20_000) + struct.pack(">ii", 13, 0) * 20_000,
    "R small": R + struct.pack(">iii", 2, 13, 0) * 20_000 + struct.pack(">i", 254),
    "R texts": R + struct.pack(">ii", 16, 20_000) + (struct.pack(">ii", 9, 1) + b"a") * 20_000,
    "kaldi rows": b"<DiagGMM> <WEIGHTS> [ " + b"1\n" * 50_000 + b"] <MEANS_INVVARS> [ 1 ] "
    b"<INV_VARS> [ 1 ] </DiagGMM> ",
    "octave rows": b"# Created by Octave\n# name: mu\n# type: matrix\n# rows: 1\n"
    b"# columns: 50000\n" + b"1\n" * 50_000,
    "xml empty": b"<opencv_storage><a>" + b"<b>1</b>" * 20_000 + b"</a></opencv_storage>",
    "yaml numbers": b"%YAML:1.0\n---\nm:\n   training_params:\n      cov_mat_type: generic\n"
    b"   weights: !!opencv-matrix\n      rows: 1\n      cols: 9\n      dt: d\n      data: [ "
    + b"0.," * 50_000 + b"1. ]\n",
    "R sequence": R + struct.pack(">ii", 238, 2) + bytes(99),
    "mlpack": bytes(4) + struct.pack("<QQQ", HUGE, HUGE, HUGE) + bytes(99),
    "mlpack matrix": bytes(4) + struct.pack("<QQQIQQQ", 1, 1, 1, 0, 2**40, 2**40, 0)
    + bytes(99),
    "opencv matrix": b"%YAML:1.0\n---\nm:\n   training_params:\n      cov_mat_type: generic\n"
    b"   weights: !!opencv-matrix\n      rows: 2147483647\n      cols: 2147483647\n      dt: d\n"
    b"      data: [ 1. ]\n   means: 1\n   covs: 1\n",
    "opencv nested": b"%YAML:1.0\n" + b"\n".join(b" " * n + b"a:" for n in range(1500)),
    "opencv small": b"%YAML:1.0\n" + b"-\n" * 300_000,
    "xml nested": b"<opencv_storage>" + b"<a>" * 100_000,
    "xml open": b"<opencv_storage>" + b"<a" * 300_000,
    "xml comment": b"<opencv_storage>" + b"<!--" * 50_000,
    "xml long": b"<opencv_storage><" + b"a" * 1_000_000,
    "json nested": b'{"opencv_ml_em":' + b"[" * 100_000,
    "json empty": b'{"opencv_ml_em":[' + b"{}," * 300_000 + b"{}]}",
    "json digits": b'{"gaussian_mixture": {"weights": [' + b"9" * 100_000 + b"]}}",
    "kaldi brackets": b"<DiagGMM> <WEIGHTS> " + b"[" * 500_000 + b"</DiagGMM>",
    "kaldi begins": b"<DiagGMM> " * 50_000 + b"<WEIGHTS> [ 1 ] <MEANS_INVVARS> [ 1 ] <INV_VARS> "
    b"[ 1 ] </DiagGMM> ",
    "octave": b"# Created by Octave\n" + b"# name: a\n# type: scalar struct\n" * 20_000,
    "octave shape": b"# Created by Octave\n# name: mu\n# type: matrix\n# rows: 2147483647\n"
    b"# columns: 2147483647\n 1 2\n",
    "matlab": b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM" + struct.pack("<II", 14, 2**32 - 1)
    + bytes(99),
}  # fmt: skip


@pytest.mark.parametrize("name", LIES)
def test_sizes_that_lie_cost_neither_time_nor_memory(name: str) -> None:
    data = LIES[name]
    formats.decoded((MODELS / "arma_full.gmm").read_bytes(), "it")  # modules are loaded
    tracemalloc.start()
    began = time.process_time()
    try:
        assert not decoded(data)
        took, (_, peak) = time.process_time() - began, tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert took < 10.0
    assert peak < 20 * len(data) + 2**20


@pytest.mark.parametrize("zeros", [2**22, 2**25])
def test_a_packed_file_does_not_grow_without_bound(zeros: int) -> None:
    data = gzip.compress(R + struct.pack(">ii", 14, zeros // 8) + bytes(zeros))
    tracemalloc.start()
    try:
        with pytest.raises(ModelError, match="what is inside is larger than"):
            formats.decoded(data, "it")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 * len(data) + 2**23


# -- what is not done ------------------------------------------------------------------------------


def test_entities_of_xml_are_not_expanded() -> None:
    bomb = (
        b'<?xml version="1.0"?>\n<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;">]>\n'
        b"<opencv_storage><opencv_ml_em>&b;</opencv_ml_em></opencv_storage>"
    )
    with pytest.raises(ModelError, match=r"entities of its own, .* nothing of it was expanded"):
        formats.decoded(bomb, "it")


def test_no_link_that_leads_out_of_a_folder_is_followed(tmp_path: Path) -> None:
    model = shutil.copytree(MODELS / "spark_gmm", tmp_path / "in", copy_function=shutil.copyfile)
    (part,) = model.glob("data/part-*.parquet")
    part.replace(tmp_path / "out.parquet")
    part.symlink_to(tmp_path / "out.parquet")
    with pytest.raises(ModelError, match="a link that leads out of it, which is not followed"):
        formats.read(model)


def test_a_pickle_is_not_loaded() -> None:
    code = b"\x80\x04\x95\x1d\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x8c\x06system\x93."
    with pytest.raises(
        ModelError,
        match="a Python pickle and not a model that is read: it holds code, and is never loaded",
    ):
        formats.decoded(code, "it")


# -- words -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"%YAML:1.0\n---\nopencv_ml_svm:\n   format: 3\n   svm_type: C_SVC\n", "an OpenCV SVM"),
        (b'{"opencv_ml_rtrees": {"format": 3}}', "an OpenCV random forest"),
        (b"%YAML:1.0\n---\ncamera: !!opencv-matrix\n   rows: 1\n   cols: 1\n   dt: d\n"
         b"   data: [ 1. ]\n", "an OpenCV storage without a model"),
        (b"%YAML:1.0\n---\nopencv_ml_em:\n   training_params:\n      nclusters: 5\n"
         b"      cov_mat_type: diagonal\n   weights: !!opencv-matrix\n      rows: 0\n"
         b"      cols: 0\n      dt: u\n      data: [  ]\n",
         "an OpenCV EM model that was never trained"),
        (b"ARMA_MAT_BIN_FN008\n1 1\n" + bytes(8), "an Armadillo matrix"),
        (b"<Nnet3> \n<NumNodes> 4\n", "a Kaldi Nnet3"),
        (b'{"KMeans": {"cereal_class_version": 0, "centroids": {"n_rows": "1"}}}',
         "mlpack's KMeans, of cereal_class_version, centroids"),
        (b"# Created by Octave 7\n# name: x\n# type: scalar\n2\n",
         "holds x, expected the fields of a gmdistribution"),
        (b"MATLAB 7.3 MAT-file", r"a MATLAB 7.3 file \(HDF5\)"),
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
        (b"FCS3.1  ", "a flow cytometry file"),
        (b'{"gaussian_mixture": {"structure": "full", "weights": [null], "means": [[0]], '
         b'"covariances": [[[1]]]}}', "holds null where numbers are expected"),
        (b'{"a": 1}', "JSON and not a model: it has no mixture that is known"),
    ],
)  # fmt: skip
def test_what_is_no_mixture_is_called_by_its_name(data: bytes, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        formats.decoded(data, "it")


@pytest.mark.parametrize(
    ("stage", "words"),
    [("clustering.KMeansModel", "a Spark KMeansModel, expected a GaussianMixtureModel"),
     ("classification.LogisticRegressionModel", "a Spark LogisticRegressionModel")],
)  # fmt: skip
def test_a_folder_of_another_class_is_called_by_it(stage: str, words: str, tmp_path: Path) -> None:
    model = shutil.copytree(MODELS / "spark_gmm", tmp_path / "in", copy_function=shutil.copyfile)
    (part,) = model.glob("metadata/part-*")
    about = json.loads(part.read_text())
    part.write_text(json.dumps({**about, "class": f"org.apache.spark.ml.{stage}"}))
    with pytest.raises(ModelError, match=words):
        formats.read(model)


def test_a_pipeline_that_changes_the_columns_first_is_not_taken_for_their_mixture(
    tmp_path: Path,
) -> None:
    model = shutil.copytree(MODELS / "spark_pipeline", tmp_path / "in",
                            copy_function=shutil.copyfile)  # fmt: skip
    (part,) = model.glob("stages/0_*/metadata/part-*")
    about = json.loads(part.read_text())
    part.write_text(json.dumps({**about, "class": "org.apache.spark.ml.feature.PCAModel"}))
    with pytest.raises(ModelError, match="a Spark pipeline with a PCAModel before its Gaussian"):
        formats.read(model)


def test_what_a_damaged_storage_lacks_is_said() -> None:
    data = b'{"m": {"training_params": {"cov_mat_type": "generic"}, "weights": {"rows": 1}}}'
    with pytest.raises(ModelError, match="is an OpenCV storage, and damaged: it lacks 'cols'"):
        formats.decoded(data, "it")
