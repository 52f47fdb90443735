"""Predictive: the density of the next row when all parameters are averaged over."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura.arguments import is_whole
from mixtura.bayesian.belief import Belief
from mixtura.bayesian.posterior import Posterior
from mixtura.bayesian.special import log_gamma
from mixtura.caching import cached_property
from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Integers, Rows, Value
from mixtura.engine.components import Components
from mixtura.engine.factors import Diagonal, Factor, Spherical, Triangular
from mixtura.engine.sources import Block
from mixtura.errors import ParameterError
from mixtura.model.random import Seed, random_state_of
from mixtura.rows.out_of_core import RowFunction
from mixtura.rows.weights import row_weights, weighted_mean


@dataclass(frozen=True, eq=False)
class StudentMixture(Value):
    """A mixture of Student t densities: p(x | X) of a Bayesian mixture, its parameters averaged.

    p(x) = Σ_k w_k t(x | ν_k, m_k, Ψ_k). With Wishart laws ν_k = ν + 1 − D and
    Ψ_k = (1 + β_k)/(β_k ν_k) S; where one variance is for all features ν_k = ν, Ψ_k of the same
    formula; where each feature has its own, a product of D densities of one feature. After the
    components of a Dirichlet process comes one term more, for those that no row is of: the prior's
    predictive, with the weight that is left of the stick.

    Parameters
    ----------
    weights : (T,), which sum to 1; T is K, or K + 1.
    means : (T, D), feature units.
    degrees : (T,), ν_k.
    factor : of the Ψ_k, squared feature units.
    joint : whether the features of a row share their t; else it is a product.
    n_components : K.
    feature_names : D names, or None.

    References
    ----------
    Bishop 2006, Pattern Recognition and Machine Learning, equations 10.81 and 10.82.
    """

    weights: Floats
    means: Floats
    degrees: Floats
    factor: Factor
    joint: bool
    n_components: int
    feature_names: tuple[str, ...] | None = None

    @classmethod
    def of(cls, belief: Belief, names: tuple[str, ...] | None = None) -> StudentMixture:
        """The predictive density of a belief."""
        weights = belief.weights.means
        left = 1.0 - float(np.add.reduce(weights))
        if belief.weights.open and left > 0.0:
            weights = np.append(weights, left)
        return cls.of_laws(belief.posterior, weights, names)

    @classmethod
    def of_laws(
        cls, posterior: Posterior, weights: Floats, names: tuple[str, ...] | None = None
    ) -> StudentMixture:
        """The predictive density of components of these laws.

        Parameters
        ----------
        posterior : of the means and precisions of K components.
        weights : (K,), or (K + 1,): the last one is of components that no row is of.
        names : of the features, or None.
        """
        family, d, k = posterior.prior.family, posterior.n_features, posterior.n_components
        if len(weights) > k:
            posterior = _with_unseen(posterior)
        less = d - 1.0 if family.wishart else 0.0
        degrees = np.broadcast_to(posterior.degrees, len(weights)) - less  # (T,)
        wide = (1.0 + 1.0 / posterior.mean_precision) / degrees
        shape = (-1, *[1] * (posterior.scale.ndim - 1))
        scales = np.ascontiguousarray(wide.reshape(shape) * posterior.scale)
        factor = _factor(scales)
        joint = family.wishart or scales.ndim == 1
        total = float(np.add.reduce(weights))
        return cls(weights / total, posterior.means, degrees, factor, joint, k, names)

    @property
    def n_features(self) -> int:
        """The number D of features of a row."""
        return int(self.means.shape[1])

    @cached_property
    def _shapes(self) -> Components:
        return Components(np.zeros(len(self.means)), np.ascontiguousarray(self.means), self.factor)

    @cached_property
    def _constants(self) -> Floats:
        """The log joint density at each mean, (T,), nats."""
        d = self.n_features if self.joint else 1
        degrees = self.degrees
        each = log_gamma(0.5 * (degrees + d)) - log_gamma(0.5 * degrees)
        each = each - 0.5 * d * np.log(math.pi * degrees)
        if not self.joint:
            each = each * self.n_features
        return np.log(self.weights) + each - self._shapes.half_log_determinants

    def log_joint(self, rows: Rows) -> Floats:
        """Log w_k + log t_k(x_i) of rows (m, D), (m, T), nats."""
        degrees = self.degrees
        if self.joint:
            logs = np.log1p(kernel.squared_distances(rows, self._shapes) / degrees)
            return self._constants - 0.5 * (degrees + self.n_features) * logs
        found = np.empty((len(rows), len(self.means)))
        for k, mean in enumerate(self.means):
            whitened = self.factor.whiten(k, (rows - mean).T)  # (D, m)
            logs = np.add.reduce(np.log1p(whitened**2 / degrees[k]), axis=0)
            found[:, k] = self._constants[k] - 0.5 * (degrees[k] + 1.0) * logs
        return found

    def score_samples(self, X: Any) -> Floats:
        """The log density log p(x_i | X) of each row, (N,), nats.

        Parameters
        ----------
        X : (N, D) rows, or rows elsewhere, as `mixtura.Mixture.score_samples` takes them.
        """
        return self._by_row(lambda rows: _summed(self.log_joint(rows)), ()).over(X)

    def score(self, X: Any, sample_weight: Any = None) -> float:
        """The mean log density of the rows, nats a row; with weights (N,) the weighted mean."""
        scores = self.score_samples(X)
        return weighted_mean(scores, row_weights(sample_weight, len(scores), summed=False))

    def predict_proba(self, X: Any) -> Floats:
        """How likely each row is of each component, (N, K), among those that have rows."""
        k = self.n_components
        return self._by_row(lambda rows: _shares(self.log_joint(rows)[:, :k]), (k,)).over(X)

    def predict(self, X: Any) -> Integers:
        """The most likely component of each row, (N,)."""
        k = self.n_components
        found = self._by_row(lambda rows: self.log_joint(rows)[:, :k].argmax(axis=1), ())
        return found.over(X).astype(np.int64)

    def explain(self, X: Any, rows: Sequence[int] | None = None) -> Floats:
        """The parts of log p(x_i | X), which sum to it, (N, 2 + D), nats.

        With k the most likely term of a row: log w_k and the constant of its t, then what each
        feature takes by its distance, −½(ν + D) log(1 + δ²/ν) shared out as the features' parts
        of δ² = Σ_j z_j², and last, what the other terms add, log p(x) − log w_k t_k(x).

        Parameters
        ----------
        X : (N, D) rows.
        rows : the numbers of those to explain, or None for all.

        Returns
        -------
        Columns: the constant, the D features in their order, the other terms.
        """
        known = self._by_row(self._parts, (2 + self.n_features,)).over(X)
        return known if rows is None else known[list(rows)]

    def _parts(self, rows: Rows) -> Floats:
        joint = self.log_joint(rows)
        own = joint.argmax(axis=1)
        parts = np.empty((len(rows), 2 + self.n_features))
        for k in np.unique(own):
            mine = own == k
            squares = self.factor.whiten(k, (rows[mine] - self.means[k]).T).T ** 2
            if self.joint:
                whole = np.add.reduce(squares, axis=1, keepdims=True)
                taken = joint[mine, k, None] - self._constants[k]
                even = np.full_like(squares, 1.0 / self.n_features)
                parts[mine, 1:-1] = taken * np.divide(squares, whole, even, where=whole > 0.0)
            else:
                logs = np.log1p(squares / self.degrees[k])
                parts[mine, 1:-1] = -0.5 * (self.degrees[k] + 1.0) * logs
            parts[mine, 0] = self._constants[k]
        parts[:, -1] = _summed(joint) - joint.max(axis=1)
        return parts

    def sample(self, n: int, random_state: Seed = None) -> tuple[Floats, Integers]:
        """Rows (n, D) drawn from the density, and the term of each, (n,), term after term.

        Raises
        ------
        ParameterError : n is not a whole number of at least 1.
        """
        if not is_whole(n) or not 1 <= n < 2**53:
            raise ParameterError(f"n is {n!r}, expected a whole number of rows, at least 1")
        random = random_state_of(random_state)
        counts = random.multinomial(n, self.weights)
        blocks = []
        for k, count in enumerate(counts.tolist()):
            shape = (count, 1 if self.joint else self.n_features)
            chi = random.chisquare(self.degrees[k], shape) / self.degrees[k]
            drawn = random.standard_normal((count, self.n_features)) / np.sqrt(chi)
            blocks.append(self.means[k] + self.factor.colour(k, drawn.T).T)
        return np.vstack(blocks), np.repeat(np.arange(len(counts)), counts)

    def _by_row(self, function: Callable[[Rows], Any], shape: tuple[int, ...]) -> RowFunction:
        def of_block(block: Block) -> Any:
            return function(block.rows)

        return RowFunction(of_block, self.n_features, self.feature_names, shape, np.float64, False)


def _with_unseen(posterior: Posterior) -> Posterior:
    """The laws of the components, and after them the prior, for one that no row is of."""
    prior, k = posterior.prior, posterior.n_components
    unseen = Posterior.none_seen(prior, 1)
    pairs = []
    for name in ("weight", "means", "mean_precision", "degrees", "scale"):
        own, other = getattr(posterior, name), getattr(unseen, name)
        if name in ("degrees", "scale") and len(own) == 1:
            if prior.family.pooled:  # a component that no row is of has the precision of the others
                other = own
            own = np.repeat(own, k, axis=0)
        pairs.append(np.concatenate([own, other]))
    return Posterior(prior, *pairs)


def _factor(scales: Floats) -> Factor:
    if scales.ndim == 3:
        return Triangular(np.linalg.cholesky(scales))
    return Diagonal(np.sqrt(scales)) if scales.ndim == 2 else Spherical(np.sqrt(scales))


def _summed(joint: Floats) -> Floats:
    """Log Σ_k exp of logs (m, T), −inf where all are; (m,)."""
    top = joint.max(axis=1)
    scale = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return scale + np.log(np.exp(joint - scale[:, None]).sum(axis=1))


def _shares(joint: Floats) -> Floats:
    """Numbers in proportion to exp of logs (m, K), which sum to 1; all alike where none is told."""
    top = joint.max(axis=1, keepdims=True)
    shifted = np.exp(np.where(np.isfinite(top), joint - top, 0.0))
    return shifted / shifted.sum(axis=1, keepdims=True)
