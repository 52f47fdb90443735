"""Where a notebook shows a value, it is a table or a page, and no name breaks out of it."""

from __future__ import annotations

import base64
import json
import re
from html import unescape

import numpy as np
import pytest

import mixtura
from mixtura import Mixture
from mixtura.datasets import faithful, iris
from mixtura.fitting import Repair
from skeleton import Skeleton


def test_a_mixture_shows_its_weights_and_its_means():
    fit = mixtura.fit(faithful(), 2)
    shown = Skeleton(fit.mixture._repr_html_()).shown
    assert repr(fit.mixture) in shown
    for k in range(2):
        assert f"{fit.mixture.weights[k]:.4g}" in shown
        for mean, variance in zip(
            fit.mixture.means[k], np.diag(fit.mixture.covariances[k]), strict=True
        ):
            assert f"{mean:.5g} ± {np.sqrt(variance):.3g}" in shown


def test_a_fit_shows_how_it_ended_and_what_was_repaired():
    from dataclasses import replace

    fit = mixtura.fit(faithful(), 2, max_iter=1, start="random", tol=0.0)
    fit = replace(fit, repairs=(Repair(1, 0, "floored", "it was <singular>"),))
    shown = Skeleton(fit._repr_html_()).shown
    assert f"out of iterations, 1 iteration: {fit.remedy}" in shown
    assert "in iteration 1, component 0 was floored: it was <singular>" in shown
    assert f"{fit.bic:.8g}" in shown


@pytest.mark.parametrize("structure", ["full", "tied", "diag", "spherical", "VVE"])
def test_every_structure_has_a_table(structure):
    fit = mixtura.fit(iris(), 3, structure=structure)
    assert fit.mixture._repr_html_().count("<tr>") == 4


def test_of_many_components_and_features_the_first_are_shown():
    wide = Mixture(np.full(20, 0.05), np.zeros((20, 9)), np.ones(20), "spherical")
    html = wide._repr_html_()
    assert html.count("<tr>") == 13
    assert "and 8 more components, 3 more features" in html
    assert len(html) < 6000


@pytest.mark.parametrize("name", ["</table><script>x</script>", '"><img src=x>', "\u202ex", "<!--"])
def test_a_name_changes_no_tag(name):
    def shown(feature):
        return Skeleton(Mixture([1.0], [[0.0]], [[[1.0]]], "full", [feature])._repr_html_())

    assert shown(name).tags == shown("a").tags
    assert "\u202e" not in shown(name).shown


def test_a_fit_is_explored_along_its_own_path(tmp_path):
    fit = mixtura.fit(iris(), 3, start="random", random_state=9, accelerate=False, tol=1e-5)
    frame = fit.explore(iris(), features=["petal_length", "sepal_width"], name="irises")
    record = json.loads(frame.page.split('id="record">')[1].split("</script>")[0])
    assert record["replay"]["same_run"] is True
    assert record["replay"]["trace"] == fit.trace.tolist()
    assert record["features"] == ["petal_length", "sepal_width"]
    fitted = np.frombuffer(base64.b64decode(record["fitted"]["parameters"]))
    assert np.array_equal(fitted[:3], fit.mixture.weights)
    frame.save(tmp_path / "e.html")
    assert (tmp_path / "e.html").read_text("utf-8") == frame.page


def test_a_fit_that_cannot_be_made_again_says_that_it_is_another():
    generator = np.random.RandomState(3)
    fit = mixtura.fit(iris(), 3, start="random", random_state=generator, tol=1e-3)
    record = fit.explore(iris()).page.split('id="record">')[1].split("</script>")[0]
    assert json.loads(record)["replay"]["same_run"] is False


def test_the_frame_holds_the_page_and_keeps_it_apart():
    frame = mixtura.fit(faithful(), 2).explore(faithful(), name='"><script>x</script>')
    skeleton = Skeleton(frame._repr_html_())
    ((tag, attributes),) = skeleton.tags
    assert tag == "iframe"
    assert dict(attributes)["srcdoc"] == frame.page
    assert "allow-same-origin" not in dict(attributes)["sandbox"]
    assert re.fullmatch(r"Frame\(\d+ kB; .*\)", repr(frame))
    assert unescape(frame._repr_html_()).count("<!DOCTYPE html>") == 1
