"""Decisions: how rare a row is under a mixture, and which rows are outliers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.arguments import is_number
from mixtura.caching import cached_property
from mixtura.engine import kernel
from mixtura.engine.arrays import Floats
from mixtura.errors import ParameterError
from mixtura.model.comparison import Comparison
from mixtura.model.distribution import Distribution
from mixtura.model.drift import Yardstick, compared
from mixtura.model.tail import Tail, tail_of

#: rows that are as unlikely as this are outliers, where nothing else is said
ALPHA = 0.001


class Decisions(Distribution):
    """What is decided by a row's score; see `Mixture`."""

    @cached_property
    def score_tail(self) -> Tail:
        """The distribution of the mixture's own scores, a `Tail`, which is found once.

        `score_tail.error` is the standard error of `tail`.
        """
        return tail_of(self)

    def tail(self, X: Any) -> Floats:
        """The tail probability P(p(X') ≤ p(x_i)) of each row, for X' from the mixture itself.

        Such a share of the mixture's own rows is as unlikely as row i or more so: 0.001 is one row
        in a thousand. For one component it is exact, P(χ²_D ≥ d²). For several it is computed from
        seeded draws, with a standard error that `score_tail` tells: about 0.1 % of the probability
        in the middle and 1 % of it at 1e-6. The same mixture gives the same numbers.

        Parameters
        ----------
        X : as for `score_samples`.

        Returns
        -------
        (N,), between 0 and 1; they rise with the score. Below some 1e-12 it stays what it is there.

        Raises
        ------
        DataError : wrong shape, missing columns, NaN or infinity.

        Notes
        -----
        The cost of `score_samples` and half as much; once more that of 130,000 rows, or of 4,096
        a component where that is more.

        Examples
        --------
        >>> from mixtura import Mixture
        >>> m = Mixture([1.0], [[0.0, 0.0]], [[[1.0, 0.0], [0.0, 4.0]]])
        >>> m.tail([[0.0, 0.0], [3.0, 0.0], [0.0, 8.0]]).round(6).tolist()
        [1.0, 0.011109, 0.000335]
        """
        found = self.score_tail
        return self._by_row(
            lambda b: found.probability(kernel.log_likelihood(b.rows, self.components))
        ).over(X)

    def threshold(self, alpha: float = ALPHA) -> float:
        """The score at and below which a share `alpha` of the mixture's own rows lies, nats.

        Parameters
        ----------
        alpha : above 0 and below 1.

        Returns
        -------
        −inf where every score is more probable, as with noise, which has no lower end.

        Raises
        ------
        ParameterError : alpha is no such number.
        """
        return self.score_tail.threshold(share(alpha, "alpha"))

    def outliers(
        self, X: Any, alpha: float | None = None, *, fdr: float | None = None
    ) -> NDArray[np.bool_]:
        """Which rows are so unlikely that hardly any of the mixture's own is, (N,).

        Parameters
        ----------
        X : as for `score_samples`.
        alpha : a row is one where its tail probability is at most this, 0.001 by default: such a
            share of the mixture's own rows is taken for outliers.
        fdr : in place of alpha, the false discovery rate: of the rows that are named, such a share
            is expected to be the mixture's own.

        Raises
        ------
        ParameterError : alpha or fdr is not above 0 and below 1, or both are given.
        DataError : as for `score_samples`.

        Notes
        -----
        Of a mixture that was fitted to n rows, others are a little rarer than is said: their scores
        are lower by p/n nats about, for p free parameters.

        References
        ----------
        Benjamini & Hochberg 1995, "Controlling the false discovery rate".

        Examples
        --------
        >>> from mixtura import Mixture
        >>> Mixture([1.0], [[0.0]], [[[1.0]]]).outliers([[0.5], [3.0], [4.0]]).tolist()
        [False, False, True]
        """
        if fdr is None:
            return self.tail(X) <= share(ALPHA if alpha is None else alpha, "alpha")
        if alpha is not None:
            raise ParameterError("alpha and fdr are both given, expected one of them")
        rate = share(fdr, "fdr")
        return discoveries(np.asarray(self.tail(X)), rate)

    def compare(self, X: Any, *, fitted_to: float | None = None, alpha: float = 0.05) -> Comparison:
        """Whether rows are the mixture's own, or have drifted from what it describes.

        Three questions: are their scores distributed as its own (the tail probabilities of its own
        rows are uniform), is each feature, and has each component its share of them.

        Parameters
        ----------
        X : as for `score_samples`; other rows than those that the mixture was fitted to, which lie
            nearer to it than new ones.
        fitted_to : how many rows it was fitted to, `Fit.n_rows`. So many rows are as uncertain as
            the mixture at most: with N rows compared, the tests are those of 1/(1/N + 1/fitted_to);
            and by as much as its parameters cost, p/fitted_to nats, scores may be lower. None takes
            it as it stands.
        alpha : how often rows of the mixture's own are said to differ, at most; of all tests
            together, by Holm's method.

        Returns
        -------
        A `Comparison`: its `verdict` is a sentence, its `departures` say how far and in what.

        Raises
        ------
        ParameterError : alpha is not above 0 and below 1, or fitted_to not above 0.
        DataError : as for `score_samples`.

        Notes
        -----
        A pass over the rows, D look-ups among 256 bins a row; streams and collections in bounded
        memory. Distributions are held together by Kolmogorov's and Smirnov's distance, shares by a
        chi-square. A maximum likelihood estimate of a distribution is no less certain than the
        rows' own shares (that is the correction for `fitted_to`), and so the tests of a fitted
        mixture are a little too mild; but where its parameters are nearly as many as the rows of
        the fit, that of the shares is too strict: of 719 parameters from 1,000 rows, up to 12 % of
        sets of the same density were said to differ.

        References
        ----------
        Rosenblatt 1952, "Remarks on a multivariate transformation"; Holm 1979, "A simple
        sequentially rejective multiple test procedure".

        Examples
        --------
        >>> from mixtura import Mixture
        >>> m = Mixture([1.0], [[0.0]], [[[1.0]]], feature_names=["height"])
        >>> found = m.compare(m.sample(500, 0)[0] + 0.5)
        >>> found.differs, [each.name for each in found.differing]
        (True, ['height'])
        """
        level = share(alpha, "alpha")
        if fitted_to is not None and not (is_number(fitted_to) and fitted_to > 0.0):
            raise ParameterError(f"fitted_to is {fitted_to!r}, expected a number of rows, above 0")
        return compared(self._yardstick, X, fitted_to, level)

    @cached_property
    def _yardstick(self) -> Yardstick:
        """What rows are held to, which is found once."""
        return Yardstick.of(self, self.score_tail)


def discoveries(probabilities: Floats, rate: float) -> NDArray[np.bool_]:
    """Which of N hypotheses are rejected at a false discovery rate, (N,).

    Those of the n smallest probabilities, for the largest n with p_(n) ≤ rate·n/N.
    """
    ordered = np.sort(probabilities)
    kept = np.flatnonzero(ordered <= rate * np.arange(1, len(ordered) + 1) / len(ordered))
    most = ordered[kept[-1]] if len(kept) else -np.inf
    return np.asarray(probabilities <= most)


def share(value: object, name: str) -> float:
    """A share that a person gives, above 0 and below 1.

    Raises
    ------
    ParameterError : it is none.
    """
    if not is_number(value) or not 0.0 < float(value) < 1.0:
        raise ParameterError(f"{name} is {value!r}, expected a number above 0 and below 1")
    return float(value)
