"""In a terminal of 80 columns no line of any command is longer, but for what files hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import mixtura
from mixtura.cli.main import COMMANDS
from mixtura.datasets import iris
from mixtura.textual import columns, wrapped

COLUMNS = 80


@pytest.fixture(autouse=True)
def _narrow(monkeypatch, tmp_path):
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    """Model files: four features, thirteen, noise, a fit that ended with advice and notes."""
    folder = tmp_path_factory.mktemp("models")
    rows = iris()
    rng = np.random.default_rng(0)
    wide = mixtura.datasets.blobs(300, 13, 3, random_state=0)[0]
    amid = np.vstack([mixtura.datasets.faithful().rows, rng.uniform(0, 100, (20, 2))])
    fits = {
        "iris": mixtura.fit(rows, 3, max_iter=3, n_init=2),
        "shared": mixtura.fit(rows, 2, structure="EEE"),
        "wide": mixtura.fit(wide, 3),
        "noise": mixtura.fit(amid, 2, noise=True),
        "odd": mixtura.fit(np.repeat(rng.normal(size=(12, 2)), 9, axis=0), 9, max_iter=5),
    }
    for name, fit in fits.items():
        mixtura.save(fit.mixture, folder / f"{name}.safetensors", fit.summary())
    species = mixtura.MixtureClassifier(1, structures="VVV")
    species.fit(rows.rows, np.repeat(["setosa", "versicolor", "virginica"], 50))
    mixtura.save(species, folder / "species.safetensors")
    np.save(folder / "wide.npy", wide.rows)
    np.save(folder / "noise.npy", amid)
    groups = [f"g{i % 3},{i % 2},{x}\n" for i, x in enumerate(rng.normal(size=300))]
    (folder / "groups.csv").write_text(f"gene,batch,x\n{''.join(groups)}alone,1,nan\n")
    return folder


#: command -> its usual lines; {m} is the folder of models
USUAL: dict[str, tuple[str, ...]] = {
    "compare": (
        "compare {m}/iris.safetensors @iris",
        "compare {m}/noise.safetensors {m}/noise.npy",
        "compare {m}/shared.safetensors @iris --alpha 0.5",
    ),
    "classify": ("classify {m}/species.safetensors @iris --proba",),
    "completion": (),  # a script is no text to read
    "convert": ("convert {m}/iris.safetensors {m}/iris.yml",),
    "demo": ("demo -o demo",),
    "explain": (
        "explain {m}/iris.safetensors @iris --worst 2",
        "explain {m}/wide.safetensors {m}/wide.npy --row 3",
        "explain {m}/noise.safetensors {m}/noise.npy --worst 2",
    ),
    "explore": ("explore @faithful -k 2",),
    "fit": (
        "fit @iris -k 3",
        "fit @iris -k 2 --structure EEE --verbose --max-iter 3",
        "fit @faithful -k 30 --max-iter 4 --start kmeans",
        "fit @faithful -k 2 --noise --prior --equal-weights",
        "fit {m}/wide.npy -k 2",
    ),
    "fit-groups": ("fit-groups {m}/groups.csv --by gene,batch -k 1:2",),
    "generate": ("generate blobs -n 3", "generate mixture -n 3 --labels"),
    "help": ("help", *(f"help {name}" for name in COMMANDS)),
    "plot": ("plot {m}/iris.safetensors @iris -o picture.png",),
    "impute": ("impute {m}/iris.safetensors @iris --std",),
    "predict": ("predict {m}/iris.safetensors @iris --proba",),
    "report": (
        "report {m}/iris.safetensors @iris --text",
        "report {m}/iris.safetensors @iris",
        "report {m}/wide.safetensors {m}/wide.npy --text",
        "report {m}/shared.safetensors @iris --text --compare sklearn",
        "report {m}/odd.safetensors @faithful --text",
    ),
    "sample": ("sample {m}/iris.safetensors -n 3",),
    "score": ("score {m}/iris.safetensors @iris",),
    "select": (
        "select @faithful -k 1:9 --structures EII,VVV",
        "select @faithful -k 1:3 --structures EII,EEE --sign mclust --criterion cv",
        "select @faithful -k 2,300 --structures VVV",
    ),
    "show": (
        *(f"show {{m}}/{name}.safetensors" for name in ("iris", "shared", "wide", "noise", "odd")),
        "show {m}/shared.safetensors @iris --intervals",
    ),
    "validate": (
        "validate {m}/iris.safetensors @iris",
        "validate {m}/wide.safetensors {m}/wide.npy",
    ),
}

#: what goes wrong in every command, and what in one
WRONG = (
    *(f"{name} --nonsense" for name in COMMANDS),
    *(f"{name} one two three four five" for name in COMMANDS),
    "",
    "--nonsense",
    "fits",
    "fit @nothing -k 2",
    "fit none.csv -k 2",
    "fit @faithful -k 0",
    "fit @faithful -k 2 --noise -3",
    "fit @faithful -k 2 --columns height",
    "fit @faithful -k 2 --structure VVVV",
    "fit @faithful -k 2 --tol much",
    "fit @faithful -k 400",
    "fit @faithful -k 2 --strict --max-iter 1",
    "fit @faithful -k 2 -o none/model",
    "fit bad.csv -k 1",
    "fit bad.csv -k 1 --on-bad-row report",
    "select @faithful -k 9:1",
    "select @faithful -k 300",
    "score {m}/iris.safetensors @faithful",
    "score {m}/wide.npy @faithful",
    "score {m}/iris.safetensors @iris -o scores.xlsx",
    "score {m}/shared.safetensors bad.csv --on-bad-row keep",
    "explain {m}/iris.safetensors @iris --row 200",
    "plot {m}/iris.safetensors @iris --kind trace -o x.png",
    "show {m}/iris.safetensors --intervals",
    "explore {m}/noise.safetensors {m}/noise.npy",
    "report {m}/iris.safetensors @iris --json --text",
)


def long(text: str) -> list[str]:
    """The lines of a text that are too long, but for words that are typed or read."""
    return [
        line
        for line in text.splitlines()
        if len(line) > COLUMNS and max(map(len, line.split())) <= COLUMNS - 4
    ]


def lines(name: str) -> Iterator[str]:
    yield f"{name} --help"
    yield from USUAL[name]


def test_every_command_has_usual_lines():
    assert set(USUAL) == set(COMMANDS)
    assert max(len(name) for name in COMMANDS) < 20


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_no_line_of_a_command_s_output_is_too_long(typed, models, name):
    rows = name in ("classify", "impute", "predict", "score", "sample", "generate")
    for line in lines(name):
        ended = typed(*line.format(m=models).split())
        assert ended.code == 0, (line, ended.err)
        text = ended.err if rows and "--help" not in line else ended.out + ended.err
        assert long(text) == [], line


@pytest.mark.filterwarnings("default")
def test_no_line_of_an_error_is_too_long(typed, models, tmp_path):
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n1,many\n3,\n5,6\n")
    said = set()
    for line in WRONG:
        ended = typed(*line.format(m=models).split())
        assert long(ended.out + ended.err) == [], line
        said.add(ended.code)
    assert said == {0, 2, 3, 4, 5, 6}


def test_without_a_terminal_a_message_is_one_line(typed, monkeypatch):
    monkeypatch.delenv("COLUMNS")
    ended = typed("fit", "@faithful", "-k", 400)
    assert ended.message
    assert len(ended.err) > COLUMNS


@pytest.mark.parametrize("width", [20, 33, 80, 200])
def test_a_table_that_goes_on_below_holds_every_cell(width):
    rng = np.random.default_rng(width)
    table = [[f"name{i}", *map(str, rng.integers(0, 10**6, 9))] for i in range(4)]
    shown = columns(table, width=width)
    assert max(map(len, shown)) <= width
    blocks = [
        [line.split() for line in block.splitlines()] for block in "\n".join(shown).split("\n\n")
    ]
    assert [[row[0], *(cell for b in blocks for cell in b[i][1:])]
            for i, row in enumerate(blocks[0])] == table  # fmt: skip


def test_a_long_name_leaves_the_numbers_whole():
    table = [["feature", "mean"], ["a" * 100 + "b", "1.25"], ["c", "-2.5"]]
    shown = columns(table, width=40)
    assert max(map(len, shown)) <= 40
    assert shown[1].startswith("aaa")
    assert shown[1].endswith("…aaaaaaaab  1.25") or "…" in shown[1]
    assert "aaa" + "b" in shown[1]


@pytest.mark.parametrize("width", [20, 40, 80])
def test_what_wraps_keeps_its_words(width):
    text = "  note: " + "a few words and more of them " * 9 + "\n\nand a line"
    shown = wrapped(text, width)
    assert shown.split() == text.split()
    assert max(map(len, shown.splitlines())) <= width
    assert shown.splitlines()[1].startswith("    ")
