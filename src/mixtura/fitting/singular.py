"""Singular ends: what becomes of covariances that the errors of the rows leave nothing of."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.fitting.convergence.anderson import AndersonHistory, AndersonState
from mixtura.fitting.m_step.estimate import Estimate
from mixtura.model.mixture import Mixture
from mixtura.rows.data import Data

#: structures whose covariances are each their own, or one that all share
_FREE = ("VVV", "EEE", "VVI", "EEI")
#: a direction may end where the true values vary by less than this share of the errors' variance
_LITTLE = 3e-4
#: the first iteration after which that is tried; then at twice as many, and so on
_FIRST = 8


@dataclass(frozen=True, eq=False)
class SingularEnds:
    """Leads EM to the boundary of singular covariances, where the maximum is there.

    Where rows vary no more than their errors do, the likelihood may rise until a component has no
    width in some direction. It then falls in that variance λ like a straight line, and EM's steps
    λ ← λ (1 − cλ) never end. So λ is set to the floor of the regularisation, as a point that is
    kept only where the likelihood does not fall, and where EM's next step does not widen it. That
    is late, for EM turns a direction ever more slowly the narrower it is.

    Parameters
    ----------
    errors : (D, D), the mean covariance of the rows' errors, squared feature units.
    floor : (D,), the least variances, squared feature units.
    """

    errors: Floats
    floor: Floats

    @classmethod
    def of(cls, data: Data, floor: Floats) -> SingularEnds | None:
        """Those of rows that were measured with errors; None of others."""
        given = data.sample.fields.get("errors")
        if given is None:
            return None
        if given.ndim == 2:
            return cls(np.diag(np.einsum("nd,nd->d", given, given) / len(given)), floor)
        return cls(given[0] if given.strides[0] == 0 else given.mean(axis=0), floor)

    def onward(self, state: AndersonState, iteration: int) -> AndersonState:
        """The next state of a run, at times with the narrow covariances at their end."""
        doublings = iteration / _FIRST
        if doublings < 1.0 or np.log2(doublings) % 1.0 or state.ended:
            return state
        ahead = self._flattened(state.image)
        if ahead is None:
            return state
        return replace(state, ahead=ahead, extrapolated=True, history=AndersonHistory.empty())

    def widens(self, state: AndersonState, estimate: Estimate) -> bool:
        """Whether EM widens what `onward` had flattened, so that the maximum is not there."""
        if not state.extrapolated or state.ahead.structure.letters not in _FREE:
            return False
        before = self._in_floors(state.ahead.covariance_matrices())
        k, d = state.ahead.means.shape
        form = state.ahead.structure.form
        after = self._in_floors(form.matrices(estimate.covariances, k, d))
        values, axes = np.linalg.eigh(before)
        along = np.einsum("kia,kij,kja->ka", axes, after, axes)
        return bool(((values < 1.0 + 1e-6) & (along > values)).any())

    def _flattened(self, mixture: Mixture) -> Mixture | None:
        """The mixture with the least of its variances at the floor; None where there is none."""
        if mixture.structure.letters not in _FREE:
            return None
        values, axes = np.linalg.eigh(self._in_floors(mixture.covariance_matrices()))
        errors = np.einsum("kia,ij,kja->ka", axes, self._in_floors(self.errors), axes)
        narrow = (values > 1.0 + 1e-6) & (values < _LITTLE * errors)
        if not narrow.any():
            return None
        matrices = (axes * np.where(narrow, 1.0, values)[:, None, :]) @ axes.swapaxes(1, 2)
        roots = np.sqrt(self.floor)
        form = mixture.structure.form
        covariances = form.gathered(matrices * np.outer(roots, roots))
        estimate = replace(Estimate.of(mixture, 1.0), covariances=covariances)
        return estimate.mixture(mixture.feature_names)

    def _in_floors(self, matrices: Floats) -> Floats:
        roots = np.sqrt(self.floor)
        return matrices / roots[:, None] / roots
