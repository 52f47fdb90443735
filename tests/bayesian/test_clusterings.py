"""Draws of clusterings: their law is the one that enumeration finds, whatever the rows."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import betaln, gammaln, multigammaln
from scipy.stats import poisson

import mixtura
import mixtura.datasets
from mixtura.bayesian.chains import effective_sample_size, scale_reduction
from mixtura.bayesian.clusterings import problem_of
from mixtura.bayesian.family import FAMILIES
from mixtura.bayesian.finite_mixture import FiniteMixture
from mixtura.bayesian.prior import ConjugatePrior
from mixtura.engine.clusterings import ClusteringRule
from mixtura.engine.kernel import clusterings as specification, native_is_installed
from mixtura.errors import DataError, ParameterError

RANDOM = np.random.default_rng(3)
ROWS = np.concatenate([RANDOM.normal(0.0, 1.0, (4, 2)), RANDOM.normal(2.5, 1.0, (3, 2))])
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
    """Log p(X | C): of each law the evidence of rows from which their clusters' means are taken."""
    own = np.array(labels)
    if letters == "VVV":
        return sum(wishart_evidence(ROWS[own == c]) for c in set(labels))
    prior = prior_of(letters)
    d, n_gammas = 2, 1 if letters[1:] == "II" else 2
    total, squares, rows = 0.0, [], []
    for c in sorted(set(labels)):
        x = ROWS[own == c]
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
        total += np.sum(
            2.0 * np.log(prior.scale) - (4.0 + each) / 2 * np.log(prior.scale + diagonal)
        )
    return float(total)


