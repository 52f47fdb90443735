"""Known labels are held: what EM climbs is the likelihood of rows and labels."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

import mixtura
from mixtura.errors import DataError, ParameterError


def overlapping() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of three classes, the class of each, and of a tenth what is known."""
    random = np.random.default_rng(24)
    centres = ([0, 0], [2.0, 0], [5, 4])
    X = np.vstack([random.normal(c, 1.0, (100, 2)) for c in centres])
    y = np.repeat([0, 1, 2], 100)
    return X, y, np.where(np.arange(300) % 10 == 0, y, -1)


@cache
def held_by_hand(n_iterations=300):
    """EM in NumPy with SciPy's density, the responsibilities of known rows held."""
    X, _, known = overlapping()
    k = 3
    may = (known == -1)[:, None] | (known[:, None] == np.arange(k))
    shares = may / may.sum(axis=1, keepdims=True)
    for _ in range(n_iterations):
        n = shares.sum(axis=0)
        means = shares.T @ X / n[:, None]
        parts = []
        for j in range(k):
            apart = X - means[j]
            cov = (shares[:, [j]] * apart).T @ apart / n[j]
            parts.append(np.log(n[j] / len(X)) + multivariate_normal(means[j], cov).logpdf(X))
        joint = np.where(may, np.stack(parts, axis=1), -np.inf)
        total = logsumexp(joint, axis=1)
        shares = np.exp(joint - total[:, None])
    return means, total.mean()


def test_few_labels_put_the_others_right() -> None:
    X, y, known = overlapping()
    unknown = known == -1
    fit = mixtura.fit(X, 3, labels=known)
    right = (fit.mixture.predict(X)[unknown] == y[unknown]).mean()
    means, mean_likelihood = held_by_hand()
    np.testing.assert_allclose(fit.mixture.means, means, atol=1e-3)
    assert fit.mean_log_likelihood == pytest.approx(mean_likelihood, abs=1e-7)
    assert right == pytest.approx(0.867, abs=0.001)
    free = mixtura.fit(X, 3, start=np.where(unknown, 0, y)).mixture
    assert right > (free.predict(X)[unknown] == y[unknown]).mean() + 0.1
    assert (np.diff(fit.trace) > -1e-12).all()


def test_where_all_is_known_there_is_discriminant_analysis() -> None:
    X, y, _ = overlapping()
    full, tied = (mixtura.fit(X, 3, labels=y, structure=s).mixture for s in ("full", "tied"))
    for k in range(3):
        np.testing.assert_allclose(full.means[k], X[y == k].mean(axis=0), rtol=1e-9)
        np.testing.assert_allclose(full.covariances[k], np.cov(X[y == k].T, ddof=0), rtol=1e-7)
    linear = LinearDiscriminantAnalysis(solver="lsqr", store_covariance=True).fit(X, y)
    np.testing.assert_allclose(tied.covariances, linear.covariance_, rtol=1e-7)
    np.testing.assert_allclose(tied.predict_proba(X), linear.predict_proba(X), atol=1e-6)


def test_a_class_may_own_several_components_and_a_component_no_class() -> None:
    random = np.random.default_rng(3)
    X = np.vstack([random.normal(c, 1.0, (150, 2)) for c in ([0, 0], [8, 0], [0, 8], [9, 9])])
    y = np.repeat([0, 0, 1, 2], 150)
    known = np.where((np.arange(600) % 5 == 0) & (y < 2), y, np.nan)
    mixture = mixtura.fit(X, 4, labels=known, classes=[0, 0, 1, -1]).mixture
    np.testing.assert_allclose(np.sort(mixture.means[:2, 0]), [0, 8], atol=0.5)
    np.testing.assert_allclose(mixture.means[2:], [[0, 8], [9, 9]], atol=0.5)


@pytest.mark.parametrize(
    "options", [{"noise": True}, {"structure": "VVE"}, {"trust": 0.8}], ids=str
)
def test_the_likelihood_never_falls_and_classes_stay_in_place(options) -> None:
    X, y, known = overlapping()
    fit = mixtura.fit(X, 3, labels=known, **options)
    assert fit.outcome.converged
    assert (np.diff(fit.trace) > -1e-11).all()
    assert (fit.mixture.predict(X) == y).mean() > 0.8


def test_labels_that_are_trusted_less_are_overruled() -> None:
    X, y, _ = overlapping()
    wrong = np.where(np.arange(300) % 10 == 0, (y + 1) % 3, y)
    held = mixtura.fit(X, 3, labels=wrong).mixture
    doubted = mixtura.fit(X, 3, labels=wrong, trust=0.9).mixture
    near = [np.abs(m.means - [[0, 0], [2, 0], [5, 4]]).max() for m in (held, doubted)]
    assert near[1] < 0.25 < near[0] - 0.1


def test_weights_count_rows_with_their_labels() -> None:
    X, _, known = overlapping()
    weights = np.random.default_rng(0).integers(0, 3, 300)
    weighted = mixtura.fit(X, 3, labels=known, sample_weight=weights)
    again = np.repeat(np.arange(300), weights)
    repeated = mixtura.fit(X[again], 3, labels=known[again])
    np.testing.assert_allclose(weighted.mixture.means, repeated.mixture.means, atol=1e-4)
    assert weighted.mean_log_likelihood == pytest.approx(repeated.mean_log_likelihood, abs=1e-8)


def test_a_stream_with_a_column_of_labels_is_fitted_alike(tmp_path) -> None:
    X, _, known = overlapping()
    whole = np.column_stack([X, known])
    for name, part in {"a.csv": whole[:120], "b.csv": whole[120:]}.items():
        np.savetxt(
            tmp_path / name, part, delimiter=",", header="x,y,class", comments="", fmt="%.17g"
        )
    streamed = mixtura.fit(f"{tmp_path}/*.csv", 3, labels="class")
    held = mixtura.fit(X, 3, labels=known)
    assert streamed.mixture.feature_names == ("x", "y")
    np.testing.assert_allclose(streamed.mixture.means, held.mixture.means, rtol=1e-12)
    np.testing.assert_allclose(streamed.trace, held.trace, rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"labels": [0, 1]}, DataError, r"labels has shape \(2,\), expected \(300,\)"),
        ({"labels": np.full(300, 0.5)}, DataError, r"labels\[0\] is 0.5"),
        ({"labels": np.full(300, -1)}, DataError, "no row of labels is known"),
        ({"labels": np.arange(300) % 4}, DataError, "labels go from 0 to 3"),
        ({"labels": np.arange(300) % 2}, DataError, "no row has the label 2"),
        ({"classes": [0, 1]}, ParameterError, "expected 3 numbers"),
        ({"classes": [0, 2, 2]}, ParameterError, "expected 3 numbers"),
        ({"trust": 0.0}, ParameterError, "trust is 0.0"),
        ({"labels": None, "trust": 0.5}, ParameterError, "without labels"),
        ({"start": np.zeros(300, int)}, ParameterError, "start and labels are both given"),
    ],
)
def test_what_are_no_labels_is_refused(change, error, words) -> None:
    X, _, known = overlapping()
    with pytest.raises(error, match=words):
        mixtura.fit(X, 3, **{"labels": known, **change})


def test_a_fit_with_labels_is_not_done_again_without_them() -> None:
    X, _, known = overlapping()
    fit = mixtura.fit(X, 3, labels=known)
    for again in (lambda: fit.explore(X), lambda: mixtura.fit(X, 3, start=fit.settings.start)):
        with pytest.raises(ParameterError, match="began with the labels of its rows"):
            again()
