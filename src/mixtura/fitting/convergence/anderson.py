"""Acceleration: extrapolating EM's steps where they have become a straight road."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.errors import ParameterError
from mixtura.filling import filled
from mixtura.fitting.convergence.coordinates import Coordinates, coordinates_at
from mixtura.fitting.convergence.rules import Outcome, Rule
from mixtura.model.mixture import Mixture

#: the differences that an extrapolation combines at most
_DEPTH = 5
#: singular values below this share of the largest are left out of the least squares
_CONDITION = 1e-7
#: the longest step: half its square is a divergence in nats a row
_FARTHEST = 0.3
#: so many entries in a row, all steps of plain EM, end an accelerated run
_PLAIN = 3
#: as many where the history says nothing about the gain that is left
_PATIENT = 12
#: the longest step, in steps of EM
_STRETCH = 100.0
#: so many gains below what is known of the log-likelihood are rounding
_BLURRED = 3
#: EM is in its linear regime where the ratio of successive gains changes by less
_STABLE = 0.03
#: over so many ratios
_STEADY = 5


@dataclass(frozen=True, eq=False)
class Extrapolation:
    """A point and what is expected of it.

    Parameters
    ----------
    vector : its coordinates, (P,).
    promise : the gain up to the maximum of the likelihood's quadratic model, nats a row.
    whole : whether all of a full history went into it, so that there is something to the promise.
    """

    vector: Floats
    promise: float
    whole: bool


@dataclass(frozen=True, eq=False)
class AndersonHistory:
    """The last points of EM and their images, from which the next point is extrapolated.

    Parameters
    ----------
    points : (h, P), coordinates of mixtures x_j, the oldest first.
    images : (h, P), of EM's next mixtures g(x_j).
    """

    points: Floats
    images: Floats

    @staticmethod
    @cache
    def empty() -> AndersonHistory:
        """The history of a run that has not begun."""
        return AndersonHistory(np.empty((0, 0)), np.empty((0, 0)))

    def joined(self, point: Floats, image: Floats) -> AndersonHistory:
        """The history with one more pair, the oldest forgotten where there are too many."""
        width = len(point)
        points = np.vstack([self.points.reshape(-1, width), point])
        images = np.vstack([self.images.reshape(-1, width), image])
        return AndersonHistory(points[-_DEPTH - 1 :], images[-_DEPTH - 1 :])

    def extrapolated(self, coordinates: Coordinates) -> Extrapolation | None:
        """The next point, or None where there is nothing to go by.

        With f_j = g(x_j) − x_j, Anderson's step from the last point x is::

            x + f − Σ_j γ_j (Δx_j + Δf_j),      γ = argmin ‖f − Σ_j γ_j Δf_j‖

        in the length of `coordinates`, which has no units. In that geometry f is the gradient of
        the mean log-likelihood, so that −Δx·Δf is its curvature along Δx. Differences are
        forgotten, the oldest first, until the likelihood is concave on the span of the others:
        extrapolation seeks a point where f vanishes, and there it can be no saddle.

        References
        ----------
        Anderson 1965, "Iterative procedures for nonlinear integral equations"; Walker & Ni 2011,
        "Anderson acceleration for fixed-point iterations", for its form as least squares.
        """
        if len(self.points) < 2:
            return None
        residuals = self.images - self.points
        steps, changes = np.diff(self.points, axis=0), np.diff(residuals, axis=0)
        # More steps than there are degrees of freedom depend on one another.
        depth = min(_DEPTH, coordinates.freedom)
        steps, changes = steps[-depth:], changes[-depth:]
        h = len(steps)
        whitened = coordinates.whitened(np.concatenate([residuals[-1:], steps, changes]))
        residual, across, along = whitened[0], whitened[1 : 1 + h], whitened[1 + h :]
        oldest = 0
        while oldest < h and not _concave(across[oldest:], along[oldest:]):
            oldest += 1
        if oldest == h:
            return None
        gamma = np.linalg.lstsq(along[oldest:].T, residual, rcond=_CONDITION)[0]
        step = residuals[-1] - gamma @ (steps + changes)[oldest:]
        far = coordinates.whitened(step[None])[0]
        length = float(np.linalg.norm(far))
        if not length:
            return None
        farthest = min(_FARTHEST, _STRETCH * float(np.linalg.norm(residual)))
        vector = self.points[-1] + step * min(1.0, farthest / length)
        whole = oldest == 0 and h == depth
        return Extrapolation(vector, 0.5 * float(residual @ far), whole)


def _concave(steps: Floats, changes: Floats) -> bool:
    """Whether −Δx·Δf is positive definite on the span of the steps (h, P)."""
    basis, triangle = np.linalg.qr(steps.T)
    scale = np.abs(np.diagonal(triangle))
    if scale.min() <= np.finfo(np.float64).eps * scale.max():
        return False
    curvature = -np.linalg.solve(triangle.T, (changes @ basis)).T
    return bool(np.linalg.eigvalsh(0.5 * (curvature + curvature.T))[0] > 0.0)


@dataclass(frozen=True)
class Acceleration:
    """When to extrapolate, and the next point.

    Parameters
    ----------
    at_once : whether to begin with the second iteration rather than in the linear regime.
    """

    at_once: bool

    def begins(self, trace: Sequence[float]) -> bool:
        """Whether the gains of plain EM shrink at a steady ratio, nats a row."""
        if self.at_once:
            return True
        if len(trace) < _STEADY + 2:
            return False
        gains = [after - before for before, after in pairwise(trace[-_STEADY - 2 :])]
        if not min(gains) > 0.0:
            return False
        ratios = [after / before for before, after in pairwise(gains)]
        return max(ratios) < 1.0 and max(ratios) - min(ratios) < _STABLE


@filled
@dataclass(frozen=True, eq=False)
class AndersonState:
    """Where Anderson's acceleration stands: by EM's steps, and over extrapolated points.

    Points are kept only where the likelihood does not fall.

    Parameters
    ----------
    rule : when to stop.
    acceleration : when to extrapolate, or None for plain EM.
    ahead : the mixture to look at next.
    image : EM's next mixture after the last one that was kept.
    extrapolated : whether `ahead` is extrapolated, and not `image`.
    history : what the next extrapolation goes by.
    begun : whether extrapolation has begun.
    since : the entry of the trace from which on every step was one of plain EM, without a repair.
    accelerated : the entries that an extrapolation led to.
    rejected : how many extrapolated points were not kept.
    ended : how the run ends, or None to go on.
    """

    rule: Rule
    acceleration: Acceleration | None
    ahead: Mixture
    image: Mixture
    extrapolated: bool = False
    history: AndersonHistory = field(default_factory=AndersonHistory.empty)
    begun: bool = False
    since: int = 0
    accelerated: tuple[int, ...] = ()
    rejected: int = 0
    ended: Outcome | None = None

    @classmethod
    def starting(cls, rule: Rule, wish: Acceleration | None, mixture: Mixture) -> AndersonState:
        """The state at `mixture`; of plain EM where its structure cannot be extrapolated."""
        able = wish is not None and coordinates_at(mixture).free
        return cls(rule, wish if able else None, mixture, mixture)

    def overshot(self, trace: Sequence[float], mean: float) -> bool:
        """Whether `mean`, the log-likelihood `ahead`, is below the last one that was kept."""
        return self.extrapolated and not mean >= trace[-1]

    def back(self) -> AndersonState:
        """To EM's next mixture after the last one that was kept."""
        return replace(
            self,
            ahead=self.image,
            extrapolated=False,
            history=AndersonHistory.empty(),
            rejected=self.rejected + 1,
        )

    def onward(
        self,
        image: Mixture,
        trace: Sequence[float],
        *,
        repaired: bool,
        last: bool,
        resolution: float = 0.0,
    ) -> AndersonState:
        """The next state, once the mixture `ahead` is known to be kept.

        Parameters
        ----------
        image : EM's next mixture after it.
        trace : ends with its mean log-likelihood, nats a row.
        repaired : whether something was repaired in `image`.
        last : whether there is no iteration left in which to find out about a point.
        resolution : differences in `trace` that rounding alone can make, nats a row.
        """
        begun = self.begun or (self.acceleration is not None and self._begins(trace))
        if not begun and not self.accelerated:
            ended = self.rule.outcome(trace, self.since, resolution)
            since = len(trace) if repaired else self.since
            return AndersonState(
                self.rule,
                self.acceleration,
                image,
                image,
                since=since,
                rejected=self.rejected,
                ended=ended,
            )
        assert self.acceleration is not None
        here = len(trace) - 1
        since = here if self.extrapolated else self.since
        state = replace(
            self,
            ahead=image,
            image=image,
            extrapolated=False,
            since=since,
            accelerated=(*self.accelerated, here) if self.extrapolated else self.accelerated,
            ended=self.rule.outcome(trace, since, resolution),
        )
        if repaired:
            return replace(state, history=AndersonHistory.empty(), since=here + 1)
        coordinates = coordinates_at(self.ahead)
        history = self.history.joined(coordinates.vector(self.ahead), coordinates.vector(image))
        state = replace(state, history=history, begun=begun)
        return state._extrapolating(coordinates, trace, last, resolution)

    def _begins(self, trace: Sequence[float]) -> bool:
        assert self.acceleration is not None
        since = len(trace) - 1 if self.extrapolated else self.since
        return self.acceleration.begins(trace[max(since, len(trace) - _STEADY - 2) :])

    def _extrapolating(
        self, coordinates: Coordinates, trace: Sequence[float], last: bool, resolution: float
    ) -> AndersonState:
        """On to an extrapolated point, unless it is time to stop, or to see whether it is.

        The rule is asked about steps of plain EM alone. The slow directions hardly show in the
        gains of those once extrapolation has done its work, so the gain that an extrapolation
        promises has to be small as well; where nothing can be said about that, more of EM's steps
        have to agree.
        """
        found = self.history.extrapolated(coordinates) if self.begun else None
        promises = found is not None and abs(found.promise) >= self.rule.enough
        sure = found is not None and found.whole and not promises
        plain = len(trace) - self.since
        enough = _PLAIN if sure else _PATIENT
        if self.ended and (not self.accelerated or (plain >= enough and not promises)):
            return self
        state = replace(self, ended=None)
        testing = plain < enough and self.rule.outcome(trace, 0, resolution) is not None
        # Where gains are rounding, so would be that of an extrapolation which promises none.
        gains = (abs(after - before) for before, after in pairwise(trace[-_BLURRED - 1 :]))
        blurred = resolution > 0.0 and max(gains, default=math.inf) <= resolution
        testing = not promises and (testing or blurred)
        if self.begun and found is None and len(self.history.points) > 1:
            # Not concave: not the regime in which extrapolation finds a maximum.
            return replace(state, history=AndersonHistory.empty(), begun=False)
        if found is None or last or testing:
            return state
        ahead = coordinates.mixture_of(found.vector)
        return state if ahead is None else replace(state, ahead=ahead, extrapolated=True)


def acceleration(wish: bool | str) -> Acceleration | None:
    """What is meant by ``auto``, True or False; None is plain EM.

    Raises
    ------
    ParameterError : it is none of these.
    """
    if isinstance(wish, bool | np.bool_):
        return Acceleration(at_once=True) if wish else None
    if isinstance(wish, str) and wish == "auto":
        return Acceleration(at_once=False)
    raise ParameterError(f"accelerate is {wish!r}, expected 'auto', True or False")
