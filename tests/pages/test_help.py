"""The examples that end each command's help work, in order."""

from __future__ import annotations

import io
import shutil
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from blocks import ROOT
from shell import typed

import mixtura
from mixtura.cli.main import COMMANDS, main
from mixtura.datasets import faithful, iris

#: commands whose examples take longer than the suite has
SLOW = {"demo", "explore", "plot", "report", "select", "validate"}
#: commands whose examples write a file that others' find there
WRITTEN = {"fit": "model.safetensors", "fit-groups": "groups.parquet", "generate": "data.csv"}

each_command = pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] if n in SLOW else []) for n in COMMANDS]
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the examples name besides; the model without names takes any two columns."""
    folder = tmp_path_factory.mktemp("made")
    mixtura.save(mixtura.fit(faithful().rows, 2).mixture, folder / "model.safetensors")
    printed("fit", "@faithful", "-k", "2", "-o", str(folder / "geyser.safetensors"))
    printed("fit", "@iris", "-k", "3", "-o", str(folder / "iris.safetensors"))
    selection = printed("select", "@faithful", "-k", "1:2", "--structures", "EEE,VVV", "--json")
    (folder / "selection.json").write_text(selection)
    species = np.repeat(["setosa", "versicolor", "virginica"], 50)
    lines = [
        f"{','.join(map(repr, r))},{s}" for r, s in zip(iris().rows.tolist(), species, strict=True)
    ]
    (folder / "flowers.csv").write_text("\n".join([",".join([*iris().columns, "species"]), *lines]))
    printed("fit", f"{folder}/flowers.csv", "--label", "species", "-o",
            str(folder / "species.safetensors"))  # fmt: skip
    genes = {"gene": ["a", "b", "c"] * 90, "batch": [1, 1, 1, 2, 2, 2] * 45}
    numbers = dict(zip(("x", "y"), faithful().rows[:270].T, strict=True))
    pq.write_table(pa.table(genes | numbers), folder / "genes.parquet")
    made_of = str(folder / "genes.parquet"), "--by", "gene,batch"
    printed("fit-groups", *made_of, "-o", str(folder / "groups.parquet"))
    shutil.copy(ROOT / "tests/data/models/mclust_2d_EEE.rda", folder / "fit.rds")
    shutil.copy(ROOT / "tests/data/models/kaldi_am_pdfs.mdl", folder / "final.mdl")
    (folder / "parts").mkdir()
    rows = dict(zip(("x", "y"), faithful().rows.T, strict=True))
    pq.write_table(pa.table(rows), folder / "parts/0.parquet")
    return folder


@each_command
def test_the_examples_of_a_command_run(name: str, desk: Path, made: Path) -> None:
    shutil.copytree(made, desk, dirs_exist_ok=True)
    names = (desk / "data.csv").read_text()
    if name in WRITTEN:
        (desk / WRITTEN[name]).unlink()
    commands = examples(name)
    assert commands
    for command in commands:
        if name != "generate":
            numbers = "".join(line.partition(",")[2] for line in names.splitlines(keepends=True))
            (desk / "data.csv").write_text(names if "--id name" in command else numbers)
        typed(command, f"mixtura {name} --help")


def examples(name: str) -> list[str]:
    """What stands below Examples in the help of a command."""
    _, _, below = printed(name, "--help").partition("Example")
    lines = [line.strip() for line in below.replace("\\\n", " ").splitlines()]
    asked = [
        line.partition("$(")[2].partition(")")[0] for line in lines if "$(" in line
    ]  # by a shell
    return [line for line in lines if line.startswith("mixtura ")] + asked


def printed(*arguments: str) -> str:
    """What a command prints."""
    output = io.StringIO()
    with redirect_stdout(output):
        assert main(arguments) == 0
    return output.getvalue()
