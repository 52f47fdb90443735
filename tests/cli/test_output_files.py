"""An output is written whole or not at all, and never over a file that was not to be replaced."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mixtura
from mixtura.model.files import written_beside
from mixtura.tables import read_table

WRITERS = {
    "fit": ("fit", "@faithful", "-k", 2),
    "score": ("score", "{model}", "@faithful"),
    "predict": ("predict", "{model}", "@faithful"),
    "sample": ("sample", "{model}"),
    "generate": ("generate", "mixture"),
}


@pytest.fixture(params=WRITERS)
def writer(request, geyser) -> list[str]:
    """A command that writes a file, without its -o."""
    return [str(part).format(model=geyser) for part in WRITERS[request.param]]


def test_an_output_that_exists_is_replaced_only_with_force(typed, tmp_path, writer):
    path = tmp_path / "out.csv"
    path.write_text("precious")
    ended = typed(*writer, "-o", path)
    assert ended.code == 6
    assert ended.message == f"{path}: exists already: add --force to replace it"
    assert path.read_text() == "precious"
    assert typed(*writer, "-o", path, "--force").code == 0
    assert path.read_bytes() != b"precious"
    assert list(tmp_path.iterdir()) == [path]


def test_an_output_in_a_missing_directory_is_an_output_error(typed, tmp_path, writer):
    path = tmp_path / "none" / "out.csv"
    ended = typed(*writer, "-o", path)
    assert ended.code == 6
    assert ended.message == f"{path}: there is no directory '{path.parent}': make it first"


def test_a_directory_is_no_output(typed, tmp_path, writer):
    ended = typed(*writer, "-o", tmp_path, "--force")
    assert ended.code == 6
    assert ended.message == f"{tmp_path}: is a directory, expected a file's name"
    assert list(tmp_path.iterdir()) == []


def test_an_unwritable_output_is_known_before_the_work_begins(typed, tmp_path):
    ended = typed("fit", tmp_path / "none.csv", "-k", 2, "-o", tmp_path / "none" / "out")
    assert "there is no directory" in ended.message  # and not that the data is missing


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_an_output_error(typed, writer):
    ended = typed(*writer, "-o", "/dev/full")
    assert (ended.code, ended.message) == (6, "/dev/full: No space left on device")
    assert Path("/dev/full").is_char_device()


def test_a_pipe_is_written_into_and_stays_a_pipe(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        written_beside(path, b"words")
        assert os.read(reader, 100) == b"words"
    finally:
        os.close(reader)
    assert path.is_fifo()


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path):
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "file", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    written_beside(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_fit_sends_the_model_to_the_standard_output_and_the_report_to_the_other(
    capsysbinary, tmp_path
):
    from mixtura.cli.main import main

    assert main(["fit", "@faithful", "-k", "2", "-o", "-"]) == 0
    out, err = capsysbinary.readouterr()
    assert err.startswith(b"Gaussian mixture: 2 components")
    path = tmp_path / "model"
    path.write_bytes(out)
    assert mixtura.load(path).n_components == 2


@pytest.mark.parametrize("suffix", [".csv", ".npy", ".parquet"])
def test_every_format_holds_the_same_numbers(typed, geyser, tmp_path, suffix):
    path = tmp_path / f"drawn{suffix}"
    assert typed("sample", geyser, "-n", 20, "-o", path, "--by-component").code == 0
    drawn, _ = mixtura.load(geyser).sample(20, random_state=0)
    table = read_table(str(path))
    np.testing.assert_array_equal(table.rows, drawn)
    assert table.columns == (None if suffix == ".npy" else ("eruptions", "waiting"))


def test_pandas_reads_what_is_written(typed, geyser, tmp_path, file):
    data = file('who,eruptions,waiting\n"a,b",3.6,79\nbob,1.8,54\n')
    frames = []
    for suffix, read in ((".csv", pd.read_csv), (".parquet", pd.read_parquet)):
        path = tmp_path / f"scores{suffix}"
        assert typed("score", geyser, data, "--id", "who", "-o", path).code == 0
        frames.append(read(path))
    scores = mixtura.load(geyser).score_samples([[3.6, 79.0], [1.8, 54.0]])
    for frame in frames:
        assert frame.columns.tolist() == ["who", "log_likelihood"]
        assert frame["who"].tolist() == ["a,b", "bob"]
        # pandas 2 reads a decimal number to the last bit but one.
        np.testing.assert_array_max_ulp(frame["log_likelihood"].to_numpy(), scores, maxulp=1)


def test_npy_refuses_ids(typed, geyser, tmp_path, file):
    data = file("who,eruptions,waiting\nann,3.6,79\n")
    ended = typed("score", geyser, data, "--id", "who", "-o", tmp_path / "scores.npy")
    assert ended.code == 2
    assert ended.message == (
        "column 'who' holds text, which .npy cannot hold: write .csv or .parquet, or leave the "
        "column out"
    )
    assert not (tmp_path / "scores.npy").exists()
