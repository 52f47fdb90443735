"""The page is one file that asks for nothing, whatever the data is called."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from importlib.resources import files

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import mixtura
from mixtura import Mixture
from mixtura.datasets import faithful, galaxies, iris, separated
from mixtura.errors import DataError, ParameterError
from mixtura.tables import Table
from mixtura.views.explorer import DRAWN, document, explorer_record, replay
from mixtura.views.explorer.document import bundled, modules
from mixtura.views.plots.palette import style

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]></style><img src=x onerror=alert(1)>",
    '"; alert(1); "',
    "'+alert(1)+'",
    "${alert(1)}`",
    "\u202eevil\u2066",
    "\u2028\u2029\x00",
    "&lt;b&gt;",
    "<!--data-->",
]


class Skeleton(HTMLParser):
    """The tags of a page, and the texts of its scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.texts: dict[str, list[str]] = {"script": [], "style": []}
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, tuple(attrs)))
        self._inside = tag

    def handle_endtag(self, tag):
        self._inside = ""

    def handle_data(self, data):
        if self._inside in self.texts:
            self.texts[self._inside].append(data)


def page_of(X, k=2, **given):
    run = replay(X, k)
    return document(explorer_record(run.fit.mixture, X, run=run, **given))


def numbers(text, dtype="<f8"):
    return np.frombuffer(base64.b64decode(text), dtype)


