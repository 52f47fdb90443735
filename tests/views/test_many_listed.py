"""What is told of hundreds of components: the largest by their numbers, the others by how many."""

from __future__ import annotations

import json

import numpy as np
import pytest

import mixtura
from mixtura import Mixture
from mixtura.cli.main import main
from mixtura.model import storage
from mixtura.textual import largest
from mixtura.views.record import model_record
from mixtura.views.report import report
from mixtura.views.text import model_text, training_words

K = 300


@pytest.fixture(scope="module")
def many() -> Mixture:
    weights = np.arange(1.0, K + 1.0)
    means = 5.0 * np.stack(np.divmod(np.arange(K), 20), axis=-1)
    return Mixture(weights / weights.sum(), means, np.ones((K, 2)), "diag")


def test_the_largest_are_listed_and_the_others_counted(many: Mixture) -> None:
    lines = model_text(model_record(many, {})).splitlines()
    titles = [line for line in lines if line.startswith("component ")]
    assert len(titles) == 20
    assert titles[0].startswith("component 299: weight 0.0066")
    assert lines[-1] == (
        f"and 280 more components, of weights up to {280 / 45150:.3g}: --json has them all"
    )
    assert model_text(model_record(many, {}), every=True).count("\ncomponent ") == K


def test_forty_are_all_listed_in_their_order() -> None:
    assert largest([0.025] * 40) == (list(range(40)), "")
    assert largest([1.0 / 41] * 41)[0] == list(range(20))


def test_page_and_text_of_a_report_list_the_largest_and_its_record_has_all(many: Mixture) -> None:
    said = report(many, many.sample(500, 0)[0], pictures=False)
    assert len(said.record["components"]) == K
    assert len(said.to_text().splitlines()) < 300
    assert "and 280 more components" in said.to_text()
    assert "and 280 more components" in said.to_html()


def test_the_command_line_prints_all_where_it_is_asked_to(many: Mixture, tmp_path, capsys) -> None:
    path = str(tmp_path / "many.safetensors")
    storage.save(many, path)
    for words, count in (([], 20), (["--all"], K)):
        assert main(["show", path, *words]) == 0
        assert capsys.readouterr().out.count("\ncomponent ") == count
    assert main(["show", path, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["means"]) == K


def test_intervals_are_of_those_that_are_listed(tmp_path, capsys) -> None:
    k = 45
    rows = np.repeat(8.0 * np.arange(k), 12) + np.tile(np.linspace(-1.0, 1.0, 12), k)
    data, path = str(tmp_path / "rows.csv"), str(tmp_path / "model.safetensors")
    np.savetxt(data, rows[:, None], header="x", comments="")
    start = np.repeat(np.arange(k), 12)
    mixtura.save(mixtura.fit(rows[:, None], k, structure="tied", start=start), path)
    for words, count in (([], 20), (["--all"], k)):
        assert main(["show", path, data, "--intervals", *words]) == 0
        out = capsys.readouterr().out
        told = out[out.index("standard errors and 95 %") :]
        assert told.count("\ncomponent ") == count
        assert ("and 25 more components" in told) == (not words)


def test_hundreds_of_repairs_are_counted() -> None:
    one = {"iteration": 1, "component": 3, "action": "reseeded", "reason": "no rows"}
    lines = training_words({"repairs": [one] * 120})
    assert len(lines) == 11
    assert lines[-1] == "and 110 more repairs: --json has them all"
