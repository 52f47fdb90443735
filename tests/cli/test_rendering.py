"""A record becomes the same text every time, and a hostile one stays on its line.

The golden files hold what a person reads. Their numbers are held to scikit-learn and SciPy in
`test_commands`.
"""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest

from mixtura import Mixture
from mixtura.textual import resolved
from mixtura.views.record import json_text, model_record
from mixtura.views.text import model_text

TRAINING = {
    "n_rows": 300,
    "log_likelihood": -1234.5678901234,
    "mean_log_likelihood": -4.115226300411333,
    "aic": 2483.1357802468,
    "bic": 2512.7653,
    "iterations": 100,
    "outcome": "out of iterations",
    "remedy": "raise max_iter, or raise tol if less precision will do",
    "repairs": [
        {"iteration": 0, "component": 1, "action": "reseeded", "reason": "no row belonged to it"},
        {"iteration": 7, "component": 0, "action": "floored", "reason": "it was singular"},
    ],
}

COVARIANCES: dict[str, Any] = {
    "full": [[[1.0, 0.5], [0.5, 2.0]], [[0.25, 0.0], [0.0, 1e-6]]],
    "tied": [[1.0, 0.5], [0.5, 2.0]],
    "diag": [[1.0, 2.0], [0.25, 1e-6]],
    "spherical": [1.0, 0.25],
}


def record_of(structure: str, training: dict[str, Any] | None = None) -> dict[str, Any]:
    mixture = Mixture(
        [0.25, 0.75],
        [[1.0, -20.5], [123456789.0625, 0.0]],
        COVARIANCES[structure],
        structure,
        ["height", "body mass"],
    )
    return model_record(mixture, training or {})


def cells(feature: str, text: str) -> list[str]:
    """The first line of a table that is about a feature."""
    return next(line for line in text.splitlines() if line.startswith(f"  {feature} ")).split()


# -- golden files ----------------------------------------------------------------------------


@pytest.mark.parametrize("structure", COVARIANCES)
def test_a_model_s_text(structure, golden):
    golden(f"model-{structure}.txt", model_text(record_of(structure, TRAINING)) + "\n")


def test_the_text_of_fit(typed, golden):
    golden("fit.txt", typed("fit", "@faithful", "-k", 2).out)


def test_the_json_of_fit(typed, golden):
    text = typed("fit", "@faithful", "-k", 2, "--json").out
    golden("fit.json", re.sub(r'"seconds": [^,}]+', '"seconds": 0.0', text))


def test_the_text_of_explain(typed, geyser, golden):
    golden("explain.txt", typed("explain", geyser, "@faithful", "--worst", 2).out)


def test_the_json_of_explain(typed, geyser, golden):
    golden("explain.json", typed("explain", geyser, "@faithful", "--row", 17, "--json").out)


# -- laws ------------------------------------------------------------------------------------


@pytest.mark.parametrize("structure", COVARIANCES)
def test_every_parameter_of_every_structure_is_in_its_text(structure):
    text = model_text(record_of(structure))
    for number in [*np.ravel(COVARIANCES[structure]).tolist(), 0.25, 0.75, -20.5]:
        assert re.search(rf"(^|\s){re.escape(f'{number:.6g}')}(\s|$)", text, re.MULTILINE), number


@pytest.mark.parametrize("structure", COVARIANCES)
@pytest.mark.parametrize("offset", [0.0, 1.0, 1e4, 1e8, -1e11])
@pytest.mark.parametrize("deviation", [1.0, 3e-2])
def test_a_thousandth_of_a_standard_deviation_shows_at_any_offset(structure, offset, deviation):
    held = {"full": [np.eye(2)], "tied": np.eye(2), "diag": [[1.0, 1.0]], "spherical": [1.0]}
    covariances = deviation**2 * np.array(held[structure])
    in_models, in_explanations = set(), set()
    for step in 1e-3 * deviation * np.arange(50):
        mixture = Mixture([1.0], [[offset + step, 0.0]], covariances, structure)
        in_models.add(cells("x0", model_text(model_record(mixture, {})))[1])
        in_explanations.add(cells("x0", mixture.explain([[offset, 0.0]]).to_text())[2])
    assert len(in_models) == len(in_explanations) == 50


