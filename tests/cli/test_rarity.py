"""How rare rows are, and which are flagged, at the command line."""

from __future__ import annotations

import csv
import io
import json
import re

import numpy as np
import pytest
from safetensors.numpy import load_file
from scipy import stats

import mixtura
from mixtura.datasets import faithful
from mixtura.model import storage


@pytest.fixture(scope="module")
def single(tmp_path_factory):
    """A model of one component, with the threshold of a hundredth of its own rows."""
    path = tmp_path_factory.mktemp("models") / "single.safetensors"
    mixtura.save(mixtura.fit(faithful(), 1), path, alpha=0.01)
    return path


def table(text):
    rows = list(csv.DictReader(io.StringIO(text)))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


def test_the_tail_of_one_component_is_scipys_chi_square(typed, single):
    mixture = mixtura.load(single)
    apart = faithful().rows - mixture.means[0]
    squares = np.einsum("ni,ij,nj->n", apart, np.linalg.inv(mixture.covariances[0]), apart)
    found = table(typed("score", single, "@faithful", "--tail", "--flag", 0.05).out)
    assert list(found) == ["log_likelihood", "tail", "flag"]
    np.testing.assert_allclose(found["tail"], stats.chi2.sf(squares, 2), rtol=1e-9)
    np.testing.assert_array_equal(found["flag"], squares >= stats.chi2.isf(0.05, 2))


def test_rows_are_flagged_by_the_threshold_that_the_model_keeps(typed, single, tmp_path):
    kept = table(typed("score", single, "@faithful", "--flag").out)
    asked = table(typed("score", single, "@faithful", "--flag", 0.01).out)
    np.testing.assert_array_equal(kept["flag"], asked["flag"])
    fitted = tmp_path / "fitted.safetensors"
    assert typed("fit", "@faithful", "-k", 1, "-o", fitted, "--flag", 0.01).code == 0
    assert storage.read(fitted).threshold == storage.read(single).threshold
    shown = typed("show", single).out
    assert f"flagged at {storage.read(single).threshold['score']:.10g} nats and below: 1 %" in shown
    assert json.loads(typed("show", single, "--json").out)["threshold"]["alpha"] == 0.01


def test_a_threshold_changes_nothing_for_who_does_not_know_of_it(single, tmp_path):
    plain = tmp_path / "plain.safetensors"
    storage.save(mixtura.load(single), plain)
    assert storage.read(plain).threshold is None
    for name, array in load_file(plain).items():
        np.testing.assert_array_equal(load_file(single)[name], array)


def test_a_threshold_that_nothing_is_below_is_kept(tmp_path):
    noise = mixtura.Noise(0.5, mixtura.Box([-50.0], [100.0]))
    mixture = mixtura.Mixture([0.5], [[0.0]], [[[1.0]]], noise=noise)
    storage.save(mixture, tmp_path / "noisy", alpha=1e-3)
    assert storage.read(tmp_path / "noisy").threshold == {"alpha": 1e-3, "score": -np.inf}


def test_a_damaged_threshold_is_refused():
    data = storage.encoded(mixtura.Mixture([1.0], [[0.0]], [[[1.0]]]), alpha=0.1)
    record = rb'\\"threshold\\": \[0.1, [-0-9.]+\], '
    changed = re.sub(record, lambda found: b" " * len(found[0]), data)
    assert changed != data
    with pytest.raises(mixtura.errors.ModelError, match="was changed"):
        storage.decoded(changed, "it")


def test_explain_says_how_rare_a_row_is(typed, single, geyser):
    rarest = int(np.argmin(mixtura.load(single).score_samples(faithful())))
    tail = mixtura.load(single).tail(faithful().rows[rarest : rarest + 1])[0]
    told = re.search(r"1 row in ([\d,]+) is as unlikely", typed("explain", single, "@faithful").out)
    assert float(told[1].replace(",", "")) == pytest.approx(1.0 / tail, rel=0.06)
    record = json.loads(typed("explain", geyser, "@faithful", "--row", 3, "--json").out)
    expected = mixtura.load(geyser).tail(faithful().rows[3:4])[0]
    assert record["rows"][0]["tail"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["score", "GEYSER", "@faithful", "--flag"], "MODEL has no threshold: give one"),
        (["score", "GEYSER", "@faithful", "--flag=0"], "neither a share above 0 and below 1"),
        (["score", "--flag", "GEYSER", "@faithful"], "write --flag=kept or put the option last"),
        (["fit", "@faithful", "-k", "2", "--flag", "0.1"], "say where with -o"),
        (["fit", "@faithful", "-k", "2", "--flag", "1"], "1.0 is not in the range"),
    ],
)
def test_a_share_that_is_none_is_refused_in_a_sentence(typed, geyser, arguments, expected):
    ended = typed(*[geyser if word == "GEYSER" else word for word in arguments])
    assert ended.code == 2
    assert expected in ended.message
