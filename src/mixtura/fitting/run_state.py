"""Run state: where a run of EM stands between two iterations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mixtura.engine.arrays import Floats
from mixtura.fitting.convergence.anderson import AndersonState
from mixtura.fitting.m_step.health import Repair
from mixtura.fitting.starts.met import Met
from mixtura.fitting.truncated.state import TruncatedState
from mixtura.model.mixture import Mixture


@dataclass(eq=False)
class RunState:
    """All that the next iterations of a run depend on. It changes as the run goes on.

    Parameters
    ----------
    anderson : where EM goes next: on, ahead by extrapolation, or back.
    known : the mixture that the likelihood is known of, and how many entries of `trace` lead to it.
    iteration : the next one's number, from 1.
    trace : the mean log-likelihoods of the run so far, nats a row.
    earlier : those before it, of the fit that it goes on from.
    repairs : what was done to components that collapsed.
    searches : how often the search for its start met its end; None where nobody counted.
    changed : whether the rows have been seen to be others at one pass than at another.
    weight : the effective rows of each component by the last M-step, (K,); None before any.
    truncated : where truncated EM stands besides; None for exact EM.
    """

    anderson: AndersonState
    known: tuple[Mixture, int]
    iteration: int
    trace: list[float]
    earlier: list[float]
    repairs: list[Repair]
    searches: Met | None = None
    changed: bool = False
    weight: Floats | None = None
    truncated: TruncatedState | None = None

    @classmethod
    def starting(
        cls, anderson: AndersonState, repairs: Sequence[Repair] = (), searches: Met | None = None
    ) -> RunState:
        """The state of a run before its first iteration."""
        return cls(anderson, (anderson.ahead, 0), 1, [], [], [*repairs], searches)

    @property
    def ahead(self) -> Mixture:
        """The mixture that is looked at next."""
        return self.anderson.ahead

    @property
    def arrived(self) -> bool:
        """Whether the likelihood of the mixture ahead is known, so that none is to be looked at."""
        return self.known[1] > 0 and self.known[0] is self.ahead

    @property
    def path(self) -> list[float]:
        """The trace, after that of the fit that it goes on from."""
        return [*self.earlier, *self.trace] if self.earlier else self.trace

    def copied(self) -> RunState:
        """The same, that stays as it is."""
        return replace(self, trace=[*self.trace], earlier=[*self.earlier], repairs=[*self.repairs])


def of_same_rows(earlier: Sequence[float], first: float) -> list[float]:
    """The likelihoods before the start, if they are of the rows that gave it `first`.

    A fit may go on with other rows; a gain across the change of rows would say nothing. The last
    entry of `earlier` is the start's likelihood of the rows it was fitted to, so it tells.
    """
    same_rows = len(earlier) > 0 and abs(first - earlier[-1]) <= 1e-9 * abs(first)
    return list(earlier[:-1]) if same_rows else []
