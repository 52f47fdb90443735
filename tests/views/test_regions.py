"""Lines of the density, and areas of the responsibilities, hold what they say."""

from __future__ import annotations

import numpy as np
import pytest
from pictures import drawn, mixture_of, theirs
from scipy import stats

from mixtura import Mixture
from mixtura.views.plots.outlines import region_levels

SHARES = (0.99, 0.9, 0.5)


def test_the_region_of_a_normal_density_is_bounded_by_the_chi_square_quantile():
    covariance = [[2.0, 0.7], [0.7, 1.0]]
    levels = region_levels(Mixture([1.0], [[3.0, -1.0]], [covariance]), SHARES)
    # log p(x) = log p(μ) − d²/2, and d² has the chi-square distribution.
    peak = stats.multivariate_normal([3.0, -1.0], covariance).logpdf([3.0, -1.0])
    expected = peak - 0.5 * stats.chi2.ppf(SHARES, 2)
    np.testing.assert_allclose(levels, expected, atol=0.06)


def test_each_line_of_the_picture_encloses_its_share_of_new_rows():
    mixture = mixture_of(4, 2)
    (ax,) = drawn("density", mixture, mixture.sample(300, 0)[0])
    rows, _ = mixture.sample(40_000, 99)
    scores = theirs(mixture).score_samples(rows)
    levels = [c.levels[0] for c in ax.collections if hasattr(c, "levels")]
    assert len(levels) == 3
    for share, level in zip(SHARES, levels, strict=True):
        assert np.mean(scores >= level) == pytest.approx(share, abs=0.01)
    words = [text.get_text() for text in ax.get_legend().get_texts()]
    assert words[-3:] == ["50 % of the density", "90 % of the density", "99 % of the density"]


def test_a_line_lies_where_the_density_has_its_level():
    mixture = mixture_of(3, 2)
    (ax,) = drawn("density", mixture)
    for lines in (c for c in ax.collections if hasattr(c, "levels")):
        points = np.vstack([path.vertices for path in lines.get_paths() if len(path.vertices)])
        scores = theirs(mixture).score_samples(points)
        assert scores == pytest.approx(lines.levels[0], abs=0.1)


def test_areas_are_the_responsibilities_and_reach_from_nought_to_one():
    mixture = mixture_of(3, 1)
    (ax,) = drawn("responsibilities", mixture, mixture.sample(50, 0)[0])
    areas = [c for c in ax.collections if str(c.get_label()).startswith("component")]
    assert len(areas) == 3
    for k, area in enumerate(areas):
        outline = area.get_paths()[0].vertices
        for x in np.linspace(*ax.get_xlim(), 25)[1:-1]:
            shares = theirs(mixture).predict_proba([[x]])[0]
            crossings = outline[np.abs(outline[:, 0] - x) < 0.03 * np.ptp(ax.get_xlim())]
            for expected in (shares[:k].sum(), shares[: k + 1].sum()):
                nearest = np.abs(crossings[:, 1] - expected).min()
                assert nearest < 0.05


def test_a_row_between_two_components_has_the_mean_of_their_colours():
    mixture = Mixture([0.5, 0.5], [[-2.0, 0.0], [2.0, 0.0]], [np.eye(2)] * 2)
    (ax,) = drawn("responsibilities", mixture, [[0.0, 0.0], [0.5, 1.0], [-2.0, 0.0]])
    (cloud,) = (c for c in ax.collections if len(c.get_offsets()) == 3)
    blue, orange = np.array([0, 114, 178]) / 255.0, np.array([230, 159, 0]) / 255.0
    colours = {
        tuple(point): colour[:3]
        for point, colour in zip(
            np.asarray(cloud.get_offsets()).tolist(), cloud.get_facecolors(), strict=True
        )
    }
    np.testing.assert_allclose(colours[0.0, 0.0], 0.5 * blue + 0.5 * orange, atol=1e-12)
    # The log odds of these two components are 4x.
    share = 1.0 / (1.0 + np.exp(-4.0 * 0.5))
    np.testing.assert_allclose(colours[0.5, 1.0], (1 - share) * blue + share * orange, atol=1e-12)
