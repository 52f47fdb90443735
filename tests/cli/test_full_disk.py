"""A disk that is full at any write is one clear error, and what was there before stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

import mixtura

OLD = b"precious"
#: bytes of the disk
SIZE = 256 * 1024


@pytest.fixture
def disk(tmp_path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = [sys.platform == "linux" and os.geteuid() == 0]
    mounted[0] = mounted[0] and not subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", str(folder)],
        capture_output=True, check=False,
    ).returncode  # fmt: skip
    if not mounted[0]:
        pytest.skip("only root may mount a small file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture(scope="module")
def rows(tmp_path_factory) -> Path:
    """As many as make every output larger than the disk, in two files."""
    folder = tmp_path_factory.mktemp("rows")
    values = np.random.default_rng(0).normal(3.0, 1.0, (50_000, 2))
    for number, part in enumerate(np.array_split(values, 2)):
        table = pa.table({"eruptions": part[:, 0], "waiting": part[:, 1]})
        pa.parquet.write_table(table, folder / f"{number}.parquet")
    return folder


def filled(disk: Path, free: int) -> None:
    """Leave so many bytes of the disk, to a page."""
    status = os.statvfs(disk)
    used = status.f_bavail * status.f_frsize - free
    (disk / "filling").write_bytes(bytes(max(used, 0)))


#: all that is written
WRITES = {
    "fit": ("fit", "{wide}", "-k", 6, "--max-iter", 1, "--start", "random", "-o", "{out}"),
    "score": ("score", "{model}", "{rows}/0.parquet", "-o", "{out}"),
    "score, streamed": ("score", "{model}", "{rows}", "-o", "{out}"),
    "predict": ("predict", "{model}", "{rows}/0.parquet", "--proba", "-o", "{out}"),
    "predict, streamed": ("predict", "{model}", "{rows}", "--proba", "-o", "{out}"),
    "sample": ("sample", "{model}", "-n", 20_000, "-o", "{out}"),
}


@pytest.fixture(scope="module")
def wide(tmp_path_factory) -> Path:
    """Rows of so many features that a model of them fills a page or two."""
    path = tmp_path_factory.mktemp("wide") / "rows.npy"
    np.save(path, np.random.default_rng(0).normal(size=(200, 20)))
    return path


CASES = [
    (what, suffix, free)
    for what in WRITES
    for suffix in (".csv", ".parquet", ".npy")
    for free in (0, 4_096, 100 * 1024)
    if not (what == "fit" and (suffix != ".csv" or free > 4_096))  # one format, and small
    and not (what.endswith("streamed") and suffix == ".npy")  # which is not written in parts
]


@pytest.mark.parametrize(("what", "suffix", "free"), CASES)
def test_a_full_disk_is_one_error_with_exit_code_6_and_the_old_file_stays(
    disk, typed, geyser, rows, wide, what, suffix, free
):
    out = disk / f"out{suffix}"
    out.write_bytes(OLD)
    filled(disk, free)
    names = {"model": geyser, "rows": rows, "out": out, "wide": wide}
    ended = typed(*(str(part).format(**names) for part in WRITES[what]), "--force")
    assert (ended.code, ended.message) == (6, f"{out}: No space left on device")
    assert out.read_bytes() == OLD
    assert sorted(path.name for path in disk.iterdir()) == ["filling", out.name]


class Full:
    """An observer that fills the disk at an iteration."""

    def __init__(self, disk: Path, at: int) -> None:
        self.disk, self.at = disk, at

    def begun(self, run: int) -> None:
        pass

    def iterated(self, iteration: int, trace: object, mixture: object) -> None:
        if iteration == self.at:
            filled(self.disk, 0)

    def ended(self, fit: object) -> None:
        pass


ROWS = np.random.default_rng(0).normal(size=(2_000, 3))
ASKED = {"n_components": 3, "max_iter": 8, "tol": 0.0, "accelerate": False}


@pytest.mark.parametrize("at", range(1, 8))
def test_a_full_disk_leaves_the_checkpoint_that_was_there(disk, at):
    path = disk / "run.ckpt"
    with pytest.raises(OSError, match="No space left on device") as caught:
        mixtura.fit(ROWS, checkpoint=path, observer=Full(disk, at), **ASKED)
    assert caught.value.filename == str(path)
    (disk / "filling").unlink()
    assert {file.name for file in disk.iterdir()} <= {"run.ckpt", "run.ckpt.before"}
    resumed = mixtura.fit(ROWS, checkpoint=path, resume=True, **ASKED)
    whole = mixtura.fit(ROWS, **ASKED)
    np.testing.assert_array_equal(resumed.mixture.covariances, whole.mixture.covariances)
    np.testing.assert_array_equal(resumed.trace, whole.trace)


def test_a_checkpoint_on_a_full_disk_is_exit_code_6(disk, typed):
    path = disk / "run.ckpt"
    filled(disk, 0)
    ended = typed("fit", "@iris", "-k", 2, "--checkpoint", path)
    assert (ended.code, ended.message) == (6, f"{path}: No space left on device")
    assert [file.name for file in disk.iterdir()] == ["filling"]


@contextmanager
def limited(size: int) -> Iterator[None]:
    """Limits the size of files, which stands in for the end of a disk where none can be mounted."""
    resource = pytest.importorskip("resource", reason="limits the size of files")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:  # before the file that the tests' own output goes to is written on
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("size", [0, 1, 2_000, 4_000])
def test_a_checkpoint_beyond_the_largest_file_leaves_the_two_before(tmp_path, size):
    path = tmp_path / "run.ckpt"
    mixtura.fit(ROWS, checkpoint=path, **{**ASKED, "max_iter": 3})
    kept = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    other = tmp_path / "other.ckpt"
    with limited(size), pytest.raises(OSError, match="File too large") as caught:
        mixtura.fit(ROWS, checkpoint=other, **ASKED)
    assert caught.value.filename == str(other)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == kept


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device")
def test_a_device_is_no_place_for_a_checkpoint(typed):
    ended = typed("fit", "@iris", "-k", 2, "--checkpoint", "/dev/full")
    assert (ended.code, ended.message) == (6, "/dev/full: is no regular file, expected one to be")
    assert Path("/dev/full").is_char_device()
