"""Estimated: the parameters of mixtures that other libraries fitted, by their attributes.

No library is imported: an object is known by what it has, and arrays of any library are taken that
NumPy understands.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from mixtura.arguments import is_whole
from mixtura.engine.arrays import Floats
from mixtura.errors import ParameterError

#: names for the types of covariance in other libraries -> ours
_TYPES = {
    "full": "full",
    "tied": "tied",
    "diag": "diag",
    "spherical": "spherical",
    "sphere": "spherical",
}
#: so many roundings of its entries, the sums of very many rows, may a covariance be asymmetric by
_ROUNDINGS = 1024
#: covariances that are asymmetric by less, relative to their entries, are left as they are
_TAKEN = 1e-9


def arguments_of(estimator: Any, state: int | None) -> dict[str, Any]:
    """The arguments of a `Mixture` for a fitted object; see `Mixture.from_estimator`.

    Raises
    ------
    ParameterError : it is of no kind that is known, is not fitted, or has no such state.
    """
    kind = type(estimator).__name__
    if _has(estimator, "transmat_", "means_", "covars_"):
        return _of_states(estimator, state)
    if state is not None:
        raise ParameterError(f"state is {state!r}, and a {kind} has no states: leave it out")
    if _has(estimator, "weights_", "means_", "covariances_", "covariance_type"):
        return _scikit_learn(estimator)
    if _has(estimator, "priors", "distributions"):
        return _distributions(estimator)
    if _has(estimator, "priors", "means", "covariances"):
        means = _numbers(estimator.means)
        return {
            "weights": _shares(_numbers(estimator.priors)),
            "means": means,
            "covariances": _matrices(estimator.covariances, means),
        }
    if _has(estimator, "fit"):
        raise ParameterError(
            f"the {kind} is not fitted, or is no Gaussian mixture: fit it first, or give its "
            "weights, means and covariances to mixtura.Mixture"
        )
    raise ParameterError(
        f"a {kind} is no fitted mixture that is known, expected scikit-learn's, hmmlearn's, "
        "pomegranate's or gmr's: give its weights, means and covariances to mixtura.Mixture"
    )


def _has(estimator: Any, *names: str) -> bool:
    return all(getattr(estimator, name, None) is not None for name in names)


def _array(values: Any) -> np.ndarray[Any, Any]:
    """An array of NumPy's, or of a library whose tensors carry gradients."""
    detached = getattr(values, "detach", None)
    return np.asarray(values if detached is None else detached().cpu())


def _numbers(values: Any) -> Floats:
    """An array in double."""
    return _array(values).astype(np.float64)


def _matrices(values: Any, means: Floats) -> Floats:
    """Covariances (…, D, D) in double; those that rounding made too asymmetric are averaged.

    It is the rounding of what they were computed in, which where moments about zero are subtracted
    is that of the squares of the means.
    """
    given = _array(values)
    held = given.astype(np.float64)
    if held.ndim < 2 or held.shape[-1] != held.shape[-2] or not held.size:
        return held
    precision = np.finfo(given.dtype if given.dtype.kind == "f" else np.float64).eps
    size = np.abs(held).max(axis=(-2, -1), keepdims=True)
    other = held.swapaxes(-2, -1)
    apart = np.abs(held - other).max(axis=(-2, -1), keepdims=True)
    rounded = apart <= _ROUNDINGS * precision * (size + np.square(means).max())
    return np.where(rounded & (apart > _TAKEN * size), 0.5 * (held + other), held)


def _shares(weights: Floats) -> Floats:
    """Weights that single precision made sum to not quite 1, in double."""
    total = float(weights.sum())
    return weights / total if abs(total - 1.0) <= 1e-4 else weights


def _scikit_learn(estimator: Any) -> dict[str, Any]:
    if _has(estimator, "weight_concentration_"):
        warnings.warn(
            f"the {type(estimator).__name__} is a posterior, and this is the mixture of its mean "
            "parameters: its own score_samples adds what it does not know of them",
            stacklevel=5,
        )
    names = getattr(estimator, "feature_names_in_", None)
    means, covariances = _numbers(estimator.means_), _numbers(estimator.covariances_)
    kind = _type(estimator.covariance_type)
    if kind in ("full", "tied"):
        covariances = _matrices(estimator.covariances_, means)
    return {
        "weights": _shares(_numbers(estimator.weights_)),
        "means": means,
        "covariances": covariances,
        "structure": kind,
        "feature_names": None if names is None else tuple(map(str, names)),
    }


