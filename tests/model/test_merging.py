"""Clusters are sets of components: their shares add up, and the entropy falls as they merge."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import xlogy

import mixtura
from mixtura import Mixture
from mixtura.errors import ParameterError


def two_pairs() -> tuple[Mixture, np.ndarray]:
    mixture = Mixture(
        [0.2, 0.3, 0.25, 0.25],
        [[0.0, 0.0], [40.0, 0.0], [1.0, 0.5], [41.0, 0.5]],
        np.ones(4),
        "spherical",
    )
    return mixture, mixture.sample(400, 0)[0]


def test_components_that_overlap_become_one_cluster():
    mixture, rows = two_pairs()
    merging = mixtura.merge_components(mixture, rows)
    assert merging.clusters(2) == ((0, 2), (1, 3))
    assert merging.suggested == 2
    assert merging.clusters() == merging.clusters(2)
    assert merging.clusters(4) == ((0,), (1,), (2,), (3,))
    assert merging.clusters(1) == ((0, 1, 2, 3),)


def test_each_merge_is_the_one_that_takes_most_entropy_away():
    mixture, rows = two_pairs()
    shares = mixture.predict_proba(rows)
    drops = {
        (a, b): xlogy(shares[:, a] + shares[:, b], shares[:, a] + shares[:, b]).sum()
        - xlogy(shares[:, [a, b]], shares[:, [a, b]]).sum()
        for a in range(4)
        for b in range(a + 1, 4)
    }
    merging = mixtura.merge_components(mixture, rows)
    first, second = merging.merges[0]
    assert (*first, *second) == max(drops, key=drops.__getitem__)


def test_every_merge_is_the_best_of_those_left():
    random = np.random.RandomState(3)
    mixture = Mixture(
        random.dirichlet(np.full(9, 2.0)), random.normal(0.0, 4.0, (9, 2)), np.ones(9), "spherical"
    )
    rows = mixture.sample(500, 1)[0]
    merging = mixtura.merge_components(mixture, rows)
    for n_clusters, (first, second) in zip(range(9, 1, -1), merging.merges, strict=True):
        clusters = merging.clusters(n_clusters)
        shares = merging.predict_proba(rows, n_clusters)
        apart = xlogy(shares, shares).sum(axis=0)
        drops = {}
        for a in range(n_clusters):
            for b in range(a + 1, n_clusters):
                both = shares[:, a] + shares[:, b]
                drops[clusters[a], clusters[b]] = xlogy(both, both).sum() - apart[a] - apart[b]
        assert drops[first, second] == pytest.approx(max(drops.values()), abs=1e-8)


def test_the_entropy_is_that_of_the_clusters_shares():
    mixture, rows = two_pairs()
    merging = mixtura.merge_components(mixture, rows)
    for n in range(1, 5):
        shares = merging.predict_proba(rows, n)
        assert merging.entropy[n - 1] == pytest.approx(-xlogy(shares, shares).sum(), abs=1e-9)
    assert (np.diff(merging.entropy) >= -1e-12).all()


def test_the_shares_of_clusters_add_up_and_give_the_labels():
    mixture, rows = two_pairs()
    merging = mixtura.merge_components(mixture, rows)
    shares = merging.predict_proba(rows, 2)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-12)
    assert (merging.predict(rows, 2) == (rows[:, 0] > 20.0)).all()


def test_a_weight_of_two_is_a_row_twice():
    mixture, rows = two_pairs()
    times = np.random.RandomState(1).randint(0, 3, size=len(rows))
    one = mixtura.merge_components(mixture, rows, sample_weight=times)
    other = mixtura.merge_components(mixture, np.repeat(rows, times, axis=0))
    assert one.merges == other.merges
    np.testing.assert_allclose(one.entropy, other.entropy, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("wish", [0, 5, 1.5, True])
def test_a_number_of_clusters_that_cannot_be_is_refused(wish):
    mixture, rows = two_pairs()
    merging = mixtura.merge_components(mixture, rows)
    with pytest.raises(ParameterError, match="expected a whole number from 1 to 4"):
        merging.clusters(wish)
