"""Where Python shows a value, it says what it is on one line."""

from __future__ import annotations

import numpy as np

import mixtura
from mixtura import Box, Mixture, Noise
from mixtura.datasets import faithful
from mixtura.model.structures import STRUCTURES, Structure, structure


def test_a_mixture_shows_its_size_its_features_and_its_structure() -> None:
    named = Mixture(
        [0.5, 0.5], np.eye(2), np.ones((2, 2)), "diag", feature_names=["height", "body mass"]
    )
    assert repr(named) == "Mixture(2 components, 2 features (height, body mass), diag)"


def test_one_of_each_is_not_told_in_the_plural_and_no_names_are_made_up() -> None:
    assert repr(Mixture([1.0], [[0.0]], [[[1.0]]])) == "Mixture(1 component, 1 feature, full)"


def test_many_features_are_named_in_part() -> None:
    wide = Mixture([1.0], np.zeros((1, 7)), [1.0], "VII", feature_names=list("abcdefg"))
    assert repr(wide) == "Mixture(1 component, 7 features (a, b, c, d, e, f, …), spherical)"
    narrower = wide.marginal(list("abcdef"))
    assert repr(narrower) == "Mixture(1 component, 6 features (a, b, c, d, e, f), spherical)"


def test_a_name_stays_on_its_line() -> None:
    hostile = Mixture([1.0], [[0.0]], [[[1.0]]], feature_names=["a\n\x1b[2J"])
    assert repr(hostile) == r"Mixture(1 component, 1 feature (a\n\x1b[2J), full)"


def test_a_fit_shows_how_it_ended_and_what_came_of_it() -> None:
    assert repr(mixtura.fit(faithful(), 2, random_state=0)) == (
        "Fit(converged, 3 iterations, log-likelihood -1130.264, "
        "Mixture(2 components, 2 features (eruptions, waiting), full))"
    )
    short = mixtura.fit(faithful().rows, 2, structure="tied", max_iter=1, tol=0.0)
    assert repr(short).startswith("Fit(out of iterations, 1 iteration, log-likelihood -11")
    assert repr(short).endswith(", Mixture(2 components, 2 features, tied))")


def test_a_structure_shows_its_letters_and_its_other_name() -> None:
    assert [repr(known) for known in STRUCTURES if known.alias] == [
        "Structure(VII, spherical)",
        "Structure(VVI, diag)",
        "Structure(EEE, tied)",
        "Structure(VVV, full)",
    ]
    assert repr(STRUCTURES[0]) == "Structure(EII)"
    full = structure("full")
    assert repr(Structure("VVE", None, full.form, full.maximise)) == "Structure(VVE)"
    assert repr(full.form) == "Form(full)"


def test_a_fit_prints_how_it_ended_its_figures_and_its_parameters() -> None:
    fit = mixtura.fit(faithful(), 2, random_state=0)
    lines = str(fit).splitlines()
    assert lines[0].startswith("Fit: converged")
    assert "272 rows, log-likelihood -1130.264 nats (-4.15538 a row), AIC 2282.5279" in lines[1]
    assert lines[3] == "Mixture(2 components, 2 features (eruptions, waiting), full)"
    assert lines[4].split() == ["component", "weight", "eruptions", "waiting"]
    assert lines[5].split() == ["0", "0.3559", "2.0364", "±", "0.263", "54.479", "±", "5.8"]
    assert str(fit.mixture).splitlines() == lines[3:]


def test_a_mixture_prints_its_noise_and_what_there_is_no_room_for() -> None:
    wide = Mixture(
        np.full(14, 0.9 / 14),
        np.arange(14.0 * 7).reshape(14, 7),
        np.ones(14),
        "spherical",
        noise=Noise(0.1, Box(np.zeros(7), np.full(7, 98.0))),
    )
    lines = str(wide).splitlines()
    assert len(lines) == 1 + 1 + 12 + 1 + 1
    assert lines[-2].split()[:5] == ["noise", "0.1", "0", "to", "98"]
    assert lines[-1] == "and 2 more components, 1 more feature"
    hostile = Mixture([1.0], [[0.0]], [[[1.0]]], feature_names=["a\n\x1b[2J"])
    assert r"a\n\x1b[2J" in str(hostile).splitlines()[1]


def test_standard_errors_print_their_numbers() -> None:
    errors = mixtura.fit(faithful(), 2).standard_errors(faithful())
    assert "mean waiting                54.479       0.592   53.318   55.639" in str(errors)


def test_an_explanation_shows_its_summary_and_prints_its_parts() -> None:
    explanation = mixtura.fit(faithful(), 2).mixture.explain(faithful(), [3, 5])
    assert repr(explanation) == (
        "Explanation(2 rows, 2 components, 2 features; row 5, the least likely: -8.79855 nats)"
    )
    assert "What takes it there: waiting" in str(explanation)
    one = mixtura.fit(faithful(), 2).mixture.explain(faithful(), [3])
    assert repr(one) == "Explanation(1 row, 2 components, 2 features; row 3: -4.26701 nats)"
    none = mixtura.fit(faithful(), 2).mixture.explain(faithful(), [])
    assert repr(none) == "Explanation(0 rows, 2 components, 2 features)"
