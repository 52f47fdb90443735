"""Calibration: whether rows lie as often as they should where a mixture puts its probability."""

from __future__ import annotations

import math
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Integers
from mixtura.model.distributions import inverted
from mixtura.model.mixture import Mixture

#: of the normal distribution, two sides: 95 % lie within
Z = 1.959963984540054
#: numbers that are looked at at once, about, and the least share of a row that is
_NUMBERS, _LEAST = 2**20, 1e-12


def marginal_cdf(mixture: Mixture, X: Any) -> Floats:
    """The probability integral transform of each feature.

    u_ij = F_j(x_ij) = Σ_k w_k Φ((x_ij − μ_kj) / σ_kj), with noise w_0·(share of its box)

    Rows that come from the mixture have u uniform between 0 and 1 in each feature.

    Parameters
    ----------
    mixture : the density.
    X : (N, D) array-like, or a table with the mixture's columns.

    Returns
    -------
    (N, D), between 0 and 1.

    Raises
    ------
    DataError : wrong shape, missing columns, NaN or infinity.

    Notes
    -----
    Φ is found of the rows within nine deviations of a component, up to N·K·D, some 0.02 µs each.

    References
    ----------
    Rosenblatt 1952, "Remarks on a multivariate transformation".

    Examples
    --------
    >>> from mixtura import Mixture
    >>> from mixtura.model.calibration import marginal_cdf
    >>> marginal_cdf(Mixture([1.0], [[2.0]], [[[9.0]]]), [[2.0], [5.0]]).round(4).tolist()
    [[0.5], [0.8413]]
    """
    rows = np.asarray(mixture.rows(X), dtype=np.float64)
    with np.errstate(over="ignore"):
        shares = reduce(add, (terms.marginal_cdf(rows) for terms in mixture.terms))
    return np.minimum(shares, 1.0)


def marginal_quantiles(mixture: Mixture, feature: int, probabilities: Floats) -> Floats:
    """The values x with F_j(x) = p for feature j, feature units.

    Parameters
    ----------
    mixture : the density.
    feature : j, an index.
    probabilities : (n,), strictly between 0 and 1.

    Notes
    -----
    Bisection between the components' own quantiles at 9 standard deviations, to the last bits.
    """
    one = mixture.marginal([feature])
    ends = np.column_stack([terms.ends() for terms in one.terms])
    low = np.full(len(probabilities), ends.min())
    high = np.full(len(probabilities), ends.max())
    return inverted(lambda x: marginal_cdf(one, x[:, None])[:, 0], probabilities, low, high)


def component_distances(mixture: Mixture, X: Any) -> tuple[Floats, Floats]:
    """Mahalanobis distances to each component, and the responsibilities that weigh them.

    For x from the mixture, E[r_k(x)·g(d_k(x))] = w_k·E_k[g(d_k)]: weighted by r_k, the distances to
    component k have the distribution that its own rows have, the chi distribution of D degrees
    of freedom, however much the components overlap.

    Parameters
    ----------
    mixture : the density.
    X : (N, D) array-like, or a table with the mixture's columns.

    Returns
    -------
    (N, K) distances, standard deviations, and (N, K) responsibilities.

    Raises
    ------
    DataError : wrong shape, missing columns, NaN or infinity.
    """
    rows = np.ascontiguousarray(mixture.rows(X), dtype=np.float64)
    return (
        np.sqrt(kernel.squared_distances(rows, mixture.gaussians)),
        mixture.predict_proba(rows)[:, : mixture.n_components],
    )


def weighted_distances(mixture: Mixture, X: Any) -> tuple[Integers, Floats, Floats]:
    """The distances and responsibilities of `component_distances` that matter, block by block.

    Parameters
    ----------
    mixture : the density, of K components.
    X : (N, D) array-like, or a table with the mixture's columns.

    Returns
    -------
    Components (n,), in rising order, and of each the distances (n,), rising too, and the
    responsibilities (n,), of those above 1e-12: a row has few, however many components there are.

    Raises
    ------
    DataError : as for `component_distances`.

    Notes
    -----
    N·K densities and distances, and memory for a million of them at once.
    """
    rows = np.ascontiguousarray(mixture.rows(X), dtype=np.float64)
    few = max(1, _NUMBERS // mixture.n_components)
    parts = []
    for first in range(0, max(len(rows), 1), few):
        distances, shares = component_distances(mixture, rows[first : first + few])
        at, of = np.nonzero(shares > _LEAST)
        parts.append((of, distances[at, of], shares[at, of]))
    components, found, weights = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.lexsort((found, components))
    return components[order], found[order], weights[order]


def largest_departure(n: int) -> float:
    """What |F_n(u) − u| stays below, everywhere at once, in 95 % of samples of n.

    √(log(2/0.05) / 2n): Massart 1990, "The tight constant in the Dvoretzky-Kiefer-Wolfowitz
    inequality".
    """
    return math.sqrt(math.log(2.0 / 0.05) / (2.0 * n))


def share_interval(p: Floats, n: float) -> Floats:
    """Between which probabilities a share p of n rows lies, 95 %, (2, ·).

    (p + z²/2n ± z·√(p(1 − p)/n + z²/4n²)) / (1 + z²/n): Wilson 1927, "Probable inference, the law
    of succession, and statistical inference".
    """
    z = Z
    middle, spread = p + z * z / (2.0 * n), z * np.sqrt(p * (1.0 - p) / n + (z / (2.0 * n)) ** 2)
    return np.stack([middle - spread, middle + spread]) / (1.0 + z * z / n)
