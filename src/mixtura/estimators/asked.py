"""Asked: the parameters of an estimator, as scikit-learn keeps them."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import validate_data

from mixtura.fitting.m_step.prior import Prior
from mixtura.fitting.settings import SEARCHES, Settings
from mixtura.fitting.starts.start import STARTS, StartLike
from mixtura.model.box import Box
from mixtura.model.mixture import Mixture
from mixtura.model.random import Seed
from mixtura.model.structures import FACTORS, NAMES, structure
from mixtura.tables.columns import unmasked


class Asked(DensityMixin, BaseEstimator):  # type: ignore[misc]
    """What an estimator was asked for; `GaussianMixture` says what each parameter means."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "covariance_type": [StrOptions({*NAMES, *FACTORS})],
        "n_factors": [Interval(Integral, 1, None, closed="left"), None],
        "tol": [Interval(Real, 0.0, None, closed="left"), StrOptions({"auto"})],
        "reg_covar": [Interval(Real, 0.0, None, closed="left"), StrOptions({"auto"})],
        "max_iter": [Interval(Integral, 0, None, closed="left")],
        "n_init": [Interval(Integral, 1, None, closed="left")],
        "init_params": [StrOptions(set(STARTS)), callable, "array-like", Mixture],
        "weights_init": ["array-like", None],
        "means_init": ["array-like", None],
        "precisions_init": ["array-like", None],
        "random_state": ["random_state"],
        "warm_start": ["boolean"],
        "verbose": ["verbose"],
        "verbose_interval": [Interval(Integral, 1, None, closed="left")],
        "accelerate": ["boolean", StrOptions({"auto"})],
        "weights": [StrOptions({"free", "equal"})],
        "prior": [StrOptions({"conjugate"}), Prior, "boolean", None],
        "noise": ["boolean", Interval(Real, 0.0, None, closed="neither"), Box, None],
        "missing": [StrOptions({"refuse", "em"})],
        "search": [StrOptions(set(SEARCHES))],
    }

    def __init__(
        self,
        n_components: int = 1,
        *,
        covariance_type: str = "full",
        tol: float | str = 1e-3,
        reg_covar: float | str = 1e-6,
        max_iter: int = 100,
        n_init: int = 1,
        init_params: StartLike = "kmeans",
        weights_init: ArrayLike | None = None,
        means_init: ArrayLike | None = None,
        precisions_init: ArrayLike | None = None,
        random_state: Seed = None,
        warm_start: bool = False,
        verbose: int = 0,
        verbose_interval: int = 10,
        accelerate: bool | str = False,
        weights: str = "free",
        prior: Prior | str | bool | None = None,
        noise: Box | float | bool | None = None,
        missing: str = "refuse",
        search: str = "exact",
        n_factors: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.tol = tol
        self.reg_covar = reg_covar
        self.max_iter = max_iter
        self.n_init = n_init
        self.init_params = init_params
        self.weights_init = weights_init
        self.means_init = means_init
        self.precisions_init = precisions_init
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose
        self.verbose_interval = verbose_interval
        self.accelerate = accelerate
        self.weights = weights
        self.prior = prior
        self.noise = noise
        self.missing = missing
        self.search = search
        self.n_factors = n_factors

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn is to know of the estimator: whether it takes NaN."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self._holes
        return tags

    @property
    def _holes(self) -> bool:
        """Whether rows may lack features."""
        return bool(self.missing == "em")

    def _validated(self, X: Any, **more: Any) -> Any:
        """`X` as scikit-learn checks it, NaN allowed where rows may lack features, (N, D)."""
        held = unmasked(X) if self._holes else X
        finite = "allow-nan" if self._holes else True
        kinds = [np.float64, np.float32]
        try:
            return validate_data(self, held, dtype=kinds, ensure_all_finite=finite, **more)
        except ValueError as error:
            if self._holes or "contains NaN" not in str(error):
                raise
            remedy = "With missing='em' this one takes them: what is missing is unknown then."
            raise ValueError(f"{error} {remedy}") from None

    def _effort(self) -> tuple[int, int]:
        """How many runs of EM a fit takes, and how many iterations each may have."""
        return self.n_init, self.max_iter

    def _settings(self) -> Settings:
        """The parameters, as the fitting takes them."""
        return Settings(
            self.n_components,
            structure(self.covariance_type, self.n_factors),
            self.init_params,
            self.tol,
            self.reg_covar,
            self.max_iter,
            self.n_init,
            self.accelerate,
            self.weights,
            self.prior,
            self.noise,
            self.search,
        )
