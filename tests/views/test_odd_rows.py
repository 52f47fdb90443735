"""Rows with all that is odd at once are drawn, reported and explained, from wherever one asks."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import mixtura
import odd
from mixtura import GaussianMixture, MixtureDisplay
from mixtura.cli.main import main
from mixtura.errors import ParameterError
from mixtura.views.report import report

pyplot.switch_backend("agg")

#: what an estimator says of these rows
pytestmark = pytest.mark.filterwarnings("ignore:column .* is constant")

ROW_KINDS = ["density", "scatter", "pairs", "responsibilities", "explanation", "calibration"]


@pytest.fixture(autouse=True)
def no_figure_is_left():
    yield
    pyplot.close("all")


def test_the_rows_are_as_odd_as_they_say():
    labels = odd.MIXTURE.predict(odd.ROWS)
    assert set(labels) == {-1, 0, 1}  # and none of 2
    assert np.ptp(odd.ROWS["one"]) == 0.0
    assert np.count_nonzero(odd.WEIGHTS == 0.0) > 0
    assert odd.fitted().mixture.noise.weight > 0.1
    assert odd.fitted().total_weight == odd.WEIGHTS.sum()


def model() -> GaussianMixture:
    fit = odd.fitted()
    estimator = GaussianMixture(2, noise=odd.BOX, init_params=fit.mixture, max_iter=5, tol=0.1)
    return estimator.fit(odd.ROWS, sample_weight=odd.WEIGHTS)


SOURCES = {
    "mixture": lambda **options: MixtureDisplay.from_mixture(odd.MIXTURE, odd.ROWS, **options),
    "fit": lambda **options: MixtureDisplay.from_fit(odd.fitted(), odd.ROWS, **options),
    "estimator": lambda **options: MixtureDisplay.from_estimator(model(), odd.ROWS, **options),
}


@pytest.mark.parametrize("kind", ROW_KINDS)
@pytest.mark.parametrize("source", SOURCES)
def test_each_kind_of_picture_is_drawn(source, kind):
    display = SOURCES[source](kind=kind)
    display.figure_.canvas.draw()
    texts = " ".join(text.get_text() for text in display.figure_.findobj(pyplot.Text))
    if kind in ("pairs", "scatter"):
        assert odd.NAMES[0] in texts
    if kind == "explanation":  # the least likely row is noise
        assert "noise" in texts


def test_names_from_the_rows_or_from_a_pipeline_leave_the_mixture_its_noise():
    unnamed = mixtura.fit(odd.ROWS.to_numpy(), 2, start=odd.fitted().mixture, noise=odd.BOX)
    named = MixtureDisplay.from_mixture(unnamed.mixture, odd.ROWS, kind="explanation")
    assert "noise" in named.axes_[0].get_title(loc="left") + " ".join(
        text.get_text() for text in named.figure_.findobj(pyplot.Text)
    )
    same = FunctionTransformer(feature_names_out="one-to-one")
    noisy = GaussianMixture(2, noise=odd.BOX, init_params=odd.fitted().mixture, weights="equal")
    pipeline = make_pipeline(same, noisy)
    pipeline.fit(odd.ROWS.to_numpy())
    drawn = MixtureDisplay.from_estimator(pipeline, odd.ROWS.to_numpy(), kind="explanation")
    texts = " ".join(text.get_text() for text in drawn.figure_.findobj(pyplot.Text))
    assert "noise" in texts


def test_an_estimator_that_learnt_from_batches_is_drawn():
    learnt = GaussianMixture(2, random_state=0)
    columns = odd.ROWS[list(odd.NAMES[:2])]
    for at in (0, 120, 240):
        rows = slice(at, at + 120)
        learnt.partial_fit(columns[rows], sample_weight=odd.WEIGHTS[rows])
    for kind in ROW_KINDS:
        assert MixtureDisplay.from_estimator(learnt, columns, kind=kind).kind == kind
    with pytest.raises(ParameterError, match="after partial_fit an estimator has its partial_trac"):
        MixtureDisplay.from_estimator(learnt, columns, kind="trace")


@pytest.mark.parametrize("source", [odd.MIXTURE, odd.fitted()], ids=["mixture", "fit"])
def test_a_report_counts_every_row_the_noise_s_too(source):
    said = report(source, odd.ROWS, compare=True)
    record = json.loads(json.dumps(said.to_dict()))
    mixture = source if isinstance(source, mixtura.Mixture) else source.mixture
    labels = mixture.predict(odd.ROWS)
    counts = [part["assigned"] for part in (*record["components"], record["noise"])]
    expected = [np.count_nonzero(labels == k) for k in (*range(mixture.n_components), -1)]
    assert counts == expected
    assert sum(counts) == len(odd.ROWS)
    doubtful = np.count_nonzero(mixture.predict_proba(odd.ROWS).max(axis=1) < record["doubt"])
    assert sum(p["doubtful"] for p in (*record["components"], record["noise"])) == doubtful
    assert record["comparison"]["validation"]["ours_right"]
    assert record["comparison"]["fit"] is None  # scikit-learn knows nothing of noise
    text, page = said.to_text(), said.to_html()
    assert re.search(rf"^noise +{mixture.noise.weight:.4g} +{expected[-1]} ", text, re.MULTILINE)
    for name in odd.NAMES:
        assert name in text
        assert name in page
    assert "It most likely is noise" in text
    assert "It could not be drawn" not in page


def test_the_same_again_says_what_was_assumed():
    fit = odd.fitted()
    options: dict[str, Any] = {"start": "kmeans", "max_iter": 5}
    again = mixtura.fit(odd.ROWS, 2, noise=odd.BOX, weights="equal", **options)
    call = report(again, odd.ROWS, pictures=False).record["again"]["python"]
    assert "weights='equal'" in call
    repeated = eval(call, {"mixtura": mixtura, "rows": odd.ROWS})
    np.testing.assert_array_equal(repeated.trace, again.trace)
    prior = mixtura.Prior(shrinkage=0.5, mean=[1.0, 2.0, 3.0])
    kept = mixtura.fit(odd.ROWS, 2, prior=prior, **options)
    call = report(kept, odd.ROWS, pictures=False).record["again"]["python"]
    repeated = eval(call, {"mixtura": mixtura, "rows": odd.ROWS})
    np.testing.assert_array_equal(repeated.trace, kept.trace)
    # Of a fit that began with a mixture there is no call, but what it was told.
    assert report(fit, odd.ROWS, pictures=False).record["again"]["python"] == ""


def test_an_explorer_replays_what_was_assumed():
    for assumed in ({"weights": "equal"}, {"prior": "conjugate"}):
        fit = mixtura.fit(odd.ROWS, 2, start="kmeans", max_iter=20, **assumed)
        assert '"same_run":true' in fit.explore(odd.ROWS).page.replace(" ", "")
    with pytest.raises(ParameterError, match="nothing of noise"):
        odd.fitted().explore(odd.ROWS)


@pytest.fixture
def stored(tmp_path):
    """The mixture, and the rows with their weights, as files."""
    model_file, data = tmp_path / "odd.safetensors", tmp_path / "odd.csv"
    mixtura.save(odd.MIXTURE, model_file)
    pd.DataFrame(odd.ROWS).assign(w=odd.WEIGHTS).to_csv(data, index=False)
    return model_file, data


@pytest.mark.parametrize(
    "words",
    [
        ["show", "MODEL"],
        ["show", "MODEL", "--json"],
        ["explain", "MODEL", "DATA", "--worst", "2"],
        ["score", "MODEL", "DATA"],
        ["predict", "MODEL", "DATA"],
        ["sample", "MODEL", "-n", "5"],
        ["validate", "MODEL", "DATA"],
        ["report", "MODEL", "DATA", "--text", "--compare", "sklearn"],
        ["report", "MODEL", "DATA", "-o", "OUT.html"],
        *(["plot", "MODEL", "DATA", "--kind", kind, "-o", "OUT.png"] for kind in ROW_KINDS),
    ],
    ids=lambda words: " ".join(words),
)
def test_each_command_takes_them(words, stored, tmp_path, capsys):
    model_file, data = stored
    out = {"MODEL": str(model_file), "DATA": str(data)}
    arguments = [out.get(word, word.replace("OUT", str(tmp_path / "out"))) for word in words]
    assert main(arguments) == 0
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err


def test_a_fit_at_the_command_line_takes_them(stored, tmp_path, capsys):
    _, data = stored
    made = str(tmp_path / "made.safetensors")
    words = ["fit", str(data), "-k", "2", "--columns", ",".join(odd.NAMES[:2]), "--weights", "w"]
    assert main([*words, "--noise", "--prior", "--max-iter", "20", "-o", made]) == 0
    assert main(["report", made, str(data), "--text"]) == 0
    assert "--noise" in capsys.readouterr().out
