"""Regression: some features of rows, predicted from the others by a mixture."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np

from mixtura.arguments import is_number, is_whole, listed
from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Rows, Value
from mixtura.engine.sources import Block
from mixtura.errors import ParameterError
from mixtura.model.algebra import feature_indices, rows_given
from mixtura.model.density import Density
from mixtura.model.imputation import impute
from mixtura.model.random import Seed
from mixtura.model.terms import Terms
from mixtura.model.univariate import Univariate
from mixtura.textual import counted


@dataclass(frozen=True, eq=False)
class Regression(Value):
    """What a mixture says of some features of rows, given the others.

    Parameters
    ----------
    mean : (N, T), E[y_i | x_i] of T targets, feature units.
    covariance : (N, T, T), Cov[y_i | x_i]: what lies within the components, and between them.
    weights : (N, K), how much each component has to say of each row, p(k | x_i); with noise one
        column more, the last.
    quantiles : (N, Q), where the distribution function of the one target is each of the
        probabilities asked for.
    """

    mean: Floats
    covariance: Floats
    weights: Floats
    quantiles: Floats

    def __repr__(self) -> str:
        return f"Regression({counted(int(self.mean.shape[1]), 'target')})"

    @property
    def deviations(self) -> Floats:
        """The standard deviations of each target given the other features, (N, T)."""
        return np.sqrt(self.covariance.diagonal(axis1=1, axis2=2))


@dataclass(frozen=True, eq=False)
class Predictor(Value):
    """The linear maps by which the terms of a mixture predict targets, ready for a pass.

    Parameters
    ----------
    inputs : the density of the other features.
    families : of the terms.
    reference : (A,), which the other features are taken about, so that no digit is lost to an
        offset.
    middles : (T, L), E_t[y | x = reference].
    slopes : (A, T·L), of the L targets of each of T terms.
    covariances : (T, L, L).
    """

    inputs: Density
    families: tuple[Terms, ...]
    reference: Floats
    middles: Floats
    slopes: Floats
    covariances: Floats

    @classmethod
    def of(cls, mixture: Density, inputs: Density, given: list[int], left: list[int]) -> Predictor:
        """That of the features `left`, by those `given`, whose density is `inputs`."""
        parts = [family.regressions(given, left) for family in mixture.terms]
        means = np.concatenate([part.inputs for part in parts])
        slopes = np.concatenate([part.slopes for part in parts])  # (T, L, A)
        reference = mixture.shares @ means
        outputs = np.concatenate([part.outputs for part in parts])
        return cls(
            inputs,
            mixture.terms,
            reference,
            outputs + np.einsum("tla,ta->tl", slopes, reference - means),
            np.ascontiguousarray(slopes.reshape(-1, len(given)).T),
            np.concatenate([part.covariances for part in parts]),
        )

    def means(self, block: Block) -> Floats:
        """E[y | x] of the rows of a block, (m, L)."""
        shares, centres = self._terms(block.rows)
        return _averaged(shares, centres)

    def answers(self, probabilities: Sequence[float], block: Block) -> Floats:
        """Means, covariances, weights and quantiles side by side, (m, L + L² + T + Q)."""
        shares, centres = self._terms(block.rows)
        means = _averaged(shares, centres)
        apart = centres - means[:, None]
        covariances = np.einsum("mt,tij->mij", shares, self.covariances)
        covariances += np.einsum("mt,mti,mtj->mij", shares, apart, apart)
        flat = [means, covariances.reshape(len(means), -1), shares]
        if probabilities:
            deviations = np.sqrt(self.covariances[:, 0, 0])
            one = Univariate(self.families, shares, centres[:, :, 0], deviations)
            flat += [one.quantiles(p)[:, None] for p in probabilities]
        return np.concatenate(flat, axis=1)

    def over(self, X: Any, function: Any, width: int) -> Any:
        """A function's values, so many a row, for all rows of `X`."""
        return self.inputs._by_row(function, (width,)).over(X)

    def _terms(self, rows: Rows) -> tuple[Floats, Floats]:
        """The terms' shares in each row, (m, T), and what each predicts, (m, T, L)."""
        shares = kernel.posterior(rows, self.inputs.components)[1]
        centres = ((rows - self.reference) @ self.slopes).reshape(len(rows), *self.middles.shape)
        centres += self.middles
        return shares, centres


