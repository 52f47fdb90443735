"""Mixture: the density that is fitted, scored and drawn from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import add
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mixtura.arguments import is_whole
from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Integers
from mixtura.errors import ParameterError
from mixtura.model import listing
from mixtura.model.adaptation import adapted
from mixtura.model.affine import AffineMap
from mixtura.model.algebra import evidence, feature_indices
from mixtura.model.density import largest_shares
from mixtura.model.deployment.deployable import Deployable
from mixtura.model.explain import Explanation, explain
from mixtura.model.noise import labelled
from mixtura.model.random import Seed, random_state_of
from mixtura.rows.out_of_core import summed


class Mixture(Deployable):
    """A Gaussian mixture density, frozen: its parameters, and all that follows from them.

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

    def __str__(self) -> str:
        """What it is, and its parameters, as far as there is room."""
        return listing.mixture_text(self)

    def _repr_html_(self) -> str:
        """A small table, for a notebook."""
        return listing.mixture_html(self)

    # -- densities ---------------------------------------------------------------------------

    def predict_proba(
        self,
        X: Any,
        errors: Any = None,
        projections: Any = None,
        *,
        top: int | None = None,
        missing: str = "refuse",
    ) -> Any:
        """Responsibilities r_ik = w_k N(x_i | μ_k, Σ_k) / p(x_i), (N, K); rows sum to 1.

        A row so far out that every density underflows belongs wholly to the component nearest in
        Mahalanobis distance. With noise there is one more column, the last, for it: (N, K + 1).
        Parameters, errors and cost as for `score_samples`.

        With `top` only so many are kept of each row, the largest first: labels (N, top), −1 for
        noise, and their responsibilities (N, top), as a pair; no N × K array is ever held.
        """
        if top is not None:
            return largest_shares(self, X, top, errors, projections, missing=missing)
        own = self.components
        asked = self._by_row(lambda b: kernel.posterior(b, own)[1], self._n_terms, missing=missing)
        return asked.over(X, errors, projections)

    def predict(self, X: Any, errors: Any = None, *, missing: str = "refuse") -> Integers:
        """The component of largest responsibility, (N,), −1 for noise; see `predict_proba`."""
        own = self.components
        asked = self._by_row(lambda b: kernel.labels(b, own), dtype=np.int64, missing=missing)
        places = asked.over(X, errors)
        return labelled(places, self.n_components) if self.noise else places

    def log_responsibilities(
        self, X: Any, errors: Any = None, *, missing: str = "refuse"
    ) -> Floats:
        """Log r_ik, (N, K), nats, without underflow; with noise (N, K + 1): `predict_proba`."""
        return self._by_row(
            lambda b: kernel.log_posterior(b, self.components), self._n_terms, missing=missing
        ).over(X, errors)

    def bic(
        self, X: Any, sample_weight: Any = None, errors: Any = None, *, missing: str = "refuse"
    ) -> float:
        """Bayesian information criterion −2·log L + p·log N, smaller is better (Schwarz 1978).

        With weights (N,), log L = Σ_i v_i log p(x_i) and N = Σ_i v_i.
        """
        log_likelihood, n = self._log_likelihood(X, sample_weight, errors, missing)
        return -2.0 * log_likelihood + self.n_parameters * math.log(n)

    def aic(
        self, X: Any, sample_weight: Any = None, errors: Any = None, *, missing: str = "refuse"
    ) -> float:
        """Akaike information criterion −2·log L + 2p, smaller is better (Akaike 1974).

        With weights (N,), log L = Σ_i v_i log p(x_i).
        """
        log_likelihood, _ = self._log_likelihood(X, sample_weight, errors, missing)
        return -2.0 * log_likelihood + 2.0 * self.n_parameters

    def icl(
        self, X: Any, sample_weight: Any = None, errors: Any = None, *, missing: str = "refuse"
    ) -> float:
        """Integrated completed likelihood criterion BIC − 2·Σ_i v_i log max_k r_ik.

        Smaller is better. It counts against a mixture that its components overlap, so that a row's
        own is in doubt: each row is taken to be of the component of largest responsibility
        (Biernacki, Celeux & Govaert 2000). Weights (N,), v_i, as for `bic`.
        """
        certain = self._by_row(
            lambda b: kernel.log_posterior(b, self.components).max(axis=1), missing=missing
        )
        certainty, _ = summed(X, sample_weight, certain, errors)
        return self.bic(X, sample_weight, errors, missing=missing) - 2.0 * certainty

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
        random = random_state_of(random_state)
        counts = random.multinomial(n, self.shares)
        blocks, at = [], 0
        for terms in self.terms:
            blocks.append(terms.sample(counts[at : at + len(terms.labels)], random))
            at += len(terms.labels)
        labels = np.concatenate([terms.labels for terms in self.terms])
        return np.vstack(blocks), np.repeat(labels, counts)

    # -- what follows from it ----------------------------------------------------------------

    def mean(self) -> Floats:
        """E[x] = Σ_k w_k μ_k, (D,), feature units; noise counts at the middle of its box."""
        return reduce(add, (terms.mean() for terms in self.terms))

    def covariance(self) -> Floats:
        """Cov[x] = Σ_k w_k (Σ_k + (μ_k − E[x])(μ_k − E[x])ᵀ), (D, D), squared feature units."""
        middle = self.mean()
        return reduce(add, (terms.covariance(middle) for terms in self.terms))

    def marginal(self, features: Sequence[int | str]) -> Mixture:
        """The density of some of the features, itself a mixture: the others are left out.

        Parameters
        ----------
        features : indices or names, in the order wanted; each once. Or a mask: D times True or
            False.

        Returns
        -------
        Of the same structure where parts of its covariances have it, else ``full`` or ``diag``.
        Noise stays noise, spread over the shadow of its box.

        Raises
        ------
        ParameterError : no features, one given twice, or one that does not exist.

        Examples
        --------
        >>> from mixtura import Mixture
        >>> m = Mixture([1.0], [[1.0, 2.0]], [[[1.0, 0.5], [0.5, 3.0]]])
        >>> m.marginal([1]).covariances.tolist()
        [[[3.0]]]
        """
        kept = feature_indices(self, features)
        if not kept:
            raise ParameterError("no features given, expected at least one: name or number them")
        return self._of([terms.marginal(kept) for terms in self.terms], self._names(kept))

    def condition(self, given: Mapping[int | str, float]) -> Mixture:
        """The density of the other features, given values of some.

        With a the given and b the other features::

            w'_k ∝ w_k N(x_a | μ_a, Σ_aa)
            μ'_k = μ_b + Σ_ba Σ_aa⁻¹ (x_a − μ_a)
            Σ'_k = Σ_bb − Σ_ba Σ_aa⁻¹ Σ_ab

        Of noise the weight alone changes, w'_0 ∝ w_0 / V_a.

        Parameters
        ----------
        given : feature (index or name) -> value, feature units; at least one, not all.

        Returns
        -------
        A mixture of the features that are left, in their order, of the structure that a marginal
        has. A component whose weight underflows is left out.

        Raises
        ------
        ParameterError : no or every feature given, one given twice, or one that does not exist.
        DataError : a value is not a finite number.

        Examples
        --------
        >>> from mixtura import Mixture
        >>> m = Mixture([1.0], [[1.0, 2.0]], [[[1.0, 0.5], [0.5, 3.0]]])
        >>> m.condition({0: 3.0}).means.tolist(), m.condition({0: 3.0}).covariances.tolist()
        ([[3.0]], [[[2.75]]])
        """
        found = evidence(self, given)
        before = self.marginal(found.given)
        log_weights = before.log_responsibilities(found.values[None, :])[0]
        k = self.n_components
        gaussians = self._gaussians.conditioned(found, log_weights[:k])
        noise = self.noise and self.noise.conditioned(found, log_weights[k:])
        gaussians = gaussians.sharing(1.0 - noise.weight if noise else 1.0)
        return self._of([gaussians, *([noise] if noise else [])], self._names(found.left))

    def transformed(
        self, A: ArrayLike, b: ArrayLike = 0.0, feature_names: Sequence[str] | None = None
    ) -> Mixture:
        """The density of y = A x + b, itself a mixture: w'_k = w_k, μ'_k = A μ_k + b, A Σ_k Aᵀ.

        For a square A its density at y is that of the mixture at x, over |det A|.

        Parameters
        ----------
        A : a number or (D,), what each feature is multiplied by, none of them 0; or (D', D), of
            rank D' ≤ D.
        b : a number or (D',), what is added.
        feature_names : D' names. None keeps those there are, unless A mixes features.

        Returns
        -------
        A mixture of D' features. Where the structure compares features, or axes that A turns, it
        is of the least structure that holds what becomes of it; and that is what its parameters
        are counted by. Noise has one density everywhere, and so it has afterwards: 1 / (V |det A|).
        Its box stays one where A is diagonal. Else the mapped box leans, and in its place there is
        an axis-parallel one of that volume about the same middle, in proportion to its extent.

        Raises
        ------
        ParameterError : A or b is of another shape or not finite, A loses a direction of y, or
            features are left out of a mixture with noise.

        References
        ----------
        Bishop 2006, Pattern Recognition and Machine Learning, equations 2.113 and 2.115.

        Examples
        --------
        >>> from mixtura import Mixture
        >>> celsius = Mixture([1.0], [[20.0]], [[[4.0]]], feature_names=["temperature"])
        >>> celsius.transformed(1.8, 32.0).means.tolist()
        [[68.0]]
        """
        by = AffineMap.of(A, b, self.n_features)
        kept = self.feature_names if by.diagonal and feature_names is None else feature_names
        return self._of([terms.mapped(by) for terms in self.terms], kept)

    def adapted(
        self,
        X: Any,
        sample_weight: Any = None,
        *,
        relevance: float = 16.0,
        what: str | Sequence[str] = "means",
    ) -> Mixture:
        """The mixture drawn towards some rows, component by component, as far as they are worth.

        With n_k = Σ_i r_ik, E_k the mean of what component k answers for, α_k = n_k / (n_k + ρ)::

            w'_k ∝ α_k n_k / N + (1 − α_k) w_k
            μ'_k = α_k E_k[x] + (1 − α_k) μ_k
            Σ'_k = α_k E_k[(x − μ_k)(x − μ_k)ᵀ] + (1 − α_k) Σ_k − (μ'_k − μ_k)(μ'_k − μ_k)ᵀ

        A component that few of the rows are of stays what it was: a speaker's or a machine's own
        mixture out of a background's, from few rows.

        Parameters
        ----------
        X, sample_weight : rows as for `score`.
        relevance : ρ ≥ 0, rows that a component's old parameters are worth.
        what : ``"means"``, ``"weights"`` or ``"covariances"``, or a list of them; what is not in it
            stays. Covariances keep their structure.

        Raises
        ------
        ParameterError : relevance or what is none of these.
        DataError : as for `score_samples`.

        References
        ----------
        Reynolds, Quatieri & Dunn 2000, "Speaker verification using adapted Gaussian mixture
        models", equations 7 to 14.

        Examples
        --------
        >>> from mixtura import Mixture
        >>> background = Mixture([0.5, 0.5], [[0.0], [9.0]], [[[1.0]], [[1.0]]])
        >>> background.adapted([[1.0]] * 16).means.round(3).tolist()
        [[0.5], [9.0]]
        """
        own = adapted(self, X, sample_weight, relevance, what)
        return self._of([own, *self.terms[1:]], self.feature_names)

    def explain(
        self,
        X: Any,
        rows: Sequence[int] | None = None,
        errors: Any = None,
        *,
        missing: str = "refuse",
    ) -> Explanation:
        """Where the log-likelihood of each row, or of those numbered, comes from.

        See `Explanation`; of rows with errors, as for `mixtura.fit`, Σ_k + S_i stands for Σ_k;
        `missing` as for `score_samples`.
        """
        return explain(self, X, rows, errors, missing=missing)

    def _of(self, terms: Sequence[Any], feature_names: Sequence[str] | None) -> Mixture:
        """The mixture of Gaussians, and perhaps of noise after them, checked and factorised."""
        own, *rest = terms
        return Mixture(
            own.weights,
            own.means,
            own.covariances,
            own.structure,
            feature_names,
            noise=rest[0] if rest else None,
            equal_weights=own.equal_weights,
        )

    def _names(self, kept: Sequence[int]) -> tuple[str, ...] | None:
        return self.feature_names and tuple(self.feature_names[j] for j in kept)


def check_mixture(value: object) -> None:
    """Refuse what is no mixture where one is expected, by a `ParameterError`."""
    if not isinstance(value, Mixture):
        raise ParameterError(
            f"mixture is a {type(value).__name__}, expected a Mixture: a Fit has one, "
            "fit.mixture, and a file, mixtura.load(path)"
        )