def _type(name: Any) -> str:
    if name not in _TYPES:
        raise ParameterError(f"covariance_type is {name!r}, expected one of {', '.join(_TYPES)}")
    return _TYPES[name]


def _distributions(estimator: Any) -> dict[str, Any]:
    """Of priors and a list of normal distributions, each with its means and covs."""
    each = list(estimator.distributions)
    for one in each:
        if not _has(one, "means", "covs"):
            raise ParameterError(
                f"a component is a {type(one).__name__}, expected normal distributions alone"
            )
    means = np.stack([_numbers(one.means).ravel() for one in each])
    matrices = [_matrix(one.covs, mean) for one, mean in zip(each, means, strict=True)]
    weights = _shares(_numbers(estimator.priors).ravel())
    return {"weights": weights, "means": means, "covariances": np.stack(matrices)}


def _matrix(covariance: Any, mean: Floats) -> Floats:
    """A covariance (D, D), of which the variances alone, or one for all, may be given."""
    held = _matrices(covariance, mean)
    if held.shape == 2 * mean.shape:
        return held
    return np.diag(np.broadcast_to(held.ravel(), mean.shape))


# -- states of a hidden Markov model ---------------------------------------------------------------


def _of_states(estimator: Any, state: int | None) -> dict[str, Any]:
    """A state's own density, or that of a row when the chain has long run.

    With π the stationary distribution, π P = π, it is Σ_s π_s p_s(x).
    """
    means, d = _numbers(estimator.means_), np.shape(estimator.means_)[-1]
    n_states = len(means)
    mixed = means.ndim == 3  # each state has a mixture of its own
    means = means.reshape(n_states, -1, d)
    inner = _numbers(estimator.weights_) if mixed else np.ones((n_states, 1))
    kind = _type(getattr(estimator, "covariance_type", "full")) if mixed else ""
    full = kind in ("full", "tied", "")
    given = _matrices(estimator.covars_, means) if full else _numbers(estimator.covars_)
    covariances = _expanded(given, means.shape, kind)
    if state is None:
        shares = _stationary(_numbers(estimator.transmat_))
        weights = (shares[:, None] * inner).ravel()
        kept = weights > 0.0
        return {
            "weights": _shares(weights)[kept],
            "means": means.reshape(-1, d)[kept],
            "covariances": covariances.reshape(-1, d, d)[kept],
        }
    if not is_whole(state) or not 0 <= state < n_states:
        raise ParameterError(f"state is {state!r}, expected one of 0 to {n_states - 1}")
    kept = inner[state] > 0.0
    return {
        "weights": _shares(inner[state])[kept],
        "means": means[state][kept],
        "covariances": covariances[state][kept],
    }


def _expanded(covars: Floats, shape: tuple[int, ...], kind: str) -> Floats:
    """Covariances of states (S, M, D, D), of the shape that their type gives them.

    A state with one Gaussian, of no `kind`, has a matrix whatever its type; hmmlearn 0.3.3 repeats
    spherical ones D times.
    """
    s, m, d = shape
    expected = {
        "full": (s, m, d, d),
        "tied": (s, d, d),
        "diag": (s, m, d),
        "spherical": (s, m),
        "": (*covars.shape[:1], d, d),
    }[kind]
    if covars.shape != expected or len(covars) % s:
        raise ParameterError(
            f"covars_ have shape {covars.shape}, expected {expected}: covariances of {s} states"
        )
    if kind == "":
        matrices = covars.reshape(s, -1, d, d)[:, :1]
    elif kind in ("full", "tied"):
        matrices = covars.reshape(s, -1, d, d)
    else:
        matrices = covars.reshape(s, m, -1, 1) * np.eye(d)
    return np.broadcast_to(matrices, (s, m, d, d))


def _stationary(transitions: Floats) -> Floats:
    """The distribution that a chain's transitions leave as it is, (S,).

    From π (I − P) = 0 and Σ π = 1: π (I − P + 1 1ᵀ) = 1ᵀ, regular where there is one alone.
    """
    n = len(transitions)
    system = np.eye(n) - transitions + np.ones((n, n))
    try:
        shares = np.linalg.solve(system.T, np.ones(n))
    except np.linalg.LinAlgError:
        shares = np.full(n, np.nan)
    if not (np.abs(shares @ transitions - shares) <= 1e-8).all() or shares.min() < -1e-8:
        raise ParameterError(
            "the chain has no stationary distribution of its own, so its rows have no one density: "
            "name a state, state=0"
        )
    shares = np.maximum(shares, 0.0)
    return shares / shares.sum()
