"""Commands stream what memory need not hold, and answer as they answer for one small file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mixtura
from mixtura.datasets import faithful


@pytest.fixture
def parts(tmp_path) -> Path:
    """Faithful as three files of each kind, with ids and weights."""
    frame = pd.DataFrame(faithful().rows, columns=["eruptions", "waiting"])
    frame["who"] = [f"n{i}" for i in range(len(frame))]
    frame["w"] = 1.0 + np.arange(len(frame)) % 3
    folder = tmp_path / "parts"
    folder.mkdir()
    for number, at in enumerate(range(0, len(frame), 100)):
        part = frame.iloc[at : at + 100]
        part.to_csv(folder / f"{number}.csv", index=False)
        part.to_csv(folder / f"{number}.csv.gz", index=False)
        part.to_parquet(folder / f"{number}.parquet", index=False)
    frame.to_csv(tmp_path / "whole.csv", index=False)
    return folder


KINDS = ["*.csv", "*.csv.gz", "*.parquet"]
COLUMNS = ("--columns", "eruptions,waiting")


@pytest.mark.parametrize("kind", KINDS)
def test_a_glob_is_fitted_as_the_whole_file(typed, parts, tmp_path, kind):
    ends = []
    for data, output in ((parts / kind, "a.model"), (tmp_path / "whole.csv", "b.model")):
        ended = typed("fit", data, "-k", 2, *COLUMNS, "--weights", "w", "-o", tmp_path / output)
        assert ended.code == 0
        ends.append(ended.out)
    assert ends[0] == ends[1]
    one, other = (mixtura.load(tmp_path / name) for name in ("a.model", "b.model"))
    np.testing.assert_array_equal(one.covariances, other.covariances)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("command", [("score",), ("predict", "--proba")])
def test_a_glob_is_answered_as_the_whole_file(
    typed, geyser, parts, tmp_path, kind, suffix, command
):
    read = pd.read_csv if suffix == ".csv" else pd.read_parquet
    frames = []
    for number, data in enumerate((parts / kind, tmp_path / "whole.csv")):
        out = tmp_path / f"out{number}{suffix}"
        assert typed(*command, geyser, data, "--id", "who", "-o", out).code == 0
        frames.append(read(out))
    pd.testing.assert_frame_equal(*frames, check_exact=True)
    assert len(frames[0]) == 272


def test_what_is_streamed_can_go_to_the_standard_output(typed, geyser, parts, tmp_path):
    streamed = typed("score", geyser, parts / "*.csv")
    assert streamed.out == typed("score", geyser, tmp_path / "whole.csv").out
    assert streamed.out.count("\n") == 273


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("policy", ["skip", "report"])
def test_bad_rows_are_left_out_and_counted_on_the_standard_error(typed, geyser, file, policy):
    path = file("eruptions,waiting\n3.6,79\n1.8,x\n2,nan\n1,2,3\n1.8,54\n")
    ended = typed("score", geyser, path, "--on-bad-row", policy)
    assert ended.code == 0
    assert ended.out.count("\n") == 1 + 2
    assert "warning: 3 bad rows were left out; the first: " in ended.err
    assert ended.err.count("left out: ") == (3 if policy == "report" else 0)
    assert "line 3 (row 1), column 'waiting' holds 'x'" in ended.err


def test_a_bad_row_of_many_files_is_bad_data(typed, geyser, parts):
    (parts / "9.csv").write_text("eruptions,waiting\n1,2\n1,x\n")
    ended = typed("score", geyser, parts / "*.csv", "-o", parts / "out.csv")
    assert ended.code == 3
    assert f"{parts / '9.csv'}: line 3 (row 1), column 'waiting' holds 'x'" in ended.message
    assert not (parts / "out.csv").exists()


def test_json_and_npy_are_written_in_parts(typed, geyser, parts, tmp_path):
    plain = typed("score", geyser, tmp_path / "whole.csv", "--json")
    assert typed("score", geyser, parts / "*.csv", "--json").out == plain.out
    assert plain.out.count("\n") == 272
    for number, data in enumerate((parts / "*.parquet", tmp_path / "whole.csv")):
        out = tmp_path / f"{number}.npy"
        assert typed("predict", geyser, data, "--proba", "-o", out).code == 0
    np.testing.assert_array_equal(np.load(tmp_path / "0.npy"), np.load(tmp_path / "1.npy"))


def test_other_commands_read_a_glob_as_one_table(typed, geyser, parts):
    ended = typed("explain", geyser, parts / "*.parquet", "--row", 271)
    assert ended.code == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="limits the size of files")
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_disk_that_is_full_is_one_clear_error_and_the_old_file_stays(geyser, tmp_path, suffix):
    rows = np.random.default_rng(0).normal(size=(100_000, 2))
    pd.DataFrame(rows, columns=["eruptions", "waiting"]).to_parquet(tmp_path / "rows.parquet")
    out = tmp_path / f"out{suffix}"
    out.write_text("precious")
    # A limit on the size of files stands in for the end of the disk.
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); "
        "from mixtura.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    ended = subprocess.run(
        [
            sys.executable,
            "-c",
            code,
            "score",
            geyser,
            tmp_path / "rows*.parquet",
            "-o",
            out,
            "--force",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (6, f"mixtura: error: {out}: File too large\n")
    assert out.read_text() == "precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == [out.name, "rows.parquet"]
