"""Each command does what its name says; the numbers are held to scikit-learn's and SciPy's."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal
from sklearn.datasets import make_blobs
from sklearn.mixture import GaussianMixture

import mixtura
from mixtura.cli.main import COMMANDS
from mixtura.datasets import faithful
from mixtura.model import storage


@pytest.fixture(scope="module")
def peer() -> GaussianMixture:
    """scikit-learn's fit of the same rows with the same seed."""
    return GaussianMixture(2, random_state=0).fit(faithful().rows)


def columns(text: str) -> dict[str, list[str]]:
    """A CSV's columns by name."""
    names, *rows = csv.reader(io.StringIO(text))
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def scipy_scores(path, rows):
    """Log-likelihoods by SciPy, from the parameters of a model file."""
    m = mixtura.load(path)
    parts = [
        np.log(w) + multivariate_normal(mean, cov).logpdf(rows)
        for w, mean, cov in zip(m.weights, m.means, m.covariances, strict=True)
    ]
    return logsumexp(parts, axis=0)


# -- fit and show ----------------------------------------------------------------------------


def test_fit_prints_what_scikit_learn_finds(typed, peer):
    settings = ("--start", "kmeans", "--tol", 1e-3, "--reg-covar", 1e-6, "--no-accelerate")
    record = json.loads(typed("fit", "@faithful", "-k", 2, *settings, "--json").out)
    assert record["features"] == ["eruptions", "waiting"]
    np.testing.assert_allclose(record["weights"], peer.weights_, rtol=1e-6)
    np.testing.assert_allclose(record["means"], peer.means_, rtol=1e-6)
    np.testing.assert_allclose(record["covariances"], peer.covariances_, rtol=1e-6)
    rows, training = faithful().rows, record["training"]
    assert training["aic"] == pytest.approx(peer.aic(rows), rel=1e-9)
    assert training["bic"] == pytest.approx(peer.bic(rows), rel=1e-9)
    assert training["log_likelihood"] == pytest.approx(peer.score(rows) * 272, rel=1e-9)
    assert training["iterations"] == peer.n_iter_
    assert training["outcome"] == "converged"


def test_what_fit_stores_is_what_it_prints_and_show_prints_it_again(typed, tmp_path):
    path = tmp_path / "model.safetensors"
    fitted = typed("fit", "@faithful", "-k", 3, "--structure", "tied", "-o", path)
    assert (fitted.code, fitted.err) == (0, "")
    stored = storage.read(path)
    text, _, file = typed("show", path).out.rpartition("\n\n")
    assert text == fitted.out.rstrip("\n")
    assert file == (
        f"written: {stored.date}, by mixtura {mixtura.__version__}\nSHA-256: {stored.sha256}\n"
    )
    shown = json.loads(typed("show", path, "--json").out)
    assert shown["means"] == mixtura.load(path).means.tolist()
    assert shown["file"] == stored.origin()


