"""Comparison: the mixture's numbers beside scikit-learn's."""

from __future__ import annotations

import warnings
from typing import Any

from mixtura.engine.arrays import Floats
from mixtura.errors import MissingExtraError
from mixtura.model.mixture import Mixture
from mixtura.testing import validate

__all__ = ["compared"]


def compared(mixture: Mixture, rows: Floats, *, whole: bool, seed: int) -> dict[str, Any]:
    """What scikit-learn says of the same parameters, and of the same rows.

    Parameters
    ----------
    mixture : the density.
    rows : (m, D), those to compare on.
    whole : whether they are all there are; only then scikit-learn fits them, too.
    seed : of scikit-learn's start.

    Returns
    -------
    ``validation``, the record of `mixtura.testing.validate`; and ``fit``, what scikit-learn's
    estimator with its defaults came to, or None where it lacks the structure, noise, equal weights
    or some of the rows.

    Raises
    ------
    MissingExtraError : scikit-learn or mpmath is not installed.
    """
    proof = validate(mixture, rows).to_dict()
    return {
        "validation": proof,
        "fit": _fitted(mixture, rows, seed) if whole and _is_theirs(mixture) else None,
    }


def _is_theirs(mixture: Mixture) -> bool:
    """Whether scikit-learn's estimator fits mixtures of this kind."""
    return bool(mixture.structure.alias) and mixture.noise is None and not mixture.equal_weights


def _fitted(mixture: Mixture, rows: Floats, seed: int) -> dict[str, Any] | None:
    """scikit-learn's own fit of the rows, scored where it ended."""
    try:
        import sklearn
        from sklearn.mixture import GaussianMixture
    except ImportError:
        purpose = "the comparison with scikit-learn"
        raise MissingExtraError("scikit-learn", "validate", purpose) from None
    estimator = GaussianMixture(
        mixture.n_components, covariance_type=mixture.structure.alias, random_state=seed
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            estimator.fit(rows)
        except ValueError as error:
            return {"version": sklearn.__version__, "failed": str(error)}
    return {
        "version": sklearn.__version__,
        "seed": seed,
        "mean_log_likelihood": float(estimator.score(rows)),
        "lower_bound": float(estimator.lower_bound_),
        "iterations": int(estimator.n_iter_),
        "converged": bool(estimator.converged_),
        "ours": mixture.score(rows),
    }
