"""The classifier keeps scikit-learn's contract; discriminant analyses are its special cases."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mixtura import MixtureClassifier
from mixtura.datasets import iris
from mixtura.errors import DataError, ParameterError

SPECIES = np.repeat(["setosa", "versicolor", "virginica"], 50)
#: in a fresh interpreter, as one of the checks needs SciPy imported with SCIPY_ARRAY_API=1
PROGRAM = """
import json, sys, warnings
from sklearn.utils.estimator_checks import check_estimator
from mixtura import MixtureClassifier

warnings.simplefilter("ignore")
model = MixtureClassifier(**json.loads(sys.argv[1]))
results = check_estimator(model, on_skip=None, on_fail=None)
print(json.dumps([[r["check_name"], r["status"], str(r["exception"])] for r in results]))
"""


def rings() -> tuple[np.ndarray, np.ndarray]:
    """One class about another: no single Gaussian tells them apart well."""
    random = np.random.default_rng(0)
    angles = random.uniform(0.0, 2.0 * np.pi, 300)
    outer = 4.0 * np.column_stack([np.cos(angles), np.sin(angles)])
    X = np.vstack([random.normal(size=(300, 2)), outer + random.normal(0.0, 0.5, (300, 2))])
    return X, np.repeat([0, 1], 300)


@pytest.mark.parametrize(
    "options",
    [
        {"n_components": 1, "structures": "VVI"},
        pytest.param({}, marks=pytest.mark.slow),
        pytest.param({"shared": True}, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_all_of_scikit_learns_common_checks_pass(options: dict[str, object]) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(options)],
        env={**os.environ, "SCIPY_ARRAY_API": "1", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    results = json.loads(ended.stdout)
    assert [result for result in results if result[1] != "passed"] == []
    assert len(results) >= 50
    assert "check_classifiers_train" in {name for name, _, _ in results}


def test_one_shared_covariance_is_linear_discriminant_analysis() -> None:
    rows = np.asarray(iris().rows)
    ours = MixtureClassifier(structures="EEE", shared=True).fit(rows, SPECIES)
    theirs = LinearDiscriminantAnalysis(solver="lsqr").fit(rows, SPECIES)
    np.testing.assert_allclose(ours.predict_proba(rows), theirs.predict_proba(rows), atol=1e-6)
    assert ours.classes_.tolist() == theirs.classes_.tolist()
    # mclust's EDDA, of all structures, has VEV and 3 errors of 150 as well.
    best = MixtureClassifier(structures="all", shared=True).fit(rows, SPECIES)
    assert best.mixture_.structure.letters == "VEV"
    assert best.score(rows, SPECIES) == pytest.approx(1.0 - 3 / 150)


def test_classes_of_several_components_are_told_apart() -> None:
    X, y = rings()
    one = MixtureClassifier(1, structures="VVV").fit(X, y)
    several = MixtureClassifier((1, 4, 8), structures=("VII", "VVV")).fit(X, y)
    assert several.score(X, y) >= one.score(X, y)
    assert np.bincount(several.class_mixture_.owners).tolist()[1] > 1
    odds = several.decision_function(X)
    p = several.predict_proba(X)
    near = np.abs(odds) < 30.0
    np.testing.assert_allclose(odds[near], np.log(p[near, 1] / p[near, 0]), atol=1e-6)


def test_priors_and_rejection() -> None:
    X, y = rings()
    model = MixtureClassifier(2, structures="VVV", priors=[0.9, 0.1]).fit(X, y)
    np.testing.assert_allclose(model.priors_, [0.9, 0.1], rtol=1e-12)
    even = MixtureClassifier(2, structures="VVV").fit(X, y)
    shift = even.decision_function(X) - model.decision_function(X)
    np.testing.assert_allclose(shift, np.log(9.0), atol=1e-9)
    wary = MixtureClassifier(2, structures="VVV", reject=0.99).fit(X, y)
    sure = even.predict_proba(X).max(axis=1) >= 0.99
    np.testing.assert_array_equal(wary.predict(X), np.where(sure, even.predict(X), -1))
    named = MixtureClassifier(1, structures="VVV", reject=1.0, reject_label="?")
    assert set(named.fit(X, np.where(y, "b", "a")).predict(X)) <= {"a", "b", "?"}
    assert set(named.fit(X, y).predict(X).tolist()) <= {0, 1, "?"}


def test_it_stands_in_a_pipeline_and_in_a_search() -> None:
    X, y = rings()
    pipeline = make_pipeline(StandardScaler(), MixtureClassifier(structures="VII"))
    grid = {"mixtureclassifier__n_components": [1, 6]}
    search = GridSearchCV(pipeline, grid, cv=3).fit(X, y)
    assert search.best_score_ > 0.95


def test_what_cannot_be_classified_is_refused() -> None:
    X, y = rings()
    with pytest.raises(DataError, match="class 2 has 1 row"):
        MixtureClassifier().fit(X, np.r_[2, y[1:]])
    with pytest.raises(ParameterError, match="priors are"):
        MixtureClassifier(1, structures="VII", priors=[1.0]).fit(X, y)
    with pytest.raises(ParameterError, match="expected 'bic' or 'aic'"):
        MixtureClassifier(shared=True, criterion="cv").fit(X, y)
    with pytest.raises(ParameterError, match="unknown covariance structure"):
        MixtureClassifier(structures="XYZ").fit(X, y)
