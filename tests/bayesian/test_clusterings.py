"""Draws of clusterings: their law is the one that enumeration finds, whatever the rows."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import betaln, gammaln, multigammaln

import mixtura
from mixtura.bayesian.chains import effective_sample_size, scale_reduction
from mixtura.bayesian.clusterings import problem_of
from mixtura.bayesian.family import FAMILIES
from mixtura.bayesian.finite_mixture import FiniteMixture
from mixtura.bayesian.posterior import Posterior
from mixtura.bayesian.prior import ConjugatePrior
from mixtura.engine.kernel import clusterings as specification, native_is_installed
from mixtura.errors import DataError, ParameterError

RANDOM = np.random.default_rng(3)
EIGHT = np.concatenate([RANDOM.normal(0.0, 1.0, (4, 2)), RANDOM.normal(2.5, 1.0, (4, 2))])
SCALES = {"V": np.eye(2) + 0.3, "E": np.eye(2) + 0.3, "I": np.array([1.0, 2.0])}


def prior_of(letters: str) -> ConjugatePrior:
    scale = np.array(1.5) if letters[1:] == "II" else SCALES[letters[2]]
    return ConjugatePrior.of(letters, [1.0, 1.0], 0.5, 4.0, scale)


def asked_of(letters: str) -> dict[str, object]:
    """The same prior as arguments."""
    prior = prior_of(letters)
    return {
        "structure": letters,
        "mean_prior": prior.mean,
        "mean_precision_prior": 0.5,
        "degrees_of_freedom_prior": 4.0,
        "covariance_prior": prior.scale,
    }


def set_partitions(n: int) -> Iterator[tuple[int, ...]]:
    """All clusterings of n rows, numbered by their first rows."""
    for labels in product(*[range(i + 1) for i in range(n)]):
        if all(label <= max(labels[:i], default=-1) + 1 for i, label in enumerate(labels)):
            yield labels


def wishart_evidence(rows: np.ndarray) -> float:
    """Log p(X) of one cluster under `prior_of("VVV")`, as Murphy 2007, equation 266, has it."""
    n, d = rows.shape
    mean = rows.mean(axis=0)
    away, apart = rows - mean, mean - 1.0
    after = SCALES["V"] + away.T @ away + 0.5 * n / (0.5 + n) * np.outer(apart, apart)
    gammas = multigammaln((4.0 + n) / 2, d) - multigammaln(2.0, d)
    scales = 2.0 * np.linalg.slogdet(SCALES["V"])[1] - (2.0 + n / 2) * np.linalg.slogdet(after)[1]
    return -n * d / 2 * math.log(math.pi) + gammas + scales + d / 2 * math.log(0.5 / (0.5 + n))


def joint_evidence(letters: str, labels: tuple[int, ...]) -> float:
    """Log p(X | C): the covariance of all rows of a feature, given precisions, integrated by it.

    One row after the other, each under its Student's predictive, would be as the kernel does it.
    This is a product of evidences, and where all clusters have one law one evidence of rows from
    which the means of their clusters are taken.
    """
    own = np.array(labels)
    if letters == "VVV":
        return sum(wishart_evidence(EIGHT[own == c]) for c in set(labels))
    prior = prior_of(letters)
    d, n_gammas = 2, 1 if letters[1:] == "II" else 2
    total, squares, rows = 0.0, [], []
    for c in sorted(set(labels)):
        x = EIGHT[own == c]
        n, away = len(x), x - x.mean(axis=0)
        apart = x.mean(axis=0) - 1.0
        squares.append(away.T @ away + 0.5 * n / (0.5 + n) * np.outer(apart, apart))
        rows.append(n)
        total += d / 2 * math.log(0.5 / (0.5 + n)) - n * d / 2 * math.log(math.pi)
    if letters[0] == "E":
        squares, rows = [sum(squares)], [sum(rows)]
    for s, n in zip(squares, rows, strict=True):
        if letters == "EEE":
            total += multigammaln((4.0 + n) / 2, d) - multigammaln(2.0, d)
            total += 2.0 * np.linalg.slogdet(prior.scale)[1]
            total -= (2.0 + n / 2) * np.linalg.slogdet(prior.scale + s)[1]
            continue
        diagonal = np.diag(s) if n_gammas == 2 else np.array([np.trace(s)])
        each = n if n_gammas == 2 else n * d
        total += n_gammas * (gammaln((4.0 + each) / 2) - gammaln(2.0))
        total += np.sum(2.0 * np.log(prior.scale) - (4.0 + each) / 2 * np.log(prior.scale + diagonal))
    return float(total)


def enumerated(letters: str, law: FiniteMixture) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Co-clustering, p(t | X) and p(K | X), over all labels of all K."""
    n, found = len(EIGHT), {}
    for k, share in enumerate(law.shares.tolist(), 1):
        for labels in set_partitions(n):
            counts = np.bincount(labels)
            if len(counts) > k or not share:
                continue
            # K!/(K − t)! labellings, each of a Dirichlet-multinomial's probability.
            ways = gammaln(k + 1) - gammaln(k - len(counts) + 1)
            each = gammaln(law.gamma * k) - gammaln(law.gamma * k + n)
            each += np.sum(gammaln(law.gamma + counts) - gammaln(law.gamma))
            found[k, labels] = math.log(share) + ways + each
    evidence = {labels: joint_evidence(letters, labels) for _, labels in found}
    logs = np.array([value + evidence[labels] for (_, labels), value in found.items()])
    shares = np.exp(logs - logs.max())
    shares /= shares.sum()
    together, clusters, components = np.zeros((n, n)), np.zeros(law.most), np.zeros(law.most)
    for (k, labels), share in zip(found, shares, strict=True):
        own = np.array(labels)
        together += share * (own[:, None] == own)
        clusters[own.max()] += share
        components[k - 1] += share
    return together, clusters, components


def errors_of(series: np.ndarray) -> float:
    """The standard error of the mean of chains (C, M), from the means of 40 batches."""
    batches = np.concatenate([part.mean(axis=1) for part in np.array_split(series, 20, axis=1)])
    return float(batches.std(ddof=1) / math.sqrt(len(batches)))


@pytest.mark.parametrize("letters", FAMILIES)
@pytest.mark.parametrize("n_components", [2, [3.0, 0.0, 2.0, 1.0, 0.5]])
def test_coclustering_is_the_enumerated_posterior(letters: str, n_components: object) -> None:
    law = FiniteMixture.of(n_components, 0.8)
    together, clusters, components = enumerated(letters, law)
    found = mixtura.sample_clusterings(
        EIGHT,
        **asked_of(letters),
        n_components_prior=n_components,
        weight_concentration_prior=0.8,
        n_sweeps=6000,
        random_state=1,
    )
    same = found.labels[..., :, None] == found.labels[..., None, :]
    misses = []
    for i, j in zip(*np.triu_indices(len(EIGHT), 1), strict=True):
        error = errors_of(same[:, :, i, j])
        misses.append(abs(found.coclustering[i, j] - together[i, j]) / error)
    for k in range(law.most):
        for series, told, true in (
            (found.n_clusters == k + 1, found.n_clusters_posterior[k], clusters[k]),
            (found._by_draw[:, :, k], found.n_components_posterior[k], components[k]),
        ):
            if true > 1e-3:
                misses.append(abs(told - true) / max(errors_of(series), 1e-12))
            else:
                assert told <= 1e-2
    assert max(misses) <= 3.0
