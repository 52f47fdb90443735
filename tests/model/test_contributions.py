"""An explanation's parts are right, and make up the whole."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
import scipy.stats
from mpmath import mp
from randomly import STRUCTURES, far_rows, random_mixture

from mixtura import Mixture

EPS = float(np.finfo(np.float64).eps)


def cases(structure: str) -> list[tuple[Mixture, np.ndarray]]:
    """Mixtures of rising condition and offset, with rows near and far."""
    random = np.random.default_rng(STRUCTURES.index(structure))
    made = []
    for n_features, condition, offset in [
        (1, 1.0, 1e8),
        (2, 1e2, 0.0),
        (5, 1e8, 1e4),
        (8, 1e12, 1.0),
    ]:
        mixture = random_mixture(random, structure, 3, n_features, condition, offset)
        rows = [mixture.sample(5, random_state=1)[0], far_rows(random, mixture, 1, (60.0, 1e6))]
        made.append((mixture, np.vstack(rows)))
    return made


@pytest.mark.parametrize("structure", STRUCTURES)
def test_the_parts_recombine_to_the_score(structure: str) -> None:
    for mixture, rows in cases(structure):
        told = mixture.explain(rows)
        joint = told.log_weights + told.normalisation + told.log_determinants + told.distance_terms
        np.testing.assert_allclose(joint, told.log_joint, rtol=1e-12)
        with mp.workdps(50):
            whole = [
                float(mp.log(mp.fsum(mp.exp(mpmath.mpf(part)) for part in map(float, row))))
                for row in joint
            ]
        scores = mixture.score_samples(rows)
        np.testing.assert_allclose(whole, scores, rtol=1e-12)
        np.testing.assert_array_equal(told.log_likelihood, scores)
        np.testing.assert_array_equal(told.responsibilities, mixture.predict_proba(rows))


@pytest.mark.parametrize("structure", STRUCTURES)
def test_the_contributions_sum_to_the_squared_distance(structure: str) -> None:
    for mixture, rows in cases(structure):
        told = mixture.explain(rows)
        for i in range(len(rows)):
            for k in range(mixture.n_components):
                parts = told.contributions[i, k].tolist()
                rounding = 2.0 * EPS * math.fsum(map(abs, parts))
                assert abs(math.fsum(parts) - told.squared_distances[i, k]) <= rounding


@pytest.mark.parametrize("structure", STRUCTURES)
def test_each_contribution_is_the_deviation_times_the_precision_s(structure: str) -> None:
    for mixture, rows in cases(structure):
        told = mixture.explain(rows)
        matrices = mixture.covariance_matrices()
        with mp.workdps(80):
            for k, condition in enumerate(np.linalg.cond(matrices)):
                precision = mp.inverse(mp.matrix(matrices[k].tolist()))
                for i, row in enumerate(rows.tolist()):
                    mean = mixture.means[k].tolist()
                    d = mp.matrix(
                        [mpmath.mpf(x) - mpmath.mpf(m) for x, m in zip(row, mean, strict=True)]
                    )
                    pull = precision * d
                    for j, value in enumerate(told.contributions[i, k].tolist()):
                        # An ulp in Σ moves Σ⁻¹d by at most ulp·κ·‖Σ⁻¹d‖.
                        spread = len(d) * float(condition) * abs(d[j]) * mp.norm(pull)
                        assert abs(mpmath.mpf(value) - d[j] * pull[j]) <= 4 * EPS * spread


def test_a_row_on_the_mean_has_no_contributions() -> None:
    told = Mixture([1.0], [[3.0, -4.0]], [[[2.0, 1.0], [1.0, 2.0]]]).explain([[3.0, -4.0]])
    assert told.contributions.tolist() == [[[0.0, 0.0]]]
    assert told.squared_distances.tolist() == [[0.0]]


def test_a_feature_nearer_than_the_others_lead_to_expect_counts_negative() -> None:
    # Σ⁻¹ = [[1, −½], [−½, 1]]·4/3; at (1, 0.25): Σ⁻¹d = (7/6, −1/3), times d: 7/6 and −1/12.
    told = Mixture([1.0], [[0.0, 0.0]], [[[1.0, 0.5], [0.5, 1.0]]]).explain([[1.0, 0.25]])
    np.testing.assert_allclose(told.contributions[0, 0], [7.0 / 6.0, -1.0 / 12.0], rtol=1e-15)


@pytest.mark.parametrize("d", [1, 2, 3, 4, 10, 30])
def test_half_of_a_component_s_rows_lie_within_what_is_told(d: int) -> None:
    mixture = Mixture([1.0], np.zeros((1, d)), np.eye(d)[None])
    told = mixture.explain(np.ones((1, d))).to_text()
    within = float(told.split("half of the component's rows lie within ")[1].split()[0].rstrip("."))
    assert scipy.stats.chi(d).cdf(within) == pytest.approx(0.5, abs=0.003)
