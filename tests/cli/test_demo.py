"""The demo comes out to the last digit that is known of it, the same every time."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mixtura
from mixtura.cli.main import main
from mixtura.engine import kernel
from mixtura.tables import read_table

# What scikit-learn and the textbook's formulas give for this data, to 8 decimals; components by
# falling first mean.
FIRST_SCORES = {
    "two-features": [-5.09812703, -7.67507046, -3.28714688, -3.52994779, -4.04572939],
    "one-feature": [-2.31345486, -2.24354037, -2.4831697, -2.92316033, -2.30920551],
}
MEANS = {
    "two-features": [
        [4.74710337, 2.01059427],
        [-2.63340741, 9.0434803],
        [-6.88387179, -6.98398415],
        [-8.92932115, 7.38197498],
    ],
    "one-feature": [[9.02407488], [4.59637423], [2.0172488], [-2.65723445]],
}
WEIGHTS = {
    "two-features": [0.25, 0.25001131, 0.25, 0.24998869],
    "one-feature": [0.25961582, 0.24316642, 0.24626331, 0.25095445],
}
VARIANCES = [1.02251277, 0.8260163, 0.69948095, 0.82892192]
SECOND_COVARIANCE = [[0.7493203, 0.04400541], [0.04400541, 0.9872469]]

HALF_A_DIGIT = 5.000001e-9
FILES = [f"{name}{end}" for name in FIRST_SCORES for end in (".csv", ".safetensors", ".png")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demo has written its files."""
    return tmp_path_factory.mktemp("demo") / "in" / "here"


@pytest.fixture(scope="module")
def record(folder: Path) -> dict[str, Any]:
    """The demo as JSON."""
    with pytest.MonkeyPatch.context() as patch:
        printed: list[str] = []
        patch.setattr("click.echo", lambda text, **_: printed.append(text))
        patch.setenv("SOURCE_DATE_EPOCH", "1700000000")
        assert main(["demo", "--output", str(folder), "--json"]) == 0
    (text,) = printed
    return json.loads(text)


def by_first_mean(chapter: dict[str, Any]) -> np.ndarray:
    """The components by falling first mean: their order is free."""
    return np.argsort(-np.array(chapter["means"])[:, 0])


@pytest.mark.parametrize("name", FIRST_SCORES)
def test_the_parameters_are_the_known_ones(record: dict[str, Any], name: str) -> None:
    chapter, order = record[name], by_first_mean(record[name])
    for key, expected in (("means", MEANS), ("weights", WEIGHTS)):
        ours = np.array(chapter[key])[order]
        np.testing.assert_allclose(ours, expected[name], rtol=0.0, atol=HALF_A_DIGIT)


def test_the_covariances_are_the_known_ones(record: dict[str, Any]) -> None:
    two, one = record["two-features"], record["one-feature"]
    second = np.array(two["covariances"])[by_first_mean(two)][1]
    np.testing.assert_allclose(second, SECOND_COVARIANCE, rtol=0.0, atol=HALF_A_DIGIT)
    variances = np.array(one["covariances"])[by_first_mean(one)][:, 0, 0]
    np.testing.assert_allclose(variances, VARIANCES, rtol=0.0, atol=HALF_A_DIGIT)


@pytest.mark.parametrize("name", FIRST_SCORES)
def test_the_first_scores_are_the_known_ones_whoever_computes_them(
    record: dict[str, Any], name: str
) -> None:
    scores = record[name]["scores"]
    assert list(scores) == ["mixtura", "scikit-learn", "textbook"]
    for values in scores.values():
        np.testing.assert_allclose(values, FIRST_SCORES[name], rtol=0.0, atol=HALF_A_DIGIT)


@pytest.mark.parametrize("name", FIRST_SCORES)
def test_every_score_is_proven(record: dict[str, Any], name: str) -> None:
    proof = record[name]["validation"]
    assert proof["ours_right"] is True
    assert [entry["verdict"] for entry in proof["comparisons"]] == ["agrees"] * 3
    assert [answer["right"] for answer in proof["probe"]["answers"]] == [True, True, False]


def test_the_text_prints_the_known_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "-o", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    shown = set(re.findall(r"-?\d+\.\d{8}\b", out))
    numbers = [*MEANS.values(), *WEIGHTS.values(), VARIANCES, SECOND_COVARIANCE]
    numbers += FIRST_SCORES.values()
    for values in numbers:
        for value in np.ravel(values):
            assert f"{value:.8f}" in shown
    assert out.count("textbook underflows") == 2
    assert out.count("mixtura is right") == 2


@pytest.mark.parametrize(
    ("started", "on_path", "named"),
    [
        ("bin/mixtura", True, "mixtura"),
        ("{here}/bin/mixtura", False, "bin/mixtura"),
        ("{here}/mixtura", False, "{here}/mixtura"),
    ],
)
def test_the_last_line_is_a_command_that_the_shell_carries_out(
    started: str,
    on_path: bool,
    named: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    program = Path(started.format(here=here))
    program.parent.mkdir(parents=True, exist_ok=True)
    code = "from mixtura.cli.process import run; run()"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c {code!r} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(program), "demo"])
    monkeypatch.setenv("PATH", str(program.parent.absolute()) if on_path else "/nowhere")
    assert main(["demo", "-o", "with a blank"]) == 0
    line = capsys.readouterr().out.splitlines()[-1].removeprefix("try next: ")
    assert shlex.split(line)[:2] == [named.format(here=here), "explain"]
    ended = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("row 56 (counted from 0)")


def test_the_files_hold_what_was_fitted(record: dict[str, Any], folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    for name, expected in FIRST_SCORES.items():
        mixture = mixtura.load(folder / f"{name}.safetensors")
        table = read_table(str(folder / f"{name}.csv"))
        assert len(table) == 400
        np.testing.assert_allclose(
            mixture.score_samples(table)[:5], expected, rtol=0.0, atol=HALF_A_DIGIT
        )
        assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_the_demo_comes_out_the_same_every_time(
    record: dict[str, Any], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert main(["demo", "-o", str(tmp_path), "--json"]) == 0
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


def test_files_that_exist_are_kept_without_force(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "one-feature.png").write_text("mine")
    assert main(["demo", "-o", str(tmp_path)]) == 6
    assert "one-feature.png: exists already: add --force to replace it" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["one-feature.png"]
    assert (tmp_path / "one-feature.png").read_text() == "mine"
    assert main(["demo", "-o", str(tmp_path), "--force"]) == 0
    assert (tmp_path / "one-feature.png").stat().st_size > 10_000


def test_a_folder_that_cannot_be_made_is_an_output_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["demo", "-o", str(tmp_path / "file")]) == 6
    assert "file: File exists" in capsys.readouterr().err


def test_a_wrong_density_ends_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    right = kernel.log_likelihood
    monkeypatch.setattr(kernel, "log_likelihood", lambda *arguments: right(*arguments) + 1e-6)
    assert main(["demo", "-o", str(tmp_path)]) == 1
    assert "mixtura is wrong here" in capsys.readouterr().out
