"""Displays keep scikit-learn's convention, and draw what the estimator says."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure
from pictures import HOSTILE, line, mixture_of
from sklearn import mixture as sklearn_mixture
from sklearn.cluster import KMeans
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import mixtura
from mixtura import GaussianMixture, Mixture, MixtureDisplay
from mixtura.datasets import faithful, galaxies, iris
from mixtura.errors import DataError, ParameterError
from mixtura.views.plots import inline_svg
from mixtura.views.plots.canvas import offscreen_axes

pyplot.switch_backend("agg")

ROW_KINDS = ["density", "scatter", "pairs", "responsibilities", "explanation", "calibration"]


@pytest.fixture(autouse=True)
def no_figure_is_left():
    yield
    pyplot.close("all")


@pytest.fixture(scope="module")
def geyser():
    return GaussianMixture(2, random_state=0).fit(faithful())


@pytest.mark.parametrize("kind", [*ROW_KINDS, "trace"])
def test_each_kind_is_drawn_from_an_estimator_with_its_axes_named(geyser, kind):
    display = MixtureDisplay.from_estimator(geyser, faithful(), kind=kind)
    assert display.kind == kind
    assert isinstance(display.figure_, Figure)
    assert display.figure_.number in pyplot.get_fignums()
    assert display.ax_ in display.figure_.axes
    assert set(display.axes_) <= set(display.figure_.axes)
    for ax in display.axes_:
        shown = [text for text in ax.get_xticklabels() if text.get_visible()]
        assert ax.get_xlabel() or not shown or kind == "pairs"
    named = " ".join(ax.get_xlabel() + ax.get_ylabel() for ax in display.axes_)
    about_features = kind in ("density", "scatter", "pairs", "responsibilities")
    assert ("eruptions" in named and "waiting" in named) or not about_features


@pytest.mark.parametrize(
    ("rows", "kind"), [(galaxies, "density"), (faithful, "density"), (iris, "pairs")]
)
def test_without_a_kind_one_and_two_features_have_a_density_and_more_have_pairs(rows, kind):
    mixture = mixtura.fit(rows(), 2).mixture
    assert MixtureDisplay.from_mixture(mixture, rows()).kind == kind
    first = mixture.feature_labels[0]
    assert MixtureDisplay.from_mixture(mixture, rows(), features=[first]).kind == "density"


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
def test_scikit_learns_own_estimator_is_drawn_as_its_score_says(covariance_type):
    rows = galaxies().to_numpy()
    theirs = sklearn_mixture.GaussianMixture(3, covariance_type=covariance_type, random_state=0)
    display = MixtureDisplay.from_estimator(theirs.fit(rows), rows)
    x, total = line(display.ax_, "total")
    np.testing.assert_allclose(total, np.exp(theirs.score_samples(x[:, None])), rtol=1e-9)


def test_a_pipeline_is_drawn_in_the_units_of_its_last_step_with_the_names_of_its_columns():
    pandas = pytest.importorskip("pandas")
    table = galaxies()
    frame = pandas.DataFrame(table.to_numpy(), columns=["speed"])
    pipeline = make_pipeline(StandardScaler(), GaussianMixture(3, random_state=0)).fit(frame)
    display = MixtureDisplay.from_estimator(pipeline, frame)
    x, total = line(display.ax_, "total")
    np.testing.assert_allclose(total, np.exp(pipeline[-1].score_samples(x[:, None])), rtol=1e-9)
    assert display.ax_.get_xlabel() == "speed"


@pytest.mark.parametrize(
    "estimator",
    [
        GaussianMixture(2),
        sklearn_mixture.GaussianMixture(2),
        make_pipeline(StandardScaler(), GaussianMixture(2)),
    ],
    ids=["ours", "theirs", "pipeline"],
)
def test_an_estimator_that_was_not_fitted_is_refused_as_scikit_learn_does(estimator):
    with pytest.raises(NotFittedError):
        MixtureDisplay.from_estimator(estimator, faithful())
    assert pyplot.get_fignums() == []


def test_an_estimator_of_another_sort_is_refused():
    kmeans = KMeans(2, n_init=1).fit(faithful())
    with pytest.raises(ParameterError, match="type KMeans, expected a GaussianMixture of mixtura"):
        MixtureDisplay.from_estimator(kmeans, faithful())


@pytest.mark.parametrize("kind", ROW_KINDS)
def test_a_display_draws_on_axes_of_a_grid_and_opens_no_figure(geyser, kind):
    figure = Figure((16.0, 6.0), layout="constrained")
    left, right = figure.subplots(1, 2)
    display = MixtureDisplay.from_estimator(geyser, faithful(), kind=kind, ax=right)
    assert display.ax_ is right
    assert display.figure_ is figure
    assert left not in display.axes_
    assert pyplot.get_fignums() == []
    figure.draw_without_rendering()
    middle = left.get_window_extent().x1
    for ax in display.axes_:
        assert ax.get_window_extent().x0 >= middle


def test_a_display_is_drawn_again_on_other_axes_with_the_same_numbers(geyser):
    display = MixtureDisplay.from_estimator(geyser, faithful(), features=["waiting"])
    first = line(display.ax_, "total")
    again = offscreen_axes()
    assert display.plot(again) is display
    assert display.ax_ is again
    np.testing.assert_array_equal(line(again, "total"), first)


def test_a_fit_has_a_trace_and_a_selection_its_criterion():
    fit = mixtura.fit(faithful(), 2)
    display = MixtureDisplay.from_fit(fit, kind="trace")
    assert display.ax_.get_lines()[0].get_ydata().tolist() == fit.trace.tolist()
    found = mixtura.select(galaxies(), [1, 2])
    assert MixtureDisplay.from_selection(found, by="aic").ax_.get_ylabel().startswith("AIC")


def test_a_closed_figure_is_forgotten(geyser):
    display = MixtureDisplay.from_estimator(geyser, faithful(), kind="pairs")
    figure = weakref.ref(display.figure_)
    pyplot.close(display.figure_)
    del display
    gc.collect()
    assert figure() is None


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        ({"kind": "pie"}, ParameterError, "unknown kind 'pie', expected one of: density, scatter"),
        ({"kind": "calibration", "features": [0]}, ParameterError, "'calibration' takes no featu"),
        ({"kind": "density", "row": 3}, ParameterError, "kind 'density' takes no row, got 3"),
        ({"kind": "explanation", "row": 272}, ParameterError, "there is no row 272, the data has"),
        ({"kind": "trace"}, ParameterError, "a mixture alone has no trace, expected a fit"),
        ({"kind": "pairs", "features": [0]}, ParameterError, "got 1 features, a pair matrix shows"),
        ({"kind": "responsibilities", "features": []}, ParameterError, "expected one or two of"),
        ({"kind": "pairs", "features": ["depth", 0]}, ParameterError, "no feature 'depth'"),
    ],
)
def test_what_cannot_be_drawn_is_said_and_no_figure_stays(geyser, call, error, sentence):
    with pytest.raises(error, match=sentence):
        MixtureDisplay.from_mixture(geyser.mixture_, faithful(), **call)
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize("kind", ["explanation", "calibration"])
def test_a_picture_of_rows_needs_rows(geyser, kind):
    with pytest.raises(DataError, match="got none: give X"):
        MixtureDisplay.from_estimator(geyser, kind=kind)


def test_axes_at_a_position_of_their_own_cannot_be_divided(geyser):
    ax = Figure().add_axes((0.1, 0.1, 0.8, 0.8))
    with pytest.raises(ParameterError, match="expected axes of a grid: make them with"):
        MixtureDisplay.from_estimator(geyser, faithful(), kind="pairs", ax=ax)


@pytest.mark.parametrize("kind", ROW_KINDS)
def test_hostile_names_are_written_as_they_stand_in_each_kind(kind):
    mixture = mixture_of(2, len(HOSTILE), HOSTILE)
    rows, _ = mixture.sample(60, 0)
    features = [0, 1] if kind in ("density", "scatter", "responsibilities") else None
    takes = {} if features is None else {"features": features}
    display = MixtureDisplay.from_mixture(mixture, rows, kind=kind, **takes)
    drawn = inline_svg(display.figure_, "p")
    assert r"$\frac{a}{b}$" in drawn
    assert "&lt;/script&gt;&lt;b&gt;" in drawn
    assert "\u202e" not in drawn
    assert "x" * 61 not in drawn


@pytest.mark.parametrize("kind", ROW_KINDS)
@pytest.mark.parametrize(
    ("n_features", "rows"),
    [(1, [0.0]), (2, [5.0] * 4), (1, [0.0, 1e140]), (2, [0.0, 1e140]), (2, [1e15, 1e15 + 1.0])],
    ids=["one", "same", "far in a line", "far in a plane", "at an offset"],
)
def test_odd_rows_still_make_a_picture(kind, n_features, rows):
    if n_features == 1 and kind in ("scatter", "pairs"):
        return
    table = np.repeat(np.array(rows)[:, None], n_features, axis=1)
    means = [[0.0] * n_features, [3.0] * n_features]
    mixture = Mixture([0.5, 0.5], means, [np.eye(n_features)] * 2)
    display = MixtureDisplay.from_mixture(mixture, table, kind=kind, ax=offscreen_axes())
    assert len(inline_svg(display.figure_, "p")) > 2000


def test_the_display_is_found_without_loading_matplotlib_and_opens_nothing():
    code = (
        "import sys, mixtura; mixtura.MixtureDisplay; "
        "sys.exit('matplotlib' in sys.modules or 'sklearn' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
