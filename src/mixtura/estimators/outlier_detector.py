"""MixtureOutlierDetector: rows that a fitted mixture finds too rare, for scikit-learn."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin, clone
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from mixtura.engine.arrays import Floats, Integers
from mixtura.estimators.gaussian_mixture import GaussianMixture
from mixtura.rows.weights import row_weights

#: of a share of the weight, relative
_ROUNDING = 1e-12


class MixtureOutlierDetector(OutlierMixin, BaseEstimator):  # type: ignore[misc]
    """A Gaussian mixture that calls rows outliers, with scikit-learn's interface for that.

    A row is one where its log-likelihood is below `offset_`. By default that is the score which a
    share `alpha` of the mixture's own rows does not reach (`mixtura.Mixture.threshold`): a stated
    rate on clean rows, whatever was in those of the fit. With `contamination` it is the score that
    this share of the rows of the fit does not reach.

    Parameters
    ----------
    estimator : the `mixtura.GaussianMixture` that is fitted, a clone of it; None is one of one
        component. In a grid its parameters are ``estimator__n_components`` and so on.
    alpha : a share of the mixture's own rows, above 0 and below 1.
    contamination : ``"auto"`` goes by alpha; or the share of outliers among the rows of the fit,
        above 0 and up to 0.5, and alpha is not used.

    Attributes
    ----------
    estimator_ : the fitted `mixtura.GaussianMixture`.
    mixture_ : its `mixtura.Mixture`, which explains why a row is one.
    offset_ : the threshold, nats.
    n_features_in_ : D.
    feature_names_in_ : (D,), where the data named its columns.

    References
    ----------
    Pedregosa et al. 2011, "Scikit-learn: machine learning in Python", for the interface.

    Examples
    --------
    >>> from mixtura import GaussianMixture, MixtureOutlierDetector
    >>> from mixtura.datasets import faithful
    >>> rows = faithful().to_numpy()
    >>> detector = MixtureOutlierDetector(GaussianMixture(2, random_state=0), alpha=0.001).fit(rows)
    >>> detector.predict([[4.4, 80.0], [2.0, 93.0]]).tolist()
    [1, -1]
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [GaussianMixture, None],
        "alpha": [Interval(Real, 0.0, 1.0, closed="neither")],
        "contamination": [StrOptions({"auto"}), Interval(Real, 0.0, 0.5, closed="right")],
    }

    def __init__(
        self,
        estimator: GaussianMixture | None = None,
        *,
        alpha: float = 0.05,
        contamination: float | str = "auto",
    ) -> None:
        self.estimator = estimator
        self.alpha = alpha
        self.contamination = contamination

    def fit(self, X: Any, y: object = None, sample_weight: Any = None) -> Self:
        """Fit the mixture, and find the threshold.

        Parameters
        ----------
        X, sample_weight : as for `mixtura.GaussianMixture.fit`; the `contamination` is a share of
            the weight, and then the weights are an array or None.
        y : not used; there so that pipelines can pass one.

        Raises
        ------
        ValueError : as for `mixtura.GaussianMixture.fit`, or a parameter is none.

        Warns
        -----
        ConvergenceWarning : as there.
        """
        self._validate_params()
        estimator = GaussianMixture() if self.estimator is None else clone(self.estimator)
        self.estimator_ = estimator.fit(X, sample_weight=sample_weight)
        self.mixture_ = estimator.mixture_
        self.n_features_in_ = estimator.n_features_in_
        self.__dict__.pop("feature_names_in_", None)
        if hasattr(estimator, "feature_names_in_"):
            self.feature_names_in_ = estimator.feature_names_in_
        if self.contamination == "auto":
            self.offset_ = self.mixture_.threshold(float(self.alpha))
        else:
            scores = np.asarray(estimator.score_samples(X))
            self.offset_ = _above(scores, float(self.contamination), sample_weight)
        return self

    def score_samples(self, X: Any) -> Floats:
        """The log-likelihood of each row, (N,), nats: the lower, the more of an outlier."""
        check_is_fitted(self, "estimator_")
        return self.estimator_.score_samples(X)

    def decision_function(self, X: Any) -> Floats:
        """The log-likelihood less the threshold, (N,), nats: below 0 for outliers."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> Integers:
        """−1 for outliers, 1 for the others, (N,)."""
        return np.where(self.decision_function(X) < 0.0, -1, 1)

    def tail(self, X: Any) -> Floats:
        """The tail probability of each row, (N,); see `mixtura.Mixture.tail`."""
        check_is_fitted(self, "estimator_")
        return self.mixture_.tail(self.estimator_._rows(X))

    def score(self, X: Any, y: object = None) -> float:
        """The mean log-likelihood of the rows, nats a row, by which a grid may choose."""
        return float(np.mean(self.score_samples(X)))


def _above(scores: Floats, share: float, sample_weight: Any) -> float:
    """The least score that such a share of the weight is below."""
    weights = row_weights(sample_weight, len(scores))
    order = np.argsort(scores, kind="stable")
    total = np.cumsum(np.ones(len(scores)) if weights is None else weights[order])
    place = np.searchsorted(total, (1.0 + _ROUNDING) * share * total[-1], side="right")
    return float(scores[order[min(place, len(order) - 1)]])
