"""Fitted: the mixture in an estimator, whoever made it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mixtura.errors import MissingExtraError, ParameterError
from mixtura.model.mixture import Mixture

__all__ = ["fitted", "named"]


def fitted(estimator: Any, X: Any) -> tuple[Mixture, Mapping[str, Any] | None, Any]:
    """The mixture of a fitted estimator, the record of its fit if it keeps one, and its rows.

    Parameters
    ----------
    estimator : a `mixtura.GaussianMixture`, a `sklearn.mixture.GaussianMixture`, or a pipeline that
        ends in one.
    X : rows, or None; what is before the end of a pipeline transforms them.

    Raises
    ------
    MissingExtraError : scikit-learn is not installed.
    sklearn.exceptions.NotFittedError : it was not fitted.
    ParameterError : it is none of those.
    """
    try:
        from sklearn.mixture import GaussianMixture as Theirs
        from sklearn.pipeline import Pipeline
        from sklearn.utils.validation import check_is_fitted
    except ImportError:
        raise MissingExtraError("scikit-learn", "sklearn", "a display of an estimator") from None
    from mixtura.estimators import GaussianMixture

    check_is_fitted(estimator)
    if isinstance(estimator, Pipeline):
        before, last = estimator[:-1], estimator[-1]
        rows = before.transform(X) if X is not None and len(before) else X
        mixture, record, rows = fitted(last, rows)
        return _of_steps(mixture, before), record, rows
    if isinstance(estimator, GaussianMixture):
        fit = getattr(estimator, "fit_", None)  # `partial_fit` leaves none
        return estimator.mixture_, None if fit is None else fit.summary(), X
    if isinstance(estimator, Theirs):
        return _theirs(estimator), None, X
    raise ParameterError(
        f"got an estimator of type {type(estimator).__name__}, expected a GaussianMixture of "
        "mixtura or scikit-learn, or a pipeline that ends in one"
    )


def _theirs(estimator: Any) -> Mixture:
    names = getattr(estimator, "feature_names_in_", None)
    return Mixture(
        estimator.weights_,
        estimator.means_,
        estimator.covariances_,
        structure=estimator.covariance_type,
        feature_names=None if names is None else tuple(map(str, names)),
    )


def _of_steps(mixture: Mixture, before: Any) -> Mixture:
    """The mixture with the names of the columns that the steps before it make, if they tell."""
    if mixture.feature_names is not None or not len(before):
        return mixture
    try:
        names = tuple(map(str, before.get_feature_names_out()))
    except (AttributeError, ValueError):
        return mixture
    return named(mixture, names)


def named(mixture: Mixture, names: Sequence[str]) -> Mixture:
    """The same mixture with those feature names."""
    return Mixture(
        mixture.weights,
        mixture.means,
        mixture.covariances,
        mixture.structure,
        names,
        noise=mixture.noise,
        equal_weights=mixture.equal_weights,
    )
