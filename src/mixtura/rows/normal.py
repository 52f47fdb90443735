"""Normal: the normal distribution of rows some of which lack features, and what they may hold."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Rows, frozen
from mixtura.engine.components import Components
from mixtura.engine.executors import Executor
from mixtura.engine.factors import Triangular
from mixtura.engine.marginals import Marginal
from mixtura.engine.patterns import Patterns
from mixtura.engine.sources import ArraySource, Block, Source
from mixtura.rows.spread import Spread, TotalScatter
from mixtura.rows.summary import RowSummary

#: iterations of EM at most, and the change, in standard deviations, that ends them
_MOST, _AT_REST = 1000, 1e-9
#: the least share of a variance that the other features may leave
_LEAST = 1e-8


@dataclass(frozen=True, eq=False)
class Normal:
    """N(μ, Σ), the likeliest for rows of which some lack features.

    Parameters
    ----------
    mean : (D,), feature units.
    covariance : (D, D), squared feature units.

    References
    ----------
    Little & Rubin 2019, Statistical Analysis with Missing Data, 3rd ed., section 11.2.1.
    """

    mean: Floats
    covariance: Floats

    @classmethod
    def of(cls, source: Source, executor: Executor, seen: RowSummary) -> Normal:
        """That of the rows of a source, by EM from uncorrelated features.

        Notes
        -----
        A pass over the rows each iteration; the more is missing, the more iterations.
        """
        variances = Spread.of(seen).variances
        scale = np.sqrt(variances)
        rounding = float(np.abs(seen.mean / scale).max()) * float(np.finfo(np.float64).eps)
        least = max(_AT_REST, 16.0 * rounding)
        found = cls(seen.mean, np.diag(variances))
        for _ in range(_MOST):
            step = partial(kernel.accumulate, components=found.components, diagonal=False)
            sums = executor.run(source, step)
            shift = sums.first[0] / sums.weight[0]
            covariance = sums.second[0] / sums.weight[0] - np.outer(shift, shift)
            better = cls(found.mean + shift, _sound(covariance, variances))
            change = np.abs(better.covariance - found.covariance) / np.outer(scale, scale)
            rests = max(float(change.max()), float(np.abs(shift / scale).max())) <= least
            found = better
            if rests:
                break
        return found

    @property
    def components(self) -> Components:
        """Itself, as a kernel reads it."""
        lower = np.linalg.cholesky(self.covariance)[None]
        return Components(np.zeros(1), frozen(self.mean[None]), Triangular(lower))

    def scatter(self, total_weight: float) -> TotalScatter:
        """The scatter that rows of so much weight are expected to have about the mean."""
        return TotalScatter(self.mean, total_weight * self.covariance, total_weight)

    def filled(self, source: Source) -> Source:
        """The rows of a source without holes, filled as they are read; see `fill`."""
        return _Filled(source, self.components, source.step)

    def filled_sample(self, source: ArraySource, most: int) -> ArraySource:
        """At most so many rows of a source without holes, from one end to the other."""
        if source.n_rows > most:
            source = source.take(np.linspace(0, source.n_rows - 1, most).astype(np.int64))
        with closing(self.filled(source).blocks()) as blocks:
            rows = np.concatenate([block.rows for block in blocks])
        return replace(source, rows=rows, holes=False)


def fill(block: Block, components: Components) -> Block:
    """The rows of a block, each with what it lacks drawn given what it has.

    A draw keeps variances and correlations, which an expected value would make too small or too
    large. The draws are seeded by where the block begins: the same at every pass.
    """
    rows = np.array(block.rows, np.float64)
    draws = np.random.Generator(np.random.PCG64(block.start)).standard_normal(rows.shape)
    for observed, chosen in Patterns.of(rows):
        if observed.all():
            continue
        there = Marginal.of(components, observed)
        means = there.expected(rows[np.ix_(chosen, there.observed)], components.means, 0)
        gaps = np.ix_(chosen, there.missing)
        rows[gaps] = means + draws[gaps] @ there.roots[0].T
    return replace(block, rows=rows.astype(block.rows.dtype, copy=False), patterns=None)


def _sound(covariance: Floats, variances: Floats) -> Floats:
    """A covariance (D, D) that is positive definite, nearly that: by as much as it takes."""
    covariance = 0.5 * (covariance + covariance.T)
    least = _LEAST
    while True:
        try:
            lower = np.linalg.cholesky(covariance)
            if (np.diagonal(lower) ** 2 >= _LEAST * variances).all():
                return covariance
        except np.linalg.LinAlgError:
            pass
        covariance = covariance + least * np.diag(variances)
        least *= 10.0


@dataclass(frozen=True, eq=False)
class _Filled(Source):
    """The rows of a source, filled block by block as they are read.

    Parameters
    ----------
    inner : the source.
    components : the normal distribution that they are filled by.
    """

    inner: Source
    components: Components
    step: int = 0
    holes: bool = False

    @property
    def n_rows(self) -> int:
        return self.inner.n_rows

    @property
    def total_weight(self) -> float:
        return self.inner.total_weight

    @property
    def n_features(self) -> int:
        return self.inner.n_features

    @property
    def dtype(self) -> np.dtype[np.floating[Any]]:
        return self.inner.dtype

    def first(self) -> Rows:
        return fill(Block(0, self.inner.first()), self.components).rows

    def in_blocks_of(self, n_rows: int) -> Source:
        return replace(self, inner=self.inner.in_blocks_of(n_rows), step=n_rows)

    def blocks(self) -> Generator[Block, None, None]:
        with closing(self.inner.blocks()) as blocks:
            for block in blocks:
                yield fill(block, self.components)
