"""A mixture that another library fitted is taken from the object, by its attributes."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn import mixture as theirs
from sklearn.cluster import KMeans

import mixtura
from mixtura.errors import ModelError, ParameterError

RANDOM = np.random.default_rng(3)
#: uneven groups, three features, a negative correlation
ROWS = np.vstack(
    [
        RANDOM.multivariate_normal([0, 0, 0], [[2, -0.9, 0], [-0.9, 1, 0], [0, 0, 3]], 120),
        RANDOM.multivariate_normal([7, 1, -4], [[1, 0.3, 0.2], [0.3, 2, 0], [0.2, 0, 1]], 50),
    ]
)
MEANS = np.array([[0.0, 1.0], [5.0, -2.0], [-4.0, 3.0]])
MATRICES = np.array([[[2, -0.5], [-0.5, 1]], [[1, 0.2], [0.2, 3]], [[0.5, 0], [0, 4]]])
CHAIN = np.array([[0.7, 0.2, 0.1], [0.3, 0.6, 0.1], [0.2, 0.2, 0.6]])
POINTS = np.array([[0.0, 0.0], [4.0, -1.0], [-9.0, 9.0]])


def log_densities(means, matrices) -> np.ndarray:
    """Log p_s(x) of each Gaussian and point, as SciPy has it."""
    pairs = zip(means, matrices, strict=True)
    return np.array([multivariate_normal(m, c).logpdf(POINTS) for m, c in pairs])


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
def test_scikit_learns_mixture_has_its_own_scores(kind: str) -> None:
    fitted = theirs.GaussianMixture(2, covariance_type=kind, random_state=0).fit(ROWS)
    ours = mixtura.Mixture.from_estimator(fitted)
    assert ours.structure.name == kind
    np.testing.assert_allclose(ours.score_samples(ROWS), fitted.score_samples(ROWS), rtol=1e-12)


def test_the_mean_of_a_posterior_is_taken_and_told() -> None:
    fitted = theirs.BayesianGaussianMixture(n_components=2, random_state=0).fit(ROWS)
    with pytest.warns(UserWarning, match="is a posterior, and this is the mixture of its mean"):
        ours = mixtura.Mixture.from_estimator(fitted)
    assert np.array_equal(ours.means, fitted.means_)
    assert np.array_equal(ours.covariances, fitted.covariances_)


def test_our_own_estimator_and_fit_have_theirs() -> None:
    estimator = mixtura.GaussianMixture(2, random_state=0).fit(ROWS)
    assert mixtura.Mixture.from_estimator(estimator) is estimator.mixture_
    fit = mixtura.fit(ROWS, 2)
    assert mixtura.Mixture.from_estimator(fit) is fit.mixture


def chain(**more: object) -> SimpleNamespace:
    """What hmmlearn's fitted models have."""
    return SimpleNamespace(transmat_=CHAIN, startprob_=np.ones(3) / 3, means_=MEANS, **more)


@pytest.mark.parametrize("repeated", [1, 2])
def test_a_state_of_a_chain_has_its_own_density(repeated: int) -> None:
    """Hmmlearn 0.3.3 gives spherical covariances D times over."""
    hmm = chain(covars_=np.repeat(MATRICES, repeated, axis=0), covariance_type="full")
    for state, expected in enumerate(log_densities(MEANS, MATRICES)):
        ours = mixtura.Mixture.from_estimator(hmm, state=state)
        np.testing.assert_allclose(ours.score_samples(POINTS), expected, rtol=1e-12)


def test_the_rows_of_a_chain_have_the_density_of_its_long_run() -> None:
    shares = np.linalg.matrix_power(CHAIN, 200)[0]  # where the chain is after many steps
    expected = np.log(shares @ np.exp(log_densities(MEANS, MATRICES)))
    ours = mixtura.Mixture.from_estimator(chain(covars_=MATRICES, covariance_type="full"))
    np.testing.assert_allclose(ours.weights, shares, rtol=1e-12)
    np.testing.assert_allclose(ours.score_samples(POINTS), expected, rtol=1e-12)


VARIANCES = np.diagonal(MATRICES, axis1=1, axis2=2)


