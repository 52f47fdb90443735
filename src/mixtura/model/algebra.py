"""Algebra: a marginal or a condition of a mixture is a mixture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mixtura.arguments import is_number, places
from mixtura.engine.arrays import Floats
from mixtura.engine.factors import solve_lower
from mixtura.errors import DataError, ParameterError
from mixtura.model.noise import Noise
from mixtura.model.structures import of_some_features

if TYPE_CHECKING:
    from mixtura.model.mixture import Mixture

__all__ = ["condition", "covariance", "feature_indices", "marginal", "mean"]


def mean(mixture: Mixture) -> Floats:
    """E[x] = Σ_k w_k μ_k, (D,), feature units; noise counts at the middle of its box."""
    centre = mixture.weights @ mixture.means
    if mixture.noise is None:
        return centre
    return centre + mixture.noise.weight * mixture.noise.box.centre


def covariance(mixture: Mixture) -> Floats:
    """Cov[x] = Σ_k w_k (Σ_k + δ_k δ_kᵀ) with δ_k = μ_k − E[x], (D, D), squared feature units.

    Of noise the mean is the middle of its box, and the covariance that of rows spread over it.

    References
    ----------
    The law of total covariance.
    """
    middle = mean(mixture)
    between = mixture.means - middle  # (K, D)
    within = np.einsum("k,kij->ij", mixture.weights, mixture.covariance_matrices())
    whole = within + np.einsum("k,ki,kj->ij", mixture.weights, between, between)
    if mixture.noise is None:
        return whole
    box = mixture.noise.box
    apart = box.centre - middle
    return whole + mixture.noise.weight * (np.diag(box.scatter()) + np.outer(apart, apart))


def marginal(mixture: Mixture, features: Sequence[int | str]) -> Mixture:
    """The density of some features: weights stay, the other features are left out.

    Noise stays noise, spread over the shadow of its box.

    Parameters
    ----------
    mixture : of D features.
    features : indices or names, in the order wanted; each once. Or a mask: D times True or False.

    Returns
    -------
    A mixture of len(features) features, of the same structure where parts of its covariances have
    it, else ``full`` or ``diag``.

    Raises
    ------
    ParameterError : no features, one given twice, or one that does not exist.

    References
    ----------
    Bishop 2006, Pattern Recognition and Machine Learning, equation 2.98.

    Examples
    --------
    >>> from mixtura import Mixture
    >>> m = Mixture([1.0], [[1.0, 2.0]], [[[1.0, 0.5], [0.5, 3.0]]])
    >>> m.marginal([1]).covariances.tolist()
    [[[3.0]]]
    """
    kept = feature_indices(mixture, features)
    if not kept:
        raise ParameterError("no features given, expected at least one: name or number them")
    return type(mixture)(
        mixture.weights,
        mixture.means[:, kept],
        mixture.structure.form.restricted(mixture.covariances, kept),
        of_some_features(mixture.structure),
        _names(mixture, kept),
        noise=_noise(mixture, kept),
        equal_weights=mixture.equal_weights,
    )


def condition(mixture: Mixture, given: Mapping[int | str, float]) -> Mixture:
    """The density of the other features, given values of some.

    With a the given and b the other features::

        w'_k ∝ w_k N(x_a | μ_a, Σ_aa)
        μ'_k = μ_b + Σ_ba Σ_aa⁻¹ (x_a − μ_a)
        Σ'_k = Σ_bb − Σ_ba Σ_aa⁻¹ Σ_ab

    read off the Cholesky factor of (a, b) in that order, so that Σ'_k = L_bb L_bbᵀ stays
    positive definite without a subtraction. Noise is in every feature by itself, so that only its
    weight changes: w'_0 ∝ w_0 / V_a.

    Parameters
    ----------
    mixture : of D features.
    given : feature (index or name) -> value, feature units; at least one, not all.

    Returns
    -------
    A mixture of the features that are left, in their order, of the structure that a marginal has. A
    component whose weight underflows is left out.

    Raises
    ------
    ParameterError : no feature or every feature given, one given twice, or one that does not exist.
    DataError : a value is not a finite number.

    References
    ----------
    Bishop 2006, equations 2.81 and 2.82.

    Examples
    --------
    >>> from mixtura import Mixture
    >>> m = Mixture([1.0], [[1.0, 2.0]], [[[1.0, 0.5], [0.5, 3.0]]])
    >>> m.condition({0: 3.0}).means.tolist(), m.condition({0: 3.0}).covariances.tolist()
    ([[3.0]], [[[2.75]]])
    """
    if not isinstance(given, Mapping):
        raise ParameterError(
            f"given is {given!r}, expected a dict of features and their values, such as {{0: 1.5}}"
        )
    for feature in given:
        if isinstance(feature, bool | np.bool_):
            raise ParameterError(f"given has the feature {feature!r}, expected a number or a name")
    a = feature_indices(mixture, given)
    b = [j for j in range(mixture.n_features) if j not in a]
    if not a or not b:
        raise ParameterError(
            f"{len(a)} of {mixture.n_features} features are given, expected at least one given and "
            "at least one left"
        )
    values = _finite_values(given)
    log_weights = mixture.marginal(a).log_responsibilities(values[None, :])[0]
    k_all = mixture.n_components
    kept = np.flatnonzero(np.exp(log_weights[:k_all]) > 0.0)
    if not len(kept):  # all is noise, but for what is left out
        kept = log_weights[:k_all].argmax(keepdims=True)
    weights = np.maximum(np.exp(log_weights[kept]), np.finfo(np.float64).tiny)
    noise = _noise(mixture, b, float(np.exp(log_weights[k_all]))) if mixture.noise else None
    total = weights.sum() / (1.0 - noise.weight if noise else 1.0)
    structure = of_some_features(mixture.structure)
    means = np.empty((len(kept), len(b)))
    matrices = np.empty((len(kept), len(b), len(b)))
    ordered = np.ix_(a + b, a + b)
    n = len(a)
    written_out = mixture.covariance_matrices()
    for row, k in enumerate(kept):
        lower = np.linalg.cholesky(written_out[k][ordered])
        whitened = solve_lower(lower[:n, :n], (values - mixture.means[k, a])[:, None])[:, 0]
        means[row] = mixture.means[k, b] + lower[n:, :n] @ whitened
        matrices[row] = lower[n:, n:] @ lower[n:, n:].T
    return type(mixture)(
        weights / total,
        means,
        structure.form.gathered(matrices),
        structure,
        _names(mixture, b),
        noise=noise,
    )


def feature_indices(mixture: Mixture, features: Iterable[int | str]) -> list[int]:
    """Indices of features given by index, by name or by a mask, in the order given.

    Raises
    ------
    ParameterError : one does not exist, appears twice, or is neither a whole number nor a name.
    """
    labels = mixture.feature_labels
    known = ", ".join(labels)
    indices: list[int] = []
    for feature in places(features, mixture.n_features, "features", "feature"):
        if isinstance(feature, str):
            if feature not in labels:
                raise ParameterError(f"there is no feature {feature!r}, this mixture has: {known}")
            index = labels.index(feature)
        else:
            index = feature
            if not 0 <= index < mixture.n_features:
                raise ParameterError(
                    f"there is no feature {feature}, this mixture has {mixture.n_features}, "
                    f"numbered from 0: {known}"
                )
        if index in indices:
            raise ParameterError(f"feature {feature!r} is given twice, expected each once")
        indices.append(index)
    return indices


def _finite_values(given: Mapping[int | str, float]) -> Floats:
    for feature, value in given.items():
        if not is_number(value):
            raise DataError(f"feature {feature!r} is given as {value!r}, expected a finite number")
    return np.array([float(value) for value in given.values()])


def _noise(mixture: Mixture, kept: Sequence[int], weight: float | None = None) -> Noise | None:
    """The noise in the features `kept`, with another weight where one is given; None for none."""
    if mixture.noise is None:
        return None
    share = mixture.noise.weight if weight is None else weight
    if share <= 0.0:
        return None
    most = 1.0 - np.finfo(np.float64).eps
    return Noise(min(share, most), mixture.noise.box.of_features(kept))


def _names(mixture: Mixture, kept: Sequence[int]) -> tuple[str, ...] | None:
    if mixture.feature_names is None:
        return None
    return tuple(mixture.feature_names[j] for j in kept)
