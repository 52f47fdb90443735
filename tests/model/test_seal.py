"""A model file gives what was saved, or is refused: a check, a date and a version go with it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load as load_arrays, save as save_arrays

import mixtura
from mixtura.datasets import faithful
from mixtura.errors import ModelError, ParameterError
from mixtura.model.storage import StoredModel, decoded, encoded


@pytest.fixture(autouse=True, scope="module")
def on_each_kernel() -> None:
    """One kernel is enough: files are read without any."""


@pytest.fixture(scope="module")
def fitted() -> mixtura.Fit:
    return mixtura.fit(faithful(), 2, noise=True, max_iter=5)


def contents(stored: StoredModel) -> Any:
    """All that a model file says, its numbers as bytes."""
    mixture = stored.mixture
    noise = mixture.noise
    assert noise is not None
    arrays = (mixture.weights, mixture.means, mixture.covariances, noise.box.low, noise.box.extent)
    parts = [array.tobytes() for array in arrays]
    names = mixture.feature_names, mixture.structure.name, mixture.equal_weights, noise.weight
    return parts, names, stored.training, stored.origin()


def record_of(data: bytes) -> dict[str, Any]:
    size = int.from_bytes(data[:8], "little")
    record: dict[str, Any] = json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["mixtura"])
    return record


@pytest.mark.parametrize("mask", [0xFF, 0x01, 0x20, 0x80], ids=hex)
def test_a_file_with_any_byte_flipped_is_refused_or_says_the_same(
    fitted: mixtura.Fit, mask: int
) -> None:
    whole = encoded(fitted.mixture, fitted.summary())
    expected = contents(decoded(whole, "it"))
    same = 0
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= mask
        try:
            found = contents(decoded(bytes(damaged), "it"))
        except ModelError:
            continue
        assert found == expected, place
        same += 1
    assert same < 0.01 * len(whole)  # blanks in the header, which say nothing


def test_numbers_that_were_changed_are_refused_in_one_sentence(fitted: mixtura.Fit) -> None:
    data = encoded(fitted.mixture)
    arrays, record = load_arrays(data), record_of(data)
    arrays["means"] = arrays["means"] + 1.0
    with pytest.raises(ModelError) as caught:
        decoded(save_arrays(arrays, {"mixtura": json.dumps(record)}), "m.safetensors")
    assert str(caught.value) == (
        "m.safetensors is damaged or was changed: its numbers and settings do not have the "
        "SHA-256 sum that was saved with them; fetch it again, or fit and save the model again"
    )


@pytest.mark.parametrize("changes", [{"structure": "VVI"}, {"training": {}}, {"sha256": None}])
def test_settings_that_were_changed_are_refused(
    fitted: mixtura.Fit, changes: dict[str, Any]
) -> None:
    data = encoded(fitted.mixture, fitted.summary())
    record = {**record_of(data), **changes}
    record = {name: value for name, value in record.items() if value is not None}
    with pytest.raises(ModelError, match="damaged or was changed"):
        decoded(save_arrays(load_arrays(data), {"mixtura": json.dumps(record)}), "it")


def test_a_file_of_an_earlier_version_has_no_check_and_is_read(fitted: mixtura.Fit) -> None:
    data = encoded(fitted.mixture, fitted.summary())
    record = {k: v for k, v in record_of(data).items() if k not in ("date", "sha256")}
    stored = decoded(save_arrays(load_arrays(data), {"mixtura": json.dumps(record)}), "it")
    assert stored.training == fitted.summary()
    assert stored.mixture.means.tolist() == fitted.mixture.means.tolist()
    assert stored.origin() == {"library_version": mixtura.__version__}


def test_a_training_record_with_odd_keys_is_read_again(fitted: mixtura.Fit) -> None:
    training: dict[Any, Any] = {1: "one", "1": "another", None: [1.5, float("nan")], "ü": (True,)}
    stored = decoded(encoded(fitted.mixture, training), "it")
    assert stored.training["1"] == "another"
    assert stored.training["ü"] == [True]


SAVED_TWICE = """
import hashlib, sys
import mixtura
from mixtura.model.storage import encoded
mixture = mixtura.Mixture([0.5, 0.5], [[0.0], [1.0]], [1.0, 2.0], "V", ["height"])
sys.stdout.write(hashlib.sha256(encoded(mixture, {"settings": {"tol": 1e-8}})).hexdigest())
"""


def test_the_same_model_saved_by_two_processes_has_the_same_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    said = {
        subprocess.run(
            [sys.executable, "-c", SAVED_TWICE], check=True, capture_output=True
        ).stdout
        for _ in range(3)
    }  # fmt: skip
    assert len(said) == 1


def test_the_date_is_that_of_the_clock_or_of_source_date_epoch(
    fitted: mixtura.Fit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    mixtura.save(fitted.mixture, tmp_path / "m")
    stored = decoded((tmp_path / "m").read_bytes(), "m")
    assert stored.date == "2023-11-14T22:13:20Z"
    assert stored.library_version == mixtura.__version__
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    before, now, after = (
        np.datetime64("now"),
        np.datetime64(decoded(encoded(fitted.mixture), "m").date.rstrip("Z")),
        np.datetime64("now"),
    )
    assert before <= now <= after


@pytest.mark.parametrize("epoch", ["", "soon", "1e9", "9" * 30])
def test_a_source_date_epoch_that_is_no_time_is_refused_by_name(
    fitted: mixtura.Fit, monkeypatch: pytest.MonkeyPatch, epoch: str
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    with pytest.raises(ParameterError, match=r"SOURCE_DATE_EPOCH is '.*', expected seconds since"):
        encoded(fitted.mixture)
