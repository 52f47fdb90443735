"""A damaged file is refused, or gives what its format's own library reads: nothing else, ever."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from mutants import FORMATS, NAMES, NUMBERS, WHO, Format, Rows, mutated

import mixtura

MIXTURE = mixtura.Mixture(
    [0.5, 0.5], [[0.0, 0.0], [1.0, 1.0]], [[[1.0, 0.2], [0.2, 1.0]], [[2.0, 0.0], [0.0, 0.5]]],
    feature_names=NAMES,
)  # fmt: skip


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model"
    mixtura.save(MIXTURE, path)
    return path


def held_to_the_fit(told: str, rows: Rows) -> None:
    """The record of a fit of one component has the rows' number, mean and covariance."""
    record = json.loads(told)
    expected = rows.of(record["features"])
    size = np.abs(expected).max()
    assert record["training"]["n_rows"] == len(expected)
    (mean,), (covariance,) = record["means"], record["covariances"]
    np.testing.assert_allclose(mean, expected.mean(axis=0), rtol=1e-6, atol=1e-6 * size)
    np.testing.assert_allclose(
        covariance, np.cov(expected.T, bias=True), rtol=1e-5, atol=1e-6 * size**2
    )


def held_to_the_scores(told: str, rows: Rows) -> None:
    """The scores, and the texts that go along, are those of the rows."""
    lines = list(csv.DictReader(io.StringIO(told, newline="")))
    scores = [float(line["log_likelihood"]) for line in lines]
    np.testing.assert_allclose(scores, MIXTURE.score_samples(rows.of(list(NAMES))), rtol=1e-4)
    if rows.who is not None:
        assert [line["who"] for line in lines] == rows.who


HELD = {"fit": held_to_the_fit, "score": held_to_the_scores}


def answered(
    typed, model: Path, folder: Path, form: Format, data: bytes, way: str, command: str
) -> tuple[int, str]:
    """The exit code of a command for a file of that content, and what it wrote."""
    (folder / f"rows{form.suffix}").write_bytes(data)
    source = folder / (f"rows{form.suffix}" if way == "file" else f"row[s]{form.suffix}")
    asked = ("fit", source, "-k", 1, "--json") if command == "fit" else ("score", model, source)
    ended = typed(*asked, *(["--id", "who"] if form.carries else []))
    return ended.code, ended.out


@pytest.mark.parametrize("command", HELD)
@pytest.mark.parametrize("way", ["file", "glob"])
@pytest.mark.parametrize("name", [name for name in FORMATS if name != "npz"])
def test_an_undamaged_file_gives_what_its_library_reads(typed, model, tmp_path, name, way, command):
    form = FORMATS[name]
    rows = form.read(form.data)
    np.testing.assert_allclose(rows.of(list(NAMES)), NUMBERS, rtol=1e-7)
    assert rows.who == (WHO if form.carries else None)
    code, told = answered(typed, model, tmp_path, form, form.data, way, command)
    assert code == 0
    HELD[command](told, rows)


@pytest.mark.filterwarnings("ignore")  # of headers as Python 2 wrote them, and the like
@pytest.mark.parametrize("count", [200, pytest.param(5_000, marks=pytest.mark.slow)])
def test_a_mutant_is_refused_or_gives_what_its_library_reads(typed, model, tmp_path, count):
    names, given = list(FORMATS), 0
    for number in range(count):
        turn, which = divmod(number, len(names))
        name, way, command = names[which], ("file", "glob")[turn % 2], list(HELD)[turn // 2 % 2]
        form = FORMATS[name]
        data = mutated(form.data, np.random.default_rng([count, number]))
        code, told = answered(typed, model, tmp_path, form, data, way, command)
        assert code in (0, 3), (number, name, way, command)
        if code == 0:
            given += 1
            try:
                HELD[command](told, form.read(data))
            except Exception as error:
                raise AssertionError((number, name, way, command)) from error
    assert given > count // 20  # not by refusing everything


@pytest.mark.parametrize("count", [60, pytest.param(1_000, marks=pytest.mark.slow)])
def test_a_mutant_of_a_model_is_refused_or_scores_the_same(typed, model, tmp_path, count):
    whole, rows = model.read_bytes(), tmp_path / "rows.npy"
    rows.write_bytes(FORMATS["npy"].data)
    expected = typed("score", model, rows).out
    assert expected.count("\n") == len(NUMBERS) + 1
    for number in range(count):
        data = mutated(whole, np.random.default_rng([count, number]))
        model.write_bytes(data)
        ended = typed("score", model, rows)
        assert ended.code in (0, 4), number
        assert ended.code == 4 or ended.out == expected, number
        assert typed("show", model).code == ended.code, number


@pytest.mark.parametrize("count", [30, pytest.param(500, marks=pytest.mark.slow)])
def test_a_mutant_of_a_checkpoint_is_refused_or_goes_on_to_the_same(typed, tmp_path, count):
    path = tmp_path / "run"
    asked = ("fit", "@faithful", "-k", 2, "--max-iter", 4, "--tol", 0, "--json")
    kept = (*asked, "--checkpoint", path, "--resume")

    def parameters(told: str) -> tuple[object, ...]:
        record = json.loads(told)
        return record["means"], record["covariances"], record["training"]["trace"]

    expected = parameters(typed(*kept).out)
    before = path.with_name("run.before")
    whole = before.read_bytes()
    for number in range(count):
        path.write_bytes(mutated(whole, np.random.default_rng([count, number])))
        before.unlink(missing_ok=True)
        ended = typed(*kept)
        assert ended.code in (0, 4), number
        assert ended.code == 4 or parameters(ended.out) == expected, number
