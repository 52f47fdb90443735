"""Bayesian mixtures at the command line."""

from __future__ import annotations

import json

import pytest

import mixtura
from mixtura.datasets import faithful


def test_fit_averages_and_the_model_keeps_the_laws(typed, tmp_path) -> None:
    model = tmp_path / "model.safetensors"
    ended = typed("fit", "@faithful", "--bayes", "-o", model)
    assert ended.code == 0
    assert "2 components have rows, of at most 20" in ended.out
    assert "weights and means are posterior means" in ended.out
    direct = mixtura.fit_bayes(faithful(), max_iter=1000)
    kept = mixtura.load_bayes(model)
    assert kept.elbo == direct.elbo
    assert mixtura.load(model).means.tolist() == direct.occupied.means.tolist()
    assert "posterior means" in typed("show", model).out
    assert typed("score", model, "@faithful").code == 0


@pytest.mark.parametrize(
    "option",
    [
        ["--noise"],
        ["--prior"],
        ["--equal-weights"],
        ["--reg-covar", "0"],
        ["--search", "truncated"],
        ["--no-accelerate"],
        ["--verbose"],
        ["--dask"],
    ],
)
def test_what_is_for_maximum_likelihood_is_refused(typed, option) -> None:
    ended = typed("fit", "@faithful", "--bayes", *option)
    assert ended.code == 2
    assert f"{option[0]}" in ended.err
    assert "--bayes, which has no use for it" in ended.err


def test_strict_stores_nothing_that_did_not_converge(typed, tmp_path) -> None:
    model = tmp_path / "model.safetensors"
    ended = typed("fit", "@faithful", "--bayes", "--strict", "--max-iter", "1", "-o", model)
    assert ended.code == 5
    assert "not converged" in ended.err
    assert "--max-iter" in ended.err
    assert not model.exists()


def test_what_cannot_be_fitted_is_told_in_a_line(typed) -> None:
    for wrong, words in ((("-k", "0"), "whole number"), (("--structure", "VEI"), "conjugate")):
        ended = typed("fit", "@faithful", "--bayes", *wrong)
        assert ended.code == 2
        assert words in ended.err


def test_select_chooses_by_the_evidence(typed) -> None:
    asked = ("select", "@faithful", "-k", "1:3", "--structures", "EEE,VVV,VVE")
    ended = typed(*asked, "--criterion", "elbo", "--json")
    record = json.loads(ended.out)
    assert record["best"]["structure"] in ("EEE", "VVV")
    by_name = {(c["structure"], c["n_components"]): c for c in record["candidates"]}
    assert "no conjugate prior" in by_name["VVE", 2]["reason"]
    assert by_name["VVV", 2]["elbo"] < by_name["VVV", 1]["elbo"]
