"""Peers: other people's ways to the same log densities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mixtura.engine.arrays import Floats, Rows
from mixtura.errors import MissingExtraError
from mixtura.testing.textbook import CLAMP, textbook_log_likelihood
from mixtura.testing.trial import Fault

if TYPE_CHECKING:
    from mixtura.model.mixture import Mixture

__all__ = ["PEERS", "Peer", "scikit_learn_log_likelihood"]


@dataclass(frozen=True)
class Peer:
    """A way to compute log densities that owes nothing to mixtura's.

    Parameters
    ----------
    name : as a sentence may begin with it.
    log_likelihood : of a mixture's rows (N, D), (N,); may raise ValueError or LinAlgError.
    fault : what went wrong, and why, given a value that is wrong.
    """

    name: str
    log_likelihood: Callable[[Mixture, Rows], Floats]
    fault: Fault


def scikit_learn_log_likelihood(mixture: Mixture, rows: Rows) -> Floats:
    """What scikit-learn's `GaussianMixture.score_samples` gives for the same parameters, (N,).

    Its own routine turns the covariances into the Cholesky factors of the precisions, so that
    nothing of the answer is mixtura's.

    Raises
    ------
    ValueError : scikit-learn takes a covariance for singular.
    MissingExtraError : scikit-learn is not installed.
    """
    try:
        from sklearn.mixture import GaussianMixture
        from sklearn.mixture._gaussian_mixture import _compute_precision_cholesky
    except ImportError:
        purpose = "the comparison with scikit-learn"
        raise MissingExtraError("scikit-learn", "validate", purpose) from None
    alias = mixture.structure.alias
    kind = alias or "full"
    estimator = GaussianMixture(mixture.n_components, covariance_type=kind)
    estimator.weights_ = np.array(mixture.weights)
    estimator.means_ = np.array(mixture.means)
    estimator.covariances_ = np.array(
        mixture.covariances if alias else mixture.covariance_matrices()
    )
    estimator.precisions_cholesky_ = _compute_precision_cholesky(estimator.covariances_, kind)
    with np.errstate(all="ignore"):
        scores = np.asarray(estimator.score_samples(rows), dtype=np.float64)
        # It has no noise: the density of that is added to what it gives for the components.
        return np.logaddexp(scores, np.log(_of_noise(mixture)))


def _of_noise(mixture: Mixture) -> float:
    """The weighted density of noise, w_0 / V; 0 without any."""
    if mixture.noise is None:
        return 0.0
    return float(mixture.noise.weight / np.prod(mixture.noise.box.extent))


def _textbook(mixture: Mixture, rows: Rows) -> Floats:
    return textbook_log_likelihood(
        rows,
        mixture.weights,
        mixture.means,
        mixture.covariance_matrices(),
        _of_noise(mixture),
    )


def _scikit_learn_fault(value: float) -> tuple[str, str]:
    return "scikit-learn is wrong here", ""


def _textbook_fault(value: float) -> tuple[str, str]:
    if not np.isfinite(value):
        return "textbook breaks down", "its determinant or its inverse is no usable number"
    if value <= np.log(CLAMP) + 1e-9:
        return (
            "textbook underflows",
            f"its density is below the clamp, which answers log {CLAMP:g} = {np.log(CLAMP):.1f}",
        )
    return "textbook loses digits", "an explicit inverse and determinant magnify rounding"


PEERS: tuple[Peer, ...] = (
    Peer("scikit-learn", scikit_learn_log_likelihood, _scikit_learn_fault),
    Peer("textbook", _textbook, _textbook_fault),
)
