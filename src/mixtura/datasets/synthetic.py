"""Synthetic data sets: rows from mixtures that are known."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from mixtura.arguments import is_number, is_whole
from mixtura.engine.arrays import Floats, Integers
from mixtura.errors import MissingExtraError, ParameterError
from mixtura.model.mixture import Mixture
from mixtura.model.random import Seed, random_state_of
from mixtura.tables.table import Table, made_up_names


def blobs(
    n_rows: int = 400,
    n_features: int = 2,
    n_components: int = 4,
    spread: float = 1.0,
    random_state: Seed = 0,
) -> tuple[Table, Integers]:
    """Round clusters of one standard deviation, as scikit-learn's `make_blobs` draws them.

    Parameters
    ----------
    n_rows : N.
    n_features : D.
    n_components : K; their centres are uniform in the box from −10 to 10.
    spread : the standard deviation of each cluster in each feature.
    random_state : seed.

    Returns
    -------
    The rows (N, D) and the cluster of each (N,).

    Raises
    ------
    ParameterError : a number is out of range.
    MissingExtraError : scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import make_blobs
    except ImportError:
        raise MissingExtraError("scikit-learn", "sklearn", "blobs") from None
    _check_sizes(n_rows, n_features, n_components)
    if not (is_number(spread) and spread > 0.0):
        raise ParameterError(f"spread is {spread!r}, expected a finite number above 0")
    rows, labels = make_blobs(
        n_samples=n_rows,
        n_features=n_features,
        centers=n_components,
        cluster_std=spread,
        random_state=random_state_of(random_state),
    )
    return _table(rows), labels


def separated(
    n_rows: int = 400,
    n_features: int = 2,
    n_components: int = 4,
    separation: float = 3.0,
    random_state: Seed = 0,
) -> tuple[Table, Integers, Mixture]:
    """Rows from a random mixture whose closest two components are `separation` apart.

    The separation of components k and l is the distance of their means in units of the larger of
    their standard deviations along the line between them; see `separation_of`. In one dimension
    it is |μ_k − μ_l| / max(σ_k, σ_l). The means are standard normal, then all scaled by the one
    factor that makes the smallest separation exactly as stated.

    Parameters
    ----------
    n_rows : N.
    n_features : D.
    n_components : K.
    separation : of the closest pair, standard deviations; with one component it says nothing.
    random_state : seed.

    Returns
    -------
    The rows (N, D) in random order, the component of each (N,), and the mixture that they are
    drawn from: weights within a factor 3 of each other, full covariances of random orientation
    whose eigenvalues lie between ½ and 2, so that no condition number exceeds 4.

    Raises
    ------
    ParameterError : a number is out of range.

    References
    ----------
    After the c-separation of Dasgupta 1999, "Learning mixtures of Gaussians", which measures
    every pair by its largest eigenvalues and √D instead.

    Examples
    --------
    >>> from mixtura.datasets import separated, separation_of
    >>> table, labels, mixture = separated(100, 3, 2, separation=5.0)
    >>> table.rows.shape, round(separation_of(mixture), 9)
    ((100, 3), 5.0)
    """
    _check_sizes(n_rows, n_features, n_components)
    if not (is_number(separation) and separation > 0.0):
        raise ParameterError(f"separation is {separation!r}, expected a finite number above 0")
    random = random_state_of(random_state)
    weights = random.uniform(0.5, 1.5, size=n_components)
    means = random.standard_normal((n_components, n_features))
    matrices = np.stack([_covariance(n_features, random) for _ in range(n_components)])
    if n_components > 1:
        means *= separation / _closest(means, matrices)
    mixture = Mixture(weights / weights.sum(), means, matrices)
    rows, labels = mixture.sample(n_rows, random)
    order = random.permutation(n_rows)
    return _table(rows[order]), labels[order], mixture


def separation_of(mixture: Mixture) -> float:
    """The separation of a mixture's closest two components, standard deviations.

    min over k < l of ‖μ_k − μ_l‖ / max(√(uᵀΣ_k u), √(uᵀΣ_l u)), u the unit vector between the
    means; infinity for one component.
    """
    return _closest(mixture.means, mixture.covariance_matrices())


def _closest(means: Floats, matrices: Floats) -> float:
    """`separation_of` for means (K, D) and covariance matrices (K, D, D)."""
    smallest = np.inf
    for k, other in combinations(range(len(means)), 2):
        difference = means[k] - means[other]
        squared = float(difference @ difference)
        # ‖d‖ / √(uᵀΣu) = dᵀd / √(dᵀΣd)
        along = max(
            difference @ matrices[k] @ difference, difference @ matrices[other] @ difference
        )
        smallest = min(smallest, squared / np.sqrt(along) if along else 0.0)
    return float(smallest)


def _covariance(n_features: int, random: np.random.RandomState) -> Floats:
    """A covariance (D, D) of uniform orientation, its eigenvalues log-uniform from ½ to 2."""
    values = np.exp2(random.uniform(-1.0, 1.0, size=n_features))
    # The orthogonal factor of a Gaussian matrix is uniform once its signs are those of R's
    # diagonal; a covariance does not see the signs of its eigenvectors.
    vectors = np.linalg.qr(random.standard_normal((n_features, n_features)))[0]
    matrix = (vectors * values) @ vectors.T
    return 0.5 * (matrix + matrix.T)


def _check_sizes(n_rows: int, n_features: int, n_components: int) -> None:
    for name, value in (
        ("n_rows", n_rows),
        ("n_features", n_features),
        ("n_components", n_components),
    ):
        if not is_whole(value) or value < 1:
            raise ParameterError(f"{name} is {value!r}, expected a whole number of at least 1")


def _table(rows: Floats) -> Table:
    return Table(made_up_names(rows.shape[1]), rows.astype(np.float64), named=False)