@pytest.mark.parametrize(
    ("value", "spread", "text"),
    [
        (2.0365214945, 0.2632, "2.03652"),
        (100000054.479855, 5.8, "100000054.48"),
        (-1e8, 1.0, "-100000000"),
        (0.1, 1e-30, "0.1"),
        (1e300, 1.0, "1e+300"),
        (1e16 / 3.0, 1.0, "3333333333333333.5"),
        (0.0, 1e-160, "0"),
        (5e-324, 1.0, "4.94066e-324"),
    ],
)
def test_a_number_has_the_digits_that_its_spread_asks_for(value, spread, text):
    assert resolved(value, spread) == text


def test_a_share_that_rounds_to_nothing_has_no_sign():
    # b adds 0.1·(0.1 − 0.1·10)/0.99 = −0.09 to a squared distance of 101: less than half a percent.
    mixture = Mixture([1.0], [[0.0, 0.0]], [[[1.0, 0.1], [0.1, 1.0]]], feature_names=["a", "b"])
    told = mixture.explain([[10.0, 0.1]])
    assert -0.005 < told.contributions[0, 0, 1] / told.squared_distances[0, 0] < 0.0
    assert [cells(name, told.to_text())[-1] for name in "ab"] == ["100%", "0%"]


def test_a_part_of_nothing_has_no_sign():
    text = Mixture([1.0], [[0.0]], [[[1.0]]]).explain([[0.0]]).to_text()
    assert text.splitlines()[-1].split() == ["0", "0", "-0.918939", "0", "0", "-0.918939", "1"]


def test_a_model_without_training_has_no_training_lines():
    lines = model_text(record_of("full")).splitlines()
    assert lines[0].startswith("Gaussian mixture: 2 components, 2 features, full covariances")
    assert lines[1] == ""


def test_many_features_are_shown_by_their_variances():
    variances = np.arange(1.0, 14.0)
    mixture = Mixture([1.0], [np.zeros(13)], [np.diag(variances)])
    text = model_text(model_record(mixture, {}))
    assert max(map(len, text.splitlines())) < 80
    assert re.search(r"x12 +0 +13$", text, re.MULTILINE)
    assert "With 13 features, variances alone: --json has it all." in text
    assert "variances alone" not in model_text(
        model_record(Mixture([1.0], [np.zeros(13)], [variances], "diag"), {})
    )


def test_names_of_a_model_file_cannot_move_the_cursor():
    mixture = Mixture([1.0], [[0.0]], [[[1.0]]], feature_names=["a\x1b[2J\nb"])
    assert r"a\x1b[2J\nb" in model_text(model_record(mixture, {}))
    assert r"a\x1b[2J\nb" in mixture.explain([[1.0]]).to_text()


@pytest.mark.parametrize(
    "training",
    [
        {"log_likelihood": "high", "outcome": 3, "remedy": None, "repairs": "none"},
        {"outcome": "fine", "searches": {"times": 9, "of": "\x1b"}, "void": 1, "notes": [None]},
        {"outcome": "fine", "searches": [2], "void": "\x1b[31m", "aic": 1.0, "notes": "\x07"},
        {"n_rows": 10**400, "aic": None, "bic": [1], "iterations": {}},
        {
            "outcome": "\x1b[31mfine\n",
            "remedy": "\x07",
            "repairs": [None, "\x1b", {"iteration": {}}],
        },
    ],
)
def test_whatever_a_model_file_says_of_its_training_is_rendered(training):
    text = model_text(record_of("full", training))
    assert "\x1b" not in text
    assert "\x07" not in text
    assert json.loads(json_text(record_of("full", training)))["training"] == training


def test_what_is_known_of_a_fit_is_in_its_text():
    known = {
        "notes": ["column 0 is constant"],
        "void": "the likelihood is of nobody's making",
        "searches": {"times": 6, "of": 8},
    }
    lines = model_text(record_of("full", {**TRAINING, **known})).splitlines()
    assert [line.split()[:2] for line in lines[4:6]] == [["AIC,", "void"], ["BIC,", "void"]]
    assert "outcome: out of iterations, met by 6 of 8 searches" in lines
    assert "note: column 0 is constant" in lines
    assert "AIC and BIC are void: the likelihood is of nobody's making" in lines


def test_json_holds_every_digit_and_no_bare_infinity():
    record = {"a": [0.1 + 0.2, -0.0, float("-inf")], "b": {"c": float("nan")}}
    assert json.loads(json_text(record), parse_constant=pytest.fail) == {
        "a": [0.30000000000000004, -0.0, "-inf"],
        "b": {"c": "nan"},
    }
