"""The regressor keeps scikit-learn's contract, and predicts what its mixture says."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mixtura import GaussianMixtureRegressor

#: in a fresh interpreter, as one of the checks needs SciPy imported with SCIPY_ARRAY_API=1
PROGRAM = """
import json, warnings
from sklearn.utils.estimator_checks import check_estimator
from mixtura import GaussianMixtureRegressor

warnings.simplefilter("ignore")  # the checks fit noise, which converges or does not
results = check_estimator(GaussianMixtureRegressor(), on_skip=None, on_fail=None)
print(json.dumps([[r["check_name"], r["status"], str(r["exception"])] for r in results]))
"""


def curve(n: int = 600) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    x = random.uniform(-3.0, 3.0, (n, 1))
    return x, np.sin(2.0 * x[:, 0]) + random.normal(0.0, 0.1, n)


def test_all_of_scikit_learns_common_checks_pass() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "SCIPY_ARRAY_API": "1", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    results = json.loads(ended.stdout)
    assert [result for result in results if result[1] != "passed"] == []
    assert len(results) >= 45
    assert "check_regressors_train" in {name for name, _, _ in results}


def test_one_component_is_linear_regression() -> None:
    random = np.random.default_rng(1)
    X = random.normal(size=(200, 3))
    y = X @ [[1.0, 2.0], [0.5, -1.0], [0.0, 3.0]] + random.normal(size=(200, 2)) + 7.0
    weights = random.uniform(0.0, 2.0, 200)
    ours = GaussianMixtureRegressor().fit(X, y, weights)
    theirs = LinearRegression().fit(X, y, weights)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-9, atol=1e-9)


def test_deviations_and_quantiles_are_those_of_the_rows() -> None:
    x, y = curve(3000)
    model = GaussianMixtureRegressor(10, random_state=0).fit(x, y)
    mean, deviation = model.predict(x, return_std=True)
    np.testing.assert_array_equal(mean, model.predict(x))
    assert mean.shape == deviation.shape == (3000,)
    drawn = model.mixture_.sample(20_000, random_state=1)[0]
    low, high = model.predict_quantiles(drawn[:, :1], [0.1, 0.9]).T
    # Two standard deviations of a share of 20,000 rows are 0.0057.
    inside = (low < drawn[:, 1]) & (drawn[:, 1] < high)
    assert inside.mean() == pytest.approx(0.8, abs=0.0057)


def test_it_stands_in_a_pipeline_and_in_a_search() -> None:
    x, y = curve()
    pipeline = make_pipeline(StandardScaler(), GaussianMixtureRegressor(random_state=0))
    grid = {"gaussianmixtureregressor__n_components": [1, 8]}
    search = GridSearchCV(pipeline, grid, cv=3).fit(x, y)
    assert search.best_params_["gaussianmixtureregressor__n_components"] == 8
    assert search.best_score_ > 0.95


def test_names_are_those_of_the_data() -> None:
    pandas = pytest.importorskip("pandas")
    x, y = curve(100)
    frame, target = pandas.DataFrame(x, columns=["x"]), pandas.Series(y, name="height")
    model = GaussianMixtureRegressor(2, random_state=0).fit(frame, target)
    assert model.mixture_.feature_names == ("x", "height")
    told = model.mixture_.regress(frame, "height")
    np.testing.assert_allclose(told.mean[:, 0], model.predict(frame), rtol=1e-12)
    assert GaussianMixtureRegressor().fit(frame, target.rename("x")).mixture_.feature_names is None