def test_the_policy_allows_the_style_and_the_script_and_nothing_else():
    skeleton = Skeleton(page_of(faithful()))
    (policy,) = (
        dict(attributes)["content"]
        for tag, attributes in skeleton.tags
        if tag == "meta" and ("http-equiv", "Content-Security-Policy") in attributes
    )
    (style_text,), (_, script) = skeleton.texts["style"], skeleton.texts["script"]
    hashed = {
        name: base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for name, text in (("style", style_text), ("script", script))
    }
    assert policy.split("; ") == [
        "default-src 'none'",
        f"script-src 'sha256-{hashed['script']}'",
        f"style-src 'sha256-{hashed['style']}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]


def test_nothing_in_the_page_names_a_place_to_load_from():
    page = page_of(faithful())
    assert set(re.findall(r"https?://[^\"'` ]+", page)) == {"http://www.w3.org/2000/svg"}
    for tag, attributes in Skeleton(page).tags:
        names = {name for name, _ in attributes}
        assert not names & {"src", "href", "style", "action"}, tag
        assert not any(name.startswith("on") for name in names), tag


def test_the_page_is_small_besides_its_data():
    empty = document(explorer_record(Mixture([1.0], [[0.0]], [[[1.0]]]), [[0.0], [1.0]]))
    assert len(empty.encode()) <= 250_000


def test_names_that_attack_change_no_tag_and_come_through_whole():
    rows = np.random.RandomState(0).normal(size=(60, 2))
    tame = Skeleton(page_of(Table(("a", "b"), rows), ids={"c": ["d"] * 60}, name="e"))
    for text in HOSTILE:
        page = page_of(Table((text, f"{text}2"), rows), ids={text: [text] * 60}, name=text)
        skeleton = Skeleton(page)
        assert skeleton.tags == tame.tags
        data, script = skeleton.texts["script"]
        assert script == tame.texts["script"][1]
        record = json.loads(data)
        assert record["features"] == [text, f"{text}2"]
        assert record["name"] == text
        assert record["ids"] == {text: [text] * 60}


def test_what_is_embedded_holds_no_character_that_html_knows():
    page = page_of(Table(tuple(HOSTILE[:2]), np.random.RandomState(0).normal(size=(60, 2))))
    data = page.split('id="record">')[1].split("</script>")[0]
    assert not set(data) & set("<>&\u2028\u2029")
    assert data.isascii()


def test_the_rows_and_the_path_are_embedded_bit_for_bit():
    table = faithful()
    run = replay(table, 3, structure="diag")
    record = explorer_record(run.fit.mixture, table, run=run)
    assert_array_equal(numbers(record["rows"]["values"]).reshape(-1, 2), table.rows)
    path = numbers(record["replay"]["parameters"]).reshape(len(run.path), 3 * 7)
    for row, mixture in zip(path, run.path, strict=True):
        assert_array_equal(row[:3], mixture.weights)
        assert_array_equal(row[3:9], mixture.means.ravel())
        assert_array_equal(row[9:], mixture.covariance_matrices().ravel())
    assert record["replay"]["trace"] == run.fit.trace.tolist()


@pytest.mark.parametrize("accelerate", [False, True])
def test_each_mixture_of_a_path_has_the_likelihood_of_the_trace(accelerate):
    rows = separated(500, 2, 3, 1.5)[0].rows
    settings = {"start": "kmeans", "tol": "auto", "max_iter": 60, "n_init": 2}
    run = replay(rows, 3, accelerate=accelerate, **settings)
    assert bool(run.fit.accelerated) is accelerate
    assert len(run.path) == len(run.fit.trace)
    assert_allclose([mixture.score(rows) for mixture in run.path], run.fit.trace, rtol=1e-12)


def test_watching_a_fit_changes_nothing_about_it():
    watched = replay(iris(), 3, random_state=5, n_init=3).fit
    alone = mixtura.fit(iris(), 3, random_state=5, n_init=3)
    assert_array_equal(watched.trace, alone.trace)
    assert_array_equal(watched.mixture.means, alone.mixture.means)


def test_of_many_rows_a_sample_is_drawn_and_each_keeps_its_number():
    rows = np.random.RandomState(0).normal(size=(DRAWN + 5000, 1))
    mixture = Mixture([1.0], [[0.0]], [[[1.0]]])
    record = explorer_record(mixture, rows, ids={"who": [f"n{i}" for i in range(len(rows))]})
    chosen = numbers(record["rows"]["numbers"], "<u4")
    assert record["rows"]["total"] == len(rows)
    assert len(set(chosen.tolist())) == DRAWN
    assert_array_equal(numbers(record["rows"]["values"]), rows[chosen, 0])
    assert record["ids"]["who"][7] == f"n{chosen[7]}"
    assert record["fitted"]["mean_log_likelihood"] == pytest.approx(mixture.score(rows), rel=1e-12)
    again = explorer_record(mixture, rows)
    assert again["rows"] == record["rows"]


def test_of_more_features_the_marginal_of_a_pair_is_shown():
    table = iris()
    run = replay(table, 3)
    record = explorer_record(
        run.fit.mixture, table, run=run, features=["petal_width", "sepal_length"]
    )
    marginal = run.fit.mixture.marginal(["petal_width", "sepal_length"])
    rows = table.rows[:, [3, 0]]
    assert record["features"] == ["petal_width", "sepal_length"]
    assert record["other_features"] == ["sepal_width", "petal_length"]
    fitted = numbers(record["fitted"]["parameters"])
    assert_array_equal(fitted[3:9], marginal.means.ravel())
    assert record["fitted"]["shown_log_likelihood"] == pytest.approx(marginal.score(rows))
    assert record["fitted"]["mean_log_likelihood"] == pytest.approx(run.fit.trace[-1])


def test_a_path_too_long_to_keep_keeps_its_ends_and_what_is_marked(monkeypatch):
    monkeypatch.setattr("mixtura.views.explorer.record._PATH", 0)
    run = replay(separated(300, 2, 3, 1.0)[0], 3, tol=0.0, max_iter=150, accelerate=True, n_init=1)
    record = explorer_record(run.fit.mixture, separated(300, 2, 3, 1.0)[0], run=run)
    entries = record["replay"]["entries"]
    assert entries[0] == 0
    assert entries[-1] == len(run.fit.trace) - 1
    assert entries == sorted(set(entries))
    assert set(run.fit.accelerated[:50]) <= set(entries)
    kept = numbers(record["replay"]["parameters"]).reshape(len(entries), -1)
    assert_array_equal(kept[3, :3], run.path[entries[3]].weights)


def test_the_colours_are_those_of_the_pictures():
    run = replay(galaxies(), 3)
    record = explorer_record(run.fit.mixture, galaxies(), run=run)
    assert_allclose(np.array(record["palette"]) / 255, [style(k).fill for k in range(3)], atol=2e-3)


def test_every_module_of_the_page_is_in_the_bundle():
    folder = files("mixtura.views.explorer") / "page"
    script = bundled(modules(), "main")
    for file in folder.iterdir():
        name = file.name.removesuffix(".js")
        if name not in (file.name, "main"):
            assert f"const ${name} = " in script


def test_modules_that_import_each_other_are_refused():
    sources = {"a": 'import { b } from "./b.js";', "b": 'import { a } from "./a.js";'}
    with pytest.raises(ValueError, match=r"import each other: a -> b -> a"):
        bundled(sources, "a")
    with pytest.raises(ValueError, match=r"a.js imports b.js, which is not there"):
        bundled({"a": sources["a"]}, "a")


def test_three_features_are_too_many_and_no_row_is_too_few():
    mixture = replay(iris(), 2).fit.mixture
    with pytest.raises(ParameterError, match="got 3 features, this picture shows 2"):
        explorer_record(mixture, iris(), features=[0, 1, 2])
    with pytest.raises(DataError, match="0 rows"):
        explorer_record(mixture, np.empty((0, 4)))
