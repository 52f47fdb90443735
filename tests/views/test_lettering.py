"""What is written in a picture is whole: nothing beyond its edge, nothing over something else."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from matplotlib.text import Text
from pictures import mixture_of, ticks

from mixtura import Mixture
from mixtura.views.plots.canvas import any_glyph, figure_of, offscreen_axes
from mixtura.views.report.pictures import PICTURES, Subject

CLIMB = {
    "trace": [-1234.5, -1234.49999, -1234.4999895, -1234.49998935, -1234.499989338],
    "outcome": "converged",
    "mean_log_prior": -1.0,
}
NAMES = ["W" * 200, "a name of several words, which goes on and on", "שלום עולם", "温度" * 60]


def subjects():
    """Rows in four features of hostile names and an offset, of one feature, and of very many."""
    small = mixture_of(3, 4)
    far = Mixture(small.weights, small.means + 1e9, small.covariances, feature_names=NAMES)
    one = Mixture([0.4, 0.6], [[0.0], [5.0]], [[[1.0]], [[4.0]]], feature_names=["W" * 200])
    yield "hostile", far
    yield "one feature", one
    yield "many", mixture_of(25, 12)
    yield "usual", small


CASES = [
    (name, picture, mixture)
    for name, mixture in subjects()
    for picture in PICTURES
    if picture.name not in ("scatter", "pairs") or mixture.n_features > 1
]


@pytest.fixture(
    scope="module", params=CASES, ids=[f"{name}, {picture.name}" for name, picture, _ in CASES]
)
def figure(request):
    """A picture as a report shows it, laid out."""
    _, picture, mixture = request.param
    rows = mixture.sample(300, 0)[0]
    drawing = picture.drawing(Subject(mixture, rows, len(rows), CLIMB))
    ax = drawing.draw(offscreen_axes(drawing.size))[0]
    if not picture.legend and ax.get_legend():
        ax.get_legend().remove()
    with any_glyph():
        figure_of(ax).draw_without_rendering()
    return figure_of(ax)


def labels(figure):
    """The texts in sight around the data, with their boxes in pixels."""
    found = []
    for ax in figure.get_axes():
        texts = (
            [ax.get_legend().get_title(), *ax.get_legend().get_texts()] if ax.get_legend() else []
        )
        if ax.axison:
            texts += [child for child in ax.get_children() if isinstance(child, Text)]
            texts += [ax.xaxis.label, ax.yaxis.label]
            texts += [ax.xaxis.get_offset_text(), ax.yaxis.get_offset_text()]
            texts += [text for which in "xy" for _, text in ticks(ax, which)]
        found += [
            (text.get_text(), text.get_window_extent())
            for text in texts
            if text.get_visible() and text.get_text().strip() and text not in ax.texts
        ]
    return found


def test_every_word_is_whole_within_the_picture(figure):
    width, height = figure.bbox.width, figure.bbox.height
    outside = {
        words
        for words, box in labels(figure)
        if box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1
    }
    assert outside == set()


def test_no_word_lies_over_another(figure):
    over = {
        (one, other)
        for (one, a), (other, b) in itertools.combinations(labels(figure), 2)
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 1 and min(a.y1, b.y1) - max(a.y0, b.y0) > 2
    }
    assert over == set()


def test_names_are_whole_where_there_is_room_for_them():
    mixture = Mixture([1.0], [[0.0, 0.0]], [np.eye(2)], feature_names=["width of sepals", "x" * 30])
    picture = PICTURES[0]
    drawing = picture.drawing(Subject(mixture, mixture.sample(50, 0)[0], 50, {}))
    (ax,) = drawing.draw(offscreen_axes(drawing.size))
    assert ax.get_xlabel() == "width of sepals"
    assert ax.get_ylabel() == "x" * 30
