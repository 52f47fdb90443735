"""No warning and no accident escapes from a fit, whatever it assumes besides the structure."""

from __future__ import annotations

import numpy as np
import pytest

import mixtura
from hostile_problems import hostile
from mixtura.engine.arrays import Floats
from mixtura.errors import MixturaError

STRUCTURES = ("full", "tied", "diag", "spherical", "VVE", "EEV", "VEI", "EVI")


def spiked(seed: int) -> Floats:
    """Two clusters, of which one row in fifty is 0: a spike of one value, (1500, 1)."""
    random = np.random.default_rng(seed)
    drawn = random.random(1500)
    first = random.random(1500) < 0.5
    rows = np.where(first, random.normal(5, 1, 1500), random.normal(11, 1.3, 1500))
    return np.where(drawn < 0.02, 0.0, rows)[:, None]


def test_a_spike_of_one_value_is_fitted_without_a_warning():
    for seed in range(6, 12):
        fit = mixtura.fit(spiked(seed), 3, start="kmeans", random_state=seed)
        assert np.isfinite(fit.trace).all()


# Each of these raised a RuntimeWarning, a ZeroDivisionError or a LinAlgError.
@pytest.mark.parametrize("seed", [34, 39, 280, 508, 1333, 1536, 2032, 2036, 2039])
def test_hostile_rows_raise_our_own_errors_alone(seed: int):
    problem, random = hostile(seed), np.random.default_rng(seed)
    assumed = [{}, {"noise": True}, {"prior": "conjugate"}, {"noise": True, "weights": "equal"}]
    one = problem.rows.shape[1] == 1
    for more in assumed:
        structure = problem.structure if one else str(random.choice(STRUCTURES))
        for asked in (structure, problem.structure):
            try:
                fit = mixtura.fit(
                    problem.rows,
                    problem.n_components,
                    structure=asked,
                    start="k-means++",
                    accelerate=True,
                    random_state=seed,
                    max_iter=60,
                    **more,
                )
            except MixturaError:
                continue
            assert not np.isnan(fit.log_likelihood)


@pytest.mark.parametrize("more", [{}, {"weights": "equal"}, {"accelerate": True}])
def test_one_component_amid_noise_has_fewer_coordinates_than_remembered_steps(more):
    for seed in range(8):
        random = np.random.default_rng(seed)
        rows = np.concatenate([random.normal(size=100), random.uniform(-6, 6, 30)])[:, None]
        fit = mixtura.fit(rows, 1, noise=True, **more)
        plain = mixtura.fit(rows, 1, noise=True, **{**more, "accelerate": False})
        # A stopped run of EM is within 1e-8 nats a row of the maximum.
        assert fit.log_likelihood >= plain.log_likelihood - 130 * 1e-8


def test_the_density_of_a_prior_does_not_depend_on_the_units_of_a_feature():
    rows = np.random.default_rng(0).normal(size=(60, 3)) @ [[1, 0.3, 0], [0, 1, 0.2], [0, 0, 1]]
    units = np.array([1e-120, 1.0, 1e100])
    labels = np.arange(60) % 2
    fit, other = (mixtura.fit(rows * u, 2, prior="conjugate", start=labels) for u in (1.0, units))
    np.testing.assert_allclose(other.mixture.means / units, fit.mixture.means, rtol=1e-6)
    # log |Σ| and tr(Σ⁻¹ Λ) of the prior: the latter has no units at all.
    apart = other.mean_log_prior - fit.mean_log_prior
    dof, k = 3 + 2, 2
    assert apart == pytest.approx(-k * (dof + 3 + 1 + 1) * np.log(units).sum() / 60, abs=1e-6)
