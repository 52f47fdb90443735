"""A file that is replaced keeps its rights, and nobody else's file is touched on the way."""

from __future__ import annotations

import stat
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mixtura
from mixtura.datasets import faithful
from mixtura.fitting.checkpoints.generations import Generations
from mixtura.model import files
from mixtura.model.files import clear_unfinished, opened_beside, written_beside
from mixtura.views.report import report

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX rights")

WRITERS: dict[str, tuple[object, ...]] = {
    "m.safetensors": ("fit", "@faithful", "-k", 1),
    "best.safetensors": ("select", "@faithful", "-k", "1"),
    "scores.csv": ("score", "{model}", "@faithful"),
    "scores.npy": ("score", "{model}", "@faithful"),
    "scores.parquet": ("score", "{model}", "@faithful"),
    "streamed.csv": ("score", "{model}", "{rows}", "--on-bad-row", "skip"),
    "streamed.parquet": ("predict", "{model}", "{rows}", "--on-bad-row", "skip"),
    "drawn.csv": ("sample", "{model}"),
    "rows.npy": ("generate", "mixture"),
    "picture.png": ("plot", "{model}"),
    "report.html": ("report", "{model}", "@faithful"),
    "page.html": ("explore", "@faithful", "-k", 1),
}


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "rows.csv"
    path.write_text("eruptions,waiting\n3.6,79\n1.8,54\n", "utf-8")
    return path


@pytest.mark.parametrize("name", WRITERS)
def test_every_output_keeps_the_rights_of_the_file_that_it_replaces(
    typed, geyser, rows, tmp_path, name
):
    path = tmp_path / name
    path.write_bytes(b"old")
    path.chmod(0o600)
    asked = [str(part).format(model=geyser, rows=rows) for part in WRITERS[name]]
    ended = typed(*asked, "-o", path, "--force")
    assert (ended.code, path.read_bytes() == b"old") == (0, False), ended.err
    assert mode_of(path) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_what_values_save_keeps_the_rights_of_the_file_that_it_replaces(tmp_path):
    fit = mixtura.fit(faithful(), 1)
    saved: list[Any] = [
        lambda path: mixtura.save(fit.mixture, path),
        fit.explore(faithful()).save,
        report(fit, faithful()).save,
    ]
    for number, save in enumerate(saved):
        path = tmp_path / str(number)
        path.touch(0o640)
        path.chmod(0o640)
        save(path)
        assert path.stat().st_size > 0
        assert mode_of(path) == 0o640


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o644, 0o666, 0o755])
def test_rights_are_neither_widened_nor_narrowed(tmp_path, mode):
    path = tmp_path / "it"
    path.write_bytes(b"old")
    path.chmod(mode)
    written_beside(path, b"new")
    assert (mode_of(path), path.read_bytes()) == (mode, b"new")


def test_nobody_else_reads_a_file_before_it_is_whole(tmp_path):
    with opened_beside(tmp_path / "it") as file:
        file.write(b"half")
        (unfinished,) = tmp_path.iterdir()
        assert mode_of(unfinished) == 0o600


def test_rights_of_a_group_are_not_given_to_another(tmp_path, monkeypatch):
    path = tmp_path / "it"
    path.write_bytes(b"old")
    path.chmod(0o664)

    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(files.os, "chown", refused)
    written_beside(path, b"new")
    assert mode_of(path) == 0o604


def test_a_person_s_own_files_beside_are_not_touched(typed, tmp_path):
    data = tmp_path / "rows.npy"
    np.save(data, np.random.default_rng(0).random((50, 2)))
    beside = ["run.part", ".run.part", ".run.x.part", "run.lock", ".run.lock", "run.before.part"]
    for name in beside:
        (tmp_path / name).write_text("mine")
    asked = ("fit", data, "-k", 1, "--checkpoint", tmp_path / "run", "--resume")
    for _ in range(2):
        assert typed(*asked).code == 0
    assert names_in(tmp_path) == {"rows.npy", "run", "run.before", *beside}
    assert all((tmp_path / name).read_text() == "mine" for name in beside)


def test_what_a_killed_process_left_unfinished_is_removed_and_nothing_else(tmp_path):
    kept = [".run.other.part", ".runner.x.mixtura-part", "run.x.mixtura-part"]
    for name in (".run.abc.mixtura-part", *kept):
        (tmp_path / name).touch()
    clear_unfinished(tmp_path / "run")
    assert names_in(tmp_path) == set(kept)


def test_a_checkpoint_keeps_the_rights_of_the_one_before(tmp_path):
    path = tmp_path / "run"
    mixtura.fit(faithful(), 1, checkpoint=path)
    path.chmod(0o600)
    path.with_name("run.before").unlink(missing_ok=True)
    generations = Generations(path)
    record = generations.read()
    assert record is not None
    generations.write(record)
    generations.write(record)
    assert (mode_of(path), mode_of(generations.before)) == (0o600, 0o600)
    path.unlink()  # as if the process had died between two renamings
    generations.write(record)
    assert mode_of(path) == 0o600
