"""Core run: iterations that the core makes by itself, without a return between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, doubles
from mixtura.engine.components import Components
from mixtura.engine.sources import ArraySource
from mixtura.errors import ModelError
from mixtura.filling import changed
from mixtura.fitting.assumptions import MStep
from mixtura.fitting.convergence.anderson import AndersonHistory, AndersonState
from mixtura.fitting.convergence.coordinates import coordinates_at
from mixtura.fitting.convergence.rules import Outcome, Remaining, Tolerance
from mixtura.fitting.m_step.health import Health
from mixtura.fitting.run_state import RunState
from mixtura.fitting.settings import Settings
from mixtura.model.mixture import Mixture
from mixtura.rows.data import Data

#: a call of so many operations takes some 50 ms: between two of them Ctrl-C is looked for
_CALL = 5e7
#: what a row and component cost besides what grows with the features
_ROW = 30
#: the fields of the rows that it knows of
_READ = {"weights"}


class _Progress(IntEnum):
    """How far the core is, as it says it."""

    GOING = 0
    CONVERGED = 1
    STALLED = 2
    SPENT = 3
    BEYOND = 4


_OUTCOMES = {_Progress.CONVERGED: Outcome.CONVERGED, _Progress.STALLED: Outcome.STALLED}
_OVER = (*_OUTCOMES, _Progress.SPENT)


class _Role(IntEnum):
    KNOWN = 0
    IMAGE = 1
    AHEAD = 2


@dataclass(eq=False)
class CoreRun:
    """Iterations in the core, for as long as nothing is to be repaired.

    The loop of `mixtura.fitting.em` is the specification: the core makes the iterations that it
    would make. One whose M-step is not plainly sound, or with a row out of reach of every
    component, it leaves to the loop, with the run as it stands before it. What it makes of a state
    depends on that state and the rows alone, so that the bits are the same whether it returns
    after each iteration or at the end.

    Parameters
    ----------
    data : the rows, one block of float64.
    settings : how to fit.
    m_step : under what is assumed.
    health : what makes estimates sound, which the core asks for nothing but the floor.
    at_once : whether nobody is to be told of each iteration, and the rows stay in memory.
    """

    data: Data
    settings: Settings
    m_step: MStep
    health: Health
    at_once: bool
    _left: int = field(default=0, init=False)  # the iteration that is known to be the loop's

    @classmethod
    def of(
        cls, data: Data, settings: Settings, m_step: MStep, health: Health, *, told: bool
    ) -> CoreRun | None:
        """The run in the core, or None where rows or rules are not for it.

        Parameters
        ----------
        data, settings, m_step, health : as for the class.
        told : whether somebody is told of each iteration.
        """
        source = data.source
        # The core adds up one block after the other, and not in the tree that merges the sums of
        # several: of those it would be quicker too, but to other bits than those of a stream.
        able = (
            kernel.em_run is not None
            and source.n_blocks == 1
            and source.dtype == np.float64
            and not source.holes
            and not settings.structure.n_factors
            and type(settings.rule) in (Tolerance, Remaining)
        )
        at_once = isinstance(source, ArraySource) and not told
        return cls(data, settings, m_step, health, at_once) if able else None

    def advance(self, state: RunState) -> bool:
        """Make iterations, as many as can be made without a return; whether any was made.

        Where the run is over by its rule, `state.anderson.ended` says how.

        Raises
        ------
        KeyboardInterrupt : Ctrl-C, once `state` is where the core has come to.
        """
        # What was on the floor all but always still is.
        floored = any(repair.action == "floored" for repair in state.repairs)
        if floored or self._left == state.iteration:
            return False
        native = self._native(state.ahead, state.anderson)
        if native is None or not _stands(native, state):
            self._left = state.iteration
            return False
        progress, steps = _Progress.GOING, self._steps if self.at_once else 1
        try:
            while progress is _Progress.GOING:
                progress = _Progress(native.advance(steps))
                if not self.at_once:
                    break
        finally:
            over = self.at_once and progress in _OVER and native.finish()
            made = self._write(native, state, _OUTCOMES.get(progress), over=over)
        if made is None:
            # One iteration led to what has no factor beside the core's: that one is the loop's.
            if self.at_once:
                self.at_once = False
                return self.advance(state)
            self._left = state.iteration
            return False
        if progress is _Progress.BEYOND:
            self._left = state.iteration
        return made

    def objective(self, mixture: Mixture) -> float | None:
        """What EM maximises, at a mixture, nats a row; None where the core cannot tell.

        To the bits that `advance` finds at a mixture that it looks at.
        """
        native = self._native(mixture, None)
        if native is None or not native.begin(_held(mixture)) or not native.finish():
            return None
        return float(native.trace()[-1])

    @property
    def _steps(self) -> int:
        """How many iterations a call makes."""
        source, d = self.data.source, self.data.source.n_features
        cost = source.n_rows * self.settings.n_components * (d * (d + 3) + _ROW)
        return max(int(_CALL / cost), 1)

    def _native(self, mixture: Mixture, anderson: AndersonState | None) -> Any:
        """The core's own run, of the kind of a mixture; None where it is not for these rows."""
        assert kernel.em_run is not None
        source, settings, m_step = self.data.source, self.settings, self.m_step
        block = source.only()
        if mixture.structure.letters != settings.structure.letters or block.fields.keys() - _READ:
            return None
        rule, wish = settings.rule, anderson.acceleration if anderson else None
        d, floor, seen = source.n_features, None, None
        if settings.regularisation.relative:
            floor = self.health.floor(settings.structure)
        if m_step.seen is not None:
            known = m_step.seen
            roots = np.sqrt(known.scatter) if known.scatter.ndim == 2 else known.roots
            centre = doubles(known.centre)
            seen = known.rows, doubles(known.scatter), doubles(roots), centre, known.shrinkage
        return kernel.em_run(
            block.rows,
            block.weights,
            settings.structure.letters,
            m_step.ridge * np.eye(d) if m_step.ridge else None,
            -m_step.box.log_volume if m_step.box else -np.inf,
            m_step.equal,
            settings.n_components,
            type(rule) is Remaining,
            rule.least if type(rule) is Remaining else rule.enough,
            0 if wish is None else 2 if wish.at_once else 1,
            0 if wish is None else coordinates_at(mixture).freedom,
            settings.last_iteration,
            floor,
            seen,
        )

    def _write(
        self, native: Any, state: RunState, ended: Outcome | None, *, over: bool
    ) -> bool | None:
        """Put where the core stands, and how it ended, into `state`; whether that is farther.

        Of a run that is over, whose last likelihood is known, the end alone. None where a
        covariance there is so near to singular that a mixture cannot be made of it.
        """
        iteration, since, rejected, extrapolated, begun = native.standing()
        trace = native.trace()
        earlier = len(state.earlier)
        if (len(trace), iteration) == (earlier + len(state.trace), state.iteration):
            return False
        try:
            known = self._mixture(native, _Role.KNOWN)
            image = known if over else self._mixture(native, _Role.IMAGE)
            ahead = self._mixture(native, _Role.AHEAD) if extrapolated and not over else image
        except ModelError:
            return None
        state.iteration, state.trace = iteration, trace[earlier:]
        state.known = known, len(state.trace)
        if weight := native.weight():
            state.weight = np.array(weight)
        history = AndersonHistory.empty()
        if not over:
            width = native.n_coordinates()
            points, images = (np.array(each) for each in (native.points(), native.images()))
            if len(points):
                history = AndersonHistory(points.reshape(-1, width), images.reshape(-1, width))
        state.anderson = changed(
            state.anderson,
            ahead=ahead,
            image=image,
            extrapolated=extrapolated,
            history=history,
            begun=begun,
            since=since,
            accelerated=tuple(native.accelerated()),
            rejected=rejected,
            ended=ended,
        )
        return True

    def _mixture(self, native: Any, role: _Role) -> Mixture:
        k, d, structure = (
            self.settings.n_components,
            self.data.source.n_features,
            self.settings.structure,
        )
        shares, means = np.empty(native.n_terms()), np.empty((k, d))
        covariances = np.empty(structure.form.shape(k, d))
        native.read(role, shares, means, covariances)
        # By the factors that a mixture of these parameters has wherever it is made.
        factor = structure.form.factor(covariances)
        gaussians = Components(np.log(shares[:k]), means, factor)
        return self.m_step.assembled(shares, covariances, gaussians, self.data.names)


def _stands(native: Any, state: RunState) -> bool:
    """Set the core's run to where `state` stands; whether an E-step can follow there."""
    anderson = state.anderson
    if state.iteration == 1 and not state.earlier:
        return bool(native.begin(_held(state.ahead)))
    standing = (
        state.iteration,
        anderson.since,
        anderson.rejected,
        anderson.extrapolated,
        anderson.begun,
    )
    begun = native.resume(
        standing,
        _held(state.known[0]),
        _held(anderson.image),
        _held(state.ahead),
        np.array(state.path),
        np.array(anderson.accelerated, np.int64),
        doubles(anderson.history.points),
        doubles(anderson.history.images),
    )
    return bool(begun)


def _held(mixture: Mixture) -> tuple[Floats, Floats, Floats]:
    """Shares, means and covariances, as the core takes them."""
    return doubles(mixture.shares), doubles(mixture.means), doubles(mixture.covariances)
