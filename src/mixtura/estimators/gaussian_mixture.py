"""GaussianMixture: scikit-learn's estimator, fitted by mixtura."""

from __future__ import annotations

from typing import Any, Self

from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from mixtura.arguments import is_whole
from mixtura.engine.arrays import Floats, Integers
from mixtura.errors import CollapseError, Interrupted, ParameterError
from mixtura.estimators import checks
from mixtura.estimators.asked import Asked
from mixtura.estimators.callbacks import CallbackSupportMixin, Progress, told
from mixtura.estimators.holding import hold, holding, in_turn
from mixtura.estimators.learner import check_started, learn
from mixtura.estimators.onnx import ConvertibleToOnnx
from mixtura.estimators.prepared import prepared
from mixtura.model.mixture import Mixture
from mixtura.rows.errors import columns_wanted, parted
from mixtura.rows.out_of_core import is_out_of_core


class GaussianMixture(ConvertibleToOnnx, CallbackSupportMixin, Asked):  # type: ignore[misc]
    """A Gaussian mixture with the interface of `sklearn.mixture.GaussianMixture`.

    The same seed gives scikit-learn's parameters, up to rounding. What differs: `lower_bound_`
    is the likelihood of the parameters that are there, not of those one iteration before; a
    likelihood that falls never counts as converged; with `reg_covar` above 0 a collapsed
    component is repaired, and `fit_.repairs` says so; parameters are float64 whatever the data's
    type; an interrupted fit keeps what it had; and three starts that lead nowhere there lead
    somewhere: ``random``, and ``k-means++`` and ``random_from_data`` with ``tied`` covariances.

    Parameters
    ----------
    n_components : K.
    covariance_type : ``full``, ``tied``, ``diag``, ``spherical``, or one of the fourteen structures
        by its letters, as `mixtura.fit` takes them; ``factor`` or ``factor-shared`` for factor
        analysers of `n_factors`.
    tol : the gain of the mean log-likelihood below which EM stops, nats a row; or ``"auto"``, to
        go on until less than 1e-8 nats a row are to be gained.
    reg_covar : added to every variance, squared feature units. 0 asks for the exact maximum, and
        a collapsed component raises. ``"auto"`` has no units: no component's variance, in any
        direction, is let below 1e-8 of the data's own.
    max_iter : EM iterations at most; 0 keeps the start.
    n_init : how many starts; the end of largest likelihood is kept.
    init_params : ``kmeans``, ``k-means++``, ``random`` or ``random_from_data``; or ``auto``,
        labels, responsibilities, a function that returns them, or a `mixtura.Mixture`: see
        `mixtura.fit`.
    weights_init : (K,), or None to leave them to the start.
    means_init : (K, D), or None. Each group of the start goes with the mean it is nearest to.
    precisions_init : inverse covariances, in the shape of `covariances_`, or None.
    random_state : the seed of the start, and of `sample`.
    warm_start : whether `fit` goes on from the fit before, where there is one.
    verbose : 1 prints runs and iterations, 2 also likelihoods and times.
    verbose_interval : how many iterations from one line to the next.
    accelerate : True extrapolates EM's steps, and keeps a point only where the likelihood does not
        fall; ``"auto"`` begins with that once the gains shrink at a steady ratio.
    weights : ``"free"``, or ``"equal"`` for components of one weight.
    prior : None, ``"conjugate"`` or a `mixtura.Prior`; see `mixtura.fit`.
    noise : whether rows may belong to no component: None, True for the box about the rows, a
        volume, or a `mixtura.Box`; see `mixtura.fit`. Then `predict` gives −1 for noise, and
        `predict_proba` one column more, the last.
    missing : ``"refuse"``, or ``"em"`` where rows may lack features, NaN, None or NA, by all that
        takes rows; see `mixtura.fit`.
    search : ``exact``, where an E-step looks at all components of each row; ``truncated`` for very
        many of them, which with ``init_params="auto"`` has a start of its own; or ``auto``; see
        `mixtura.fit`.
    n_factors : H of factor analysers, fewer than features; else None.

    Attributes
    ----------
    weights_ : (K,); with noise they sum to 1 less its weight.
    noise_ : the `mixtura.Noise`, or None.
    means_ : (K, D), feature units.
    covariances_ : (K, D, D) full, (D, D) tied, (K, D) diag, (K,) spherical; squared feature units;
        (K, D, H + 1) of factor analysers, the loadings A_k, and the diagonal of Ψ_k after them.
    precisions_ : the inverses, of the same shape; of factor analysers U_k and the diagonal of Ψ_k⁻¹
        of Σ_k⁻¹ = Ψ_k⁻¹ − U_k U_kᵀ.
    precisions_cholesky_ : upper triangular U with U Uᵀ the precision, of the same shape; of factor
        analysers `precisions_`.
    converged_ : whether the tolerance was reached, and not by a fall.
    n_iter_ : how many iterations led to these parameters.
    lower_bound_ : the mean log-likelihood of these parameters, nats a row; with a prior, and its
        log density, a row.
    lower_bounds_ : the same after each iteration; it ends with `lower_bound_`.
    n_features_in_ : D.
    feature_names_in_ : (D,), where the data named its columns.
    mixture_ : the `mixtura.Mixture`, which explains, conditions, marginalises and saves.
    fit_ : the `mixtura.Fit`: trace, outcome, remedy, notes, repairs; not after `partial_fit`.
    n_samples_seen_ : how many rows counted, in all calls of `partial_fit` since the last `fit`.
    partial_trace_ : after `partial_fit`, the mean log-likelihood of each batch before it was
        learnt from, nats a row: it falls where the stream is no longer what it was.

    References
    ----------
    Pedregosa et al. 2011, "Scikit-learn: machine learning in Python", for the interface.

    Examples
    --------
    >>> from mixtura import GaussianMixture
    >>> rows = [[1.0], [1.2], [1.1], [5.0], [5.3], [4.9]]
    >>> model = GaussianMixture(n_components=2, random_state=0).fit(rows)
    >>> sorted(model.means_.round(3).ravel().tolist()), model.converged_
    ([1.1, 5.067], True)
    >>> model.fit_.outcome.value
    'converged'
    """

    @classmethod
    def from_mixture(cls, mixture: Mixture, **parameters: Any) -> Self:
        """A fitted estimator with a given density: one that was loaded, or written down.

        Parameters
        ----------
        mixture : the density, which `mixture_` is then.
        parameters : of the estimator. `n_components`, `covariance_type`, `weights` and `noise` are
            those of the mixture unless given, and `init_params` the mixture itself, so that `fit`
            goes on from it.

        Raises
        ------
        ParameterError : `mixture` is none.

        Examples
        --------
        >>> from mixtura import GaussianMixture, Mixture
        >>> mixture = Mixture([0.5, 0.5], [[0.0], [4.0]], [[[1.0]], [[1.0]]])
        >>> GaussianMixture.from_mixture(mixture).predict([[0.2], [3.9]]).tolist()
        [0, 1]
        """
        return holding(cls, mixture, parameters)

    def fit(self, X: Any, y: object = None, sample_weight: Any = None, errors: Any = None) -> Self:
        """Fit to rows by expectation-maximisation; see `mixtura.fit`.

        Parameters
        ----------
        X : (N, D) array-like or table; float32 rows are read as they are. Or rows elsewhere, as
            `mixtura.fit` takes them: paths, datasets, iterables, Dask arrays and data frames.
        y : not used, but for callbacks; there so that pipelines can pass one.
        sample_weight : (N,) how much each row counts, at least 0, or None for 1 each. A whole
            number is as good as so many equal rows, 0 as no row; a factor on all of them changes
            nothing but the effective counts. Of rows elsewhere, as for `mixtura.fit`.
        errors : what the rows were measured with, as for `mixtura.fit`, or None.

        Raises
        ------
        ValueError : a parameter or the rows cannot be used, or a covariance became singular and
            `reg_covar` is 0.
        mixtura.errors.Interrupted : Ctrl-C; the estimator holds the fit so far.

        Warns
        -----
        ConvergenceWarning : EM ended without converging, a column is constant, there are fewer
            distinct rows than components, too few rows for the covariances or for one component,
            components that coincide, or weights that are no counts; the warning says what to do.
        """
        self._fit(X, sample_weight, y, errors=errors)
        return self

    def partial_fit(self, X: Any, y: object = None, sample_weight: Any = None) -> Self:
        """Learn from one more batch of a stream, by stepwise EM; no row is held.

        With s the mean statistics of the rows so far and ŝ those of the batch under the parameters
        at hand, s ← (1 − γ_t) s + γ_t ŝ with γ_t = (t + 2)^−0.6, and the parameters become the
        M-step of s; t is the weight of the rows seen before, in batches of this one's weight.
        First batches are held until there are 10·K·(D + 1) rows, to which a start is fitted as
        `fit` fits; until then nothing is predicted. After `fit` it goes on from there. Threads that
        share an estimator learn one after the other.

        Parameters
        ----------
        X, y, sample_weight : a batch, of any number of rows, as for `fit`.

        Raises
        ------
        ValueError : as for `fit`; or the batch has other columns than those before, or the
            parameters were set to another kind of mixture.

        Notes
        -----
        One pass over the batch. Rows should come in no particular order: of a stream that is
        sorted, the mixture is that of its end.

        References
        ----------
        Cappé & Moulines 2009, "On-line expectation-maximization algorithm for latent data models".

        Examples
        --------
        >>> import numpy as np
        >>> from mixtura import GaussianMixture
        >>> random, model = np.random.default_rng(0), GaussianMixture(2, random_state=0)
        >>> for _ in range(100):
        ...     centres = random.choice([0.0, 5.0], size=(50, 1))
        ...     model = model.partial_fit(random.normal(centres))
        >>> sorted(model.means_.round(0).ravel().tolist()), model.n_samples_seen_
        ([0.0, 5.0], 5000)
        """
        with in_turn(self):
            learn(self, X, sample_weight)
        return self

    def fit_predict(
        self, X: Any, y: object = None, sample_weight: Any = None, errors: Any = None
    ) -> Integers:
        """Fit, then the component of largest responsibility for each row, (N,).

        Rows of weight 0 are labelled too. Parameters, errors and warnings as for `fit`.
        """
        if not is_out_of_core(X):
            X, errors = parted(X, errors)
        rows = self._fit(X, sample_weight, y, errors=errors)
        return self.mixture_.predict(rows, errors, missing=self.missing)

    def predict(self, X: Any, errors: Any = None) -> Integers:
        """The component of largest responsibility for each row, (N,), −1 for noise."""
        rows, errors = self._measured(X, errors)
        return self.mixture_.predict(rows, errors, missing=self.missing)

    def predict_proba(self, X: Any, errors: Any = None) -> Floats:
        """Responsibilities, (N, K), and one column more for noise; rows sum to 1."""
        rows, errors = self._measured(X, errors)
        return self.mixture_.predict_proba(rows, errors, missing=self.missing)

    def score_samples(self, X: Any, errors: Any = None) -> Floats:
        """The log-likelihood of each row, (N,), nats; see `mixtura.Mixture.score_samples`."""
        rows, errors = self._measured(X, errors)
        return self.mixture_.score_samples(rows, errors, missing=self.missing)

    def score(
        self, X: Any, y: object = None, sample_weight: Any = None, errors: Any = None
    ) -> float:
        """The mean log-likelihood of the rows, nats a row; `y` is not used.

        With weights (N,) it is Σ_i v_i log p(x_i) / Σ_i v_i.
        """
        rows, errors = self._measured(X, errors)
        return self.mixture_.score(rows, sample_weight, errors, missing=self.missing)

    def posterior(self, X: Any, errors: Any) -> tuple[Floats, Floats]:
        """Means (N, D) and covariances (N, D, D) of true values; `mixtura.Mixture.posterior`."""
        rows, errors = self._measured(X, errors)
        return self.mixture_.posterior(rows, errors, missing=self.missing)

    def sample(self, n_samples: int = 1) -> tuple[Floats, Integers]:
        """Rows (n_samples, D) drawn from the mixture, and the component of each (n_samples,).

        The same seed draws what scikit-learn draws.
        """
        check_is_fitted(self, "mixture_")
        if not is_whole(n_samples) or n_samples < 1:
            raise ParameterError(
                f"Invalid value for 'n_samples': {n_samples!r}, expected at least 1 row to draw"
            )
        return self.mixture_.sample(n_samples, check_random_state(self.random_state))

    def bic(self, X: Any, sample_weight: Any = None) -> float:
        """Bayesian information criterion −2·log L + p·log N, smaller is better (Schwarz 1978).

        With weights (N,), log L = Σ_i v_i log p(x_i) and N = Σ_i v_i.

        Warns
        -----
        ConvergenceWarning : the number says nothing, for a component of the fit rests on too few
            rows.
        """
        rows = self._rows(X)
        checks.warn_if_void(getattr(self, "fit_", None), "BIC")
        return self.mixture_.bic(rows, sample_weight, missing=self.missing)

    def aic(self, X: Any, sample_weight: Any = None) -> float:
        """Akaike information criterion −2·log L + 2p, smaller is better (Akaike 1974).

        With weights (N,), log L = Σ_i v_i log p(x_i). Warnings as for `bic`.
        """
        rows = self._rows(X)
        checks.warn_if_void(getattr(self, "fit_", None), "AIC")
        return self.mixture_.aic(rows, sample_weight, missing=self.missing)

    def icl(self, X: Any, sample_weight: Any = None) -> float:
        """Integrated completed likelihood criterion, smaller is better; see `mixtura.Mixture.icl`.

        It is BIC − 2·Σ_i v_i log max_k r_ik (Biernacki, Celeux & Govaert 2000). Warnings as for
        `bic`.
        """
        rows = self._rows(X)
        checks.warn_if_void(getattr(self, "fit_", None), "ICL")
        return self.mixture_.icl(rows, sample_weight, missing=self.missing)

    def _n_parameters(self) -> int:
        """Free parameters, by the name that scikit-learn has for them."""
        return self.mixture_.n_parameters

    def _rows(self, X: Any) -> Any:
        """`X` checked as scikit-learn checks it, against the columns of the fit, (N, D).

        Rows elsewhere are checked as they are read.
        """
        if checks.is_expected(self, X):
            return X
        check_started(self)
        check_is_fitted(self, "mixture_")
        if is_out_of_core(X):
            return X
        checks.check_numbers(X, holes=self._holes)
        return self._validated(X, reset=False)

    def _measured(self, X: Any, errors: Any) -> tuple[Any, Any]:
        """Rows as for `_rows`, and their errors, which columns of `X` may hold."""
        if columns_wanted(errors) is None or is_out_of_core(X):
            return self._rows(X), errors
        features, found = parted(X, errors)
        return self._rows(features), found

    def _fit(self, X: Any, sample_weight: Any, y: object, **more: Any) -> Any:
        """Fit and hold the result; the rows, those of weight 0 included, (N, D)."""
        checks.check_parameters(self)
        rows, weights, run = prepared(self, X, sample_weight, **more)
        observers = [Progress(self.verbose, self.verbose_interval)] if self.verbose else []
        try:
            fit, stopped = told(self, rows, y, weights, observers, run)
        except CollapseError as error:
            raise checks.collapsed(error) from None
        except Interrupted as interruption:
            hold(self, interruption.fit)
            raise
        hold(self, fit)
        checks.warn_of(fit, expected=fit.settings.allows(1) and not stopped)
        return rows
