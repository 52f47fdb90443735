"""A report says what is so, in one page that no name breaks and in memory that stays."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.mixture import GaussianMixture as Theirs

import mixtura
from mixtura import Mixture
from mixtura.datasets import faithful, galaxies, iris, separated
from mixtura.errors import DataError, ParameterError
from mixtura.model.storage import StoredModel
from mixtura.tables import Table
from mixtura.tables.streams import Chunk, scan
from mixtura.testing.peers import scikit_learn_log_likelihood
from mixtura.views.record import json_text
from mixtura.views.report import report
from mixtura.views.report.overview import SAMPLE, overview
from mixtura.views.report.pictures import PICTURES
from mixtura.views.report.text import shell_line
from skeleton import Skeleton

FIT = mixtura.fit(faithful(), 2)


@pytest.fixture(scope="module")
def page():
    """A page with every part."""
    return report(FIT, faithful(), compare=True).to_html()


def chunks(rows, *cuts):
    return [Chunk(part) for part in np.split(rows, cuts)]


# -- what is said -----------------------------------------------------------------------------


def test_the_figures_are_those_that_scikit_learn_and_numpy_find():
    record = report(FIT, faithful(), pictures=False).record
    rows = faithful().rows
    scores = scikit_learn_log_likelihood(FIT.mixture, rows)
    assert record["scores"]["log_likelihood"] == pytest.approx(scores.sum(), rel=1e-12)
    assert record["scores"]["mean_log_likelihood"] == pytest.approx(scores.mean(), rel=1e-12)
    theirs = Theirs(2).fit(rows)
    theirs.weights_, theirs.means_ = FIT.mixture.weights, FIT.mixture.means
    theirs.precisions_cholesky_ = np.linalg.cholesky(np.linalg.inv(FIT.mixture.covariances))
    assert record["scores"]["bic"] == pytest.approx(theirs.bic(rows), rel=1e-9)
    assert record["scores"]["aic"] == pytest.approx(theirs.aic(rows), rel=1e-9)
    shares = theirs.predict_proba(rows)
    assigned = np.bincount(shares.argmax(axis=1), minlength=2)
    doubtful = np.bincount(shares.argmax(axis=1)[shares.max(axis=1) < 0.8], minlength=2)
    assert [one["assigned"] for one in record["components"]] == assigned.tolist()
    assert [one["doubtful"] for one in record["components"]] == doubtful.tolist()
    features = record["data"]["features"]
    assert_allclose([one["mean"] for one in features], rows.mean(axis=0), rtol=1e-13)
    assert_allclose([one["standard_deviation"] for one in features], rows.std(axis=0), rtol=1e-13)
    assert [one["low"] for one in features] == rows.min(axis=0).tolist()
    assert [one["high"] for one in features] == rows.max(axis=0).tolist()


def test_the_least_likely_rows_are_explained_and_their_parts_add_up():
    record = report(FIT, faithful(), worst=7, pictures=False).record
    scores = scikit_learn_log_likelihood(FIT.mixture, faithful().rows)
    unlikely = record["unlikely"]
    numbers = [row["row"] for row in unlikely["rows"]]
    assert numbers == np.argsort(scores, kind="stable")[:7].tolist()
    for row in unlikely["rows"]:
        joint = [
            part["log_weight"]
            + unlikely["normalisation"]
            + part["log_determinant"]
            - 0.5 * sum(part["contributions"].values())
            for part in row["components"]
        ]
        assert np.logaddexp.reduce(joint) == pytest.approx(scores[row["row"]], rel=1e-12)


def test_of_equally_unlikely_rows_the_first_are_told():
    rows = np.tile([[1.0], [9.0]], (100, 1))
    record = report(Mixture([1.0], [[1.0]], [[[1.0]]]), rows, worst=3, pictures=False).record
    assert [row["row"] for row in record["unlikely"]["rows"]] == [1, 3, 5]


def test_ids_go_with_the_least_likely_rows():
    rows = np.arange(9.0)[:, None]
    table = Table(("a",), rows, {"who": tuple("abcdefghi")})
    said = report(Mixture([1.0], [[8.0]], [[[1.0]]]), table, worst=2, pictures=False)
    assert [row["ids"] for row in said.record["unlikely"]["rows"]] == [{"who": "a"}, {"who": "b"}]
    assert "Row 0 (counted from 0), who a: log-likelihood" in Skeleton(said.to_html()).shown


@pytest.mark.parametrize(
    ("model", "rows", "relation"),
    [
        (FIT, faithful(), "same"),
        (FIT, faithful().rows[::-1][:200], "other"),
        (FIT.mixture, faithful(), "unknown"),
    ],
)
def test_it_says_whether_these_are_the_rows_of_the_fit(model, rows, relation):
    record = report(model, rows, pictures=False).record
    assert record["data"]["relation"] == relation


def test_one_row_that_is_another_is_noticed_by_the_digest():
    table = faithful()
    digest = report(FIT, table, pictures=False).record["data"]["digest"]
    stored = StoredModel(FIT.mixture, {**FIT.summary(), "data": {"digest": digest}}, "")
    assert report(stored, table, pictures=False).record["data"]["relation"] == "same"
    rows = table.rows.copy()
    rows[17, 1] = np.nextafter(rows[17, 1], 0.0)
    other = replace(table, rows=rows)
    assert report(stored, other, pictures=False).record["data"]["relation"] == "other"


def test_how_to_do_it_again_leads_to_the_same_fit():
    fit = mixtura.fit(iris(), 3, start="random", random_state=4, structure="diag", tol=1e-4)
    call = report(fit, iris(), pictures=False).record["again"]["python"]
    again = eval(call, {"mixtura": mixtura, "rows": iris()})
    assert_array_equal(again.trace, fit.trace)


def test_a_command_of_a_model_file_is_handed_on_only_if_it_is_a_fit():
    for words, kept in [
        (["mixtura", "fit", "a.csv", "-k", "2"], True),
        (["rm", "-rf", "/"], False),
        (["mixtura", "fit", 3], False),
        ("mixtura fit", False),
    ]:
        stored = StoredModel(FIT.mixture, {"command": words}, "")
        record = report(stored, faithful(), pictures=False, names=("m", "d")).record
        expected = [["mixtura", "fit", "-o", "m", "a.csv", "-k", "2"]] if kept else []
        assert record["again"]["commands"] == expected


@pytest.mark.parametrize("word", ["a b", "it's", "$(x)", "a\nb\t'\\", "\u202eabc", "é😀", ""])
def test_bash_reads_a_line_as_the_words_that_it_was_made_of(word):
    import subprocess

    ended = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {shell_line([word, 'end'])}"],
        capture_output=True,
        check=True,
        env={"LC_ALL": "C.UTF-8"},
    )
    assert ended.stdout.decode() == f"{word}\0end\0"
    assert shell_line([word]).isprintable()


def test_beside_scikit_learn_its_own_fit_is_scored_where_it_ended():
    record = report(FIT, faithful(), compare=True, pictures=False).record
    theirs = Theirs(2, random_state=0).fit(faithful().rows)
    fit = record["comparison"]["fit"]
    assert fit["mean_log_likelihood"] == pytest.approx(theirs.score(faithful().rows), rel=1e-12)
    assert fit["iterations"] == theirs.n_iter_
    assert record["comparison"]["validation"]["ours_right"] is True
    shown = Skeleton(report(FIT, faithful(), compare=True, pictures=False).to_html()).shown
    assert "mixtura is right" in shown
    assert "lower_bound_" in shown


# -- many rows --------------------------------------------------------------------------------


def test_the_same_rows_give_the_same_bits_whatever_chunks_they_come_in():
    table, _, truth = separated(150_000, 2, 3, 2.0)
    rows = table.rows
    whole = overview(truth, chunks(rows))
    parts = overview(truth, chunks(rows, 1, 5, 70_000, 70_001, 149_999))
    for name in ("n_rows", "log_likelihood", "digest"):
        assert getattr(whole, name) == getattr(parts, name)
    for name in ("low", "high", "mean", "standard_deviation", "assigned", "doubtful", "sample"):
        assert_array_equal(getattr(whole, name), getattr(parts, name))
    assert_array_equal(whole.unlikely.row_numbers, parts.unlikely.row_numbers)
    assert_array_equal(whole.unlikely.contributions, parts.unlikely.contributions)
    assert len(whole.sample) == SAMPLE
    assert_allclose(whole.mean, rows.mean(axis=0), rtol=1e-12, atol=1e-12)
    assert_allclose(whole.standard_deviation, rows.std(axis=0), rtol=1e-12)
    assert whole.log_likelihood == pytest.approx(truth.score_samples(rows).sum(), rel=1e-12)


def test_a_scan_and_a_table_of_the_same_rows_give_the_same_record(tmp_path):
    table, _, truth = separated(3000, 3, 2, 3.0)
    paths = []
    for i, part in enumerate(np.split(table.rows, [700, 1900])):
        paths.append(tmp_path / f"{i}.npy")
        np.save(paths[-1], part)
    named = Mixture(truth.weights, truth.means, truth.covariances, "full")
    streamed = report(named, scan(paths), pictures=False).record
    assert streamed == report(named, table.rows, pictures=False).record


def test_columns_of_a_scan_are_found_by_their_names(tmp_path):
    path = tmp_path / "turned.csv"
    turned = "".join(f"{b},{a}\n" for a, b in faithful().rows.tolist())
    path.write_text("waiting,eruptions\n" + turned)
    expected = FIT.mixture.feature_names
    record = report(FIT, scan(path, expected=expected), pictures=False).record
    assert record["data"]["relation"] == "same"
    assert (
        record["data"]["digest"] == report(FIT, faithful(), pictures=False).record["data"]["digest"]
    )


def test_rows_that_are_left_out_are_counted(tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text("eruptions,waiting\n3.5,70\nnan,60\n2,50\n")
    with pytest.warns(UserWarning, match="1 bad row was left out"):
        said = report(FIT.mixture, scan(path, on_bad_row="skip"), pictures=False)
    assert said.record["data"]["n_rows"] == 2
    assert "1 bad row was left out" in Skeleton(said.to_html()).shown


def test_the_page_of_a_hundred_thousand_rows_is_within_a_megabyte():
    table, _, truth = separated(100_000, 8, 6, 2.0)
    page = report(truth, table.rows).to_html()
    assert len(page.encode()) <= 1_000_000
    assert "20,000 of the 100,000 rows, drawn at random" in page


@pytest.mark.slow
def test_a_page_of_many_components_and_features_is_within_a_megabyte():
    random = np.random.RandomState(0)
    k, d = 64, 30
    mixture = Mixture(np.full(k, 1 / k), random.normal(size=(k, d)) * 5, np.ones((k, d)), "diag")
    page = report(mixture, mixture.sample(2000, 0)[0]).to_html()
    assert len(page.encode()) <= 1_000_000
    assert "more such tables: --json has them" in page


# -- the page ---------------------------------------------------------------------------------


def test_the_page_runs_nothing_and_asks_for_nothing(page):
    skeleton = Skeleton(page)
    assert skeleton.texts["script"] == []
    assert set(re.findall(r"https?://[^\"'` ]+", page)) <= {"http://www.w3.org/2000/svg"}  # a name
    for tag, attributes in skeleton.tags:
        for name, value in attributes:
            assert name not in ("src", "style", "action"), tag
            assert not name.startswith("on"), tag
            if name == "href":
                assert value.startswith(("#", "data:image/png;base64,"))
    (policy,) = (
        dict(attributes)["content"]
        for tag, attributes in skeleton.tags
        if tag == "meta" and ("http-equiv", "Content-Security-Policy") in attributes
    )
    assert policy.startswith("default-src 'none'; style-src 'sha256-")


def test_every_id_is_there_once_and_every_reference_leads_to_one(page):
    skeleton = Skeleton(page)
    values = [pair for _, attributes in skeleton.tags for pair in attributes]
    ids = [value for name, value in values if name == "id"]
    assert len(ids) == len(set(ids))
    wanted = {value[1:] for name, value in values if name == "href" and value.startswith("#")}
    wanted |= {value[5:-1] for name, value in values if name == "clip-path"}
    assert len(wanted) > 6
    assert wanted <= set(ids)


def test_every_table_has_a_caption_and_heads_with_a_scope(page):
    tables = re.findall(r"<table>.*?</table>", page, re.DOTALL)
    assert len(tables) > 10
    for text in tables:
        assert text.startswith("<table><caption>")
        heads = re.findall(r"<th[ >][^>]*>?", text)
        assert set(heads) == {'<th scope="col">', '<th scope="row">'}


def test_the_same_report_has_the_same_bytes(page):
    assert report(FIT, faithful(), compare=True).to_html() == page


def test_the_pictures_are_of_what_there_is_to_show():
    shown = {
        "one feature": report(mixtura.fit(galaxies(), 3), galaxies()),
        "no training": report(FIT.mixture, faithful()),
        "four features": report(mixtura.fit(iris(), 2), iris(), features=["petal_width"]),
    }
    names = {key: list(said.pictures) for key, said in shown.items()}
    assert names == {
        "one feature": ["density", "trace", "calibration"],
        "no training": ["scatter", "density", "calibration"],
        "four features": [picture.name for picture in PICTURES],
    }
    assert ">petal_width</text>" in shown["four features"].pictures["density"]


def test_rows_too_large_to_draw_are_told_of_in_words():
    mixture = Mixture([1.0], [[0.0, 0.0]], [np.eye(2)])
    said = report(mixture, [[1e200, 0.0], [0.0, 1.0]])
    assert "It could not be drawn" in said.to_html()
    assert json.loads(json_text(said.to_dict()))["scores"]["log_likelihood"] == "-inf"
    assert "-inf" in said.to_text()


HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]></style><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "' autofocus='",
    "<!--sections-->",
    "--><svg onload=alert(1)>",
    "</title></head><body>",
    "&lt;b&gt;&amp;",
    "$x_1$ \\frac{1}{2}",
    "\u202eevil\u2066\u200f",
    "\u2028\u2029\x00\x1b[2J",
    "שלום עולם",
    "`${alert(1)}`",
    "javascript:alert(1)",
    "{{7*7}}",
    "a" * 3000,
]


def hostile_names(count):
    return [f"{HOSTILE[i % len(HOSTILE)]}{i or ''}" for i in range(count)]


def test_fifty_hostile_names_change_no_tag():
    random = np.random.RandomState(0)
    rows = random.normal(size=(120, 50))
    rows[:60] += 4.0

    def page(names, text, pictures=False):
        table = Table(tuple(names), rows, {text: (text,) * 120})
        fit = mixtura.fit(table, 2, structure="diag")
        said = report(
            StoredModel(fit.mixture, {**fit.summary(), "notes": [text], "command": []}, ""),
            table,
            worst=2,
            names=(text, text),
            command=["mixtura", "report", text],
            pictures=pictures,
        )
        return Skeleton(said.to_html())

    def tags(skeleton):
        """Without what a picture shows, and what keeps a name to itself and its words whole."""
        return [
            (tag, tuple(name for name, _ in attributes))
            for tag, attributes in skeleton.tags
            if tag
            not in ("path", "use", "g", "text", "tspan", "defs", "clipPath", "rect", "bdi", "span")
        ]

    for pictures, texts in ((False, HOSTILE), (True, HOSTILE[:1])):
        tame = page([f"c{i}" for i in range(50)], "tame", pictures)
        for text in texts:
            names = hostile_names(50)
            skeleton = page([*names[1:], names[0]], text, pictures)
            assert tags(skeleton) == tags(tame)
            around = [given for tag, given in skeleton.tags if tag in ("bdi", "span")]
            assert {name for given in around for name, _ in given} <= {"title", "class"}
            assert skeleton.texts == tame.texts


@pytest.mark.parametrize("name", HOSTILE[:-1])
def test_a_hostile_name_is_shown_as_it_stands(name):
    from mixtura.textual import printable

    rows = np.random.RandomState(0).normal(size=(30, 1))
    table = Table((name,), rows)
    said = report(mixtura.fit(table, 1).mixture, table, names=("m", name))
    skeleton = Skeleton(said.to_html())
    assert skeleton.shown.count(printable(name)) >= 4
    assert printable(name)[:59] in "".join(said.pictures.values()).replace("&lt;", "<").replace(
        "&gt;", ">"
    ).replace("&amp;", "&")
    assert said.record["data"]["name"] == name


TRAININGS = [
    {"log_likelihood": "high", "outcome": 3, "remedy": None, "repairs": "none", "trace": "up"},
    {"n_rows": 10**400, "aic": None, "bic": [1], "iterations": {}, "settings": []},
    {"outcome": "<b>\x1b[31mfine\n", "remedy": "\x07", "repairs": [None, {"iteration": {}}]},
    {"trace": [1.0, "x"], "settings": {"<i>": "<b>", "tol": [1]}, "command": [[]], "data": 3},
    {"trace": [float("-inf"), -1.0], "repairs": [{"action": "floored"}], "data": {"digest": 1}},
]


@pytest.mark.parametrize("training", TRAININGS)
def test_whatever_a_model_file_says_of_its_training_makes_a_page(training):
    said = report(StoredModel(FIT.mixture, training, ""), faithful())
    skeleton = Skeleton(said.to_html())
    assert "\x1b" not in said.to_html() + said.to_text()
    assert not {"b", "i"} & {tag for tag, _ in skeleton.tags}


def test_without_rows_or_with_too_few_columns_there_is_no_report():
    with pytest.raises(DataError, match="0 rows"):
        report(FIT, np.empty((0, 2)))
    with pytest.raises(DataError, match="3 features"):
        report(FIT.mixture, np.ones((5, 3)))
    with pytest.raises(ParameterError, match="worst is 0, expected a whole number"):
        report(FIT, faithful(), worst=0)


def test_a_report_is_saved_whole(tmp_path):
    said = report(FIT, faithful(), pictures=False)
    said.save(tmp_path / "r.html")
    assert (tmp_path / "r.html").read_text("utf-8") == said.to_html()
    assert repr(said).startswith("Report(272 rows, ")
