"""Trial: one candidate, fitted as well as the others allow."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from mixtura.engine.arrays import Floats, frozen
from mixtura.engine.executors import Executor
from mixtura.engine.sources import ArraySource, Source
from mixtura.engine.statistics import Statistics
from mixtura.errors import CollapseError, DataError, ParameterError
from mixtura.fitting.assumptions import Assumptions
from mixtura.fitting.em import EM
from mixtura.fitting.fit import Fit
from mixtura.fitting.regularisation import Spread
from mixtura.fitting.selection.criteria import classification_loss
from mixtura.fitting.selection.grid import Candidate, contains
from mixtura.fitting.selection.row import Row
from mixtura.fitting.settings import Settings
from mixtura.fitting.start import Request
from mixtura.model.mixture import Mixture
from mixtura.model.structures import Structure
from mixtura.model.structures import structure as structure_called

__all__ = ["Started", "Trials", "parents"]

#: EM iterations after which the starts of a candidate are compared, and so many go on
_FIRST, _KEPT = 4, 2
#: those after which the last are
_SHORT = 8
#: a fit is below another if it lacks more than this, nats a row: the rounding of a sum
_BELOW = 1e-10
#: the structures that the start "auto" looks for: turned freely, alike, and along the features
_SOUGHT = ("VVV", "EEE", "VVI")

Started = Sequence[Statistics] | str


@dataclass(frozen=True, eq=False)
class Trials:
    """How candidates are fitted to the rows of a source.

    The mathematics shares work between them: the clusters that EM starts from are found once for
    each K, and the first M-step of every structure is taken from the same sums.

    Parameters
    ----------
    source : the rows.
    settings : of every fit, but for the number of components and the structure.
    executor : who carries the passes out.
    seed : of the starts; each number of components draws from a stream of its own, so that the
        others in the grid do not matter.
    feature_names : D names, or None.
    unit : what a weight of 1 in `source` stands for.
    counting : which of the person's rows are those of the source, or None for all.
    sample : some of the rows, to start from, where the source is not in memory.
    """

    source: Source
    settings: Settings
    executor: Executor
    seed: int
    feature_names: tuple[str, ...] | None = None
    unit: float = 1.0
    counting: np.ndarray[tuple[int], np.dtype[np.bool_]] | None = None
    sample: ArraySource | None = None

    def started(self, n_components: int, structures: Sequence[Structure]) -> Started:
        """The statistics under the first responsibilities for K components, or why there are none.

        They hold whole second moments, of which a diagonal structure takes the diagonal, or only
        the diagonals where these alone can use them.

        Parameters
        ----------
        n_components : K.
        structures : those that are to be started.
        """
        n = self.source.n_rows
        if n < n_components:
            return (
                f"there are {n} rows, expected at least one for each of the {n_components} "
                "components"
            )
        rows = self.source if self.sample is None else self.sample
        assert isinstance(rows, ArraySource)
        random = np.random.RandomState([self.seed, n_components])
        wish = self.settings.start
        if n_components == 1 and isinstance(wish, str) and not self._assumptions.box:
            wish = "kmeans"  # whatever it is called: all rows are one
        sought: tuple[str, ...] = _SOUGHT[:1]
        if isinstance(wish, str) and wish == "auto":
            diagonal = [each.form.diagonal for each in structures]
            sought = _SOUGHT[2:] * any(diagonal)
            sought += _SOUGHT[:2] * (not all(diagonal))
        try:
            return [
                self._em(
                    replace(
                        self.settings,
                        n_components=n_components,
                        structure=structure_called(letters),
                        start=wish,
                    )
                ).first(
                    Request(
                        rows,
                        n_components,
                        random,
                        self.executor,
                        structure_called(letters),
                        self.counting,
                        None if rows is self.source else self.source,
                        effort=1.0 / len(sought),
                    )
                )
                for letters in sought
            ]
        except (DataError, ParameterError) as error:
            return str(error)

    def fitted(self, candidate: Candidate, started: Started, ends: Sequence[Fit]) -> Row:
        """The candidate's row: the best end of its starts.

        Parameters
        ----------
        candidate : what to fit.
        started : where to start from, or why it cannot be.
        ends : fits of structures that it contains, from which it starts too; it never ends below
            one of them.
        """
        began = time.perf_counter()
        if isinstance(started, str):
            return Row.failed(candidate, started, time.perf_counter() - began)
        settings = replace(
            self.settings, n_components=candidate.n_components, structure=candidate.structure
        )
        try:
            fit = self._best(settings, started, ends)
        except (CollapseError, DataError, ParameterError) as error:
            return Row.failed(candidate, str(error), time.perf_counter() - began)
        seconds = time.perf_counter() - began
        base = fit.bic
        doubt = classification_loss(fit.mixture, self.source, self.executor) * self.unit
        return Row(
            candidate,
            replace(fit, seconds=seconds),
            {"bic": base, "icl": base + doubt, "aic": fit.aic},
            self._fault(fit),
            seconds,
        )

    def _best(self, settings: Settings, started: Sequence[Statistics], ends: Sequence[Fit]) -> Fit:
        """The likeliest sound end, of the starts and of the poorer ones' ends."""
        whole = self._em(settings)
        # Of mixtures that are all contained the likeliest is the best start, and most often the
        # only one that says something new.
        ends = sorted(ends, key=lambda fit: -fit.mean_log_likelihood)[:2]
        begun = [whole.begin_with(each) for each in _suited(started, settings)]
        if not ends and len(begun) == 1:
            mixture, repairs = begun[0]
            return whole.climb(mixture, repairs=repairs)
        begun += [(self._taken_over(whole, end), []) for end in ends]
        first = self._em(replace(settings, max_iter=min(_FIRST, settings.max_iter)))
        tried = [first.climb(mixture, repairs=repairs) for mixture, repairs in begun]
        tried = sorted(tried, key=self._rank, reverse=True)[:_KEPT]
        short = self._em(replace(settings, max_iter=min(_SHORT, settings.max_iter)))
        best = max((_gone_on(short, each) for each in tried), key=self._rank)
        best = _gone_on(whole, best)
        if ends and best.mean_log_likelihood < ends[0].mean_log_likelihood - _BELOW:
            best = max(best, whole.climb(self._taken_over(whole, ends[0])), key=self._rank)
        return best

    def _taken_over(self, em: EM, end: Fit) -> Mixture:
        """The mixture of a poorer candidate as one of this structure: an EM step from there."""
        form = em.settings.structure.form
        covariances = form.gathered(end.mixture.covariance_matrices())
        return em.begin_with(em.statistics(end.mixture), covariances)[0]

    def _rank(self, fit: Fit) -> tuple[bool, float]:
        return not self._fault(fit), fit.mean_objective

    def _em(self, settings: Settings) -> EM:
        return EM(
            self.source,
            settings,
            self.executor,
            self.feature_names,
            unit=self.unit,
            assumed_here=self._assumptions,
            spread=self._spread,
        )

    @cached_property
    def _assumptions(self) -> Assumptions:
        """What is assumed of these rows, the same for all candidates."""
        return Assumptions.of(
            self.settings, self.source, self.executor, self.unit, self.feature_names
        )

    def _fault(self, fit: Fit) -> str:
        """Why the likelihood of a fit says nothing; empty where it does."""
        mixture = fit.mixture
        form, regularisation = mixture.structure.form, self.settings.regularisation
        light = np.flatnonzero(mixture.weights * self.source.total_weight < 1e-6)
        if light.size:
            return f"component {light[0]} has no rows: fewer components do as well"
        if regularisation.exact:
            return ""
        margin = 1.0 + 1e-4 if regularisation.relative else 2.0
        low = form.unsound(mixture.covariances, margin * mixture.structure.units(self._floor))
        if low:
            return (
                f"component {low[0]} collapsed onto few rows, or onto rows in a plane: its "
                "likelihood is the regularisation's making"
            )
        return ""

    @cached_property
    def _floor(self) -> Floats:
        return self.settings.regularisation.floor(self._spread)

    @cached_property
    def _spread(self) -> Spread:
        return Spread.of(self.source, self.executor)


def _gone_on(em: EM, fit: Fit) -> Fit:
    """The fit, gone on with where it has not ended."""
    if fit.n_iter >= em.settings.max_iter or fit.outcome.converged:
        return fit
    longer = em.climb(fit.mixture, repairs=fit.repairs, before=fit.trace.tolist())
    return replace(longer, trace=frozen(np.concatenate([fit.trace[:-1], longer.trace])))


def _suited(started: Sequence[Statistics], settings: Settings) -> list[Statistics]:
    """The statistics with the second moments that the structure needs, of those that have them."""
    if not settings.structure.form.diagonal:
        return [each for each in started if not each.diagonal]
    return [
        each if each.diagonal else replace(each, second=np.einsum("kdd->kd", each.second).copy())
        for each in started
    ]


def parents(candidate: Candidate, others: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The candidates with as many components whose mixtures are among this one's.

    Only those that no other of them contains: what is below them is known through them.
    """
    below = [
        other
        for other in others
        if other.n_components == candidate.n_components
        and contains(candidate.structure, other.structure)
    ]
    return tuple(
        each for each in below if not any(contains(o.structure, each.structure) for o in below)
    )
