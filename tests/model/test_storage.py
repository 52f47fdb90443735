"""A model file comes back bit for bit, or is refused in one sentence."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

import mixtura
from mixtura.errors import ModelError
from mixtura.fitting import fit
from mixtura.model.files import written_beside
from mixtura.model.mixture import Mixture
from mixtura.model.storage import read, save
from mixtura.model.structures import STRUCTURES


@pytest.fixture
def mixture() -> Mixture:
    return Mixture([0.25, 0.75], [[0.1], [2.0 / 3.0]], [[[1.0]], [[0.3]]], feature_names=["a<b>"])


def rewritten(path: Path, **changes: object) -> None:
    """Write a model file again by the format's own library, with parts of it changed.

    It has no check then, as one of an earlier version.
    """
    with safe_open(path, "np") as file:
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        record = json.loads(file.metadata()["mixtura"])
    del record["date"], record["sha256"]
    for name, value in changes.items():
        if name in arrays:
            arrays[name] = value
        else:
            record[name] = value
    save_file(
        {name: a for name, a in arrays.items() if a is not None},
        path,
        metadata={"mixtura": json.dumps(record)},
    )


@pytest.mark.parametrize("structure", [s.name for s in STRUCTURES])
def test_a_round_trip_changes_no_bit(structure: str, tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(100, 3))
    fitted = fit(rows, 2, structure=structure, start="random")
    save(fitted.mixture, tmp_path / "m.safetensors", fitted.summary())
    stored = read(tmp_path / "m.safetensors")
    assert np.array_equal(stored.mixture.score_samples(rows), fitted.mixture.score_samples(rows))
    assert stored.mixture.structure is fitted.mixture.structure
    assert stored.training == fitted.summary()
    assert stored.library_version == mixtura.__version__


def test_the_file_is_readable_by_the_format_s_own_library(mixture: Mixture, tmp_path: Path) -> None:
    save(mixture, tmp_path / "m")
    with safe_open(tmp_path / "m", "np") as file:
        assert file.get_tensor("weights").tolist() == [0.25, 0.75]
        assert json.loads(file.metadata()["mixtura"])["feature_names"] == ["a<b>"]


@pytest.mark.parametrize("kept", [0, 4, 100, -8])
def test_a_truncated_file_is_refused(mixture: Mixture, tmp_path: Path, kept: int) -> None:
    path = tmp_path / "m"
    save(mixture, path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ModelError, match=r"cut short|not a mixtura model file|damaged"):
        mixtura.load(path)


def test_every_truncation_is_refused_cleanly(mixture: Mixture, tmp_path: Path) -> None:
    path = tmp_path / "m"
    save(mixture, path)
    whole = path.read_bytes()
    for kept in range(len(whole)):
        path.write_bytes(whole[:kept])
        with pytest.raises(ModelError):
            mixtura.load(path)


@pytest.mark.parametrize(
    "data", [b"PK\x03\x04" + bytes(100), b"{}", b"\x80\x04K\x01.", b"weights\n"]
)
def test_a_foreign_file_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(data)
    with pytest.raises(ModelError, match="not a m"):
        mixtura.load(tmp_path / "m")


def test_a_safetensors_file_of_something_else_is_refused(tmp_path: Path) -> None:
    save_file({"weights": np.ones(1)}, tmp_path / "m")
    with pytest.raises(ModelError, match="holds no mixtura record"):
        mixtura.load(tmp_path / "m")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 3}, "has model format 3, this mixtura reads 1 and 2: upgrade mixtura"),
        ({"structure": "VVX"}, "unknown covariance structure 'VVX'"),
        ({"feature_names": ["a", "b"]}, "got 2 feature names, expected 1"),
        ({"feature_names": "ab"}, "damaged metadata"),
        ({"training": [1]}, "damaged metadata"),
        ({"weights": np.array([0.5, 0.6])}, "the weights sum to 1.1, expected 1"),
        ({"weights": np.array([1.5, -0.5])}, "the weight of component 1 is -0.5"),
        ({"weights": np.array([0.25, 0.75], dtype=np.float32)}, "weights as float32"),
        ({"means": np.array([[0.0], [np.nan]])}, "the mean of component 1 holds nan"),
        ({"covariances": -np.ones((2, 1, 1))}, "component 0 is not positive definite"),
        ({"covariances": np.ones((3, 1, 1))}, r"have shape \(3, 1, 1\), expected \(2, 1, 1\)"),
        ({"means": None}, "lacks the array 'means'"),
    ],
)
def test_wrong_contents_are_refused_with_what_is_wrong(
    mixture: Mixture, tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    save(mixture, tmp_path / "m")
    rewritten(tmp_path / "m", **changes)
    with pytest.raises(ModelError, match=message):
        mixtura.load(tmp_path / "m")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m"
    path.write_bytes(b"old")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        written_beside(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_written_file_has_the_rights_that_the_user_s_mask_gives(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        written_beside(tmp_path / "m", b"new")
    finally:
        os.umask(before)
    assert (tmp_path / "m").stat().st_mode & 0o777 == 0o640
