"""`mixtura show --intervals` tells how far the parameters of a stored model may be off."""

from __future__ import annotations

import json
from statistics import NormalDist

import numpy as np
import pytest

from mixtura.datasets import faithful


@pytest.fixture
def model(typed, tmp_path):
    def fitted(*options):
        path = tmp_path / "model.safetensors"
        assert typed("fit", "@faithful", *options, "-o", path, "--force").code == 0
        return path

    return fitted


def test_the_errors_of_one_normal_density_are_those_of_the_textbook(typed, model):
    # Anderson 2003, theorem 3.4.4: n·Cov(s_ij, s_kl) = σ_ik σ_jl + σ_il σ_jk.
    shown = typed("show", model("-k", 1), "@faithful", "--intervals", "--json")
    record = json.loads(shown.out)["intervals"]
    rows = np.asarray(faithful())
    n, covariance = len(rows), np.cov(rows.T, bias=True)
    variances = np.diagonal(covariance)
    means = np.sqrt(variances / n)
    spreads = np.sqrt((np.outer(variances, variances) + covariance**2) / n)
    np.testing.assert_allclose(record["means"]["standard_error"][0], means, rtol=1e-4)
    np.testing.assert_allclose(record["covariances"]["standard_error"][0], spreads, rtol=1e-4)
    reach = NormalDist().inv_cdf(0.975)
    high = rows.mean(axis=0) + reach * means
    np.testing.assert_allclose(record["means"]["high"][0], high, rtol=1e-5)


def test_the_text_has_a_line_for_each_parameter(typed, model):
    path = model("-k", 2, "--structure", "VVE")
    shown = typed("show", path, "@faithful", "--intervals", "--level", 0.9).out
    assert shown.startswith(typed("show", path).out.rstrip())
    assert "standard errors and 90 % intervals, from the curvature of the log-likelihood" in shown
    heads = [line for line in shown.splitlines() if "std. error" in line]
    assert [head.split()[-4:] for head in heads] == [["5", "%", "95", "%"]] * 2
    for name in ("weight", "mean waiting", "var. eruptions", "cov. eruptions, waiting"):
        assert shown.count(f"\n  {name} ") == 2


def test_a_shared_covariance_is_told_of_once(typed, model):
    shown = typed("show", model("-k", 2, "--structure", "tied"), "@faithful", "--intervals").out
    assert shown.count("\n  cov. eruptions, waiting ") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--intervals"], 2, "--intervals was given without DATA, expected the rows that MODEL"),
        (["@faithful"], 2, "DATA was given without --intervals, which is what reads it"),
        (["@faithful", "--intervals", "--level", 1], 2, "level is 1.0, expected a number above 0"),
        (["@iris", "--intervals"], 3, "eruptions"),
    ],
)
def test_a_wrong_wish_is_told_in_one_sentence(typed, model, arguments, code, words):
    ended = typed("show", model("-k", 2), *arguments)
    assert ended.code == code
    assert words in ended.message


def test_a_model_of_other_rows_has_no_errors_there(typed, model, tmp_path):
    rows = np.asarray(faithful())[:20]
    path = tmp_path / "few.csv"
    header = "eruptions,waiting"
    np.savetxt(path, rows, delimiter=",", header=header, comments="")
    ended = typed("show", model("-k", 3), path, "--intervals")
    assert ended.code == 3
    assert "is not curved downwards in every direction" in ended.message


def test_a_component_of_one_row_has_a_sentence_and_no_numbers(typed, tmp_path):
    rows = np.append(np.random.default_rng(1).normal(0, 1, 60), 25.0)
    data, path = tmp_path / "rows.csv", tmp_path / "model.safetensors"
    np.savetxt(data, rows[:, None], header="x", comments="")
    assert typed("fit", data, "-k", 2, "--start", "kmeans", "-o", path).code == 0
    shown = typed("show", path, data, "--intervals").out
    assert shown.endswith("\n\ncomponent 1 rests on 1 row: no interval\n")
    record = json.loads(typed("show", path, data, "--intervals", "--json").out)["intervals"]
    assert record["starved"] == [1]
    assert record["notes"] == ["component 1 rests on 1 row: no interval"]
    assert record["means"]["low"][1] == [None]
    assert record["weights"]["high"][1] is None


def test_overlap_is_said_above_the_numbers(typed, tmp_path):
    random = np.random.default_rng(2)
    rows = np.append(random.normal(0.0, 1.0, 120), random.normal(2.0, 1.3, 80))
    data, path = tmp_path / "rows.csv", tmp_path / "model.safetensors"
    np.savetxt(data, rows[:, None], header="x", comments="")
    assert typed("fit", data, "-k", 2, "-o", path).code == 0
    shown = typed("show", path, data, "--intervals").out
    assert "\ncaution: components overlap so much that in one direction 200 rows say as" in shown
    record = json.loads(typed("show", path, data, "--intervals", "--json").out)["intervals"]
    assert record["caution"] in shown
    # A variance is by its logarithm: the ends are as far from the estimate, as ratios.
    variance = record["covariances"]
    for k in range(2):
        at, low, high = (variance[key][k][0][0] for key in ("estimate", "low", "high"))
        assert low > 0.0
        assert high / at == pytest.approx(at / low)
