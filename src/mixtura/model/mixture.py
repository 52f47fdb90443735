"""Mixture: the fitted density."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mixtura.arguments import is_whole
from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Integers, Rows, Value, frozen
from mixtura.engine.components import Components, with_uniform
from mixtura.engine.executors import default_executor
from mixtura.engine.sources import Block
from mixtura.errors import DataError, ParameterError
from mixtura.model import affine, algebra, parameters
from mixtura.model.elsewhere import Answer, is_elsewhere, mapped, sums
from mixtura.model.explain import Explanation, explain
from mixtura.model.noise import NOISE, Noise
from mixtura.model.random import Seed
from mixtura.model.rows import as_rows
from mixtura.model.sampling import sampled
from mixtura.model.structures import Structure
from mixtura.model.structures import structure as structure_called
from mixtura.model.weights import row_weights, total_weight, weighted_mean
from mixtura.textual import counted, printable

__all__ = ["Mixture"]

#: so many features are named in a repr
_NAMED = 6


@dataclass(frozen=True, eq=False)
class Mixture(Value):
    """A Gaussian mixture density, frozen.

    p(x) = Σ_k w_k N(x | μ_k, Σ_k), with weights w_k that are positive and sum to 1.

    Parameters
    ----------
    weights : (K,).
    means : (K, D), feature units.
    covariances : squared feature units; (D, D) for ``tied`` (EEE), (K, D) for ``diag`` (VVI), VEI,
        EVI and EEI, (K,) for ``spherical`` (VII), EII, E and V, (K, D, D) for ``full`` (VVV) and
        the others.
    structure : the name of the covariances' structure, or a `Structure`. Whether they have it is
        not looked into: it says how they are held, and what is counted as free.
    feature_names : D names, or None.
    noise : of rows that belong to no component, a weight and a box, or None. Its weight and the
        components' sum to 1, and p(x) has one term more, w₀ / V. Its label is −1, and its
        responsibilities are one more column, the last.
    equal_weights : whether the weights are equal by decree, and so none of them is free.

    Raises
    ------
    ModelError : a shape, a weight or a covariance is not what a mixture needs; the component at
        fault is named.
    ParameterError : there is no such structure.

    Notes
    -----
    Building one factorises the covariances, K·D³/3 operations; scoring costs N·K·D²/2 for full
    and tied, N·K·D for diag and spherical, and holds one block of rows beside the data.

    References
    ----------
    McLachlan & Peel 2000, Finite Mixture Models, equation 3.1.

    Examples
    --------
    >>> from mixtura import Mixture
    >>> m = Mixture([0.25, 0.75], [[0.0], [4.0]], [[[1.0]], [[0.25]]])
    >>> m.predict([[0.5], [3.0]]).tolist()
    [0, 1]
    >>> m.score_samples([[4.0]]).round(6).tolist()
    [-0.513418]
    """

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
            ("components", _over_noise(gaussians, noise)),
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
    ) -> Mixture:
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
            components=_over_noise(gaussians, noise),
        )
        return mixture

    def __repr__(self) -> str:
        names = [printable(name) for name in self.feature_names or ()]
        shown = f" ({', '.join(names[:_NAMED] + ['…'] * (len(names) > _NAMED))})" if names else ""
        return (
            f"Mixture({counted(self.n_components, 'component')}, "
            f"{counted(self.n_features, 'feature')}{shown}, {self.structure.name}"
            f"{', noise' if self.noise else ''})"
        )

    def __str__(self) -> str:
        """What it is, and its parameters, as far as there is room."""
        from mixtura.model.listing import mixture_text

        return mixture_text(self)

    def _repr_html_(self) -> str:
        """A small table, for a notebook."""
        from mixtura.model.html import mixture_html

        return mixture_html(self)

    @property
    def n_components(self) -> int:
        """K."""
        return int(self.means.shape[0])

    @property
    def n_features(self) -> int:
        """D."""
        return int(self.means.shape[1])

    @property
    def shares(self) -> Floats:
        """The weights, and after them that of the noise where there is any: they sum to 1."""
        return np.append(self.weights, self.noise.weight) if self.noise else self.weights

    @property
    def n_parameters(self) -> int:
        """Free parameters: K − 1 weights, K·D means, and those of the covariances.

        Equal weights are none; noise has two, its weight and its volume, as R's mclust counts.
        """
        k, d = self.n_components, self.n_features
        free = (0 if self.equal_weights else k - 1) + (2 if self.noise else 0)
        return free + k * d + self.structure.n_covariance_parameters(k, d)

    @property
    def feature_labels(self) -> tuple[str, ...]:
        """The feature names, or x0, x1, … where there are none."""
        return self.feature_names or tuple(f"x{j}" for j in range(self.n_features))

    def covariance_matrices(self) -> Floats:
        """The covariances written out, (K, D, D)."""
        return self.structure.form.matrices(self.covariances, self.n_components, self.n_features)

    # -- densities ---------------------------------------------------------------------------

    def rows(self, X: Any) -> Rows:
        """`X` as rows of this mixture's features, checked and matched by column name, (N, D).

        Raises
        ------
        DataError : wrong shape, missing columns, NaN or infinity.
        """
        return as_rows(X, self.n_features, self.feature_names)

    def score_samples(self, X: Any) -> Floats:
        """The log-likelihood of each row.

        log p(x_i) = log Σ_k exp(log w_k − D/2·log 2π − ½ log|Σ_k| − ½‖L_k⁻¹(x_i − μ_k)‖²)

        With noise, w₀ / V is added to the sum: for every row, be it outside the box.

        Parameters
        ----------
        X : (N, D) array-like, or a table with this mixture's columns; or rows elsewhere, as
            `mixtura.fit` takes them: paths, datasets, iterables, Dask collections.

        Returns
        -------
        (N,), nats; −inf where the squared distance itself overflows (some 1e154 standard
        deviations out). For a Dask collection a Dask array, which nothing is computed of yet.

        Raises
        ------
        DataError : wrong shape, missing columns, NaN or infinity.

        Notes
        -----
        N·K·D²/2 multiply-adds for full and tied covariances, N·K·D for diagonal ones; memory
        for one block.
        """
        return self._mapped(X, lambda b: kernel.log_likelihood(b.rows, self.components))

    def score(self, X: Any, sample_weight: Any = None) -> float:
        """The mean log-likelihood of the rows, nats a row; see `score_samples`.

        With weights (N,) it is Σ_i v_i log p(x_i) / Σ_i v_i. Rows elsewhere are read in bounded
        memory; their weights are given as to `mixtura.fit`.
        """
        if is_elsewhere(X):
            total, weight = self._log_likelihood(X, sample_weight)
            return total / weight
        scores = self.score_samples(X)
        return weighted_mean(scores, row_weights(sample_weight, len(scores), summed=False))

    def predict_proba(self, X: Any) -> Floats:
        """Responsibilities r_ik = w_k N(x_i | μ_k, Σ_k) / p(x_i), (N, K); rows sum to 1.

        A row so far out that every density underflows belongs wholly to the component nearest in
        Mahalanobis distance. With noise there is one more column, the last, for the
        responsibility of the noise: (N, K + 1). Parameters, errors and cost as for
        `score_samples`.
        """
        return self._mapped(
            X, lambda b: kernel.posterior(b.rows, self.components)[1], self._responsible
        )

    def predict(self, X: Any) -> Integers:
        """The component of largest responsibility, (N,), −1 for noise; see `predict_proba`."""
        labels = self._mapped(X, lambda b: kernel.labels(b.rows, self.components), dtype=np.int64)
        labels[labels == self.n_components] = NOISE
        return labels

    def log_responsibilities(self, X: Any) -> Floats:
        """Log r_ik, (N, K), nats, without underflow; with noise (N, K + 1): `predict_proba`."""
        return self._mapped(
            X, lambda b: kernel.log_posterior(b.rows, self.components), self._responsible
        )

    def bic(self, X: Any, sample_weight: Any = None) -> float:
        """Bayesian information criterion −2·log L + p·log N, smaller is better (Schwarz 1978).

        With weights (N,), log L = Σ_i v_i log p(x_i) and N = Σ_i v_i.
        """
        log_likelihood, n = self._log_likelihood(X, sample_weight)
        return -2.0 * log_likelihood + self.n_parameters * math.log(n)

    def aic(self, X: Any, sample_weight: Any = None) -> float:
        """Akaike information criterion −2·log L + 2p, smaller is better (Akaike 1974).

        With weights (N,), log L = Σ_i v_i log p(x_i).
        """
        return -2.0 * self._log_likelihood(X, sample_weight)[0] + 2.0 * self.n_parameters

    def icl(self, X: Any, sample_weight: Any = None) -> float:
        """Integrated completed likelihood criterion BIC − 2·Σ_i v_i log max_k r_ik.

        Smaller is better. It counts against a mixture that its components overlap, so that a row's
        own is in doubt: each row is taken to be of the component of largest responsibility
        (Biernacki, Celeux & Govaert 2000). Weights (N,), v_i, as for `bic`.
        """
        certainty, _ = self._summed(
            X, sample_weight, lambda b: kernel.log_posterior(b.rows, self.components).max(axis=1)
        )
        return self.bic(X, sample_weight) - 2.0 * certainty

    def sample(self, n: int, random_state: Seed = None) -> tuple[Floats, Integers]:
        """Draw rows from the mixture, component after component, the noise last.

        Parameters
        ----------
        n : how many rows, at least 1.
        random_state : seed; the same one draws what scikit-learn 1.9 draws.

        Returns
        -------
        (n, D) rows and (n,) the component of each, −1 for noise.

        Raises
        ------
        ParameterError : n is not a whole number of at least 1.
        """
        if not is_whole(n) or not 1 <= n < 2**53:
            raise ParameterError(f"n is {n!r}, expected a whole number of rows, at least 1")
        return sampled(self, n, random_state)

    # -- what follows from it ----------------------------------------------------------------

    def mean(self) -> Floats:
        """E[x] = Σ_k w_k μ_k, (D,), feature units; noise counts at the middle of its box."""
        return algebra.mean(self)

    def covariance(self) -> Floats:
        """Cov[x] = Σ_k w_k (Σ_k + (μ_k − E[x])(μ_k − E[x])ᵀ), (D, D), squared feature units."""
        return algebra.covariance(self)

    def marginal(self, features: Sequence[int | str]) -> Mixture:
        """The density of some of the features, itself a mixture; see `algebra.marginal`."""
        return algebra.marginal(self, features)

    def condition(self, given: Mapping[int | str, float]) -> Mixture:
        """The density of the other features, given values of some; see `algebra.condition`."""
        return algebra.condition(self, given)

    def transformed(
        self, A: ArrayLike, b: ArrayLike = 0.0, feature_names: Sequence[str] | None = None
    ) -> Mixture:
        """The density of A x + b, itself a mixture; see `affine.transformed`."""
        return affine.transformed(self, A, b, feature_names)

    def explain(self, X: Any, rows: Sequence[int] | None = None) -> Explanation:
        """Where the log-likelihood of each row, or of those numbered, comes from.

        See `Explanation`.
        """
        return explain(self, X, rows)

    @property
    def _responsible(self) -> tuple[int]:
        """How many responsibilities a row has: K, and one for noise."""
        return (self.components.n_components,)

    def _log_likelihood(self, X: Any, sample_weight: Any) -> tuple[float, float]:
        """Σ_i v_i log p(x_i), nats, and Σ_i v_i."""
        components = self.components
        return self._summed(X, sample_weight, lambda b: kernel.log_likelihood(b.rows, components))

    def _mapped(
        self,
        X: Any,
        function: Callable[[Block], Any],
        shape: tuple[int, ...] = (),
        dtype: type = np.float64,
    ) -> Any:
        """What `function` gives for each row, of `shape` a row, (N, *shape)."""
        answer = self._answer(function, shape, dtype)
        if is_elsewhere(X):
            return mapped(X, answer)
        rows = self.rows(X)
        if len(rows) == 0:
            raise DataError("X has 0 rows, expected at least 1")
        return answer.of(rows, default_executor())

    def _answer(
        self,
        function: Callable[[Block], Any],
        shape: tuple[int, ...] = (),
        dtype: type = np.float64,
    ) -> Answer:
        return Answer(function, self.n_features, self.feature_names, shape, dtype)

    def _summed(
        self, X: Any, sample_weight: Any, function: Callable[[Block], Any]
    ) -> tuple[float, float]:
        """Σ_i v_i y_i of what `function` gives for each row, and Σ_i v_i."""
        if is_elsewhere(X):
            (total,), weight = sums(X, sample_weight, [self._answer(function)])
            return total, weight
        values = self._mapped(X, function)
        weights = row_weights(sample_weight, len(values))
        weight = total_weight(weights, len(values))
        return weighted_mean(values, weights) * weight, weight


def _over_noise(gaussians: Components, noise: Noise | None) -> Components:
    """The components, and the noise after them where there is any."""
    if noise is None:
        return gaussians
    return with_uniform(gaussians, noise.weight, noise.box.log_volume, noise.box.centre)