def enumerated(letters: str, law: FiniteMixture) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Co-clustering, p(t | X) and p(K | X), over all labels of all K."""
    n, found = len(ROWS), {}
    known: dict[tuple[int, ...], float] = {}
    clusterings = list(set_partitions(n))
    for k, share in enumerate(law.shares.tolist(), 1):
        for labels in clusterings:
            counts = np.bincount(labels)
            if len(counts) > k or not share:
                continue
            key = (k, *sorted(counts.tolist()))
            if key not in known:
                # K!/(K − t)! labellings, each of a Dirichlet-multinomial's probability.
                ways = gammaln(k + 1) - gammaln(k - len(counts) + 1)
                each = gammaln(law.gamma * k) - gammaln(law.gamma * k + n)
                each += np.sum(gammaln(law.gamma + counts) - gammaln(law.gamma))
                known[key] = math.log(share) + ways + each
            found[k, labels] = known[key]
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


def misses(letters: str, n_components: object, n_sweeps: int, seed: int) -> list[float]:
    """How many standard errors draws are from what enumeration finds."""
    law = FiniteMixture.of(n_components, 0.8)
    together, clusters, components = enumerated(letters, law)
    found = mixtura.sample_clusterings(
        ROWS,
        **asked_of(letters),
        n_components_prior=n_components,
        weight_concentration_prior=0.8,
        n_sweeps=n_sweeps,
        random_state=seed,
    )
    labels, told = found.labels, []
    for i, j in zip(*np.triu_indices(len(ROWS), 1), strict=True):
        same = labels[:, :, i] == labels[:, :, j]
        told.append((found.coclustering[i, j] - together[i, j]) / errors_of(same))
    of_components = law.given_clusters(len(ROWS))[found.n_clusters]
    for k in np.flatnonzero(components > 1e-3):
        of_k = found.n_components_posterior[k] - components[k]
        error = errors_of(of_components[:, :, k])
        told.append(of_k / error if error > 1e-12 else abs(of_k) * 1e9)
        if clusters[k] > 1e-3:
            of_t = found.n_clusters_posterior[k] - clusters[k]
            told.append(of_t / errors_of(found.n_clusters == k + 1))
    return np.abs(told).tolist()


def exact_log_determinant(rows: np.ndarray, labels: np.ndarray) -> float:
    """Log|S| of the law that all clusters have, in fractions."""
    total = [[Fraction(float(each)) for each in row] for row in SCALES["E"]]
    half = Fraction(1, 2)
    for c in range(labels.max() + 1):
        own = [[Fraction(float(each)) - 1 for each in row] for row in rows[labels == c]]
        sums = [sum(row[j] for row in own) for j in range(2)]
        for i, j in product(range(2), repeat=2):
            square = sum(row[i] * row[j] for row in own)
            total[i][j] += square - sums[i] * sums[j] / (len(own) + half)
    return math.log(total[0][0] * total[1][1] - total[0][1] * total[1][0])


PRIORS = [2, [3.0, 0.0, 2.0, 1.0, 0.5]]


@pytest.mark.parametrize("letters", FAMILIES)
def test_draws_are_from_the_enumerated_posterior(letters: str) -> None:
    n_components = PRIORS[letters[0] == "V"]
    assert max(misses(letters, n_components, 1200, 1)) <= 4.0  # the largest of some twenty


@pytest.mark.slow
@pytest.mark.parametrize("n_components", PRIORS)
@pytest.mark.parametrize("letters", FAMILIES)
def test_many_draws_are_within_three_standard_errors_of_enumeration(
    letters: str, n_components: object
) -> None:
    """But for one in twenty: of 340 numbers, with errors from 40 batches, chance has 1.6 beyond."""
    found = misses(letters, n_components, 60_000, 5)
    assert np.mean(np.array(found) <= 3.0) >= 0.95
    assert max(found) <= 4.0


def test_the_prior_of_clusterings_is_the_sum_over_labels() -> None:
    """Of six rows and K ≤ 4 by all labels, each of probability ∫ Π π_z Dir(π) dπ."""
    law = FiniteMixture.of([0.4, 0.3, 0.2, 0.1], 0.7)
    summed: Counter[tuple[int, ...]] = Counter()
    for k, share in enumerate(law.shares.tolist(), 1):
        for labels in product(range(k), repeat=6):
            counts, log = np.bincount(labels, minlength=k), 0.0
            for c in range(k - 1):  # stick by stick
                after = counts[c + 1 :].sum()
                log += betaln(0.7 + counts[c], 0.7 * (k - 1 - c) + after)
                log -= betaln(0.7, 0.7 * (k - 1 - c))
            seen: dict[int, int] = {}
            summed[tuple(seen.setdefault(c, len(seen)) for c in labels)] += share * math.exp(log)
    assert len(summed) == 187  # of at most four clusters
    assert_allclose(sum(summed.values()), 1.0, rtol=1e-12)
    for labels, probability in summed.items():
        found = math.exp(law.log_probability(np.bincount(labels)))
        assert_allclose(found, probability, rtol=1e-11)


def test_the_coefficients_obey_their_recurrence() -> None:
    """V_n(t) = (n + γt) V_{n+1}(t) + γ V_{n+1}(t + 1): what a next row does, it does somewhere."""
    law = FiniteMixture.of(None, 1.3)
    for n in (1, 40, 10_000):
        here, after = law.log_counts(n, 30), law.log_counts(n + 1, 31)
        t = np.arange(31)
        known = np.log(n + 1.3 * t) + after[:31]
        assert_allclose(np.logaddexp(known, np.log(1.3) + after[1:]), here, rtol=1e-12)


def test_the_posterior_of_k_is_bayes_rule_given_the_clusters() -> None:
    law = FiniteMixture.of([0.2, 0.5, 0.3], 1.0)
    found = law.given_clusters(5)
    for t in range(1, 4):
        k = np.arange(t, 4)
        each = law.shares[t - 1 :] * [math.perm(n, t) / math.perm(n + 4, 5) for n in k.tolist()]
        assert_allclose(found[t, t - 1 :], each / each.sum(), rtol=1e-12)
    assert found[3, :2].tolist() == [0.0, 0.0]


# -- one chain ---------------------------------------------------------------------------------


@pytest.mark.skipif(not native_is_installed(), reason="there is no native kernel to compare")
@pytest.mark.parametrize("letters", FAMILIES)
def test_both_kernels_draw_the_same(letters: str) -> None:
    from mixtura.engine.kernel import native_clusterings

    rows = np.random.default_rng(5).normal(size=(14, 2)) + np.repeat([[0.0], [4.0]], 7, axis=0)
    problem = problem_of(rows, prior_of(letters), FiniteMixture.of([1.0, 1.0, 1.0, 1.0], 1.0))
    arguments = (problem, np.arange(14) % 3, 77, ClusteringRule(8, 2, 1))
    ours, theirs = (
        kernel.sample_clusterings(*arguments) for kernel in (specification, native_clusterings)
    )
    assert_array_equal(ours.labels, theirs.labels)
    assert_allclose(ours.heights, theirs.heights, rtol=1e-10)
    assert ours.accepted.tolist() == theirs.accepted.tolist()
    assert ours.state == theirs.state


@pytest.mark.parametrize("letters", FAMILIES)
def test_heights_are_the_joint_density(letters: str) -> None:
    found = mixtura.sample_clusterings(
        ROWS, **asked_of(letters), n_sweeps=40, n_components_prior=[1, 1, 1]
    )
    for labels, height in zip(found.labels[0], found.heights[0], strict=True):
        own = joint_evidence(letters, tuple(labels.tolist()))
        assert_allclose(height, own + found.law.log_probability(np.bincount(labels)), rtol=1e-11)


@pytest.mark.parametrize("letters", ["VVV", "EEE", "EII"])
def test_a_chain_does_not_depend_on_where_the_rows_stand(letters: str) -> None:
    rows = np.round(np.random.default_rng(2).normal(size=(60, 2)) * 2.0**16) / 2.0**16
    rows[30:] += 4.0
    near = asked_of(letters)
    far = {**near, "mean_prior": near["mean_prior"] + 2.0**27}
    here = mixtura.sample_clusterings(rows, **near, n_sweeps=60)
    there = mixtura.sample_clusterings(rows + 2.0**27, **far, n_sweeps=60)
    assert_array_equal(here.draws, there.draws)
    assert_allclose(here.heights, there.heights, rtol=1e-9)


def test_a_far_row_that_leaves_takes_no_digits_along() -> None:
    """Of the sum of squares 1e-14 is left when it goes: the sum is made anew of the other rows."""
    rows = np.concatenate([np.random.default_rng(0).normal(size=(30, 2)), [[1e7, -1e7]]])
    asked = {**asked_of("EEE"), "n_components_prior": [1, 1, 1]}
    found = mixtura.sample_clusterings(rows, **asked, n_sweeps=30)
    for labels, height in zip(found.labels[0], found.heights[0], strict=True):
        counts = np.bincount(labels)
        expected = found.law.log_probability(counts) - 31 * math.log(math.pi)
        expected += np.sum(np.log(0.5 / (0.5 + counts))) - 17.5 * exact_log_determinant(
            rows, labels
        )
        expected += multigammaln(17.5, 2) - multigammaln(2.0, 2)
        expected += 2.0 * np.linalg.slogdet(SCALES["E"])[1]
        assert_allclose(height, expected, rtol=1e-10)


def test_weights_are_repeated_rows() -> None:
    weights = np.array([1, 2, 1, 3, 1, 1, 2])
    weighted = mixtura.sample_clusterings(
        ROWS, **asked_of("VVI"), sample_weight=weights, n_sweeps=30
    )
    repeated = mixtura.sample_clusterings(
        ROWS.repeat(weights, axis=0), **asked_of("VVI"), n_sweeps=30
    )
    assert_array_equal(weighted.draws, repeated.draws)
    assert weighted.labels.shape == (2, 30, 7)
    assert_array_equal(weighted.labels, repeated.labels[..., [0, 1, 3, 4, 7, 8, 9]])


def test_the_same_seed_draws_the_same_however_many_sweeps_are_done_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = mixtura.sample_clusterings(ROWS, n_sweeps=40, random_state=4)
    monkeypatch.setattr("mixtura.bayesian.clusterings._AT_ONCE", 21)
    again = mixtura.sample_clusterings(ROWS, n_sweeps=40, random_state=4)
    assert_array_equal(first.draws, again.draws)
    other = mixtura.sample_clusterings(ROWS, n_sweeps=40, random_state=5)
    assert (first.draws != other.draws).any()


# -- the result --------------------------------------------------------------------------------


def test_three_groups_far_apart_are_found() -> None:
    truth = np.repeat([0, 1, 2], 60)
    rows = np.random.default_rng(1).normal(size=(180, 2)) + 8.0 * truth[:, None]
    found = mixtura.sample_clusterings(rows, n_sweeps=100)
    assert found.n_components == 3
    assert_array_equal(found.clustering, truth)
    assert found.coclustering[0, 1] > 0.9 > 0.1 > found.coclustering[0, 179]
    assert_allclose(found.n_components_posterior.sum(), 1.0, rtol=1e-12)
    assert_allclose(found.n_clusters_posterior.sum(), 1.0, rtol=1e-12)
    assert found.summary()["n_components"] == 3
    assert "p(K | X) 3: " in repr(found)


def test_a_prior_of_k_only_weighs_the_evidence() -> None:
    """Under another prior the posterior is in proportion to this one and the ratio of priors."""
    shares = np.array([4.0, 2.0, 1.0, 0.5])
    asked = {**asked_of("VVI"), "n_sweeps": 2500}
    even = mixtura.sample_clusterings(ROWS, **asked, n_components_prior=[1, 1, 1, 1])
    falling = mixtura.sample_clusterings(ROWS, **asked, n_components_prior=shares)
    expected = even.n_components_posterior * shares
    assert_allclose(falling.n_components_posterior, expected / expected.sum(), atol=0.03)


def test_effective_samples_of_an_autoregression_are_as_many_as_its_formula_says() -> None:
    """(1 − ρ)/(1 + ρ) of the draws."""
    random, rho = np.random.default_rng(0), 0.8
    values = random.normal(size=(4, 20_000))
    values[:, 0] /= math.sqrt(1.0 - rho * rho)
    for i in range(1, values.shape[1]):
        values[:, i] += rho * values[:, i - 1]
    assert_allclose(effective_sample_size(values), 80_000 / 9.0, rtol=0.1)
    assert_allclose(scale_reduction(values), 1.0, atol=0.005)
    assert scale_reduction(values + np.arange(4.0)[:, None]) > 1.2


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"structure": "VVE"}, "VVE has no conjugate prior"),
        ({"n_components_prior": [0, -1]}, "n_components_prior is"),
        ({"n_components_prior": 0}, "n_components_prior is 0"),
        ({"weight_concentration_prior": 0}, "weight_concentration_prior is 0"),
        ({"n_sweeps": 0}, "n_sweeps is 0"),
        ({"n_burn_in": -1}, "n_burn_in is -1"),
        ({"n_chains": 1.5}, "n_chains is 1.5"),
    ],
)
def test_a_wish_that_is_none_is_refused(wish: dict[str, object], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        mixtura.sample_clusterings(ROWS, **wish)


@pytest.mark.parametrize("n_chains", [1, 2])
@pytest.mark.parametrize("n_sweeps", [1, 2, 3, 4])
def test_few_draws_have_a_summary(n_sweeps: int, n_chains: int) -> None:
    found = mixtura.sample_clusterings(ROWS, n_sweeps=n_sweeps, n_chains=n_chains)
    told = found.summary()
    assert 1 <= told["effective_sample_size"] <= n_sweeps * n_chains
    assert (told["scale_reduction"] is None) == (n_sweeps < 4)
    assert "draws" in repr(found)


def test_weights_that_are_no_counts_are_refused() -> None:
    with pytest.raises(DataError, match="are not 1, 2, …"):
        mixtura.sample_clusterings(ROWS, sample_weight=[1, 1, 1, 0.5, 1, 1, 1])


def test_rows_that_are_all_the_same_have_a_posterior() -> None:
    found = mixtura.sample_clusterings(
        [[1.0, 2.0]] * 3, n_components_prior=[1, 1], covariance_prior=np.eye(2), n_sweeps=50
    )
    assert_allclose(found.n_components_posterior.sum(), 1.0, rtol=1e-12)
    assert np.isfinite(found.heights).all()


@pytest.mark.parametrize("letters", ["VVV", "EEI", "VII"])
def test_the_predictive_density_is_a_ratio_of_evidences(letters: str) -> None:
    """Of one draw: Σ over where a next row may go of p(X, x, C′) / p(X, C)."""
    asked = {**asked_of(letters), "n_components_prior": [1, 1, 1], "n_chains": 1, "n_burn_in": 3}
    found = mixtura.sample_clusterings(ROWS[:-1], **asked, n_sweeps=1)
    labels = tuple(found.labels[0, 0].tolist())
    before = found.heights[0, 0]
    wider = [(*labels, c) for c in range(max(labels) + 2) if c < 3]
    joints = [joint_evidence(letters, each) for each in wider]
    joints = [
        a + found.law.log_probability(np.bincount(b)) for a, b in zip(joints, wider, strict=True)
    ]
    expected = np.logaddexp.reduce(joints) - before
    assert_allclose(found.score_samples(ROWS[-1:]), expected, rtol=1e-10)


def telescoping(rows: np.ndarray, prior: ConjugatePrior, shares: np.ndarray, n: int) -> np.ndarray:
    """p(K | X) of one feature, with weights, means and precisions drawn, γ = 1; (2, sweeps, K).

    Frühwirth-Schnatter, Malsiner-Walli & Grün 2021, "Generalized mixtures of finite mixtures and
    telescoping sampling", algorithm 1: nothing is integrated out.
    """
    random, x, k = np.random.default_rng(8), rows[:, 0], 5
    most, (m0, b0, nu, s0) = (
        len(shares),
        (prior.mean[0], prior.mean_precision, prior.degrees, prior.scale),
    )
    weights, means, precisions = (
        np.full(k, 1 / k),
        np.quantile(x, np.linspace(0.1, 0.9, k)),
        np.ones(k),
    )
    told = np.empty((2, n // 2, most))
    ks = np.arange(1, most + 1)
    for sweep in range(-500, n):
        logs = np.log(weights * np.sqrt(precisions)) - 0.5 * precisions * (x[:, None] - means) ** 2
        own = (logs + random.gumbel(size=logs.shape)).argmax(axis=1)
        present, own, counts = np.unique(own, return_inverse=True, return_counts=True)
        t = len(present)
        log_k = np.where(ks >= t, gammaln(ks + 1) - gammaln(np.maximum(ks - t, 0) + 1), -np.inf)
        log_k = log_k + np.log(shares) + gammaln(ks) - gammaln(ks + len(x))
        of_k = np.exp(log_k - log_k.max())
        of_k /= of_k.sum()
        k = int(random.choice(ks, p=of_k))
        counts = np.append(counts, np.zeros(k - t))
        sums = np.bincount(own, x - m0, minlength=k)
        squares = np.bincount(own, (x - m0) ** 2, minlength=k)
        beta = b0 + counts
        scale = s0 + squares - sums**2 / beta
        precisions = random.gamma((nu + counts) / 2, 2 / scale)
        means = m0 + sums / beta + random.normal(size=k) / np.sqrt(beta * precisions)
        weights = random.dirichlet(1.0 + counts)
        if sweep >= 0:
            told[sweep // (n // 2), sweep % (n // 2)] = of_k
    return told


@pytest.mark.slow
def test_the_number_of_galaxies_clusters_is_that_of_a_sampler_that_draws_all_parameters() -> None:
    """K − 1 ~ Poisson(1) to 30, m₀ = 20, β₀ = 0.05, ν₀ = 4 and S₀ = 4, in units of 1000 km/s."""
    rows = np.asarray(mixtura.datasets.galaxies(), np.float64).reshape(-1, 1)
    prior = ConjugatePrior.of("VII", [20.0], 0.05, 4.0, 4.0)
    shares = poisson(1.0).pmf(np.arange(30))
    other = telescoping(rows, prior, shares / shares.sum(), 60_000)
    found = mixtura.sample_clusterings(
        rows,
        "V",
        mean_prior=[20.0],
        mean_precision_prior=0.05,
        degrees_of_freedom_prior=4.0,
        covariance_prior=4.0,
        n_sweeps=20_000,
    )
    for k in range(2, 12):
        error = math.hypot(errors_of(other[:, :, k]), found.n_components_errors[k])
        assert abs(other[:, :, k].mean() - found.n_components_posterior[k]) <= 3.0 * error
        assert error < 0.02


@pytest.mark.parametrize("n_groups", [1, 2, 4])
def test_the_variational_answer_is_the_likeliest_number_where_groups_are_apart(
    n_groups: int,
) -> None:
    truth = np.arange(160) % n_groups
    rows = np.random.default_rng(n_groups).normal(size=(160, 2))
    rows += 9.0 * np.stack([truth % 2, truth // 2], axis=1)
    found = mixtura.sample_clusterings(rows, n_sweeps=80)
    assert mixtura.fit_bayes(rows).n_occupied == found.n_components == n_groups
