"""The picture of an explanation: bars that add up to what scikit-learn says."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.patches import Rectangle
from pictures import drawn, line, mixture_of, theirs
from scipy.spatial.distance import mahalanobis
from scipy.special import logsumexp

from mixtura.views.plots.explanation import explanation_of

MIXTURE = mixture_of(3, 4)
ROWS = MIXTURE.sample(100, 0)[0]


def joint(mixture, row):
    """Log w_k N(x | μ_k, Σ_k), (K,), from scikit-learn."""
    return theirs(mixture)._estimate_weighted_log_prob(row[None])[0]


def bars(ax):
    return [patch for patch in ax.patches if isinstance(patch, Rectangle)]


def test_the_bars_of_a_component_add_up_to_its_part_and_they_to_the_log_likelihood():
    upper, _ = drawn("explanation", MIXTURE, ROWS, row=7)
    expected = np.sort(joint(MIXTURE, ROWS[7]))[::-1]
    widths = np.array([bar.get_width() for bar in bars(upper)]).reshape(4, 3)
    shown = widths.sum(axis=0)
    low, _ = upper.get_xlim()
    inside = expected > low
    assert inside[0]
    np.testing.assert_allclose(shown[inside], expected[inside], rtol=1e-9)
    stacks = explanation_of(MIXTURE, ROWS, 7).stacks()
    assert logsumexp(stacks.sum(axis=0)) == pytest.approx(
        theirs(MIXTURE).score_samples(ROWS[7:8])[0], rel=1e-12
    )
    x, y = line(upper, "sum")
    np.testing.assert_allclose(x, expected[y.astype(int)], rtol=1e-9)


def test_the_line_and_the_title_state_the_log_likelihood():
    upper, _ = drawn("explanation", MIXTURE, ROWS, row=7)
    expected = theirs(MIXTURE).score_samples(ROWS[7:8])[0]
    assert line(upper, "log p(x)")[0] == pytest.approx([expected] * 2)
    title = upper.get_title(loc="left")
    assert title == f"row 7: log p(x) = {expected:.6g} nats".replace("-", "−")


def test_the_features_bars_add_up_to_half_the_squared_distance():
    _, lower = drawn("explanation", MIXTURE, ROWS, row=7)
    k = int(np.argmax(joint(MIXTURE, ROWS[7])))
    inverse = np.linalg.inv(MIXTURE.covariances[k])
    distance = mahalanobis(ROWS[7], MIXTURE.means[k], inverse)
    widths = [bar.get_width() for bar in bars(lower)]
    assert sum(widths) == pytest.approx(-0.5 * distance**2, rel=1e-9)
    assert np.all(np.diff(np.abs(widths)) <= 0.0)
    deviation = ROWS[7] - MIXTURE.means[k]
    largest = int(np.argmax(np.abs(deviation * (inverse @ deviation))))
    assert lower.get_yticklabels()[0].get_text().startswith(f"x{largest}\n")


def test_without_a_row_the_least_likely_one_is_explained():
    upper, _ = drawn("explanation", MIXTURE, ROWS)
    least = int(np.argmin(theirs(MIXTURE).score_samples(ROWS)))
    assert upper.get_title(loc="left").startswith(f"row {least}:")


def test_of_many_components_and_features_the_first_have_bars_and_nothing_is_lost():
    mixture = mixture_of(12, 20)
    rows, _ = mixture.sample(10, 0)
    upper, lower = drawn("explanation", mixture, rows, row=0)
    assert len(bars(upper)) == 4 * 8
    assert upper.get_ylabel() == "4 less likely components not shown"
    order = np.argsort(-joint(mixture, rows[0]))[:8]
    shown = [text.get_text().split(",")[0] for text in upper.get_yticklabels()]
    assert shown == [f"component {k}" for k in order]
    labels = [text.get_text() for text in lower.get_yticklabels()]
    assert len(labels) == 13
    assert labels[-1] == "8 other features"
    inverse = np.linalg.inv(mixture.covariances[order[0]])
    distance = mahalanobis(rows[0], mixture.means[order[0]], inverse)
    total = sum(bar.get_width() for bar in bars(lower))
    assert total == pytest.approx(-0.5 * distance**2, rel=1e-8)


def test_a_component_far_away_is_cut_and_its_sum_is_written():
    upper, _ = drawn("explanation", MIXTURE, MIXTURE.means[:1], row=0)
    expected = np.sort(joint(MIXTURE, MIXTURE.means[0]))[::-1]
    low, _ = upper.get_xlim()
    words = {text.get_text() for text in upper.texts}
    cut = expected[expected < low]
    assert len(cut) > 0
    assert words == {f"sum {value:.4g}".replace("-", "−") for value in cut}
