"""Imputation: what rows lack, by what a mixture makes of the rest of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura.arguments import is_whole
from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.marginals import Marginal
from mixtura.engine.patterns import Patterns
from mixtura.errors import ParameterError
from mixtura.model.density import Density
from mixtura.model.random import Seed, random_state_of

#: rows of one pattern that are looked at together
_ROWS = 2**13


@dataclass(frozen=True, eq=False)
class Gap:
    """The distribution of the features m that some rows lack, given those that they have.

    Of row i it is Σ_k r_ik N(μ_m + G_k (x_i − μ)_o, C_k), and perhaps one term more that is even
    over a box.

    Parameters
    ----------
    rows : (n,), the numbers of the rows, which all lack the same.
    missing : (|m|,), the features.
    shares : (n, K), the responsibilities of the terms by the features that are there.
    means : (n, K, |m|), of each term, feature units.
    roots : (K, |m|, |m|), lower triangular, whose squares are the covariances C_k.
    flat : whether the last term is even over a box, and depends on nothing.
    """

    rows: Integers
    missing: Integers
    shares: Floats
    means: Floats
    roots: Floats
    flat: bool

    def expected(self) -> Floats:
        """E[x_m | x_o], (n, |m|), feature units."""
        return np.einsum("nk,nkm->nm", self.shares, self.means)

    def deviations(self) -> Floats:
        """The standard deviations of x_m given x_o, (n, |m|), feature units."""
        apart = self.means - self.expected()[:, None]
        within = np.einsum("kml,kml->km", self.roots, self.roots)
        return np.sqrt(np.einsum("nk,nkm->nm", self.shares, np.square(apart) + within))

    def drawn(self, random: np.random.RandomState) -> Floats:
        """One draw of each row's, (n, |m|), feature units."""
        n, k = self.shares.shape
        places = random.uniform(size=(n, 1)) * self.shares.sum(axis=1, keepdims=True)
        chosen = np.minimum((np.cumsum(self.shares, axis=1) <= places).sum(axis=1), k - 1)
        normal = random.standard_normal(size=(n, len(self.missing)))
        if self.flat:  # even between ± √3 standard deviations
            even = np.sqrt(3.0) * random.uniform(-1.0, 1.0, size=normal.shape)
            normal = np.where((chosen == k - 1)[:, None], even, normal)
        steps = np.einsum("nml,nl->nm", self.roots[chosen], normal)
        return self.means[np.arange(n), chosen] + steps


def impute(
    mixture: Density,
    X: Any,
    draws: int | None = None,
    random_state: Seed = None,
    *,
    return_std: bool = False,
) -> Any:
    """Rows (N, D) with what they lack filled in, expected or drawn; see `Mixture.impute`."""
    rows = np.asarray(mixture.rows(X, missing="em"), np.float64)
    filled, deviations = imputed(mixture, rows)
    if draws is not None:
        if not is_whole(draws) or draws < 1:
            raise ParameterError(f"draws is {draws!r}, expected a whole number of at least 1")
        filled = drawn(mixture, rows, int(draws), random_state_of(random_state))
    return (filled, deviations) if return_std else filled


def gaps(mixture: Density, rows: Floats) -> Iterator[Gap]:
    """The gaps of rows (N, D) that lack features, pattern by pattern.

    Notes
    -----
    Of a pattern 4/3·K·D³, and of a row N·K·D².
    """
    components, others = mixture.components, mixture.terms[1:]
    for observed, every in Patterns.of(rows):
        if observed.all():
            continue
        there = Marginal.of(components, observed)
        roots = there.roots.copy()
        for other in others:
            share = float(other.shares.sum())
            centre = other.mean() / share
            variances = np.diagonal(other.covariance(centre)) / share
            roots[-1] = np.diag(np.sqrt(variances[there.missing]))
        for at in range(0, len(every), _ROWS):
            chosen = every[at : at + _ROWS]
            own = rows[np.ix_(chosen, there.observed)]
            shares = kernel.posterior(np.ascontiguousarray(rows[chosen]), components)[1]
            terms = [there.expected(own, components.means, k) for k in range(len(roots))]
            if others:  # of which nothing tells anything
                terms[-1] = np.broadcast_to(centre[there.missing], terms[-1].shape)
            means = np.stack(terms, axis=1)
            yield Gap(chosen, there.missing, shares, means, roots, bool(others))


def imputed(mixture: Density, rows: Floats) -> tuple[Floats, Floats]:
    """Rows (N, D) with what they lack as it is expected, and its standard deviations (N, D)."""
    filled, deviations = np.array(rows, np.float64), np.zeros(rows.shape)
    for gap in gaps(mixture, filled.copy()):
        places = np.ix_(gap.rows, gap.missing)
        filled[places], deviations[places] = gap.expected(), gap.deviations()
    return filled, deviations


def drawn(mixture: Density, rows: Floats, count: int, random: np.random.RandomState) -> Floats:
    """Rows (N, D), each time with what they lack drawn anew, (count, N, D)."""
    whole = np.repeat(np.array(rows, np.float64)[None], count, axis=0)
    for gap in gaps(mixture, whole[0].copy()):
        places = np.ix_(gap.rows, gap.missing)
        for filled in whole:
            filled[places] = gap.drawn(random)
    return whole