def test_fit_stores_nothing_unless_it_is_told_where(typed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert typed("fit", "@faithful", "-k", 2).code == 0
    assert list(tmp_path.iterdir()) == []


def test_columns_are_chosen_in_the_order_given_and_ids_left_out(typed, file):
    path = file("who,a,b,c\nann,1,9,5\nbob,2,8,6\ncid,4,7,5\n")
    by_name = typed("fit", path, "-k", 1, "--columns", "c,a", "--json")
    assert json.loads(by_name.out)["features"] == ["c", "a"]
    the_rest = typed("fit", path, "-k", 1, "--id", "who,b", "--json")
    assert json.loads(the_rest.out)["features"] == ["a", "c"]


def test_a_column_name_with_a_comma_is_quoted(typed, file):
    path = file('"mass, kg",b\n1,2\n2,5\n')
    ended = typed("fit", path, "-k", 1, "--columns", '"mass, kg"', "--json")
    assert json.loads(ended.out)["features"] == ["mass, kg"]


def test_strict_ends_with_5_and_stores_nothing(typed, tmp_path):
    path = tmp_path / "model.safetensors"
    short = ("fit", "@faithful", "-k", 3, "--max-iter", 1, "-o", path)
    ended = typed(*short, "--strict")
    assert ended.code == 5
    assert ended.message == (
        "not converged (out of iterations): raise --max-iter, or give --tol as a number if less "
        "precision will do; nothing was stored"
    )
    outcome = "outcome: out of iterations, met by 3 of 3 searches\n"
    assert f"{outcome}what to do: raise --max-iter" in ended.out
    assert not path.exists()
    assert typed(*short).code == 0
    assert path.exists()


def test_verbose_tells_of_every_iteration_on_the_standard_error(typed):
    quiet = typed("fit", "@faithful", "-k", 2)
    ended = typed("fit", "@faithful", "-k", 2, "--verbose")
    assert ended.out == quiet.out
    assert quiet.err == ""
    lines = ended.err.splitlines()
    assert lines[0] == "start 0"
    assert [line.split(":")[0] for line in lines[1:-1]] == [
        f"  iteration {i}" for i in range(1, len(lines) - 1)
    ]
    assert lines[-1].startswith(f"  converged after {len(lines) - 2}: -4.155382")


# -- score and predict -----------------------------------------------------------------------


def test_score_writes_scipy_s_log_likelihoods_one_a_row(typed, geyser):
    ended = typed("score", geyser, "@faithful")
    scores = [float(text) for text in columns(ended.out)["log_likelihood"]]
    np.testing.assert_allclose(scores, scipy_scores(geyser, faithful().rows), rtol=1e-10)


def test_every_digit_of_a_score_is_written(typed, geyser):
    ours = mixtura.load(geyser).score_samples(faithful())
    text = columns(typed("score", geyser, "@faithful").out)["log_likelihood"]
    assert [float(cell) for cell in text] == ours.tolist()


def test_predict_writes_scikit_learn_s_labels_and_responsibilities(typed, geyser, peer):
    table = columns(typed("predict", geyser, "@faithful", "--proba").out)
    assert list(table) == ["label", "responsibility_0", "responsibility_1"]
    shares = np.array([list(map(float, table[f"responsibility_{k}"])) for k in (0, 1)]).T
    np.testing.assert_allclose(shares, peer.predict_proba(faithful().rows), rtol=1e-5, atol=1e-12)
    assert list(map(int, table["label"])) == peer.predict(faithful().rows).tolist()
    assert list(columns(typed("predict", geyser, "@faithful").out)) == ["label"]


@pytest.mark.parametrize("command", ["score", "predict"])
def test_ids_come_along(typed, geyser, file, command):
    path = file('who,eruptions,where,waiting\n"ann, b",3.6,"a ""b""",79\nbob,1.8,,54\n')
    table = columns(typed(command, geyser, path, "--id", "who", "--id", "where").out)
    assert list(table)[:2] == ["who", "where"]
    assert table["who"] == ["ann, b", "bob"]
    assert table["where"] == ['a "b"', ""]


def test_an_id_that_has_the_name_of_a_result_is_refused(typed, geyser, file):
    path = file("label,eruptions,waiting\n7,3.6,79\n")
    ended = typed("predict", geyser, path, "--id", "label")
    assert ended.code == 2
    assert ended.message == (
        "two columns of the output would be called 'label', expected different names: rename the "
        "one in the data"
    )


def test_the_model_and_the_data_come_from_the_standard_input(typed, geyser, file):
    path = file("eruptions,waiting\n3.6,79\n1.8,54\n")
    plain = typed("score", geyser, path).out
    assert plain.count("\n") == 3
    assert typed("score", geyser, "-", stdin=path.read_bytes()).out == plain
    assert typed("score", "-", path, stdin=geyser.read_bytes()).out == plain


def test_json_holds_the_same_columns_as_csv(typed, geyser):
    for arguments in (["score"], ["predict", "--proba"]):
        command, *options = arguments
        text = columns(typed(command, geyser, "@faithful", *options).out)
        said = typed(command, geyser, "@faithful", *options, "--json").out
        lines = [json.loads(line) for line in said.splitlines()]
        assert {name: [str(line[name]) for line in lines] for name in lines[0]} == text


# -- sample and generate ---------------------------------------------------------------------


def test_sample_draws_what_scikit_learn_draws(typed, geyser):
    m = mixtura.load(geyser)
    peer = GaussianMixture(2, random_state=7)
    peer.weights_, peer.means_, peer.covariances_ = m.weights, m.means, m.covariances
    peer.precisions_cholesky_ = m.covariances  # only asked whether it is there
    rows, labels = peer.sample(50)
    asked = ("sample", geyser, "-n", 50, "--seed", 7, "--labels")
    table = columns(typed(*asked, "--by-component").out)
    assert list(table) == ["eruptions", "waiting", "component"]
    assert list(map(int, table["component"])) == labels.tolist()
    drawn = np.array([list(map(float, table[name])) for name in m.feature_names]).T
    np.testing.assert_allclose(drawn, rows, rtol=1e-9)
    by_component, shuffled = (typed(*asked, *more).out for more in (["--by-component"], []))
    assert sorted(by_component.splitlines()) == sorted(shuffled.splitlines())


def test_rows_that_are_drawn_come_in_random_order(typed, geyser):
    for asked in (("sample", geyser), ("generate", "mixture"), ("generate", "blobs")):
        table = columns(typed(*asked, "-n", 400, "--labels").out)
        labels = np.array(table["component"], dtype=int)
        turns = np.count_nonzero(np.diff(labels))
        # The number of changes between neighbours, were the labels in random order.
        shares = np.bincount(labels) / len(labels)
        expected = 399 * (1.0 - (shares**2).sum())
        assert abs(turns - expected) < 5.0 * np.sqrt(expected)


def test_generate_blobs_draws_what_make_blobs_draws(typed):
    rows, labels = make_blobs(30, 3, centers=2, cluster_std=0.5, random_state=5)
    table = columns(
        typed(
            *("generate", "blobs", "-n", 30, "-d", 3, "-k", 2),
            *("--spread", 0.5, "--seed", 5, "--labels"),
        ).out
    )
    assert list(table) == ["x0", "x1", "x2", "component"]
    assert [list(map(float, table[f"x{j}"])) for j in range(3)] == rows.T.tolist()
    assert list(map(int, table["component"])) == labels.tolist()


def test_what_generate_writes_is_what_fit_reads(typed, tmp_path):
    path = tmp_path / "made.csv"
    made = typed("generate", "mixture", "-k", 2, "--separation", 9, "--labels", "-o", path)
    assert (made.code, made.out) == (0, "")
    model = tmp_path / "model.safetensors"
    typed("fit", path, "-k", 2, "--id", "component", "-o", model)
    predicted = columns(typed("predict", model, path, "--id", "component").out)
    pairs = set(zip(predicted["component"], predicted["label"], strict=True))
    assert len(pairs) == 2  # nine standard deviations apart, every row is found again


@pytest.mark.parametrize(
    ("kind", "option", "other"), [("blobs", "separation", "spread"), ("mixture", "spread", "sep")]
)
def test_generate_refuses_the_other_kind_s_option(typed, kind, option, other):
    ended = typed("generate", kind, f"--{option}", 2)
    assert ended.code == 2
    assert f"--{option} belongs to" in ended.message
    assert f"expected --{other}" in ended.message


# -- explain ---------------------------------------------------------------------------------


def test_explain_names_the_row_as_the_file_counts_it(typed, geyser, file):
    path = file("who,eruptions,waiting\nann,3.6,79\nbob,1.8,54\ncid,4.5,43\n")
    ended = typed("explain", geyser, path, "--row", 2, "--id", "who")
    assert ended.out.startswith("row 2 (counted from 0), who cid: log-likelihood ")
    record = json.loads(typed("explain", geyser, path, "--row", 2, "--row", 0, "--json").out)
    assert [row["row"] for row in record["rows"]] == [2, 0]
    assert record["rows"][0]["values"] == {"eruptions": 4.5, "waiting": 43.0}


def test_the_explained_parts_sum_to_scipy_s_log_likelihood(typed, geyser):
    record = json.loads(typed("explain", geyser, "@faithful", "--row", 17, "--json").out)
    (row,) = record["rows"]
    expected = scipy_scores(geyser, faithful().rows[17:18])
    assert row["log_likelihood"] == pytest.approx(expected, rel=1e-10)
    sums = [
        part["log_weight"] + record["normalisation"] + part["log_determinant"] + part["distance"]
        for part in row["components"]
    ]
    assert logsumexp(sums) == pytest.approx(expected, rel=1e-10)


def test_the_worst_rows_are_the_least_likely_ones_in_order(typed, geyser):
    order = np.argsort(scipy_scores(geyser, faithful().rows))
    for arguments, count in (([], 5), (["--worst", "3"], 3)):
        record = json.loads(typed("explain", geyser, "@faithful", *arguments, "--json").out)
        assert [row["row"] for row in record["rows"]] == order[:count].tolist()


def test_rows_and_worst_exclude_each_other(typed, geyser):
    ended = typed("explain", geyser, "@faithful", "--row", 1, "--worst", 2)
    assert ended.code == 2
    assert "--row and --worst are both given" in ended.message


# -- help ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example_that_calls_it(typed, name):
    ended = typed(name, "--help")
    assert ended.code == 0
    assert ended.out.startswith(f"Usage: mixtura {name} ")
    examples = ended.out.split("Example")[1]
    assert f"mixtura {name}" in examples


@pytest.mark.parametrize(
    "name", sorted(set(COMMANDS) - {"completion", "convert", "explore", "help", "plot"})
)
def test_every_command_that_prints_speaks_json(typed, name):
    assert "--json" in typed(name, "--help").out


def test_the_front_page_lists_every_command_and_exit_code(typed):
    for arguments in ([], ["--help"], ["-h"]):
        ended = typed(*arguments)
        assert ended.code == 0
        assert all(f"  {name}  " in ended.out for name in COMMANDS)
        for code in ("0 ok", "2 usage", "3 bad data", "4 bad model", "5 not converged"):
            assert code in ended.out
        assert "130 interrupted" in ended.out


def test_the_version_says_what_it_computes_with(typed):
    assert typed("--version").out == f"mixtura {mixtura.__version__}\n"
    first, second, third = typed("--version", "--verbose").out.splitlines()
    assert (first, second) == (f"mixtura {mixtura.__version__}", f"numpy {np.__version__}")
    kernels = ["native, baseline", "native, avx2", "native, avx512", "native, neon"]
    assert third in [f"kernel: {name}" for name in (*kernels, "reference (NumPy)")]
