"""A report says what its words mean, whether the mixture fits, and of which rows a note is."""

from __future__ import annotations

import numpy as np
import pytest

import mixtura
from mixtura.datasets import faithful, iris
from mixtura.model.structures import STRUCTURES
from mixtura.views.report import report
from mixtura.views.report.tables import structure_words


def said(model, rows) -> str:
    return report(model, rows, pictures=False).to_text()


@pytest.mark.parametrize(
    ("k", "rows", "words"),
    [
        (2, faithful(), "The mixture fits these rows, as far as they can tell: "),
        (1, faithful(), "The mixture does not fit these rows: "),
        (1, faithful().rows[:10], "10 rows cannot tell whether the mixture fits."),
        (1, iris(), "The mixture does not fit these rows: "),
    ],
)
def test_a_report_says_in_a_sentence_whether_the_mixture_fits(k, rows, words):
    found = report(mixtura.fit(rows, k), rows, pictures=False)
    assert words in found.to_text()
    assert words in found.to_html()


def test_a_mixture_that_is_a_little_off_fits_roughly():
    rows = np.random.default_rng(0).normal(size=(20_000, 1))
    near = mixtura.Mixture([1.0], [[0.05]], [[[1.0]]])
    assert "The mixture fits these rows roughly: " in said(near, rows)


def test_the_feature_that_is_off_is_named_with_its_shares():
    rows = np.random.default_rng(0).normal([0.0, 1.0, 0.0], size=(1000, 3))
    own = mixtura.Mixture([1.0], [np.zeros(3)], [np.eye(3)], feature_names=["a", "b", "c"])
    text = said(own, rows)
    sentence = next(line for line in text.splitlines() if "does not fit" in line)
    assert "of them have b below 0." in sentence
    # F(x) − F(x − 1) is largest at ½: 0.691 and 0.309.
    assert "by the mixture it is 6" in sentence or "by the mixture it is 7" in sentence


def test_a_note_says_which_rows_it_is_about():
    rows = np.vstack([np.zeros((30, 2)), np.random.default_rng(0).normal(size=(70, 2))])
    fitted = mixtura.fit(rows, 2)
    assert fitted.notes
    assert "note on the fit to these rows: " in said(fitted, rows)
    assert "note on the fit, to other rows than these: " in said(fitted, rows[5:])


@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda each: each.letters)
def test_the_letters_of_a_structure_are_explained(structure):
    words = structure_words(structure.name, structure.letters)
    for part, letter in zip(("volume", "shape", "orientation"), structure.letters, strict=True):
        assert (part in words.split(": ")[1]) == (letter != "I")
    assert ("round" in words) == structure.letters.endswith("II")
    text = said(mixtura.fit(faithful(), 2, structure=structure.name, max_iter=2), faithful())
    assert words in text


def test_nats_are_explained_before_they_appear():
    text = said(mixtura.fit(faithful(), 2), faithful())
    assert text.index("natural logarithms") < text.index("log-likelihood, nats")
