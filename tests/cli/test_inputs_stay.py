"""No command writes over what it reads, by whatever name, link, glob or folder, force or not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import mixtura
from mixtura.cli.main import COMMANDS
from mixtura.datasets import faithful

#: command -> its arguments, of which {} is the one that is also the output
WRITERS: dict[str, tuple[str, ...]] = {
    "classify": ("{} data.csv", "model {}"),
    "explore": ("{} data.csv", "model {}", "{} -k 2"),
    "fit": ("{} -k 2",),
    "fit-groups": ("{} --by waiting -k 1",),
    "impute": ("{} data.csv", "model {}"),
    "plot": ("{} data.csv", "model {}"),
    "predict": ("{} data.csv", "model {}"),
    "report": ("{} data.csv", "model {}"),
    "sample": ("{}",),
    "score": ("{} data.csv", "model {}"),
    "select": ("{} -k 2 --structures EII",),
}
#: those that read no file
READLESS = {"demo", "generate"}


def lines() -> Iterator[tuple[str, str]]:
    for name, each in WRITERS.items():
        for line in each:
            yield name, line


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch, geyser):
    monkeypatch.chdir(tmp_path)
    Path("model").write_bytes(geyser.read_bytes())
    rows = "".join(f"{x!r},{y!r}\n" for x, y in faithful().rows.tolist())
    Path("data.csv").write_text(f"eruptions,waiting\n{rows}")


def contents() -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in Path().rglob("*") if path.is_file()}


def test_every_command_with_an_output_is_tried():
    found = {
        name
        for name in COMMANDS
        for option in import_module(f"mixtura.cli.{name.replace('-', '_')}").command.params
        if "--output" in option.opts
    }
    assert found == set(WRITERS) | READLESS


@pytest.mark.parametrize(("name", "line"), list(lines()))
@pytest.mark.parametrize("how", ["itself", "dotted", "symbolic link", "hard link"])
@pytest.mark.parametrize("force", [(), ("--force",)])
def test_an_output_that_is_an_input_is_refused(typed, name, line, how, force):
    source = "data.csv" if line.startswith("model") or "-k" in line else "model"
    output = {"itself": source, "dotted": f"../{Path.cwd().name}/./{source}"}.get(how, "linked")
    if how == "symbolic link":
        Path(output).symlink_to(source)
    elif how == "hard link":
        os.link(source, output)
    before = contents()
    ended = typed(name, *line.format(source).split(), "-o", output, *force)
    assert ended.code == 2
    assert "is read by this command" in ended.message
    assert output in ended.message
    assert contents() == before


@pytest.mark.parametrize("data", ["parts/*.csv", "parts", "parts/**/*.csv"])
@pytest.mark.parametrize("name", ["fit", "score", "predict", "report", "select", "explore", "plot"])
def test_a_file_of_a_glob_or_a_folder_is_an_input(typed, name, data):
    Path("parts").mkdir()
    for number in range(3):
        Path("parts", f"{number}.csv").write_bytes(Path("data.csv").read_bytes())
    before = contents()
    first = [] if name in ("fit", "select") else ["model"]
    more = ["-k", 2] if name in ("fit", "select") else []
    ended = typed(name, *first, data, *more, "-o", "parts/1.csv", "--force")
    assert (ended.code, "parts/1.csv is read by this command" in ended.message) == (2, True)
    assert contents() == before


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("fit run -k 2 --checkpoint run", "run is read by this command"),
        ("fit run -k 2 --checkpoint run --resume", "run is read by this command"),
        ("fit run.before -k 2 --checkpoint run", "run.before is read by this command"),
        ("fit data.csv -k 2 --checkpoint new -o new", "both the model's file and one of the"),
        ("fit data.csv -k 2 --checkpoint new -o new.before", "both the model's file"),
        ("fit data.csv -k 2 --checkpoint ./new -o new --force", "both the model's file"),
        ("fit data.csv -k 2 --checkpoint linked -o run", "both the model's file"),
    ],
)
def test_a_checkpoint_is_neither_an_input_nor_the_model(typed, line, words):
    for name in ("run", "run.before"):
        Path(name).write_bytes(Path("data.csv").read_bytes())
    Path("linked").symlink_to("run")
    before = contents()
    ended = typed(*line.split())
    assert (ended.code, words in ended.message) == (2, True)
    assert contents() == before


def test_a_stream_that_goes_into_its_source_is_refused():
    code = "from mixtura.cli.process import run; run()"
    before = contents()
    for line in (
        "score model data.csv >> data.csv",
        "score model - < data.csv >> data.csv",
        "score model - -o data.csv --force < data.csv",
        "fit data.csv -k 2 -o - >> data.csv",
    ):
        ended = subprocess.run(
            ["bash", "-c", f'"$0" -c "{code}" {line}', sys.executable],
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 2, ended.stderr
        assert "is read by this command" in ended.stderr.replace("\n  ", " ")
        assert contents() == before


def test_what_is_no_input_can_be_written(typed):
    assert typed("score", "model", "data.csv", "-o", "scores.csv").code == 0
    assert typed("score", "model", "data.csv", "-o", "scores.csv", "--force").code == 0
    assert typed("score", "model", "*.csv", "--columns", "eruptions,waiting", "-o",
                 "scores.csv", "--force").code == 2  # fmt: skip
    assert typed("fit", "data.csv", "-k", 2, "--checkpoint", "run", "-o", "new").code == 0
    assert mixtura.load("new").n_components == 2