class Conditional(Density, ABC):
    """A density that predicts some features from others; `Mixture` is the one there is."""

    @abstractmethod
    def marginal(self, features: Sequence[int | str]) -> Self:
        """The density of some of the features: see `Mixture.marginal`."""

    @abstractmethod
    def transformed(self, A: Any, b: Any = 0.0, feature_names: Sequence[str] | None = None) -> Self:
        """The density of A x + b: see `Mixture.transformed`."""

    @abstractmethod
    def _of(self, terms: Sequence[Any], feature_names: Sequence[str] | None) -> Self:
        """The mixture of Gaussians, and perhaps of noise after them."""

    @abstractmethod
    def condition(self, given: Mapping[int | str, float]) -> Self:
        """The density of the other features, given values of some."""

    def conditions(self, given: Mapping[int | str, Any]) -> tuple[Self, ...]:
        """The densities of the other features of many rows at once, given values (N,) of some.

        See `condition`, of which these are N; what rows lack is filled in by `impute`, and what is
        expected of the others `regress` tells of all rows in one pass.

        Examples
        --------
        >>> from mixtura import Mixture
        >>> m = Mixture([1.0], [[1.0, 2.0]], [[[1.0, 0.5], [0.5, 3.0]]])
        >>> [float(one.means[0, 0]) for one in m.conditions({0: [1.0, 3.0]})]
        [2.0, 3.0]
        """
        return tuple(map(self.condition, rows_given(given)))

    def impute(
        self,
        X: Any,
        *,
        draws: int | None = None,
        random_state: Seed = None,
        return_std: bool = False,
    ) -> Any:
        """Rows with what they lack filled in, by what was observed of each.

        E[x_m | x_o] = Σ_k r_k (μ_m + Σ_mo Σ_oo⁻¹ (x_o − μ_o)), with m the missing features of a
        row, o those observed and r_k its responsibilities by them. What is expected varies less
        than what was not seen, and goes along with the rest more closely: for anything but the
        expected values themselves, draw, do with each draw what is to be done, and put the answers
        together by Rubin's rules.

        Parameters
        ----------
        X : (N, D) array-like, or a table; NaN, None, NA or masked where a value is missing.
        draws : how many times to draw what is missing, given the rest, instead; at least 1.
        random_state : the seed of the draws.
        return_std : whether to give the standard deviations of what is missing, too.

        Returns
        -------
        (N, D) rows, feature units, or (draws, N, D); with `return_std` and (N, D) standard
        deviations, 0 where a value was observed.

        Raises
        ------
        DataError : wrong shape, missing columns, or infinity.
        ParameterError : `draws` is not a whole number of at least 1.

        Notes
        -----
        N·K·D² multiply-adds, and 4/3·K·D³ for each of the patterns in which values are missing.
        Draws are from the mixture as it is: how well it is known is not in them.

        References
        ----------
        Rubin 1987, Multiple Imputation for Nonresponse in Surveys, section 3.1.

        Examples
        --------
        >>> from mixtura import Mixture
        >>> m = Mixture([1.0], [[1.0, 2.0]], [[[1.0, 0.5], [0.5, 3.0]]])
        >>> m.impute([[3.0, float("nan")]]).tolist()
        [[3.0, 3.0]]
        """
        return impute(self, X, draws, random_state, return_std=return_std)

    def regress(
        self,
        X: Any,
        targets: Sequence[int | str] | int | str,
        quantiles: Sequence[float] | float = (),
    ) -> Regression:
        """Some features of rows, predicted from the others.

        With x the other features and y the targets, of which each component says a line::

            E[y | x] = Σ_k p(k | x) m_k(x),   m_k(x) = μ_ky + Σ_kyx Σ_kxx⁻¹ (x − μ_kx)
            Cov[y | x] = Σ_k p(k | x) (C_k + (m_k(x) − E[y | x])(m_k(x) − E[y | x])ᵀ)

        It is what `condition` says of one row, of all rows at once.

        Parameters
        ----------
        X : (N, D − T), the features that are not targets, in their order; or a table with columns
            of their names, and any others; or rows out of core, as `mixtura.fit` takes them.
        targets : T features, indices or names; one may be given by itself.
        quantiles : Q probabilities between 0 and 1, for one target: where its distribution
            function given x is each of them.

        Returns
        -------
        A `mixtura.Regression`: mean (N, T) and covariance (N, T, T), feature units; weights (N, K),
        p(k | x); quantiles (N, Q).

        Raises
        ------
        ParameterError : no feature or every one is a target, one does not exist; a probability is
            none, or quantiles of several targets are asked for.
        DataError : wrong shape, missing columns, NaN or infinity.

        Notes
        -----
        One pass of the kernel over the other features, and N·K·T·(D − T) multiply-adds; memory for
        the answers and a block. Quantiles are found by Newton's steps in a bracket, some 6·N·K
        distribution functions each.

        References
        ----------
        Ghahramani & Jordan 1994, "Supervised learning from incomplete data via an EM approach".

        Examples
        --------
        >>> from mixtura import Mixture
        >>> m = Mixture([1.0], [[1.0, 2.0]], [[[1.0, 0.5], [0.5, 3.0]]], feature_names=["x", "y"])
        >>> told = m.regress([[3.0]], "y", quantiles=[0.5])
        >>> told.mean.tolist(), told.covariance.tolist(), told.quantiles.tolist()
        ([[3.0]], [[[2.75]]], [[3.0]])
        """
        return regress(self._predictor(targets), X, quantiles)

    def _predictor(self, targets: Sequence[int | str] | int | str) -> Predictor:
        given, left = split(self, targets)
        return Predictor.of(self, self.marginal(given), given, left)