@pytest.mark.parametrize(
    ("kind", "covars", "matrices"),
    [
        ("full", np.stack([MATRICES] * 3), lambda s, m: MATRICES[m]),
        ("tied", MATRICES, lambda s, m: MATRICES[s]),
        ("diag", np.stack([VARIANCES, 2 * VARIANCES, 3 * VARIANCES]),
         lambda s, m: np.diag((s + 1) * VARIANCES[m])),
        ("spherical", np.outer([1, 2, 3], [1.0, 0.5, 4.0]),
         lambda s, m: np.eye(2) * (s + 1) * [1.0, 0.5, 4.0][m]),
    ],
)  # fmt: skip
def test_a_state_with_a_mixture_of_its_own_has_that(kind: str, covars, matrices) -> None:
    weights = np.array([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.0, 0.4, 0.6]])
    hmm = SimpleNamespace(
        transmat_=CHAIN,
        means_=np.stack([MEANS, MEANS + 1, MEANS - 1]),
        covars_=covars,
        covariance_type=kind,
        weights_=weights,
    )
    for s in range(3):
        each = log_densities(hmm.means_[s], [matrices(s, m) for m in range(3)])
        ours = mixtura.Mixture.from_estimator(hmm, state=s)
        expected = np.log(weights[s] @ np.exp(each))
        np.testing.assert_allclose(ours.score_samples(POINTS), expected, rtol=1e-12)


class Tensor:
    """An array with a gradient, as PyTorch's tensors are."""

    def __init__(self, values: object) -> None:
        self.values = np.asarray(values, dtype=np.float32)

    def detach(self) -> Tensor:
        return self

    def cpu(self) -> np.ndarray:
        return self.values


def test_pomegranates_distributions_are_components() -> None:
    covariances = [MATRICES[0], VARIANCES[1], np.array([4.0])]
    parts = [
        SimpleNamespace(means=Tensor(m), covs=Tensor(c))
        for m, c in zip(MEANS, covariances, strict=True)
    ]
    model = SimpleNamespace(priors=Tensor([0.2, 0.3, 0.5]), distributions=parts)
    each = log_densities(MEANS, [MATRICES[0], np.diag(VARIANCES[1]), 4.0 * np.eye(2)])
    expected = np.log([0.2, 0.3, 0.5] @ np.exp(each))
    ours = mixtura.Mixture.from_estimator(model)
    np.testing.assert_allclose(ours.score_samples(POINTS), expected, rtol=1e-6)
    assert ours.weights.sum() == pytest.approx(1.0, abs=1e-15)


def test_gmrs_mixture_has_its_parameters() -> None:
    model = SimpleNamespace(priors=np.array([0.2, 0.3, 0.5]), means=MEANS, covariances=MATRICES)
    expected = np.log([0.2, 0.3, 0.5] @ np.exp(log_densities(MEANS, MATRICES)))
    ours = mixtura.Mixture.from_estimator(model)
    np.testing.assert_allclose(ours.score_samples(POINTS), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("model", "state", "words"),
    [
        (theirs.GaussianMixture(2), None, "GaussianMixture is not fitted, or is no Gaussian"),
        (KMeans(2), None, "KMeans is not fitted, or is no Gaussian mixture"),
        (3, None, "a int is no fitted mixture that is known, expected scikit-learn's"),
        (theirs.GaussianMixture(2), 0, "state is 0, and a GaussianMixture has no states"),
        (chain(covars_=MATRICES), 3, "state is 3, expected one of 0 to 2"),
        (chain(covars_=MATRICES[:2]), 0, r"covars_ have shape \(2, 2, 2\)"),
        (SimpleNamespace(transmat_=np.eye(3), means_=MEANS, covars_=MATRICES), None,
         "no stationary distribution of its own.*state=0"),
        (SimpleNamespace(priors=[1.0], distributions=[SimpleNamespace(probs=0.5)]), None,
         "a component is a SimpleNamespace, expected normal distributions alone"),
    ],
)  # fmt: skip
def test_what_is_no_fitted_mixture_is_refused(model: object, state: int | None, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        mixtura.Mixture.from_estimator(model, state=state)


@pytest.mark.parametrize(("kind", "dtype", "offset"), [
    ("full", np.float32, 0.0), ("full", np.float32, 1e3), ("tied", np.float32, 0.0),
    ("tied", np.float64, 1e6),
])  # fmt: skip
def test_covariances_that_rounding_made_asymmetric_are_taken(
    kind: str, dtype: type, offset: float
) -> None:
    rows = (ROWS + offset).astype(dtype)
    fitted = theirs.GaussianMixture(2, covariance_type=kind, random_state=0).fit(rows)
    matrices = fitted.covariances_
    if np.array_equal(matrices, matrices.swapaxes(-2, -1)):  # as some processors round
        matrices[..., 0, 1] += 8.0 * np.finfo(dtype).eps * (np.abs(matrices).max() + offset**2)
    ours = mixtura.Mixture.from_estimator(fitted)
    size = np.abs(matrices).max() + offset**2
    np.testing.assert_allclose(ours.covariances, matrices, atol=100.0 * np.finfo(dtype).eps * size)


def test_a_covariance_that_is_not_symmetric_is_refused() -> None:
    fitted = theirs.GaussianMixture(2, random_state=0).fit(ROWS.astype(np.float32))
    fitted.covariances_[1, 0, 1] += 0.01
    with pytest.raises(ModelError, match="is not symmetric"):
        mixtura.Mixture.from_estimator(fitted)
