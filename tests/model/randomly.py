"""Mixtures made up for the tests of this folder, with a stated condition."""

from __future__ import annotations

import numpy as np

from mixtura import Mixture

STRUCTURES = ("full", "tied", "diag", "spherical")


def covariance(random: np.random.Generator, n_features: int, condition: float) -> np.ndarray:
    """A covariance (D, D) of random orientation with eigenvalues from 1 down to 1/condition."""
    values = np.logspace(0.0, -np.log10(condition), n_features)
    vectors = np.linalg.qr(random.normal(size=(n_features, n_features)))[0]
    matrix = (vectors * values) @ vectors.T
    return 0.5 * (matrix + matrix.T)


def covariances(
    random: np.random.Generator, structure: str, k: int, n_features: int, condition: float
) -> np.ndarray:
    """K covariances in the shape of `structure`."""
    if structure == "full":
        return np.stack([covariance(random, n_features, condition) for _ in range(k)])
    if structure == "tied":
        return covariance(random, n_features, condition)
    if structure == "diag":
        values = np.logspace(0.0, -np.log10(condition), n_features)
        return np.stack([random.permutation(values) for _ in range(k)])
    return random.uniform(0.01, 100.0, size=k)


def random_mixture(
    random: np.random.Generator,
    structure: str,
    k: int,
    n_features: int,
    condition: float = 10.0,
    offset: float = 0.0,
) -> Mixture:
    """K components some standard deviations apart, all around `offset`."""
    weights = random.dirichlet(np.full(k, 2.0)) + 1e-3
    centre = offset * random.choice([-1.0, 1.0], size=n_features)
    means = centre + random.normal(size=(k, n_features)) * 2.0
    return Mixture(
        weights / weights.sum(),
        means,
        covariances(random, structure, k, n_features, condition),
        structure,
    )


def far_rows(
    random: np.random.Generator, mixture: Mixture, k: int, distances: tuple[float, ...]
) -> np.ndarray:
    """Rows so many standard deviations from the mean of component k, in random directions."""
    lower = np.linalg.cholesky(mixture.covariance_matrices()[k])
    directions = random.normal(size=(len(distances), mixture.n_features))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return mixture.means[k] + np.asarray(distances)[:, None] * directions @ lower.T