def split(mixture: Density, targets: Sequence[int | str] | int | str) -> tuple[list[int], ...]:
    """The indices of the features that are given, and of the targets.

    Raises
    ------
    ParameterError : no feature or every one is a target, one is given twice, or does not exist.
    """
    wish = [targets] if isinstance(targets, str) or is_whole(targets) else targets
    left = feature_indices(mixture, wish)  # type: ignore[arg-type]
    given = [j for j in range(mixture.n_features) if j not in left]
    if not left or not given:
        raise ParameterError(
            f"{len(left)} of {mixture.n_features} features are targets, expected at least one, and "
            "at least one other to predict them from"
        )
    return given, left


def regress(predictor: Predictor, X: Any, quantiles: Sequence[float] | float = ()) -> Regression:
    """What is said of the targets of rows; see `Mixture.regress`.

    Raises
    ------
    ParameterError : a probability is not between 0 and 1, or quantiles of several targets are
        asked for.
    DataError : the rows cannot be used.
    """
    asked = probabilities(quantiles)
    terms, n = predictor.middles.shape
    if asked and n > 1:
        raise ParameterError(
            f"quantiles are asked for of {n} targets, expected one: several have no order; ask for "
            "one target after the other"
        )
    ends = np.cumsum([n, n * n, terms, len(asked)]).tolist()
    whole = predictor.over(X, partial(predictor.answers, asked), ends[-1])
    covariance = _matrices(whole[:, ends[0] : ends[1]], n)
    return Regression(
        whole[:, :n], covariance, whole[:, ends[1] : ends[2]], whole[:, ends[2] : ends[3]]
    )


def probabilities(wish: Any) -> list[float]:
    """Probabilities that a person gives, one or several.

    Raises
    ------
    ParameterError : one is not between 0 and 1.
    """
    given = [wish] if is_number(wish) else listed(wish, "quantiles", "probabilities")
    for p in given:
        if not is_number(p) or not 0.0 < p < 1.0:
            raise ParameterError(
                f"quantiles hold {p!r}, expected probabilities above 0 and below 1"
            )
    return [float(p) for p in given]


def _averaged(shares: Floats, centres: Floats) -> Floats:
    """Σ_t r_t y_t, (m, L)."""
    if centres.shape[2] == 1:
        return np.einsum("mt,mt->m", shares, centres[:, :, 0])[:, None]
    return np.einsum("mt,mtl->ml", shares, centres)


def _matrices(flat: Any, n: int) -> Any:
    """Matrices (N, n, n) of rows (N, n²); of a Dask data frame nobody knows N."""
    mapped = getattr(flat, "map_blocks", None)
    if mapped is None:
        return flat.reshape(-1, n, n)
    shape = {"chunks": (flat.chunks[0], (n,), (n,)), "new_axis": [2], "dtype": flat.dtype}
    return mapped(lambda part: part.reshape(-1, n, n), **shape)
