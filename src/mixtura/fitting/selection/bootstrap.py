"""Bootstrap: is one more component more than chance?"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats, Rows, frozen
from mixtura.engine.executors import Executor
from mixtura.engine.sources import ArraySource
from mixtura.errors import DataError, ParameterError
from mixtura.fitting.fit import Fit
from mixtura.fitting.fitter import check_rows
from mixtura.fitting.selection.crew import Task, carried_out
from mixtura.fitting.selection.grid import Candidate, structures_of
from mixtura.fitting.selection.select import rule_for, shared_out
from mixtura.fitting.selection.trial import Trials
from mixtura.fitting.settings import Settings
from mixtura.model.random import Seed, random_state_of
from mixtura.model.rows import as_rows, column_names
from mixtura.model.structures import Structure

__all__ = ["BootstrapTest", "bootstrap_test"]


@dataclass(frozen=True, eq=False)
class BootstrapTest:
    """What a test of K components against K + 1 came to.

    Parameters
    ----------
    null : the fit of K components.
    alternative : that of K + 1.
    statistic : T = 2 (log L_{K+1} − log L_K), nats.
    replicates : (B,) the same of rows drawn from `null`; those that could not be fitted are left
        out.
    """

    null: Fit
    alternative: Fit
    statistic: float
    replicates: Floats

    def __repr__(self) -> str:
        k = self.null.mixture.n_components
        return (
            f"BootstrapTest({k} against {k + 1} components, T {self.statistic:.4g}, "
            f"p {self.p_value:.3g} of {len(self.replicates)} replicates)"
        )

    @property
    def p_value(self) -> float:
        """(1 + #{T* ≥ T}) / (B + 1), the share of replicates, the data among them, so extreme."""
        beyond = int(np.count_nonzero(self.replicates >= self.statistic))
        return (1 + beyond) / (len(self.replicates) + 1)


def bootstrap_test(
    X: Any,
    n_components: int,
    *,
    structure: str | Structure = "full",
    n_bootstrap: int = 199,
    tol: float | str = "auto",
    reg_covar: float | str = "auto",
    max_iter: int = 1000,
    random_state: Seed = 0,
    n_jobs: int | None = None,
) -> BootstrapTest:
    """Test K components against K + 1 by the likelihood ratio, with a parametric bootstrap.

    T = 2 (log L_{K+1} − log L_K) has no χ² distribution, for K components lie on the edge of
    K + 1. So its distribution under K is found by drawing rows from the fit of K components, and
    fitting both again.

    Parameters
    ----------
    X : (N, D) array-like, or a table.
    n_components : K, at least 1.
    structure : of the covariances, in both.
    n_bootstrap : B, how many times rows are drawn; the smallest p-value is 1 / (B + 1).
    tol, reg_covar, max_iter : of every fit, as for `mixtura.select`.
    random_state : the seed of starts and draws.
    n_jobs : how many replicates are fitted at once, or None for as many as there are cores.

    Raises
    ------
    ParameterError : a setting is outside its range.
    DataError : the rows cannot be used, or neither can K or K + 1 components be fitted to them.

    Notes
    -----
    2 (B + 1) fits.

    References
    ----------
    McLachlan 1987, "On bootstrapping the likelihood ratio test statistic for the number of
    components in a normal mixture"; Davison & Hinkley 1997, equation 4.11, for the p-value.

    Examples
    --------
    >>> from mixtura import bootstrap_test
    >>> from mixtura.datasets import faithful
    >>> bootstrap_test(faithful(), 1, structure="tied", n_bootstrap=9).p_value
    0.1
    """
    if not isinstance(n_bootstrap, Integral) or isinstance(n_bootstrap, bool) or n_bootstrap < 1:
        raise ParameterError(
            f"n_bootstrap is {n_bootstrap!r}, expected a whole number of at least 1"
        )
    rows, names = as_rows(X), column_names(X)
    family = structures_of(structure, rows.shape[1])
    wish = rule_for(tol, float(len(rows)))
    settings = Settings(n_components, family[0], "auto", wish, reg_covar, max_iter)
    check_rows(rows, n_components + 1, names)
    executor, n_threads = shared_out(ArraySource(rows), n_jobs)
    seed = int(random_state_of(random_state).randint(2**31))
    pair = _Pair(settings, executor, names)
    null, alternative = pair.fits(rows, seed)
    statistic = 2.0 * (alternative.log_likelihood - null.log_likelihood)

    def replicate(number: int) -> float:
        random = np.random.RandomState([seed, number + 1])
        drawn = np.ascontiguousarray(null.mixture.sample(len(rows), random)[0])
        try:
            one, other = pair.fits(drawn, int(random.randint(2**31)), null)
        except DataError:
            return np.nan
        return 2.0 * (other.log_likelihood - one.log_likelihood)

    tasks = {
        number: Task((), lambda _, number=number: replicate(number))
        for number in range(int(n_bootstrap))
    }
    found = carried_out(tasks, n_threads)
    replicates = np.array([found[number] for number in range(int(n_bootstrap))])
    return BootstrapTest(null, alternative, statistic, frozen(replicates[np.isfinite(replicates)]))


@dataclass(frozen=True, eq=False)
class _Pair:
    """How K and K + 1 components are fitted to the same rows."""

    settings: Settings
    executor: Executor
    names: tuple[str, ...] | None

    def fits(self, rows: Rows, seed: int, origin: Fit | None = None) -> tuple[Fit, Fit]:
        """Both fits.

        Parameters
        ----------
        rows : (N, D).
        seed : of the starts.
        origin : the fit that the rows were drawn from, whose mixture K components start from too.

        Raises
        ------
        DataError : one of them fails, or collapses onto few rows.
        """
        trials = Trials(ArraySource(rows), self.settings, self.executor, seed, self.names)
        structure, k = self.settings.structure, self.settings.n_components
        fits = []
        for number, also in ((k, [origin] if origin else []), (k + 1, [])):
            candidate = Candidate(number, structure)
            row = trials.fitted(candidate, trials.started(number, [structure]), also)
            if row.fit is None or row.fault:
                raise DataError(f"{candidate} cannot be fitted: {row.fault}")
            fits.append(row.fit)
        return fits[0], fits[1]
