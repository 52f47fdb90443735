"""Conditional: what a density says of some features, given the others."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Self

from mixtura.model import regression
from mixtura.model.density import Density


class Conditional(Density, ABC):
    """A density that predicts some features from others; `Mixture` is the one there is."""

    @abstractmethod
    def marginal(self, features: Sequence[int | str]) -> Self:
        """The density of some of the features: see `Mixture.marginal`."""

    def regress(
        self,
        X: Any,
        targets: Sequence[int | str] | int | str,
        quantiles: Sequence[float] | float = (),
    ) -> regression.Regression:
        """Some features of rows, predicted from the others: the mixture's regression.

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
        return regression.regress(self._predictor(targets), X, quantiles)

    def _predictor(self, targets: Sequence[int | str] | int | str) -> regression.Predictor:
        given, left = regression.split(self, targets)
        return regression.Predictor.of(self, self.marginal(given), given, left)
