"""Distribution: what follows from a density: probabilities, modes, distances, fewer components."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from mixtura.arguments import is_whole
from mixtura.engine.arrays import Floats
from mixtura.errors import DataError, ParameterError
from mixtura.model import divergences, factors, modes, reduction, regions
from mixtura.model.density import Density
from mixtura.model.random import Seed
from mixtura.model.regression import Conditional, probabilities
from mixtura.model.univariate import Univariate

#: rows that are drawn where nothing else is asked for
_DRAWS = 2**17


class Distribution(Conditional):
    """A density that is asked for decisions; `Mixture` is the one there is."""

    # -- one number of a row -----------------------------------------------------------------

    def cdf(self, values: ArrayLike, of: Any = None) -> Floats:
        """P(y ≤ value) of one number y of a row: the distribution function.

        F(v) = Σ_k w_k Φ((v − aᵀμ_k) / √(aᵀΣ_k a)) for y = aᵀx; of a feature, its own marginal's.

        Parameters
        ----------
        values : any shape, feature units.
        of : the feature, by index or name; or a, D coefficients of a linear combination. None
            where there is one feature alone.

        Returns
        -------
        Probabilities, of the shape of `values`; in the left tail within 1e-14 of themselves.

        Raises
        ------
        ParameterError : there is no such feature, or the coefficients are none.
        DataError : a value is no number.

        Examples
        --------
        >>> from mixtura import Mixture
        >>> m = Mixture([0.5, 0.5], [[0.0, 1.0], [4.0, 1.0]], [1.0, 1.0], "spherical")
        >>> m.cdf([2.0], of=0).tolist(), m.cdf(2.0, of=[1, -1]).round(4).item()
        ([0.5], 0.6114)
        """
        one, given = self._one(of, "distribution functions"), _numbers("values", values)
        flat = given.ravel()
        below = Univariate.of(one, flat.size).cdf(flat)
        return np.minimum(below, 1.0).reshape(given.shape)

    def quantile(self, p: ArrayLike, of: Any = None) -> Floats:
        """The value that one number of a row is below with probability p: undoes `cdf`.

        Parameters
        ----------
        p : any shape, above 0 and below 1.
        of : as for `cdf`.

        Returns
        -------
        Feature units, of the shape of `p`.

        Raises
        ------
        ParameterError : as for `cdf`, or a probability is none.

        Examples
        --------
        >>> from mixtura import Mixture
        >>> m = Mixture([0.5, 0.5], [[0.0], [4.0]], [1.0, 1.0], "spherical")
        >>> m.quantile([0.25, 0.5]).round(4).tolist()
        [-0.0001, 2.0]
        """
        one, given = Univariate.of(self._one(of, "quantiles"), 1), _numbers("p", p)
        asked = probabilities(given.ravel().tolist())
        found = [float(one.quantiles(each)[0]) for each in asked]
        return np.array(found).reshape(given.shape)

    def antimodes(self, of: Any = None) -> Floats:
        """The minima of the density of one number of a row between its modes, rising, (M − 1,).

        `of` and errors as for `cdf`.
        """
        return modes.antimodes(self._one(of, "antimodes"))

    def cuts(self, of: Any = None) -> modes.Cuts:
        """Where the most responsible component changes along one number of a row.

        Two components' posteriors cross where a quadratic is 0; those crossings count at which no
        third is larger.

        Parameters
        ----------
        of : as for `cdf`.

        Returns
        -------
        A `mixtura.Cuts`: points (C,), labels (C + 1,) of the parts between them, and shares
        (C + 1,), how probable each is.

        Raises
        ------
        ParameterError : as for `cdf`.

        Warns
        -----
        UserWarning : a label has two sides, as a broad component has about a narrow one.

        Examples
        --------
        >>> from mixtura import Mixture
        >>> m = Mixture([0.5, 0.5], [[0.0], [4.0]], [1.0, 1.0], "spherical")
        >>> m.cuts().points.tolist(), m.cuts().labels.tolist()
        ([2.0], [0, 1])
        """
        return modes.cuts(self._one(of, "cuts"))

    # -- where rows are ----------------------------------------------------------------------

    def modes(self, of: Any = None) -> modes.Modes:
        """The local maxima of the density, of which there may be fewer than components, or more.

        From every mean x ← (Σ_k r_k(x) Σ_k⁻¹)⁻¹ Σ_k r_k(x) Σ_k⁻¹ μ_k climbs, with Newton's steps
        where these gain more; ends that are one are merged, and saddles are left out. For one
        feature a grid of 1/20 standard deviations is searched besides; of up to 12 components
        ascents begin between each two means as well, where the ridges of long components may cross
        in a mode that no mean leads to.

        Parameters
        ----------
        of : None for the density of all features; else as for `cdf`.

        Returns
        -------
        A `mixtura.Modes`: points (M, D), log_densities (M,), and labels (K,) of the components.

        References
        ----------
        Carreira-Perpinan 2000, "Mode-finding for mixtures of Gaussian distributions"; Ray & Lindsay
        2005, "The topography of multivariate normal mixtures".

        Examples
        --------
        >>> from mixtura import Mixture
        >>> len(Mixture([0.5, 0.5], [[0.0], [1.5]], [1.0, 1.0], "spherical").modes())
        1
        """
        return modes.modes(self if of is None else self._one(of, "modes"))

    def hdr(
        self, probability: float, of: Any = None, n_draws: int = _DRAWS, random_state: Seed = 0
    ) -> regions.HighestDensityRegion:
        """The smallest region that holds a probability: where log p(x) is above a level.

        Parameters
        ----------
        probability : above 0 and below 1.
        of : None for all features; else as for `cdf`.
        n_draws : rows drawn to find the level among, where there are several features.
        random_state : their seed.

        Returns
        -------
        A `mixtura.HighestDensityRegion`. Of one feature it is exact, and has the intervals; of
        several the level has a standard error.

        References
        ----------
        Hyndman 1996, "Computing and graphing highest density regions".

        Examples
        --------
        >>> from mixtura import Mixture
        >>> m = Mixture([0.5, 0.5], [[0.0], [9.0]], [1.0, 1.0], "spherical")
        >>> m.hdr(0.9).intervals.round(3).tolist()
        [[-1.645, 1.645], [7.355, 10.645]]
        """
        one = self if of is None else self._one(of, "regions")
        return regions.highest_density_region(one, probability, n_draws, random_state)

    # -- entropy and distances ---------------------------------------------------------------

    def entropy(
        self, n_draws: int = _DRAWS, random_state: Seed = 0
    ) -> divergences.MonteCarloEstimate:
        """Differential entropy −E[log p(x)], nats; exact for one component.

        Parameters
        ----------
        n_draws : rows drawn, of each component as many as its weight says.
        random_state : their seed.

        Returns
        -------
        A `mixtura.MonteCarloEstimate`: value and standard_error.

        Examples
        --------
        >>> from mixtura import Mixture
        >>> print(Mixture([1.0], [[0.0]], [[[1.0]]]).entropy())
        1.41894 ± 0 nats
        """
        return divergences.entropy(self, n_draws, random_state)

    def kullback_leibler(
        self, other: Density, n_draws: int = _DRAWS, random_state: Seed = 0
    ) -> divergences.MonteCarloEstimate:
        """Kullback-Leibler divergence E_p[log p(x) − log q(x)] from this p to another q, nats.

        Parameters and result as for `entropy`; exact between two Gaussians.
        """
        return divergences.kullback_leibler(self, other, n_draws, random_state)

    def jensen_shannon(
        self, other: Density, n_draws: int = _DRAWS, random_state: Seed = 0
    ) -> divergences.MonteCarloEstimate:
        """Jensen-Shannon divergence, from 0 to log 2 nats: of p and q to their mean, halved.

        Parameters and result as for `entropy`.
        """
        return divergences.jensen_shannon(self, other, n_draws, random_state)

    def bhattacharyya(
        self, other: Density, n_draws: int = _DRAWS, random_state: Seed = 0
    ) -> divergences.MonteCarloEstimate:
        """Bhattacharyya distance −log ∫ √(p(x) q(x)) dx, nats.

        Parameters and result as for `entropy`; exact between two Gaussians.
        """
        return divergences.bhattacharyya(self, other, n_draws, random_state)

    def wasserstein(self, other: Density | None = None) -> Floats:
        """2-Wasserstein distances between the components and another mixture's, (K, K').

        W² = ‖μ_j − μ_k‖² + tr(Σ_j + Σ_k − 2(Σ_j^½ Σ_k Σ_j^½)^½), in feature units; None is this
        mixture itself (Givens & Shortt 1984).
        """
        return divergences.wasserstein(self, self if other is None else other)

    # -- factors -----------------------------------------------------------------------------

    @property
    def loadings(self) -> Floats:
        """The loadings A_k of factor analysers, (K, D, H), feature units.

        Loadings that are turned are the same density; here A_kᵀ Ψ_k⁻¹ A_k is diagonal, the largest
        first, and each column's largest entry is positive. Without factors it is a ParameterError.
        """
        return factors.loadings_of(self)

    @property
    def uniquenesses(self) -> Floats:
        """The diagonals of Ψ_k, (K, D), squared feature units; an error as for `loadings`."""
        return factors.uniquenesses_of(self)

    def factors(self, X: Any) -> factors.Factors:
        """What factors are expected of rows, and what these explain of them; see `Factors`.

        Parameters
        ----------
        X : (N, D) array-like, or a table with this mixture's columns.

        Raises
        ------
        ParameterError : the mixture has no factors.
        DataError : wrong shape, missing columns, NaN or infinity.

        Notes
        -----
        N·K·D·H multiply-adds, and N·K·D numbers of memory.

        References
        ----------
        Ghahramani & Hinton 1996, "The EM algorithm for mixtures of factor analyzers".

        Examples
        --------
        >>> from mixtura import Mixture
        >>> m = Mixture([1.0], [[0.0, 0.0]], [[[1.0, 1.0], [1.0, 1.0]]], "factor-1")
        >>> told = m.factors([[3.0, 3.0]])
        >>> told.expected.round(9).tolist(), told.of_factors.tolist(), told.of_residuals.tolist()
        ([[[2.0]]], [[4.0]], [[2.0]])
        """
        return factors.factors(self, X)

    # -- other components --------------------------------------------------------------------

    def reduce(self, n_components: int) -> Self:
        """The mixture of fewer components that has the same mean and covariance.

        Pair after pair becomes one component of the pair's moments, that pair first by which the
        Kullback-Leibler divergence grows least, by a bound: ½[(w_i + w_j) log|Σ_ij| − w_i log|Σ_i|
        − w_j log|Σ_j|].

        Parameters
        ----------
        n_components : from 1 to K.

        Returns
        -------
        A mixture of ``full`` covariances; noise stays as it is.

        References
        ----------
        Runnalls 2007, "Kullback-Leibler approach to Gaussian mixture reduction".

        Examples
        --------
        >>> from mixtura import Mixture
        >>> m = Mixture([0.25, 0.25, 0.5], [[0.0], [1.0], [9.0]], [1.0, 1.0, 1.0], "spherical")
        >>> m.reduce(2).means.tolist()
        [[0.5], [9.0]]
        """
        return self._with(reduction.reduced(self._gaussians, n_components))

    def reordered(self, by: int | str | Sequence[int]) -> Self:
        """The same mixture with its components in another order.

        Parameters
        ----------
        by : ``"weight"``, the largest first; a feature, the least mean first; or a list of the
            components in the order wanted.
        """
        return self._with(self._in_order(reduction.order_by(self, by)))

    def matched(self, to: Density) -> Self:
        """The same mixture with its components in the order of another's that they resemble.

        That order in which the squared 2-Wasserstein distances to the other's components have the
        least sum.

        Parameters
        ----------
        to : a mixture of as many components and features.

        Raises
        ------
        ParameterError : it is none.
        """
        apart = np.square(divergences.wasserstein(self, to))
        if apart.shape[0] != apart.shape[1]:
            raise ParameterError(
                f"to has {apart.shape[1]} components, expected {apart.shape[0]}, as this mixture: "
                "reduce the larger one"
            )
        return self._with(self._in_order(reduction.assignment(apart.T)))

    def _one(self, of: Any, what: str) -> Self:
        """The density of a feature, or of a linear combination."""
        if of is None:
            modes.one_feature(self, what)
            return self
        if isinstance(of, str) or is_whole(of):
            return self.marginal([of])
        return self.transformed(np.atleast_2d(_numbers("of", of)))

    def _with(self, gaussians: Any) -> Self:
        return self._of([gaussians, *self.terms[1:]], self.feature_names)

    def _in_order(self, order: Any) -> Any:
        own = self._gaussians
        shared = own.structure.form.shared
        return replace(
            own,
            weights=own.weights[order],
            means=own.means[order],
            covariances=own.covariances if shared else own.covariances[order],
        )


def _numbers(name: str, values: ArrayLike) -> Floats:
    """Numbers that a person gives; infinite ones among them.

    Raises
    ------
    DataError : one is none.
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name} is not of numbers, as is expected: {error}") from None
    if np.isnan(array).any():
        raise DataError(f"{name} holds NaN, expected numbers")
    return array
