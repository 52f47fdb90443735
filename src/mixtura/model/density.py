"""Density: the parameters of a mixture, and what they make of a row."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from mixtura.arguments import is_whole, takes_missing
from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Integers, Rows, Value, frozen
from mixtura.engine.components import Components
from mixtura.engine.sources import Block
from mixtura.errors import DataError, ModelError, ParameterError
from mixtura.model import parameters
from mixtura.model.estimated import arguments_of
from mixtura.model.gaussians import Gaussians
from mixtura.model.noise import Noise
from mixtura.model.structures import Structure, structure as structure_called
from mixtura.model.terms import Terms
from mixtura.rows.in_memory import as_rows
from mixtura.rows.out_of_core import RowFunction, is_out_of_core, summed
from mixtura.rows.weights import row_weights, weighted_mean
from mixtura.textual import counted, printable

#: so many features are named in a repr
_NAMED = 6


@dataclass(frozen=True, eq=False)
class Density(Value):
    """The parameters of a mixture, checked, factorised and frozen; see `Mixture`."""

    weights: Floats
    means: Floats
    covariances: Floats
    structure: Structure
    feature_names: tuple[str, ...] | None
    noise: Noise | None
    equal_weights: bool
    #: log weights, means and Cholesky factors of the K components
    gaussians: Components = field(init=False)
    #: the same as the kernel reads them, the noise after them where there is any
    components: Components = field(init=False)

    def __init__(
        self,
        weights: ArrayLike,
        means: ArrayLike,
        covariances: ArrayLike,
        structure: str | Structure = "full",
        feature_names: Sequence[str] | None = None,
        *,
        noise: Noise | None = None,
        equal_weights: bool = False,
    ) -> None:
        chosen = structure_called(structure)
        centres = parameters.means(means)
        taken = 0.0 if noise is None else noise.weight
        shares = parameters.weights(weights, len(centres), 1.0 - taken, equal=equal_weights)
        chosen.check(centres.shape[1])
        matrices = parameters.covariances(covariances, chosen.form, centres.shape)
        names = parameters.feature_names(feature_names, centres.shape[1])
        gaussians = Components(frozen(np.log(shares)), centres, chosen.form.factor(matrices))
        if noise is not None:
            if chosen.n_factors:
                raise ModelError(
                    f"there is noise beside {chosen.name} covariances, and factor analysers are "
                    "without yet: leave it out, or write the covariances out as full ones"
                )
            parameters.box(noise.box, centres.shape[1])
        for name, value in (
            ("weights", shares),
            ("means", centres),
            ("covariances", matrices),
            ("structure", chosen),
            ("feature_names", names),
            ("noise", noise),
            ("equal_weights", bool(equal_weights)),
            ("gaussians", gaussians),
            ("components", gaussians if noise is None else noise.after(gaussians)),
        ):
            object.__setattr__(self, name, value)

    @classmethod
    def assembled(
        cls,
        weights: Floats,
        covariances: Floats,
        structure: Structure,
        feature_names: tuple[str, ...] | None,
        gaussians: Components,
        *,
        noise: Noise | None = None,
        equal_weights: bool = False,
    ) -> Self:
        """The mixture of parts that are known to be sound and belong together; none is looked at.

        Parameters
        ----------
        weights, covariances, structure, feature_names, noise, equal_weights : as of the class.
        gaussians : the same with factors and means, which become the mixture's.
        """
        mixture = object.__new__(cls)
        for array in (weights, covariances, gaussians.means, gaussians.log_weights):
            array.setflags(write=False)
        # A frozen object's fields cannot be set one by one without asking for each.
        mixture.__dict__.update(
            weights=weights,
            means=gaussians.means,
            covariances=covariances,
            structure=structure,
            feature_names=feature_names,
            noise=noise,
            equal_weights=equal_weights,
            gaussians=gaussians,
            components=gaussians if noise is None else noise.after(gaussians),
        )
        return mixture

    @classmethod
    def from_estimator(cls, estimator: Any, state: int | None = None) -> Self:
        """The mixture in another library's fitted object, known by its attributes.

        Parameters
        ----------
        estimator : scikit-learn's GaussianMixture, or its BayesianGaussianMixture, of which that is
            the mixture of the mean parameters, with a warning; hmmlearn's GaussianHMM or GMMHMM;
            pomegranate's GeneralMixtureModel of Normals; gmr's GMM; mixtura's own.
        state : of a hidden Markov model, whose density it is; None is that of a row when the chain
            has long run, Σ_s π_s p_s(x) with the stationary distribution π.

        Raises
        ------
        ParameterError : it is none of these, is not fitted, or has no such state.
        ModelError : its parameters make no mixture.

        Examples
        --------
        >>> from mixtura import Mixture
        >>> from mixtura.datasets import faithful
        >>> from sklearn.mixture import GaussianMixture
        >>> theirs = GaussianMixture(2, random_state=0).fit(faithful().rows)
        >>> Mixture.from_estimator(theirs)
        Mixture(2 components, 2 features, full)
        """
        own = getattr(estimator, "mixture_", getattr(estimator, "mixture", None))
        return own if isinstance(own, cls) else cls(**arguments_of(estimator, state))

    def __repr__(self) -> str:
        names = [printable(name) for name in self.feature_names or ()]
        shown = f" ({', '.join(names[:_NAMED] + ['…'] * (len(names) > _NAMED))})" if names else ""
        return (
            f"Mixture({counted(self.n_components, 'component')}, "
            f"{counted(self.n_features, 'feature')}{shown}, {self.structure.name}"
            f"{', noise' if self.noise else ''})"
        )

    @property
    def n_components(self) -> int:
        """The number K of Gaussian components, the noise not among them."""
        return int(self.means.shape[0])

    @property
    def n_features(self) -> int:
        """The number D of features of a row."""
        return int(self.means.shape[1])

    @property
    def terms(self) -> tuple[Terms, ...]:
        """The families of terms that the density is a sum of: its Gaussians, then the noise."""
        return (self._gaussians, *([self.noise] if self.noise else []))

    @property
    def shares(self) -> Floats:
        """The weights, and after them that of the noise where there is any: they sum to 1."""
        shares = [terms.shares for terms in self.terms]
        return shares[0] if len(shares) == 1 else np.concatenate(shares)

    @property
    def n_parameters(self) -> int:
        """Free parameters: K − 1 weights, K·D means, and those of the covariances.

        Equal weights are none; noise has two, its weight and its volume, as R's mclust counts.
        """
        return sum(terms.n_parameters for terms in self.terms)

    @property
    def feature_labels(self) -> tuple[str, ...]:
        """The feature names, or x0, x1, … where there are none."""
        return self.feature_names or tuple(f"x{j}" for j in range(self.n_features))

    def covariance_matrices(self) -> Floats:
        """The covariances written out, (K, D, D)."""
        return self._gaussians.matrices()

    def variances(self) -> Floats:
        """The variances of the features in each component, (K, D), squared feature units."""
        return self._gaussians.variances()

    def rows(self, X: Any, *, missing: str | None = None) -> Rows:
        """`X` as rows of this mixture's features, checked and matched by column name, (N, D).

        Raises
        ------
        DataError : wrong shape, missing columns, infinity, or NaN where none may be missing.
        """
        holes = None if missing is None else takes_missing(missing)
        return as_rows(X, self.n_features, self.feature_names, holes=holes)

    def score_samples(
        self, X: Any, errors: Any = None, projections: Any = None, *, missing: str = "refuse"
    ) -> Floats:
        """The log-likelihood log p(x_i) of each row.

        log p(x_i) = log Σ_k exp(log w_k − D/2·log 2π − ½ log|Σ_k| − ½‖L_k⁻¹(x_i − μ_k)‖²)

        With noise, w₀ / V is added to the sum: for every row, be it outside the box.

        Parameters
        ----------
        X : (N, D) array-like, or a table with this mixture's columns; or rows out of core, as
            `mixtura.fit` takes them: paths, datasets, iterables, Dask collections.
        errors, projections : what the rows were measured with, as for `mixtura.fit`, or None: then
            R_i μ_k and R_i Σ_k R_iᵀ + S_i stand for μ_k and Σ_k.
        missing : ``"em"`` where rows may lack features, as for `mixtura.fit`: each has the density
            of those that were observed, and 1 if none was.

        Returns
        -------
        (N,), nats; −inf where the squared distance itself overflows (some 1e154 standard
        deviations out). For a Dask collection a Dask array, which nothing is computed of yet.

        Raises
        ------
        DataError : wrong shape, missing columns, infinity, or NaN where none may be missing.

        Notes
        -----
        N·K·D²/2 multiply-adds for full and tied covariances, N·K·D for diagonal ones; memory
        for one block.
        """
        asked = self._by_row(lambda b: kernel.log_likelihood(b, self.components), missing=missing)
        return asked.over(X, errors, projections)

    def score(
        self, X: Any, sample_weight: Any = None, errors: Any = None, *, missing: str = "refuse"
    ) -> float:
        """The mean log-likelihood of the rows, nats a row; see `score_samples`.

        With weights (N,) it is Σ_i v_i log p(x_i) / Σ_i v_i. Rows out of core are read in bounded
        memory; their weights and errors are given as to `mixtura.fit`.
        """
        if is_out_of_core(X):
            total, weight = self._log_likelihood(X, sample_weight, errors, missing)
            return total / weight
        scores = self.score_samples(X, errors, missing=missing)
        return weighted_mean(scores, row_weights(sample_weight, len(scores), summed=False))

    def posterior(
        self, X: Any, errors: Any = None, projections: Any = None, *, missing: str = "refuse"
    ) -> tuple[Floats, Floats]:
        """The true values of rows that were measured with errors, as far as they can be known.

        With Σ_k the covariances and S_i those of the errors, and r_ik the responsibilities::

            E[t_i] = Σ_k r_ik m_ik               m_ik = μ_k + Σ_k (Σ_k + S_i)⁻¹ (x_i − μ_k)
            Cov[t_i] = Σ_k r_ik (Σ_k − Σ_k (Σ_k + S_i)⁻¹ Σ_k + (m_ik − E[t_i])(m_ik − E[t_i])ᵀ)

        A row that is noise stays where it is.

        Parameters
        ----------
        X : (N, D), as for `score_samples`.
        errors, projections : as for `mixtura.fit`; one of them, at least.
        missing : as for `score_samples`; what is missing is known by the rest of its row.

        Returns
        -------
        Means (N, D), feature units, and covariances (N, D, D), squared feature units.

        Raises
        ------
        DataError : as for `score_samples`; or there are no errors.

        Notes
        -----
        N·K·D³ multiply-adds, N·K·D² where all rows have one covariance; N·D·(D + K) numbers of
        memory.

        References
        ----------
        Bovy, Hogg & Roweis 2011, "Extreme deconvolution", equations 15 and 16.

        Examples
        --------
        >>> from mixtura import Mixture
        >>> means, covariances = Mixture([1.0], [[0.0]], [[[3.0]]]).posterior([[4.0]], [[[1.0]]])
        >>> means.round(9).tolist(), covariances.round(9).tolist()
        ([[3.0]], [[[0.75]]])
        """
        if errors is None and projections is None:
            raise DataError("errors is None: without an error a row is its own true value")
        shape = self.n_features, self.n_features + 1
        found = self._by_row(
            lambda b: kernel.true_values(b, self.components), shape, missing=missing
        )
        both: Floats = found.over(X, errors, projections)
        return both[:, :, 0], both[:, :, 1:]

    @property
    def _gaussians(self) -> Gaussians:
        return Gaussians(
            self.weights, self.means, self.covariances, self.structure, self.equal_weights
        )

    @property
    def _n_terms(self) -> tuple[int]:
        """How many responsibilities a row has: K, and one for noise."""
        return (self.components.n_components,)

    def _log_likelihood(
        self, X: Any, sample_weight: Any, errors: Any, missing: str
    ) -> tuple[float, float]:
        """Σ_i v_i log p(x_i), nats, and Σ_i v_i."""
        asked = self._by_row(lambda b: kernel.log_likelihood(b, self.components), missing=missing)
        return summed(X, sample_weight, asked, errors)

    def _by_row(
        self,
        function: Callable[[Block], Any],
        shape: tuple[int, ...] = (),
        dtype: type = np.float64,
        missing: str | None = None,
    ) -> RowFunction:
        """What a function of blocks gives for each row, of `shape` a row.

        `missing` is None where rows cannot lack features.
        """
        known = self.n_features, self.feature_names
        holes = None if missing is None else takes_missing(missing)
        return RowFunction(function, *known, shape, dtype, holes)


def log_background(mixture: Density) -> float:
    """The noise's part log w₀ − log V of a mixture's log density, nats; −∞ where there is none."""
    return mixture.noise.log_joint if mixture.noise else -math.inf


def largest_shares(
    mixture: Density,
    X: Any,
    top: int,
    errors: Any = None,
    projections: Any = None,
    *,
    missing: str = "refuse",
) -> tuple[Integers, Floats]:
    """The largest responsibilities of each row; see `Mixture.predict_proba`.

    Returns
    -------
    (N, top) labels and (N, top) responsibilities, falling; of two that are equal the first comes
    first.

    Raises
    ------
    ParameterError : `top` is no whole number from 1 to the number of terms.
    """
    labels = np.concatenate([terms.labels for terms in mixture.terms])
    if not is_whole(top) or not 1 <= top <= len(labels):
        raise ParameterError(
            f"top is {top!r}, expected a whole number from 1 to {len(labels)}, as many "
            "responsibilities as a row has"
        )

    def largest(block: Block) -> Floats:
        places, shares = kernel.leading(block, mixture.components, top)
        return np.column_stack([labels[places], shares])

    whole = mixture._by_row(largest, (2 * top,), missing=missing).over(X, errors, projections)
    return whole[:, :top].astype(np.int64), whole[:, top:]
