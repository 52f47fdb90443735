"""Bootstrap: is one more component more than chance?"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, overload

import numpy as np

from mixtura.arguments import is_whole, takes_missing
from mixtura.engine.arrays import Floats, Rows, Value, frozen
from mixtura.engine.executors import Executor
from mixtura.engine.executors.task_pool import Task, run_tasks
from mixtura.engine.sources import ArraySource
from mixtura.errors import DataError, ParameterError
from mixtura.fitting.fit import Fit
from mixtura.fitting.settings import Settings
from mixtura.model.mixture import Mixture
from mixtura.model.random import Seed, random_state_of
from mixtura.model.structures import Structure
from mixtura.rows.data import Data
from mixtura.rows.in_memory import as_rows, column_names, lacks_any
from mixtura.selection.candidate import Candidate, components_of, structures_of
from mixtura.selection.replicates import Replicates
from mixtura.selection.select import rule_for, shared_out
from mixtura.selection.trials import Trials
from mixtura.textual import counted


@dataclass(frozen=True, eq=False)
class BootstrapTest(Value):
    """What a test of K components against K + 1 came to.

    Parameters
    ----------
    null : the fit of K components.
    alternative : that of K + 1.
    statistic : T = 2 (log L_{K+1} − log L_K), nats; not below 0, but for rounding.
    replicates : (B,) the same of rows drawn from `null`.
    n_failed : how many more could not be fitted. Up to B others are drawn in their place.
    """

    null: Fit
    alternative: Fit
    statistic: float
    replicates: Floats
    n_failed: int = 0

    def __repr__(self) -> str:
        k = self.null.mixture.n_components
        failed = f", {self.n_failed} more failed" if self.n_failed else ""
        return (
            f"BootstrapTest({k} against {k + 1} components, T {self.statistic:.4g}, "
            f"p {self.p_value:.3g} of {counted(len(self.replicates), 'replicate')}{failed})"
        )

    @property
    def p_value(self) -> float:
        """(1 + #{T* ≥ T}) / (B + 1), the share of replicates, the data among them, so extreme."""
        beyond = int(np.count_nonzero(self.replicates >= self.statistic))
        return (1 + beyond) / (len(self.replicates) + 1)


@dataclass(frozen=True, eq=False)
class BootstrapSequence(Sequence[BootstrapTest]):
    """Tests of rising numbers of components, each against one more.

    Parameters
    ----------
    tests : in the order of K.
    """

    tests: tuple[BootstrapTest, ...]

    @overload
    def __getitem__(self, at: int) -> BootstrapTest: ...
    @overload
    def __getitem__(self, at: slice) -> BootstrapSequence: ...
    def __getitem__(self, at: int | slice) -> BootstrapTest | BootstrapSequence:
        """A test by its place, or some of them."""
        return BootstrapSequence(self.tests[at]) if isinstance(at, slice) else self.tests[at]

    def __len__(self) -> int:
        return len(self.tests)

    def __str__(self) -> str:
        return "\n".join(map(repr, self.tests))

    def n_components(self, level: float = 0.05) -> int:
        """The least K that is not rejected in favour of K + 1; where all are, the largest and one.

        Each test is at that level by itself: none is corrected for the others.

        Parameters
        ----------
        level : above 0 and below 1.

        Raises
        ------
        ParameterError : `level` is not.
        """
        if not 0.0 < level < 1.0:
            raise ParameterError(f"level is {level!r}, expected a number above 0 and below 1")
        for test in self.tests:
            if test.p_value > level:
                return test.null.mixture.n_components
        return self.tests[-1].alternative.mixture.n_components


@overload
def bootstrap_test(
    X: Any,
    n_components: int,
    *,
    structure: str | Structure = ...,
    n_bootstrap: int = ...,
    tol: float | str = ...,
    reg_covar: float | str = ...,
    max_iter: int = ...,
    random_state: Seed = ...,
    n_jobs: int | None = ...,
    missing: str = ...,
) -> BootstrapTest: ...
@overload
def bootstrap_test(
    X: Any,
    n_components: Iterable[int],
    *,
    structure: str | Structure = ...,
    n_bootstrap: int = ...,
    tol: float | str = ...,
    reg_covar: float | str = ...,
    max_iter: int = ...,
    random_state: Seed = ...,
    n_jobs: int | None = ...,
    missing: str = ...,
) -> BootstrapSequence: ...
def bootstrap_test(
    X: Any,
    n_components: int | Iterable[int],
    *,
    structure: str | Structure = "full",
    n_bootstrap: int = 199,
    tol: float | str = "auto",
    reg_covar: float | str = "auto",
    max_iter: int = 1000,
    random_state: Seed = 0,
    n_jobs: int | None = None,
    missing: str = "refuse",
) -> BootstrapTest | BootstrapSequence:
    """Test K components against K + 1 by the likelihood ratio, with a parametric bootstrap.

    T = 2 (log L_{K+1} − log L_K) has no χ² distribution, for K components lie on the edge of
    K + 1. So its distribution under K is found by drawing rows from the fit of K components, and
    fitting both again. Each of both is sought for its own structure, and then from the end of the
    other: K + 1 with a component split, K with two merged. So T is not below 0.

    Parameters
    ----------
    X : (N, D) array-like, or a table.
    n_components : K, at least 1; or several, each of which is tested against one more.
    structure : of the covariances, in both.
    n_bootstrap : B, how many times rows are drawn; the smallest p-value is 1 / (B + 1).
    tol, reg_covar, max_iter : of every fit, as for `mixtura.select`.
    random_state : the seed of starts and draws.
    n_jobs : how many replicates are fitted at once, or None for as many as there are cores.
    missing : ``"em"`` where rows may lack features, as for `mixtura.fit`; the rows that are drawn
        then lack the same.

    Returns
    -------
    The test; of several K a sequence of tests.

    Raises
    ------
    ParameterError : a setting is outside its range.
    DataError : the rows cannot be used, or neither can K or K + 1 components be fitted to them.

    Notes
    -----
    2 (B + 1) fits for each K. A replicate that cannot be fitted, since its best end collapses onto
    few rows, is drawn anew, as rows that cannot be are refused: T and T* are of rows that can.

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
    >>> tests = bootstrap_test(faithful(), [1, 2], structure="tied", n_bootstrap=9)
    >>> [test.p_value <= 0.1 for test in tests], tests.n_components(level=0.1)
    ([True, True], 3)
    """
    if not is_whole(n_bootstrap) or n_bootstrap < 1:
        raise ParameterError(
            f"n_bootstrap is {n_bootstrap!r}, expected a whole number of at least 1"
        )
    numbers = components_of(n_components)
    rows, names = as_rows(X, holes=takes_missing(missing)), column_names(X)
    family = structures_of(structure, rows.shape[1])
    Data.held(rows, names=names, holes=lacks_any(rows)).check(numbers[-1] + 1)
    wish = rule_for(tol, float(len(rows)))
    settings = Settings(numbers[0], family[0], "auto", wish, reg_covar, max_iter)
    executor, n_threads = shared_out(ArraySource(rows), n_jobs)
    seed = int(random_state_of(random_state).randint(2**31))
    tests = tuple(
        _tested(
            _Pair(replace(settings, n_components=k), executor, names),
            rows,
            seed,
            int(n_bootstrap),
            n_threads,
        )
        for k in numbers
    )
    return tests[0] if is_whole(n_components) else BootstrapSequence(tests)


def _tested(pair: _Pair, rows: Rows, seed: int, n_bootstrap: int, n_threads: int) -> BootstrapTest:
    """The test of K components against K + 1."""
    null, alternative = pair.fits(rows, seed)
    lacking = np.isnan(rows)

    def replicate(number: int) -> float:
        random = np.random.RandomState([seed, number + 1])
        drawn = np.ascontiguousarray(null.mixture.sample(len(rows), random)[0])
        drawn[lacking] = np.nan
        try:
            one, other = pair.fits(drawn, int(random.randint(2**31)), null.mixture)
        except DataError:
            return np.nan
        return 2.0 * (other.log_likelihood - one.log_likelihood)

    drawn_rows = Replicates(null.mixture, len(rows), seed)
    # Of rows that a search does not look at one by one, or that lack features, and with a ridge of
    # a person's own, only whole fits are the same to replicates as to the rows.
    alike = drawn_rows.are_searched and not lacking.any()
    alike = alike and not pair.settings.structure.n_factors
    if alike and pair.settings.regularisation.relative:
        replicate = drawn_rows.ratio
    replicates = _replicated(replicate, n_bootstrap, n_threads)
    sound = np.isfinite(replicates)
    statistic = 2.0 * (alternative.log_likelihood - null.log_likelihood)
    n_failed = int(np.count_nonzero(~sound))
    return BootstrapTest(null, alternative, statistic, frozen(replicates[sound]), n_failed)


def _replicated(replicate: Callable[[int], float], n_bootstrap: int, n_threads: int) -> Floats:
    """Replicates by their numbers from 0 on, until so many are no NaN, or as many again were drawn.

    The rows themselves could be fitted: a replicate that cannot be says nothing of such.
    """
    found: Floats = np.empty(0)
    while (wanted := n_bootstrap - int(np.count_nonzero(np.isfinite(found)))) > 0:
        numbers = range(len(found), min(len(found) + wanted, 2 * n_bootstrap))
        if not numbers:
            break
        tasks: dict[Hashable, Task] = {
            number: Task((), partial(_called, replicate, number)) for number in numbers
        }
        done = run_tasks(tasks, n_threads)
        found = np.append(found, [done[number] for number in numbers])
    return found


def _called(replicate: Callable[[int], float], number: int, _: Mapping[Any, Any]) -> float:
    """A replicate by its number, which needs no other."""
    return replicate(number)


@dataclass(frozen=True, eq=False)
class _Pair:
    """How K and K + 1 components are fitted to the same rows."""

    settings: Settings
    executor: Executor
    names: tuple[str, ...] | None

    def fits(self, rows: Rows, seed: int, origin: Mixture | None = None) -> tuple[Fit, Fit]:
        """The fits of K and of K + 1 components to the same rows.

        Parameters
        ----------
        rows : (N, D).
        seed : of the starts.
        origin : what the rows were drawn from, where K components start from too.

        Raises
        ------
        DataError : one of them fails, or collapses onto few rows.
        """
        data = Data.held(rows, names=self.names, holes=lacks_any(rows))
        data = replace(data, executor=self.executor)
        trials = Trials(data, self.settings, seed)
        structure, k = self.settings.structure, self.settings.n_components
        null, alternative = (trials.alone(Candidate(number, structure)) for number in (k, k + 1))
        null = trials.from_where(null, origin) if origin else null
        null = trials.bettered(null, [], more=alternative.fit)
        alternative = trials.bettered(alternative, [], fewer=null.fit)
        for row in (null, alternative):
            if row.fit is None or row.fault:
                raise DataError(f"{row.candidate} cannot be fitted: {row.fault}")
        assert null.fit is not None
        assert alternative.fit is not None
        return null.fit, alternative.fit
