"""BayesianGaussianMixture: scikit-learn's estimator, whose bound is one."""

from __future__ import annotations

import warnings
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from mixtura.arguments import is_whole
from mixtura.bayesian import concentration, family, fitted, runs
from mixtura.engine.arrays import Floats, Integers
from mixtura.errors import Interrupted, ParameterError
from mixtura.estimators import checks
from mixtura.estimators.asked import Asked
from mixtura.estimators.beliefs import hold_belief, hold_fit, wishes_of
from mixtura.estimators.callbacks import CallbackSupportMixin, told
from mixtura.estimators.holding import in_turn
from mixtura.estimators.streamed import learn_batch
from mixtura.model.structures import NAMES
from mixtura.rows.opening import Held, open_rows, row_fields
from mixtura.rows.out_of_core import is_out_of_core
from mixtura.rows.weights import row_weights, weighted_mean


class BayesianGaussianMixture(CallbackSupportMixin, Asked):  # type: ignore[misc]
    """A Bayesian Gaussian mixture with the interface of scikit-learn's of that name.

    At its defaults the same seed gives scikit-learn's parameters, up to rounding. What differs:
    `lower_bound_` is a bound on log p(X), and so ranks numbers of components, priors and
    structures; scores and samples are of the predictive density, a mixture of Student t, that
    averages the parameters over what the rows leave of them; `structure` gives covariances that
    are tied, diagonal or spherical a prior of their own, where `covariance_type` restricts, as
    scikit-learn does, the posterior of a model whose covariances are all full.

    Parameters
    ----------
    n_components : K, the most components that rows can be of.
    covariance_type : ``full``, ``tied``, ``diag`` or ``spherical``, as scikit-learn has them.
    tol : the change of the bound below which a run ends, nats, all rows together.
    reg_covar : added to the variance of every row, squared feature units, before the prior is.
    max_iter : iterations at most; 0 keeps the start.
    n_init : how many starts; the end of largest bound is kept.
    init_params : as for `GaussianMixture`.
    weight_concentration_prior_type : ``dirichlet_process`` or ``dirichlet_distribution``.
    weight_concentration_prior : α > 0; None is 1/K, as in scikit-learn; ``"auto"`` learns that of
        a process, α ~ Gamma(1, 1).
    mean_precision_prior : β₀ > 0, in rows; None is 1.
    mean_prior : m₀, (D,), feature units; None is the rows' mean.
    degrees_of_freedom_prior : ν₀, in rows, above D − 1; None is D.
    covariance_prior : S₀, sum of squares, squared feature units, in the shape of one of
        `covariances_`; None is the rows' covariance.
    random_state : the seed of the start, and of `sample`.
    warm_start : whether `fit` goes on from the fit before, where there is one.
    verbose : 1 prints runs and iterations, 2 also bounds.
    verbose_interval : how many iterations from one line to the next.
    structure : VVV, EEE, VVI, EEI, VII, EII, or another name of theirs: covariances of this
        structure with their own conjugate prior, in place of `covariance_type`; or None.
    moves : whether components are sorted, merged, emptied and halved where that raises the bound;
        then priors default to those of `mixtura.fit_bayes`, tol is in nats a row, and α to "auto".
    bound : ``elbo``, or ``scikit-learn`` for a `lower_bound_` without its constants.
    predictive : ``student-t``, or ``plug-in`` for scores and samples as scikit-learn has them.

    Attributes
    ----------
    weights_, means_, covariances_, precisions_, precisions_cholesky_ : expectations E π_k, E μ_k,
        (E Λ_k)⁻¹ and E Λ_k, in the shapes that `GaussianMixture` has; weights made to sum to 1.
    weight_concentration_ : parameters of the weights' law: (K,), or a pair of (K,).
    mean_precision_ : (K,), β_k, rows.
    degrees_of_freedom_ : (K,), ν_k, or one number where covariances share their law.
    weight_concentration_prior_, mean_precision_prior_, mean_prior_ : the prior: α, β₀ and m₀.
    degrees_of_freedom_prior_, covariance_prior_ : ν₀ and S₀.
    converged_, n_iter_ : whether and when the tolerance was reached.
    elbo_ : the evidence bound of these parameters, nats, all rows together.
    lower_bound_, lower_bounds_ : the same, and after each iteration; as `bound` says.
    predictive_ : the `mixtura.StudentMixture`.
    mixture_ : the `mixtura.Mixture` of the expectations.
    fit_ : the `mixtura.BayesianFit`.
    n_features_in_, feature_names_in_ : D, and names where the data had them.

    References
    ----------
    Bishop 2006, Pattern Recognition and Machine Learning, section 10.2; Blei & Jordan 2006,
    "Variational inference for Dirichlet process mixtures".

    Examples
    --------
    >>> from mixtura import BayesianGaussianMixture
    >>> rows = [[1.0], [1.2], [1.1], [5.0], [5.3], [4.9]]
    >>> model = BayesianGaussianMixture(n_components=3, moves=True, random_state=0).fit(rows)
    >>> model.predict(rows).tolist()
    [0, 0, 0, 1, 1, 1]
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **Asked._parameter_constraints,
        "covariance_type": [StrOptions(set(family.RESTRICTED))],
        "tol": [Interval(Real, 0.0, None, closed="left")],
        "reg_covar": [Interval(Real, 0.0, None, closed="left")],
        "weight_concentration_prior_type": [StrOptions(set(concentration.PRIORS))],
        "weight_concentration_prior": [
            None,
            StrOptions({"auto"}),
            Interval(Real, 0.0, None, closed="neither"),
        ],
        "mean_precision_prior": [None, Interval(Real, 0.0, None, closed="neither")],
        "mean_prior": [None, "array-like"],
        "degrees_of_freedom_prior": [None, Interval(Real, 0.0, None, closed="neither")],
        "covariance_prior": [None, "array-like", Interval(Real, 0.0, None, closed="neither")],
        "structure": [None, StrOptions(set(NAMES))],
        "moves": ["boolean"],
        "bound": [StrOptions({"elbo", "scikit-learn"})],
        "predictive": [StrOptions({"student-t", "plug-in"})],
    }

    def __init__(
        self,
        *,
        n_components: int = 1,
        covariance_type: str = "full",
        tol: float = 1e-3,
        reg_covar: float = 1e-6,
        max_iter: int = 100,
        n_init: int = 1,
        init_params: Any = "kmeans",
        weight_concentration_prior_type: str = "dirichlet_process",
        weight_concentration_prior: float | str | None = None,
        mean_precision_prior: float | None = None,
        mean_prior: Any = None,
        degrees_of_freedom_prior: float | None = None,
        covariance_prior: Any = None,
        random_state: Any = None,
        warm_start: bool = False,
        verbose: int = 0,
        verbose_interval: int = 10,
        structure: str | None = None,
        moves: bool = False,
        bound: str = "elbo",
        predictive: str = "student-t",
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.tol = tol
        self.reg_covar = reg_covar
        self.max_iter = max_iter
        self.n_init = n_init
        self.init_params = init_params
        self.weight_concentration_prior_type = weight_concentration_prior_type
        self.weight_concentration_prior = weight_concentration_prior
        self.mean_precision_prior = mean_precision_prior
        self.mean_prior = mean_prior
        self.degrees_of_freedom_prior = degrees_of_freedom_prior
        self.covariance_prior = covariance_prior
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose
        self.verbose_interval = verbose_interval
        self.structure = structure
        self.moves = moves
        self.bound = bound
        self.predictive = predictive

    @property
    def _holes(self) -> bool:
        return False

    def fit(self, X: Any, y: object = None, sample_weight: Any = None) -> Self:
        """Fit to rows by variational EM.

        Parameters
        ----------
        X : (N, D) array-like or table, or rows elsewhere, as for `GaussianMixture.fit`.
        y : not used, but for callbacks.
        sample_weight : (N,) how often each row counts, or None for once each.

        Raises
        ------
        ValueError : a parameter or the rows cannot be used.
        mixtura.errors.Interrupted : Ctrl-C; the estimator holds the fit so far.

        Warns
        -----
        ConvergenceWarning : the run ended without converging.
        """
        self._fit(X, sample_weight, y)
        return self

    def partial_fit(self, X: Any, y: object = None, sample_weight: Any = None) -> Self:
        """Learn from one more batch of a stream; no row is held.

        The sums of the batch under the belief at hand are added to those before, and the belief
        becomes the best for all of them: memoised variational EM in which each batch is visited
        once. Batches at first are held until there are 10·K·(D + 1) rows, to which `fit` is
        made, and whose priors stay. `elbo_` is the bound for all rows seen, each of the components
        that it was of when it came; after `fit` there is none, since that does not tell of which.

        Parameters
        ----------
        X, y, sample_weight : a batch, of any number of rows, as for `fit`.

        References
        ----------
        Hughes & Sudderth 2013, "Memoized online variational inference for Dirichlet process mixture
        models"; Broderick et al. 2013, "Streaming variational Bayes".
        """
        with in_turn(self):
            learn_batch(self, X, sample_weight)
        return self

    def fit_predict(self, X: Any, y: object = None, sample_weight: Any = None) -> Integers:
        """Fit, then the most likely component of each row, (N,)."""
        return self._labelled(self._fit(X, sample_weight, y))

    def predict(self, X: Any) -> Integers:
        """The most likely component of each row, (N,)."""
        return self._labelled(self._rows(X))

    def predict_proba(self, X: Any) -> Floats:
        """How likely each row is of each component, (N, K), among those; rows sum to 1."""
        found: Floats = self._density.predict_proba(self._rows(X))
        return found

    def score_samples(self, X: Any) -> Floats:
        """The log density of each row, (N,), nats: predictive, or as scikit-learn has it."""
        found: Floats = self._density.score_samples(self._rows(X))
        return found

    def score(self, X: Any, y: object = None, sample_weight: Any = None) -> float:
        """The mean log density of the rows, nats a row; with weights (N,) the weighted mean."""
        scores = self.score_samples(X)
        return weighted_mean(scores, row_weights(sample_weight, len(scores), summed=False))

    def explain(self, X: Any) -> Floats:
        """The parts of the predictive log density of each row; see `StudentMixture.explain`."""
        rows = self._rows(X)
        return self.predictive_.explain(rows)

    def sample(self, n_samples: int = 1) -> tuple[Floats, Integers]:
        """Rows (n_samples, D), and the component of each, −1 for one that no row was of.

        With ``predictive="plug-in"`` the same seed draws what scikit-learn draws.
        """
        check_is_fitted(self, "mixture_")
        if not is_whole(n_samples) or n_samples < 1:
            raise ParameterError(
                f"Invalid value for 'n_samples': {n_samples!r}, expected at least 1 row to draw"
            )
        random = check_random_state(self.random_state)
        if self.predictive == "plug-in":
            return self.mixture_.sample(n_samples, random)
        rows, labels = self.predictive_.sample(n_samples, random)
        return rows, np.where(labels < self.predictive_.n_components, labels, -1)

    @property
    def _density(self) -> Any:
        """What rows are scored by."""
        check_is_fitted(self, "mixture_")
        return self.predictive_ if self.predictive == "student-t" else self.fit_.plug_in

    def _labelled(self, rows: Any) -> Integers:
        found: Integers = self._density.predict(rows)
        return found

    def _rows(self, X: Any) -> Any:
        """`X` checked as scikit-learn checks it, against the columns of the fit, (N, D)."""
        check_is_fitted(self, "mixture_")
        if checks.is_expected(self, X) or is_out_of_core(X):
            return X
        checks.check_numbers(X)
        return self._validated(X, reset=False)

    def _fit(self, X: Any, sample_weight: Any, y: object) -> Any:
        """Fit and hold the result; the rows, those of weight 0 included."""
        checks.check_parameters(self)
        rows, weights = X, sample_weight
        if is_out_of_core(X):
            opened: Any = open_rows(X, sample_weight)
            self.n_features_in_ = opened.n_features
            self.__dict__.pop("feature_names_in_", None)
            if opened.names is not None:
                self.feature_names_in_ = np.asarray(opened.names, dtype=object)
        else:
            checks.check_numbers(X)
            rows = self._validated(X, ensure_min_samples=2)
            weights = row_weights(sample_weight, len(rows))
            counting = len(rows) if weights is None else int(np.count_nonzero(weights))
            checks.check_rows(counting, self.n_components)
            names = getattr(self, "feature_names_in_", None)
            named = None if names is None else tuple(names)
            opened = Held(rows, row_fields({"weights": weights}, rows.shape), named)
        random = check_random_state(self.random_state)
        resumed = getattr(self, "fit_", None) if self.warm_start else None

        def run(observer: Any) -> fitted.BayesianFit:
            asked = wishes_of(self)
            return runs.fit_opened(opened, asked, random, resumed=resumed, observer=observer)

        observers = [Lines(self.verbose, self.verbose_interval)] if self.verbose else []
        try:
            fit, stopped = told(self, rows, y, weights, observers, run, hold=hold_belief)
        except Interrupted as interruption:
            hold_fit(self, interruption.fit)
            raise
        hold_fit(self, fit)
        if self.max_iter > 0 and not fit.outcome.converged and not stopped:
            warnings.warn(checks.UNCONVERGED, ConvergenceWarning, stacklevel=3)
        return rows


class Lines:
    """An observer that prints how a fit gets on.

    Parameters
    ----------
    detail : 1 prints runs and iterations, 2 also bounds.
    interval : how many iterations from one line to the next.
    """

    def __init__(self, detail: int, interval: int) -> None:
        self._detail, self._interval = detail, interval

    def begun(self, run: int) -> None:
        """A run has its start."""
        print(f"run {run}")

    def iterated(self, iteration: int, trace: Any, fit: Any) -> None:
        """An iteration is done; `trace` ends with its bound."""
        if iteration % self._interval == 0:
            print(f"  iteration {iteration}" + f": bound {trace[-1]:.6f}" * (self._detail > 1))

    def ended(self, fit: fitted.BayesianFit) -> None:
        """A run is over."""
        bound = f", bound {fit.elbo:.6f}" * (self._detail > 1)
        print(f"  {fit.outcome.value}, {fit.n_iter} iterations{bound}")
