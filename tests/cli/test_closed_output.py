"""An output that takes nothing is an error with exit code 6: nothing is lost without a word."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="needs bash, and a device that is always full"
)

COMMAND = [sys.executable, "-c", "from mixtura.cli.process import run; run()"]

#: every command that prints, in every form in which it does
PRINTS = [
    "--help", "--version", "--version --verbose", "", "fit --help", "score --help", "demo --help",
    "show {model}", "show {model} --json", "fit @faithful -k 2", "fit @faithful -k 2 --json",
    "fit @faithful -k 2 -o -", "explain {model} @faithful --worst 1",
    "explain {model} @faithful --worst 1 --json", "report {model} @faithful --text",
    "report {model} @faithful --json", "validate {model} @faithful",
    "validate {model} @faithful --json", "score {model} @faithful", "predict {model} @faithful",
    "predict {model} @faithful --proba", "score {model} {rows}", "predict {model} {rows}",
    "sample {model}", "sample {model} -n 50000", "generate mixture",
    "generate mixture -n 50000", "select @faithful -k 1", "select @faithful -k 1 --json",
    "select @faithful -k 1 --csv", "demo -o {folder}", "demo -o {folder} --json",
    "plot {model} -o - --force", "explore {model} @faithful -o -", "report {model} @faithful -o -",
]  # fmt: skip

#: how the shell gives it no place to print
NOWHERE = {
    ">&-": "the standard output is closed",
    ">&- <&-": "the standard output is closed",
    "> /dev/full": "No space left on device",
    ">&- 2>&-": None,
}

#: those that `make test` has time for
SOME = ["--help", "show {model}", "fit @faithful -k 2", "report {model} @faithful --text"]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows of faithful's columns, in two files, which are streamed."""
    folder = tmp_path_factory.mktemp("rows")
    for number in range(2):
        lines = "".join(f"{1 + i % 40 / 10},{40 + i % 50}\n" for i in range(9_000))
        (folder / f"{number}.csv").write_text("eruptions,waiting\n" + lines)
    return folder


def ended(line: str, where: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A line of bash in which "$@" is the program."""
    return subprocess.run(
        ["bash", "-c", f'"$@" {line} {where}', "bash", *COMMAND],
        cwd=cwd, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("where", NOWHERE)
@pytest.mark.parametrize(
    "line",
    [line if line in SOME else pytest.param(line, marks=pytest.mark.slow) for line in PRINTS],
)
def test_what_cannot_be_printed_is_told(line, where, geyser, rows, tmp_path):
    names = {"model": geyser, "rows": rows, "folder": tmp_path / "demo"}
    found = ended(line.format(**names), where, tmp_path)
    words = NOWHERE[where]
    refused = "cannot be written as" in found.stderr  # - is no name of a picture or a page
    expected = "" if words is None else f"mixtura: error: standard input or output: {words}\n"
    if refused:
        assert found.returncode == 2
    else:
        assert (found.returncode, found.stderr, found.stdout) == (6, expected, "")


def test_a_fit_that_could_not_be_told_of_is_not_begun(tmp_path):
    found = ended("fit nothing.csv -k 2 -o model.safetensors", ">&-", tmp_path)
    assert found.returncode == 6
    assert found.stderr.endswith("the standard output is closed\n")
    assert list(tmp_path.iterdir()) == []


def test_what_goes_to_a_file_needs_no_standard_output(geyser, tmp_path):
    for line, name in (
        (f"score {geyser} @faithful -o scores.csv", "scores.csv"),
        (f"report {geyser} @faithful -o report.html", "report.html"),
        (f"sample {geyser} -o drawn.npy", "drawn.npy"),
    ):
        whole = ended(line, "", tmp_path)
        assert (whole.returncode, whole.stdout) == (0, "")
        content = (tmp_path / name).read_bytes()
        (tmp_path / name).unlink()
        found = ended(line, ">&- <&- 2>&-", tmp_path)
        assert found.returncode == 0
        assert (tmp_path / name).read_bytes() == content


@pytest.mark.parametrize("line", ["generate mixture -n 90000", "sample {model} -n 90000"])
def test_a_named_pipe_whose_reader_leaves_is_named(line, geyser, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    found = ended(f"{line.format(model=geyser)} -o pipe", "& head -c 9 pipe; wait $!", tmp_path)
    assert (found.returncode, found.stderr) == (6, "mixtura: error: pipe: Broken pipe\n")


def test_a_named_pipe_is_read_once_or_refused_by_name(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    feed = "& printf '1,2\\n3,4\\n5,7\\n' > pipe; wait $!"
    assert ended("fit pipe -k 1", feed, tmp_path).returncode == 0
    found = ended("fit pipe -k 1 --on-bad-row skip", "", tmp_path)
    assert found.returncode == 3
    assert found.stderr.startswith("mixtura: error: pipe is a pipe, which can be read once")


@pytest.mark.parametrize(
    "arguments",
    [
        ("fit", "@faithful", "-k", 2, "-o", ""),
        ("score", "{model}", "@faithful", "-o", ""),
        ("select", "@faithful", "-k", 1, "-o", ""),
        ("report", "{model}", "@faithful", "-o", ""),
        ("demo", "-o", ""),
        ("fit", "", "-k", 2),
        ("score", "{model}", ""),
        ("show", ""),
        ("fit", "@faithful", "-k", 2, "--checkpoint", ""),
    ],
    ids=lambda arguments: " ".join(map(str, arguments)),
)
def test_an_empty_name_is_refused_as_one(typed, geyser, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = typed(*(str(part).format(model=geyser) for part in arguments))
    assert found.code == 2
    assert "'' names no f" in found.message
    assert list(tmp_path.iterdir()) == []


def test_a_model_is_read_from_a_named_pipe(geyser, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for line in ("show pipe", "score pipe @faithful"):
        found = ended(line, f"& cat {geyser} > pipe; wait $!", tmp_path)
        assert (found.returncode, found.stderr) == (0, "")
        assert found.stdout
