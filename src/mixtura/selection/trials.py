"""Trial: one candidate, fitted for itself, and then as well as the others allow."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mixtura.caching import cached_property
from mixtura.engine.sources import ArraySource
from mixtura.engine.statistics import Statistics
from mixtura.errors import CollapseError, DataError, ParameterError
from mixtura.fitting.assumptions import Assumptions
from mixtura.fitting.convergence.rules import Outcome
from mixtura.fitting.em import EM
from mixtura.fitting.factor_start import with_more_factors
from mixtura.fitting.fit import Fit
from mixtura.fitting.given import Given
from mixtura.fitting.runs import first_statistics
from mixtura.fitting.settings import Settings
from mixtura.fitting.starts.budget import cost
from mixtura.fitting.starts.ground import Ground
from mixtura.fitting.starts.start import Request
from mixtura.fitting.truncated.choice import run_of, truncates
from mixtura.fitting.truncated.fit import run as truncated_run
from mixtura.model.mixture import Mixture
from mixtura.model.structures import structure as structure_called
from mixtura.rows.data import Data
from mixtura.selection.candidate import Candidate, contains
from mixtura.selection.criteria import classification_loss
from mixtura.selection.doubts import Doubts, hopeless
from mixtura.selection.neighbours import Neighbours, written_twice
from mixtura.selection.row import Row

#: a fit is below another if it lacks more than this, nats a row: the rounding of a sum
_BELOW = 1e-10
#: how far a fit may be below a special case of it, that the same tolerance ended, nats a row
_LACK = 1e-6
_DOMINATED = (
    "every end that is not below that of a special case, with fewer components or a poorer "
    "structure, is degenerate"
)
#: the `cost` of a step, from which on what can only be discarded is not looked at
_DEAR = 1e8
#: of very many rows, so many are looked at for what the ends of others are worth
_TRIED = 2**13


@dataclass(frozen=True, eq=False)
class Trials:
    """How candidates are fitted to some rows.

    Each is fitted first as `mixtura.fit` would, from the same start; then from the ends of others:
    of poorer structures, which it contains, of fewer components, split, and of more, merged.

    Parameters
    ----------
    data : the rows.
    settings : of every fit, but for the number of components and the structure.
    seed : of the start of each fit.
    """

    data: Data
    settings: Settings
    seed: int

    def alone(self, candidate: Candidate) -> Row:
        """The candidate's row, fitted for itself: it ends where `mixtura.fit` does."""
        began = time.perf_counter()
        k, structure = candidate.n_components, candidate.structure
        reason = hopeless(
            candidate, self.data.source.n_rows, self.data.source.n_features, self.settings.conjugate
        )
        if reason:
            return self._discarded(candidate, reason, began)
        settings = replace(self.settings, n_components=k, structure=structure)
        if k == 1 and isinstance(settings.start, str) and not self._assumptions.box:
            settings = replace(settings, start="kmeans")  # whatever it is called: all rows are one
        random = np.random.RandomState(self.seed)
        try:
            em = self._em(settings)
            fit = run_of(em, Given())(em, 0, Given(), random)
        except (CollapseError, DataError, ParameterError) as error:
            return Row.failed(candidate, str(error), time.perf_counter() - began)
        return self._row(candidate, fit, began)

    def _discarded(self, candidate: Candidate, reason: str, began: float) -> Row:
        """The row of one that could only be discarded: k-means' clusters, and no iteration."""
        k, structure = candidate.n_components, candidate.structure
        dear = cost(self.data.sample.n_rows, k, self.data.source.n_features, structure) > _DEAR
        if dear or self.data.source.n_rows < k or structure.n_factors:
            return Row.failed(candidate, reason, time.perf_counter() - began)
        settings = replace(self.settings, n_components=k, structure=structure, start="kmeans")
        em = self._em(settings.shortened(0))
        random = np.random.RandomState(self.seed)
        request = Request(
            self.data.filled_sample, k, random, self.data.executor, structure, self.data.counting
        )
        try:
            statistics = first_statistics(em, request)
            # Near the rows' own axes: not worth a search of its own where they are to be common.
            whole = np.diag(self.data.spread.variances)
            near = structure.form.gathered(np.repeat(whole[None], k, axis=0))
            fit = em.climb(em.begin_with(statistics, near)[0])
        except (CollapseError, DataError, ParameterError):
            return Row.failed(candidate, reason, time.perf_counter() - began)
        row = self._row(candidate, fit, began)
        return replace(row, fault=reason)

    def bettered(
        self,
        row: Row,
        poorer: Sequence[Fit],
        fewer: Fit | None = None,
        more: Fit | None = None,
    ) -> Row:
        """The row, or a better one from the ends of others.

        Parameters
        ----------
        row : of the candidate.
        poorer : fits of structures that it contains, with as many components.
        fewer, more : of its structure, fits with fewer and with more components, or None.

        Returns
        -------
        A row whose likelihood is not below that of `poorer` or of `fewer`, unless a prior or equal
        weights make these something else than a special case.
        """
        began = time.perf_counter()
        if not _run(row) or row.candidate.n_components == 1:
            return row
        assert row.fit is not None
        em = self._em(row.fit.settings)
        # To be below a special case is no fault of the fit's own.
        faulty = not row.sound and row.fault != _DOMINATED
        best = self._followed(em, row.fit, poorer, fewer, more, faulty=faulty)
        return self.held(self._instead(row, best, began), poorer, fewer)

    def held(self, row: Row, poorer: Sequence[Fit], fewer: Fit | None) -> Row:
        """The row, or where it is below one of its special cases a row from there.

        Parameters as for `bettered`.
        """
        began = time.perf_counter()
        if not _run(row):
            return row
        assert row.fit is not None
        em, best = self._em(row.fit.settings), row.fit
        for end in (*poorer, *([fewer] if fewer else [])):
            if best.mean_objective < end.mean_objective - _BELOW:
                best = self._likelier(em, best, self._taken_over(em, end))
        row = self._instead(row, best, began)
        ends = (*poorer, *([fewer] if fewer else []))
        least = max((end.mean_objective for end in ends), default=-np.inf)
        nested = not em.m_step.equal and em.m_step.seen is None
        if row.sound and nested and best.mean_objective < least - _LACK:
            return replace(row, fault=_DOMINATED)
        return row

    def from_where(self, row: Row, mixture: Mixture) -> Row:
        """The row, or a likelier one that EM leads to from a mixture of its kind.

        Parameters
        ----------
        row : of the candidate.
        mixture : of its structure and number of components, whatever rows it was fitted to.
        """
        if not _run(row):
            return row
        assert row.fit is not None
        began = time.perf_counter()
        em = self._em(row.fit.settings)
        return self._instead(row, self._likelier(em, row.fit, mixture), began)

    def _instead(self, row: Row, best: Fit, began: float) -> Row:
        """The row of another fit, if it is another."""
        if best is row.fit:
            return replace(row, seconds=row.seconds + time.perf_counter() - began)
        # How often its start was met is no merit of where the end of another led to.
        return self._row(row.candidate, replace(best, searches=None), began - row.seconds)

    def _followed(
        self,
        em: EM,
        best: Fit,
        poorer: Sequence[Fit],
        fewer: Fit | None,
        more: Fit | None,
        *,
        faulty: bool,
    ) -> Fit:
        """The fit, or a likelier one from what the ends of others promise most."""
        # The search knows of components alone.
        if em.m_step.box is not None or em.m_step.seen is not None or em.m_step.equal:
            return best
        structure = em.settings.structure
        if structure.n_factors:
            return best
        ground = self._grounds[structure.rescales, structure.affine]
        if not ground.points.n_features:
            return best
        neighbours = Neighbours(ground, structure, self.data.executor)
        found = neighbours.better(
            best.mixture,
            [each.mixture for each in poorer],
            fewer.mixture if fewer else None,
            more.mixture if more else None,
            faulty=faulty,
        )
        if found is None:
            return best
        statistics = ground.statistics(found, self.data.source, self.data.executor)
        return self._likelier(em, best, em.begin_with(statistics)[0])

    def _likelier(self, em: EM, best: Fit, mixture: Mixture) -> Fit:
        """The sounder or likelier of a fit and of where EM leads to from a mixture."""
        try:
            return max(best, self._climbed(em, best, mixture), key=self._rank)
        except (CollapseError, DataError):
            return best

    def _climbed(self, em: EM, best: Fit, mixture: Mixture) -> Fit:
        """The fit that EM leads to from a mixture, exact or truncated as the candidate's own is."""
        if not truncates(em):
            return em.climb(mixture)
        random, start = np.random.RandomState(self.seed), replace(best, mixture=mixture)
        return truncated_run(em, 0, Given(), random, resumed=start)

    def _taken_over(self, em: EM, end: Fit) -> Mixture:
        """The mixture of a special case, as one of this structure and number of components."""
        mixture = written_twice(end.mixture, em.settings.n_components)
        if em.settings.structure.n_factors:
            return with_more_factors(mixture, em.settings.structure)
        covariances = em.settings.structure.form.gathered(mixture.covariance_matrices())
        return em.begin_with(em.statistics(mixture), covariances)[0]

    def _row(self, candidate: Candidate, fit: Fit, began: float) -> Row:
        known = fit.log_likelihood / self.data.unit
        unsure = (
            classification_loss(fit.mixture, self.data.source, self.data.executor, known)
            * self.data.unit
        )
        seconds = time.perf_counter() - began
        base = fit.bic
        return Row(
            candidate,
            replace(fit, seconds=seconds),
            {"bic": base, "icl": base + unsure, "aic": fit.aic},
            self._doubts.of(fit),
            seconds,
        )

    def _rank(self, fit: Fit) -> tuple[bool, float]:
        return not self._doubts.of(fit), fit.mean_objective

    def _em(self, settings: Settings) -> EM:
        return EM(self.data, settings, assumed=self._assumptions, clusters=self._clusters)

    @cached_property
    def _clusters(self) -> dict[tuple[ArraySource, int, bool], Statistics]:
        """The clusters of k-means that candidates begin with, which no structure changes."""
        return {}

    @cached_property
    def _grounds(self) -> dict[tuple[bool, bool], Ground]:
        """The rows in each kind of units that structures allow."""
        random = np.random.RandomState([self.seed, 0])
        kinds = [structure_called(name) for name in ("VII", "VVI", "VVV")]
        return {
            (kind.rescales, kind.affine): Ground.of(self.data.filled_sample, _TRIED, kind, random)
            for kind in kinds
        }

    @cached_property
    def _assumptions(self) -> Assumptions:
        """What is assumed of these rows, the same for all candidates."""
        return Assumptions.of(self.settings, self.data)

    @cached_property
    def _doubts(self) -> Doubts:
        ground = self._grounds[True, True]
        return Doubts(
            self.settings.regularisation,
            self.data.spread,
            self.data.source.n_rows,
            self.data.source.total_weight,
            ground.repeated,
        )


def _run(row: Row) -> bool:
    """Whether EM was run for a row, and it was not discarded before."""
    return row.fit is not None and row.fit.outcome is not Outcome.NOT_RUN


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
