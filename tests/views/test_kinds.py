"""Each kind of picture is declared once, and everybody tells of the same ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import mixtura
from mixtura import MixtureDisplay
from mixtura.cli.plot import command
from mixtura.datasets import faithful
from mixtura.views.kinds import KINDS
from mixtura.views.plots.canvas import offscreen_axes
from mixtura.views.report.pictures import PICTURES

GUIDE = Path(__file__).parents[2] / "docs" / "displays.md"


@pytest.fixture(scope="module")
def subjects():
    """What the pictures of each kind of subject are of."""
    fit = mixtura.fit(faithful(), 2)
    rows = faithful()
    return {
        "mixture": (fit.mixture, rows),
        "rows": (fit.mixture, rows),
        "fit": (fit.summary(),),
        "selection": (mixtura.select(rows, [1, 2], structures=["full"]).summary(),),
    }


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_draws_what_it_is_said_to_be_of(subjects, name):
    kind = KINDS[name]
    usual = {"features": None, "row": None, "equal": False, "missing": "refuse"}
    choices = {choice: usual[choice] for choice in kind.takes}
    drawing = kind.drawing(*subjects[kind.subject], **choices)
    axes = drawing.draw(offscreen_axes(drawing.size))
    assert all(ax.has_data() for ax in axes)


def test_the_guide_and_the_display_tell_of_each_kind():
    told = set(re.findall(r"^\| `(\w+)` \|", GUIDE.read_text("utf-8"), re.MULTILINE))
    assert told == set(KINDS) - {"selection"}
    listed = re.findall(r"\* ``(\w+)``:", MixtureDisplay.from_mixture.__doc__)
    assert set(listed) == {name for name in KINDS if KINDS[name].subject in ("mixture", "rows")}
    assert "``trace``" in MixtureDisplay.from_fit.__doc__


def test_the_command_offers_each_kind_in_its_own_words():
    (option,) = (one for one in command.params if one.name == "kind")
    assert list(option.type.choices) == list(KINDS)
    for name, kind in KINDS.items():
        assert f"{name}: {kind.words}" in option.help


def test_a_report_shows_kinds_that_there_are():
    assert {picture.name for picture in PICTURES} <= set(KINDS)
