"""A diagonal mixture never has its covariances written out: K·D numbers, not K·D²."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy.stats import norm

from mixtura import Mixture

K, D = 300, 200


@pytest.fixture(scope="module", params=["diag", "spherical"])
def wide(request):
    random = np.random.RandomState(0)
    variances = random.uniform(0.5, 2.0, (K, D))
    covariances = variances if request.param == "diag" else variances[:, 0]
    return Mixture(np.full(K, 1.0 / K), random.normal(size=(K, D)), covariances, request.param)


@pytest.mark.parametrize(
    "asked",
    [
        lambda m: m.sample(10, 0),
        lambda m: m.condition({0: 0.5}),
        lambda m: m.marginal([0, 1, 2]),
        lambda m: m.explain(m.means[:1]),
        lambda m: m.covariance(),
        lambda m: m.transformed(2.0, 1.0),
        lambda m: m._repr_html_(),
        lambda m: m.predict_proba(m.means[:2]),
    ],
    ids=[
        "sample",
        "condition",
        "marginal",
        "explain",
        "covariance",
        "transformed",
        "page",
        "proba",
    ],
)
def test_what_is_asked_of_it_takes_no_matrices(wide, asked):
    asked(wide)  # whatever is imported, is by now
    tracemalloc.start()
    try:
        asked(wide)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < K * D * D * 8 / 10


def test_a_condition_changes_the_weights_alone(wide):
    given = {3: 0.25, 7: -1.0}
    found = wide.condition(given)
    deviations = np.sqrt(wide.variances())
    shares = wide.weights * np.prod(
        [norm.pdf(x, wide.means[:, j], deviations[:, j]) for j, x in given.items()], axis=0
    )
    np.testing.assert_allclose(found.weights, shares / shares.sum(), rtol=1e-12)
    left = [j for j in range(D) if j not in given]
    np.testing.assert_array_equal(found.means, wide.means[:, left])
    np.testing.assert_array_equal(found.variances(), wide.variances()[:, left])


def test_variances_are_the_diagonals_of_the_covariances(wide):
    part = wide.marginal([5, 2])
    whole = part.covariance_matrices()
    np.testing.assert_array_equal(part.variances(), np.diagonal(whole, axis1=1, axis2=2))


def test_an_explanation_in_words_names_five_components_and_bounds_the_others(wide):
    told = str(wide.explain(wide.means[:1]))
    table = told.split("responsibility\n")[-1].splitlines()
    assert len(table) == 6
    assert table[0].split()[0] == "0"
    assert table[-1].startswith(f"  {K - 5} more")
    bound = float(table[-1].split()[-1])
    shares = np.sort(wide.predict_proba(wide.means[:1])[0])[::-1]
    assert shares[5] < bound
    assert "as unlikely under this mixture" not in told  # it would take too long to find out
