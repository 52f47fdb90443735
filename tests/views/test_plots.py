"""Pictures: what is drawn is the mixture, to the numbers."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from matplotlib.collections import EllipseCollection, LineCollection
from matplotlib.patches import Ellipse, StepPatch
from scipy import stats
from scipy.integrate import trapezoid

import mixtura
from mixtura import Mixture
from mixtura.errors import DataError, MissingExtraError, ModelError, ParameterError
from mixtura.fitting import Repair
from mixtura.views.plots import density, plot, scatter, trace
from mixtura.views.plots.canvas import encoded, format_of, offscreen_axes
from mixtura.views.plots.palette import style

THREE = Mixture([0.2, 0.5, 0.3], [[-4.0], [0.0], [0.5]], [[[1.0]], [[4.0]], [[1e-4]]])

PLANE = Mixture(
    [0.6, 0.4],
    [[1.0, 2.0], [10.0, -3.0]],
    [[[5.0, 4.0], [4.0, 5.0]], [[4.0, 0.0], [0.0, 9.0]]],
    feature_names=["length", "width"],
)


def mixture_of(n_components: int, n_features: int) -> Mixture:
    random = np.random.RandomState(n_components)
    roots = random.normal(size=(n_components, n_features, n_features))
    return Mixture(
        np.full(n_components, 1.0 / n_components),
        random.uniform(-10.0, 10.0, (n_components, n_features)),
        roots @ roots.transpose(0, 2, 1) + 0.2 * np.eye(n_features),
    )


def curve(ax, label):
    (line,) = (line for line in ax.get_lines() if line.get_label().startswith(label))
    return line.get_xydata().T


def ellipses(ax):
    return [patch for patch in ax.patches if isinstance(patch, Ellipse)]


def drawn_rows(ax):
    """The points and their colours, whatever the marker."""
    clouds = [c for c in ax.collections if len(c.get_offsets()) and c.get_array() is None]
    points = [np.asarray(cloud.get_offsets()) for cloud in clouds]
    return np.vstack(points), np.vstack([cloud.get_facecolors() for cloud in clouds])


# -- one feature ------------------------------------------------------------------------------


@pytest.mark.parametrize("mixture", [THREE, mixture_of(1, 1), mixture_of(12, 1)])
def test_the_total_density_that_is_drawn_encloses_an_area_of_one(mixture):
    rows, _ = mixture.sample(300, 0)
    x, total = curve(density(mixture, rows, ax=offscreen_axes()), "total")
    assert trapezoid(total, x) == pytest.approx(1.0, abs=1e-3)


def test_each_component_is_drawn_as_its_weight_times_the_normal_density():
    ax = density(THREE, THREE.sample(300, 0)[0], ax=offscreen_axes())
    for k, (weight, mean, deviation) in enumerate([(0.2, -4, 1), (0.5, 0, 2), (0.3, 0.5, 0.01)]):
        x, heights = curve(ax, f"component {k}")
        assert np.allclose(heights, weight * stats.norm.pdf(x, mean, deviation), rtol=1e-10)


@pytest.mark.parametrize("n_rows", [1, 2, 300, 20_000])
def test_the_bars_hold_every_row_and_enclose_an_area_of_one(n_rows):
    rows, _ = mixture_of(3, 1).sample(n_rows, 0)
    ax = density(mixture_of(3, 1), rows, ax=offscreen_axes())
    (bars,) = (patch for patch in ax.patches if isinstance(patch, StepPatch))
    heights, edges, _ = bars.get_data()
    assert np.sum(heights * np.diff(edges)) == pytest.approx(1.0, rel=1e-12)
    assert edges[0] <= rows.min()
    assert rows.max() <= edges[-1]
    assert bars.get_label() == f"data, {n_rows:,} row{'s' * (n_rows > 1)}"


def test_a_peak_far_above_the_bars_is_cut_and_its_height_is_written():
    ax = density(THREE, THREE.sample(300, 0)[0], ax=offscreen_axes())
    peak = 0.3 * stats.norm.pdf(0.0, 0.0, 0.01)  # the narrow component alone, at its mean
    assert ax.get_ylim()[1] < 0.5 * peak
    (words,) = (text.get_text() for text in ax.texts)
    assert float(words.removeprefix("up to ")) == pytest.approx(peak, rel=0.05)


def test_bars_taller_than_the_curve_stay_inside_the_picture():
    ax = density(Mixture([1.0], [[0.0]], [[[100.0]]]), [[0.0]] * 50, ax=offscreen_axes())
    assert ax.get_ylim()[1] > max(patch.get_data().values.max() for patch in ax.patches)


def test_one_feature_of_several_is_drawn_by_its_marginal():
    rows, _ = PLANE.sample(200, 0)
    x, total = curve(plot(PLANE, rows, features=["width"], ax=offscreen_axes()), "total")
    expected = 0.6 * stats.norm.pdf(x, 2.0, np.sqrt(5.0)) + 0.4 * stats.norm.pdf(x, -3.0, 3.0)
    assert np.allclose(total, expected, rtol=1e-10)


# -- two features -----------------------------------------------------------------------------


def test_ellipses_have_the_axes_of_the_eigenvalues():
    # [[5, 4], [4, 5]] has eigenvalues 9 along (1, 1) and 1 across; [[4, 0], [0, 9]] its diagonal.
    drawn = ellipses(scatter(PLANE, PLANE.sample(50, 0)[0], ax=offscreen_axes()))
    for sigma, patch in zip([1.0, 2.0, 3.0], drawn[:3], strict=True):
        assert patch.get_center() == (1.0, 2.0)
        assert (patch.width, patch.height) == pytest.approx((6.0 * sigma, 2.0 * sigma))
        assert patch.angle % 180.0 == pytest.approx(45.0)
    for sigma, patch in zip([1.0, 2.0, 3.0], drawn[3:], strict=True):
        assert (patch.width, patch.height) == pytest.approx((6.0 * sigma, 4.0 * sigma))
        assert patch.angle % 180.0 == pytest.approx(90.0)


@pytest.mark.parametrize("structure", ["full", "tied", "diag", "spherical"])
def test_the_sigma_of_an_ellipse_is_the_mahalanobis_distance_of_its_points(structure):
    rows = mixture_of(3, 2).sample(300, 0)[0]
    mixture = mixtura.fit(rows, 3, structure=structure).mixture
    drawn = ellipses(scatter(mixture, rows, ax=offscreen_axes()))
    for number, patch in enumerate(drawn):
        k, sigma = number // 3, number % 3 + 1.0
        deviations = np.array([*patch.get_vertices(), *patch.get_co_vertices()]) - mixture.means[k]
        solved = np.linalg.solve(mixture.covariance_matrices()[k], deviations.T)
        assert np.sqrt(np.sum(deviations.T * solved, axis=0)) == pytest.approx([sigma] * 4)


def test_contours_lie_where_the_log_density_has_the_value_that_they_state():
    ax = scatter(PLANE, PLANE.sample(400, 0)[0], ax=offscreen_axes())
    (contours,) = (c for c in ax.collections if c.get_array() is not None)
    checked = 0
    for level, path in zip(contours.levels, contours.get_paths(), strict=True):
        joint = [
            np.log(w) + stats.multivariate_normal(m, c).logpdf(path.vertices)
            for w, m, c in zip(PLANE.weights, PLANE.means, PLANE.covariances, strict=True)
        ]
        assert np.logaddexp(*joint) == pytest.approx(level, abs=0.05)
        checked += 1
    assert checked >= 4


@pytest.mark.parametrize("n_components", [1, 4, 12, 15])
def test_every_component_has_three_ellipses_a_number_and_a_line_of_the_legend(
    n_components,
):
    mixture = mixture_of(n_components, 2)
    ax = scatter(mixture, mixture.sample(200, 0)[0], ax=offscreen_axes())
    assert len(ellipses(ax)) == 3 * n_components
    numbers = {text.get_text() for text in ax.texts}
    assert {str(k) for k in range(n_components)} <= numbers
    words = [text.get_text() for text in ax.get_legend().get_texts()]
    assert sum(word.startswith("component") for word in words) == n_components


def test_of_many_components_all_are_numbered_and_the_first_are_listed():
    mixture = mixture_of(45, 2)
    ax = scatter(mixture, mixture.sample(200, 0)[0], ax=offscreen_axes())
    assert {str(k) for k in range(45)} <= {text.get_text() for text in ax.texts}
    words = [text.get_text() for text in ax.get_legend().get_texts()]
    assert sum(word.startswith("component") for word in words) == 20
    assert "and 25 more components" in words


def test_every_row_is_drawn_once_in_the_colour_of_its_component():
    mixture = mixture_of(12, 2)
    rows, _ = mixture.sample(500, 0)
    joint = [
        np.log(w) + stats.multivariate_normal(m, c).logpdf(rows)
        for w, m, c in zip(mixture.weights, mixture.means, mixture.covariances, strict=True)
    ]
    expected = {
        (*row, *style(int(k)).fill) for row, k in zip(rows, np.argmax(joint, axis=0), strict=True)
    }
    points, colours = drawn_rows(scatter(mixture, rows, ax=offscreen_axes()))
    assert len(points) == 500
    assert {(*p, *c[:3]) for p, c in zip(points, colours, strict=True)} == expected


def test_a_pair_of_features_is_drawn_by_its_marginal_in_the_order_asked_for():
    mixture = mixture_of(3, 4)
    rows, _ = mixture.sample(300, 0)
    by_hand = Mixture(
        mixture.weights, mixture.means[:, [3, 1]], mixture.covariances[:, [3, 1]][:, :, [3, 1]]
    )
    pair = scatter(mixture, rows, features=["x3", "x1"], ax=offscreen_axes())
    alone = scatter(by_hand, rows[:, [3, 1]], ax=offscreen_axes())
    assert (pair.get_xlabel(), pair.get_ylabel()) == ("x3", "x1")
    for ours, expected in zip(ellipses(pair), ellipses(alone), strict=True):
        assert ours.get_center() == expected.get_center()
        assert (ours.width, ours.height, ours.angle) == pytest.approx(
            (expected.width, expected.height, expected.angle)
        )
    assert np.array_equal(
        drawn_rows(pair)[0], rows[np.random.RandomState(0).permutation(300)][:, [3, 1]]
    )


def test_a_row_of_the_marginal_picture_keeps_its_component_under_all_features():
    # In x0 and x1 the components are the same; only x2, which is not drawn, tells them apart.
    means = [[0.0, 0.0, -50.0], [0.0, 0.0, 50.0]]
    mixture = Mixture([0.9, 0.1], means, [np.eye(3)] * 2)
    _, colours = drawn_rows(
        scatter(mixture, [[0.0, 0.0, 50.0]], features=[0, 1], ax=offscreen_axes())
    )
    assert tuple(colours[0, :3]) == style(1).fill


def test_without_a_choice_the_two_features_are_drawn_that_tell_components_apart_best():
    # Variance between over within: 1 for a, 100 for b, 0 for c, 25/9 for d.
    mixture = Mixture(
        [0.5, 0.5],
        [[-1.0, -10.0, 0.0, -5.0], [1.0, 10.0, 0.0, 5.0]],
        [np.diag([1.0, 1.0, 1.0, 9.0])] * 2,
        feature_names=["a", "b", "c", "d"],
    )
    ax = plot(mixture, mixture.sample(50, 0)[0], ax=offscreen_axes())
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("b", "d")


# -- names, features, files -------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["price in $", "$a_b$", r"\$x\$ \alpha", "50 % ^_{}", r"$\frac$", "a_b_c"]
)
def test_a_feature_name_is_written_as_it_stands_and_never_as_mathematics(name):
    import matplotlib

    mixture = Mixture([1.0], [[0.0, 0.0]], [np.eye(2)], feature_names=[name, "other"])
    ax = plot(mixture, [[1.0, 2.0], [0.0, 1.0]], ax=offscreen_axes())
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        drawn = encoded(ax, "svg").decode()
    assert f">{name}</text>" in drawn


def test_control_characters_in_a_name_are_written_out_and_a_long_name_is_cut():
    mixture = Mixture([1.0], [[0.0]], [[[1.0]]], feature_names=["a\nb\x1b[0m" + 200 * "c"])
    words = density(mixture, [[1.0], [2.0]], ax=offscreen_axes()).get_xlabel()
    assert words.startswith(r"a\nb\x1b[0mccc")
    assert words.endswith("c…")
    assert 60 < len(words) < 100


def test_a_table_is_matched_by_name():
    pandas = pytest.importorskip("pandas")
    rows, _ = PLANE.sample(20, 0)
    frame = pandas.DataFrame({"width": rows[:, 1], "colour": "red", "length": rows[:, 0]})
    frame["colour"] = 1.0
    points, _ = drawn_rows(scatter(PLANE, frame, ax=offscreen_axes()))
    assert {tuple(point) for point in points} == {tuple(row) for row in rows}


def test_without_rows_the_mixture_is_drawn_on_its_own():
    ax = plot(PLANE, ax=offscreen_axes())
    assert len(ellipses(ax)) == 6
    assert all(len(c.get_offsets()) == 0 or c.get_array() is not None for c in ax.collections)
    x, total = curve(plot(PLANE, features=[1], ax=offscreen_axes()), "total")
    assert trapezoid(total, x) == pytest.approx(1.0, abs=1e-3)


def test_axes_that_are_given_are_drawn_on_and_no_figure_is_opened():
    from matplotlib import pyplot

    before = pyplot.get_fignums()
    ax = offscreen_axes()
    assert plot(PLANE, [[1.0, 2.0]], ax=ax) is ax
    assert pyplot.get_fignums() == before


def test_without_axes_one_new_figure_is_opened():
    from matplotlib import pyplot

    pyplot.switch_backend("agg")
    before = pyplot.get_fignums()
    ax = plot(PLANE, [[1.0, 2.0]])
    assert len(pyplot.get_fignums()) == len(before) + 1
    pyplot.close(ax.figure)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: plot(mixture_of(2, 3), features=[0, 1, 2]), "got 3 features, expected one or two"),
        (lambda: plot(PLANE, features=["depth"]), "there is no feature 'depth'"),
        (lambda: scatter(PLANE, features=[0]), "got 1 features, this picture shows 2"),
        (lambda: scatter(PLANE, features=[0, 0]), "feature 0 is given twice"),
        (lambda: scatter(THREE), "a picture of 2 features was asked of a mixture of 1"),
        (lambda: format_of(".jpg"), "a picture cannot be written as '.jpg'"),
        (lambda: format_of(""), "a file without a suffix"),
    ],
)
def test_what_cannot_be_drawn_is_said(call, sentence):
    from matplotlib import pyplot

    before = pyplot.get_fignums()
    with pytest.raises(ParameterError, match=sentence):
        call()
    assert pyplot.get_fignums() == before


@pytest.mark.parametrize("features", [None, [0]])
@pytest.mark.parametrize("deviation", [1e-20, 1e-3, 1.0])
@pytest.mark.parametrize(
    ("mean", "rows"),
    [
        (0.0, [[1.0, 1.0]]),
        (0.0, np.zeros((5, 2))),
        (1e15, np.full((5, 2), 1e15)),
        (0.0, [[1.0, 1.0], [2.0, 2.0], [1e100, 3.0]]),
        (0.0, [[1.0, 1.0], [1e149, 1.0]]),
    ],
)
def test_odd_rows_still_make_a_picture(mean, rows, deviation, features):
    mixture = Mixture([1.0], [[mean, mean]], [deviation**2 * np.eye(2)])
    ax = plot(mixture, rows, features=features, ax=offscreen_axes())
    assert len(encoded(ax, "png")) > 10_000


def test_rows_beyond_what_can_be_drawn_are_refused_by_name():
    with pytest.raises(DataError, match=r"'length' reaches from .* to 1e\+300, expected values"):
        plot(PLANE, [[1e300, 0.0]])


@pytest.mark.parametrize(
    ("form", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF-")]
)
def test_the_same_picture_gives_the_same_bytes(form, magic):
    rows = PLANE.sample(50, 0)[0]
    first, second = (encoded(plot(PLANE, rows, ax=offscreen_axes()), form) for _ in range(2))
    assert first.startswith(magic)
    assert first == second


# -- the trace --------------------------------------------------------------------------------


def fitted():
    return mixtura.fit(mixture_of(3, 2).sample(200, 1)[0], 3, random_state=0)


def test_the_trace_is_drawn_value_by_value_from_a_fit_and_from_its_record():
    fit = fitted()
    for source in (fit, fit.summary()):
        ax = trace(source, ax=offscreen_axes())
        iterations, heights = ax.get_lines()[0].get_xydata().T
        assert iterations.tolist() == list(range(fit.n_iter + 1))
        assert heights.tolist() == fit.trace.tolist()
        assert ax.get_title(loc="left").startswith("converged, ")


def test_repairs_are_marked_at_the_iteration_that_they_ended():
    record = fitted().summary() | {"trace": [-9.0, -5.0, -3.0, -2.0, -1.5]}
    repairs = [
        Repair(1, 0, "floored", "."),
        Repair(3, 2, "floored", "."),
        Repair(2, 1, "reseeded", "."),
        Repair(5, 1, "reseeded", "."),  # made as the run was cut: its height is not known
    ]
    record["repairs"] = [vars(repair) for repair in repairs]
    ax = trace(record, ax=offscreen_axes())
    marks = {line.get_label(): line.get_xydata().tolist() for line in ax.get_lines()[1:]}
    assert marks == {
        "covariance floored: component 0, 2": [[1.0, -5.0], [3.0, -2.0]],
        "set anew: component 1": [[2.0, -3.0]],
    }


@pytest.mark.parametrize("record", [{}, {"trace": []}, {"trace": "up"}, {"trace": [None]}])
def test_a_record_without_a_trace_is_refused(record):
    with pytest.raises(ModelError, match="holds no log-likelihood trace: fit the model again"):
        trace(record)


@pytest.mark.parametrize("repairs", [3, [3], [{}], [{"action": "floored", "iteration": "x"}]])
def test_damaged_repairs_are_refused(repairs):
    with pytest.raises(ModelError, match="damaged repairs"):
        trace({"trace": [1.0, 2.0], "repairs": repairs}, ax=offscreen_axes())


@pytest.mark.parametrize("heights", [[-3.0], [-np.inf, -3.0, -2.0], [-3.0, float("nan")]])
def test_a_short_or_broken_trace_still_makes_a_picture(heights):
    assert len(encoded(trace({"trace": heights}, ax=offscreen_axes()), "png")) > 5_000


# -- without matplotlib -----------------------------------------------------------------------


@pytest.mark.parametrize("call", [lambda: plot(PLANE), lambda: trace(fitted()), offscreen_axes])
def test_without_matplotlib_one_sentence_says_what_to_install(call, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"a picture needs matplotlib.*mixtura\[plot\]"):
        call()


def test_importing_the_pictures_does_not_import_matplotlib():
    code = "import sys, mixtura.views.plots; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_many_components_are_drawn_as_few_artists_and_without_numbers():
    side = np.arange(8.0) * 6.0
    means = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    mixture = Mixture(np.full(64, 1 / 64), means, np.ones((64, 2)), "diag")
    rows = mixture.sample(300, 0)[0]
    drawn = scatter(mixture, rows)
    ellipses = [each for each in drawn.collections if isinstance(each, EllipseCollection)]
    assert len(ellipses) == 3
    assert not drawn.patches
    assert not drawn.texts
    np.testing.assert_allclose(ellipses[0].get_offsets(), means)
    np.testing.assert_allclose(ellipses[1].get_widths(), 4.0)
    curves = density(mixture, rows, features=[0])
    bundle = next(each for each in curves.collections if isinstance(each, LineCollection))
    first = bundle.get_segments()[0]
    np.testing.assert_allclose(first[:, 1], stats.norm.pdf(first[:, 0], means[0, 0], 1.0) / 64)
