"""The picture of calibration: a sound fit stays in the bands, a bad one leaves them."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.patches import Rectangle, StepPatch
from pictures import drawn, mixture_of
from scipy import stats
from scipy.spatial.distance import mahalanobis

from mixtura import Mixture

LINE = Mixture([0.4, 0.6], [[0.0], [5.0]], [[[1.0]], [[4.0]]], feature_names=["height"])
PLANE = Mixture(
    [0.4, 0.6],
    [[0.0, 0.0], [6.0, 3.0]],
    [[[1.0, 0.5], [0.5, 1.0]], [[4.0, -1.0], [-1.0, 2.0]]],
    feature_names=["length", "width"],
)


def cdf(x):
    return 0.4 * stats.norm.cdf(x, 0.0, 1.0) + 0.6 * stats.norm.cdf(x, 5.0, 2.0)


def band(ax):
    """The lower and upper end of the grey band."""
    (span,) = (p for p in ax.patches if isinstance(p, Rectangle))
    return span.get_y(), span.get_y() + span.get_height()


def departures(ax):
    """Feature -> its line, (2, n)."""
    lines = (one for one in ax.get_lines() if " at most" in str(one.get_label()))
    return {str(one.get_label()).split(": ")[1]: one.get_xydata().T for one in lines}


def test_the_histogram_counts_the_rows_by_their_share():
    rows, _ = LINE.sample(1000, 0)
    left, _ = drawn("calibration", LINE, rows)
    heights, edges, _ = next(p for p in left.patches if isinstance(p, StepPatch)).get_data()
    counts, _ = np.histogram(cdf(rows[:, 0]), edges)
    np.testing.assert_allclose(heights, counts / (1000 / len(counts)), rtol=1e-12)
    assert (edges[0], edges[-1]) == (0.0, 1.0)


def test_the_bars_of_a_mixtures_own_rows_are_in_the_band_and_of_others_are_not():
    rows, _ = LINE.sample(5000, 0)
    left, _ = drawn("calibration", LINE, rows)
    low, high = band(left)
    heights = next(p for p in left.patches if isinstance(p, StepPatch)).get_data().values
    outside = np.sum((heights < low) | (heights > high))
    assert outside <= stats.binom.ppf(0.999, len(heights), 0.05)
    narrow = Mixture([1.0], [LINE.mean()], [0.3 * LINE.covariance()])
    left, _ = drawn("calibration", narrow, rows)
    heights = next(p for p in left.patches if isinstance(p, StepPatch)).get_data().values
    assert heights[0] > 3.0 * high


def test_the_title_states_the_statistic_of_kolmogorov_and_smirnov():
    rows, _ = LINE.sample(300, 0)
    left, _ = drawn("calibration", LINE, rows)
    # Theirs is the supremum, at the foot or the head of a step; ours is at its middle.
    expected = stats.kstest(rows[:, 0], cdf).statistic - 0.5 / 300
    assert left.get_title(loc="left") == f"300 rows; F differs by {expected:.3f} at most"


def test_quantiles_of_rows_stand_over_those_of_the_mixture_in_the_features_unit():
    rows, _ = LINE.sample(200, 0)
    _, right = drawn("calibration", LINE, rows)
    (points,) = (one for one in right.get_lines() if one.get_marker() == "o")
    expected, observed = points.get_xydata().T
    np.testing.assert_array_equal(observed, np.sort(rows[:, 0]))
    np.testing.assert_allclose(cdf(expected), (np.arange(200) + 0.5) / 200, rtol=1e-9)
    assert right.get_xlabel() == "height, quantiles of the mixture"


def test_of_many_rows_both_ends_are_shown_row_by_row():
    rows, _ = LINE.sample(50_000, 0)
    _, right = drawn("calibration", LINE, rows)
    (points,) = (one for one in right.get_lines() if one.get_marker() == "o")
    observed = points.get_ydata()
    ordered = np.sort(rows[:, 0])
    assert len(observed) < 500
    np.testing.assert_array_equal(observed[:40], ordered[:40])
    np.testing.assert_array_equal(observed[-40:], ordered[-40:])


def test_each_features_line_is_the_share_of_rows_less_its_marginal_distribution():
    rows, _ = PLANE.sample(150, 0)
    left, _ = drawn("calibration", PLANE, rows)
    lines = departures(left)
    assert set(lines) == {"length", "width"}
    for j, name in enumerate(["length", "width"]):
        shares = sum(
            w * stats.norm.cdf(np.sort(rows[:, j]), mean[j], np.sqrt(covariance[j, j]))
            for w, mean, covariance in zip(
                PLANE.weights, PLANE.means, PLANE.covariances, strict=True
            )
        )
        x, y = lines[name][:, 1:-1]
        np.testing.assert_allclose(x, shares, rtol=1e-9)
        np.testing.assert_allclose(y, (np.arange(150) + 0.5) / 150 - shares, atol=1e-12)


def test_the_lines_of_a_mixtures_own_rows_are_in_the_band_and_of_others_leave_it():
    rows, _ = PLANE.sample(4000, 0)
    left, _ = drawn("calibration", PLANE, rows)
    low, high = band(left)
    assert high == pytest.approx(stats.kstwobign.ppf(0.95) / np.sqrt(4000), rel=1e-3)
    for _, y in departures(left).values():
        assert low < y.min() < y.max() < high
    one = Mixture([1.0], [PLANE.mean()], [PLANE.covariance()], feature_names=["length", "width"])
    left, _ = drawn("calibration", one, rows)
    assert max(y.max() for _, y in departures(left).values()) > high


def test_distances_of_one_component_are_the_sample_quantiles_over_those_of_chi():
    one = mixture_of(1, 5)
    rows, _ = one.sample(500, 0)
    _, right = drawn("calibration", one, rows)
    (curve,) = (c for c in right.get_lines() if c.get_label() == "component 0")
    expected, observed = curve.get_xydata().T
    inverse = np.linalg.inv(one.covariances[0])
    distances = [mahalanobis(row, one.means[0], inverse) for row in rows]
    known = np.isfinite(observed)
    quantiles = np.quantile(distances, stats.chi.cdf(expected[known], 5), method="hazen")
    np.testing.assert_allclose(observed[known], quantiles, rtol=1e-6)
    assert known.sum() > 200


def test_heavy_tails_bend_the_distances_out_of_the_picture_and_the_largest_is_written():
    random = np.random.RandomState(0)
    rows = random.standard_t(2, size=(3000, 2))
    _, right = drawn("calibration", Mixture([1.0], [[0.0, 0.0]], [np.eye(2)]), rows)
    (curve,) = (c for c in right.get_lines() if c.get_label() == "component 0")
    expected, observed = curve.get_xydata().T
    assert np.nanmax(observed / expected) > 3.0
    assert right.get_ylim()[1] < np.nanmax(observed)
    assert f"up to {np.nanmax(observed):.3g}" in right.get_title(loc="left")


def test_of_many_features_the_six_that_depart_most_are_named():
    mixture = mixture_of(2, 9)
    rows, _ = mixture.sample(200, 0)
    left, _ = drawn("calibration", mixture, rows)
    statistics = [
        stats.kstest(
            rows[:, j],
            lambda x, j=j: sum(
                w * stats.norm.cdf(x, mean[j], np.sqrt(covariance[j, j]))
                for w, mean, covariance in zip(
                    mixture.weights, mixture.means, mixture.covariances, strict=True
                )
            ),
        ).statistic
        for j in range(9)
    ]
    assert set(departures(left)) == {f"x{j}" for j in np.argsort(statistics)[-6:]}
    assert "the 6 worst of 9 named" in left.get_title(loc="left")


def test_of_many_components_the_sixteen_that_depart_most_are_named_and_the_others_are_there():
    random = np.random.RandomState(0)
    means = 20.0 * np.stack(np.meshgrid(np.arange(6), np.arange(6)), axis=-1).reshape(-1, 2)
    mixture = Mixture(np.full(36, 1 / 36), means, np.ones((36, 2)), "diag")
    rows = np.repeat(means, 80, axis=0) + random.normal(size=(2880, 2))
    wide = (rows[:, 0] > 50.0) & (rows[:, 0] < 70.0)  # the fourth column of components
    rows[wide] += random.normal(size=(wide.sum(), 2))
    _, right = drawn("calibration", mixture, rows)
    named = [line.get_label() for line in right.get_lines() if line.get_xdata().size > 2]
    assert len(named) == 16
    assert set(named[:6]) == {f"component {k}" for k in range(3, 36, 6)}
    (others,) = right.collections
    assert len(others.get_segments()) == 20
    assert "16 worst of 36 named" in right.get_title(loc="left")
