"""The outlier detector keeps scikit-learn's contract, and its stated rate."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from scipy import stats
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import mixtura
from mixtura import GaussianMixture, MixtureOutlierDetector
from mixtura.datasets import faithful

ROWS = faithful().rows
PROGRAM = """
import json, sys, warnings
from sklearn.utils.estimator_checks import check_estimator
from mixtura import GaussianMixture, MixtureOutlierDetector

warnings.simplefilter("ignore")  # the checks fit noise, which converges or does not
detector = MixtureOutlierDetector(contamination=json.loads(sys.argv[1]))
results = check_estimator(detector, on_skip=None, on_fail=None)
print(json.dumps([[r["check_name"], r["status"], str(r["exception"])] for r in results]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("contamination", ["auto", 0.1])
def test_all_of_scikit_learns_common_checks_pass(contamination: object) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(contamination)],
        env={**os.environ, "SCIPY_ARRAY_API": "1"},
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    results = json.loads(ended.stdout)
    assert [result for result in results if result[1] != "passed"] == []
    assert {"check_outliers_train", "check_outliers_fit_predict"} <= {
        name for name, _, _ in results
    }


def test_a_share_alpha_of_clean_rows_is_called_outliers() -> None:
    fitted = MixtureOutlierDetector(alpha=0.02).fit(ROWS)
    apart = ROWS - fitted.mixture_.means[0]
    squares = np.einsum("ni,ij,nj->n", apart, np.linalg.inv(fitted.mixture_.covariances[0]), apart)
    expected = np.where(squares > stats.chi2.isf(0.02, 2), -1, 1)
    np.testing.assert_array_equal(fitted.predict(ROWS), expected)
    np.testing.assert_allclose(fitted.tail(ROWS), stats.chi2.sf(squares, 2), rtol=1e-9)


def test_a_share_of_the_rows_of_the_fit_is_called_outliers() -> None:
    fitted = MixtureOutlierDetector(GaussianMixture(2, random_state=0), contamination=0.1)
    labels = fitted.fit_predict(ROWS)
    assert np.mean(labels == -1) == pytest.approx(0.1, abs=1 / 272)
    scores = fitted.score_samples(ROWS)
    np.testing.assert_array_equal(fitted.decision_function(ROWS), scores - fitted.offset_)
    np.testing.assert_array_equal(labels == -1, fitted.decision_function(ROWS) < 0.0)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(ROWS), labels)
    assert not hasattr(clone(fitted), "offset_")


def test_it_works_in_a_pipeline_and_a_grid() -> None:
    pipeline = make_pipeline(
        StandardScaler(), MixtureOutlierDetector(GaussianMixture(random_state=0))
    )
    key = "mixtureoutlierdetector__estimator__n_components"
    grid = GridSearchCV(pipeline, {key: [1, 2]}, cv=3).fit(ROWS)
    assert grid.best_params_ == {key: 2}
    assert set(grid.predict([[4.4, 80.0], [2.0, 93.0]])) == {1, -1}


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"alpha": 0.0}, "alpha"),
        ({"contamination": 0.6}, "contamination"),
        ({"estimator": "mixture"}, "estimator"),
    ],
)
def test_parameters_that_are_none_are_refused(parameters, expected) -> None:
    with pytest.raises(ValueError, match=f"The '{expected}' parameter"):
        MixtureOutlierDetector(**parameters).fit(ROWS)


def test_names_of_columns_are_kept_and_saved(tmp_path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(ROWS, columns=["eruptions", "waiting"])
    fitted = MixtureOutlierDetector().fit(frame)
    assert list(fitted.feature_names_in_) == ["eruptions", "waiting"]
    mixtura.save(fitted.estimator_, tmp_path / "model", alpha=fitted.alpha)
    assert mixtura.load(tmp_path / "model").threshold(0.05) == fitted.offset_
