"""GaussianMixtureRegressor: scikit-learn's regressor on the density of inputs and targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from mixtura.engine.arrays import Floats, Rows
from mixtura.estimators.asked import Asked
from mixtura.estimators.checks import check_numbers, check_rows, warn_of
from mixtura.fitting import fit
from mixtura.model.regression import Predictor, regress, split
from mixtura.rows.weights import row_weights
from mixtura.tables import Table
from mixtura.tables.containers import column_names


class GaussianMixtureRegressor(MultiOutputMixin, RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Regression by a Gaussian mixture of inputs and targets together.

    p(x, y) is fitted as `mixtura.fit` fits, and E[y | x] = Σ_k p(k | x)(μ_ky + B_k (x − μ_kx)) is
    predicted: near each component a straight line, blended by where x lies. With one component it
    is linear regression.

    Parameters
    ----------
    n_components : K.
    covariance_type : ``full``, ``tied`` or one of the fourteen structures. With a diagonal one
        each component predicts a constant.
    reg_covar, n_init, start : as for `mixtura.fit`, whose defaults hold for all else.
    random_state : the seed of the start.

    Attributes
    ----------
    mixture_ : the `mixtura.Mixture` of inputs and then targets; its `regress` says more.
    fit_ : the `mixtura.Fit`.
    n_iter_ : how many iterations of EM led to it.
    n_features_in_ : D, the number of inputs.
    feature_names_in_ : (D,), where the data named its columns.

    References
    ----------
    Ghahramani & Jordan 1994, "Supervised learning from incomplete data via an EM approach".

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura import GaussianMixtureRegressor
    >>> x = np.linspace(-3.0, 3.0, 400)
    >>> model = GaussianMixtureRegressor(8, random_state=0).fit(x[:, None], np.sin(x))
    >>> model.predict([[0.5], [2.0]]).round(1).tolist()
    [0.5, 0.9]
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "start": Asked._parameter_constraints["init_params"],
        **{
            name: Asked._parameter_constraints[name]
            for name in ("n_components", "covariance_type", "reg_covar", "n_init", "random_state")
        },
    }

    def __init__(
        self,
        n_components: int = 1,
        *,
        covariance_type: str = "full",
        reg_covar: float | str = "auto",
        n_init: int = 1,
        start: Any = "auto",
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.reg_covar = reg_covar
        self.n_init = n_init
        self.start = start
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the density of inputs and targets by expectation-maximisation.

        Parameters
        ----------
        X : (N, D) array-like or table.
        y : (N,) or (N, T), the targets.
        sample_weight : (N,) how much each row counts, at least 0, or None for 1 each.

        Raises
        ------
        ValueError : a parameter or the rows cannot be used.

        Warns
        -----
        ConvergenceWarning : as `mixtura.GaussianMixture.fit`.
        """
        return self._fit(X, y, sample_weight)

    def predict(self, X: Any, *, return_std: bool = False) -> Any:
        """E[y | x] of each row, (N,) or (N, T).

        Parameters
        ----------
        X : (N, D).
        return_std : whether to return with it the standard deviations of y given x, of the same
            shape, as a pair.
        """
        rows = self._rows(X)
        if not return_std:
            predictor = self._predictor_
            return self._shaped(predictor.over(rows, predictor.means, self._n_targets_))
        told = regress(self._predictor_, rows)
        return self._shaped(told.mean), self._shaped(told.deviations)

    def predict_quantiles(self, X: Any, quantiles: Sequence[float] | float = 0.5) -> Floats:
        """Where the distribution function of y given x is each probability, (N, Q); one target.

        Parameters
        ----------
        X : (N, D).
        quantiles : Q probabilities above 0 and below 1.
        """
        rows = self._rows(X)
        return regress(self._predictor_, rows, quantiles).quantiles

    def _fit(self, X: Any, y: Any, sample_weight: Any) -> Self:
        self._validate_params()
        check_numbers(X)
        names, called = column_names(X), getattr(y, "name", None)
        rows, targets = validate_data(
            self, X, y, dtype=np.float64, multi_output=True, y_numeric=True, ensure_min_samples=2
        )
        columns = np.asarray(targets, dtype=np.float64).reshape(len(rows), -1)
        self._one_target_, self._n_targets_ = np.ndim(targets) == 1, columns.shape[1]
        weights = row_weights(sample_weight, len(rows))
        check_rows(
            len(rows) if weights is None else int(np.count_nonzero(weights)), self.n_components
        )
        whole, own = np.column_stack([rows, columns]), _named(names, called, columns.shape[1])
        self.fit_ = fit(
            whole if own is None else Table(own, whole),
            self.n_components,
            structure=self.covariance_type,
            reg_covar=self.reg_covar,
            n_init=self.n_init,
            start=self.start,
            random_state=check_random_state(self.random_state),
            sample_weight=weights,
        )
        self.mixture_, self.n_iter_ = self.fit_.mixture, self.fit_.n_iter
        given, left = split(self.mixture_, range(rows.shape[1], self.mixture_.n_features))
        inputs = self.mixture_.marginal(given)
        self._predictor_ = Predictor.of(self.mixture_, inputs, given, left)
        warn_of(self.fit_, expected=True)
        return self

    def _rows(self, X: Any) -> Rows:
        check_is_fitted(self, "mixture_")
        check_numbers(X)
        return validate_data(self, X, dtype=[np.float64, np.float32], reset=False)

    def _shaped(self, values: Floats) -> Floats:
        """A column for each target; of one that was given as (N,), the numbers alone."""
        return values[:, 0] if self._one_target_ else values


def _named(names: Sequence[str] | None, called: Any, n_targets: int) -> tuple[str, ...] | None:
    """The names of inputs and targets, or None where they cannot be told apart by them."""
    if names is None:
        return None
    own = [str(called or "y")] if n_targets == 1 else [f"y{j}" for j in range(n_targets)]
    return (*names, *own) if not set(own) & set(names) else None
