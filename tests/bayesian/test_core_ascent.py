"""The core's steps are the loop's."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

import mixtura
from mixtura.bayesian import core_ascent
from mixtura.bayesian.family import FAMILIES, RESTRICTED
from mixtura.engine import kernel

ROWS = np.vstack(
    [
        np.random.default_rng(0).normal(size=(40, 3)) + 1e3,
        np.random.default_rng(1).normal(2.0, size=(40, 3)) + 1e3,
    ]
)
PRIORS = ["dirichlet_process", "dirichlet_distribution"]

pytestmark = pytest.mark.skipif(
    not kernel.native_is_installed(), reason="the reference has no core to compare with"
)


def without_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core_ascent.CoreAscent, "of", classmethod(lambda *_: None))


@pytest.mark.parametrize("structure", FAMILIES)
@pytest.mark.parametrize("prior", PRIORS)
def test_as_we_go(structure: str, prior: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"weight_concentration_prior_type": prior, "max_iter": 30, "moves": False}
    weights = np.linspace(0.5, 3.0, 80)
    core = mixtura.fit_bayes(ROWS, 4, structure, sample_weight=weights, **asked)
    without_core(monkeypatch)
    loop = mixtura.fit_bayes(ROWS, 4, structure, sample_weight=weights, **asked)
    assert core.n_iter == loop.n_iter > 3
    assert_allclose(core.trace, loop.trace, rtol=1e-11)
    assert_allclose(core.mixture.means, loop.mixture.means, rtol=1e-9)
    assert_allclose(core.belief.posterior.scale, loop.belief.posterior.scale, rtol=1e-8)


@pytest.mark.parametrize("kind", RESTRICTED)
@pytest.mark.parametrize("prior", PRIORS)
def test_as_scikit_learn_goes(kind: str, prior: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = mixtura.BayesianGaussianMixture(
        n_components=4,
        covariance_type=kind,
        weight_concentration_prior_type=prior,
        random_state=0,
        reg_covar=1e-2,
        tol=1e-2,
    )
    core = model.fit(ROWS).fit_
    without_core(monkeypatch)
    loop = model.fit(ROWS).fit_
    assert core.n_iter == loop.n_iter
    assert_allclose(core.trace, loop.trace, rtol=1e-11)
    assert_allclose(core.mixture.means, loop.mixture.means, rtol=1e-9)
    assert_allclose(core.elbo, loop.elbo, rtol=1e-11)


class Watching:
    """An observer that counts what it is told."""

    def __init__(self) -> None:
        self.told = 0

    def begun(self, run: int) -> None: ...

    def iterated(self, number: int, trace: list[float], belief: object) -> None:
        self.told += 1

    def ended(self, fit: object) -> None: ...


@pytest.mark.parametrize("seed", range(4))
def test_who_watches_sees_the_fit_that_there_is_without_it(seed: int) -> None:
    random = np.random.default_rng(seed)
    centres = 4.0 * random.normal(size=(4, 2))
    rows = np.repeat(centres, 40, axis=0) + random.normal(size=(160, 2))
    watching = Watching()
    seen = mixtura.fit_bayes(rows, 8, observer=watching)
    alone = mixtura.fit_bayes(rows, 8)
    assert watching.told > 1
    assert seen.n_occupied == alone.n_occupied
    assert seen.elbo == pytest.approx(alone.elbo, abs=1e-4)
