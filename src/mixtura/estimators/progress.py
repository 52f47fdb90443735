"""Progress: a fit told on standard output, line by line."""

from __future__ import annotations

import time
from collections.abc import Sequence

from mixtura.fitting import Fit
from mixtura.model.mixture import Mixture

__all__ = ["Progress"]


class Progress:
    """An observer that prints how a fit gets on.

    Parameters
    ----------
    detail : 1 prints runs and iterations, 2 also likelihoods, gains and times.
    interval : how many iterations from one line to the next.
    """

    def __init__(self, detail: int, interval: int) -> None:
        self._detail = detail
        self._interval = interval
        self._began = time.perf_counter()

    def begun(self, run: int) -> None:
        """A run of EM has its start."""
        self._began = time.perf_counter()
        print(f"run {run}")

    def iterated(self, iteration: int, trace: Sequence[float], mixture: Mixture) -> None:
        """An iteration from `mixture` is done; `trace` ends with its mean log-likelihood."""
        if iteration % self._interval:
            return
        line = f"  iteration {iteration}"
        if self._detail > 1:
            gain = trace[-1] - trace[-2] if len(trace) > 1 else float("inf")
            line += f": mean log-likelihood {trace[-1]:.6f}, gain {gain:.3g}, {self._elapsed()}"
        print(line)

    def ended(self, fit: Fit) -> None:
        """A run of EM is over."""
        line = f"  {fit.outcome.value}, {fit.n_iter} iterations"
        if self._detail > 1:
            line += f", mean log-likelihood {fit.mean_log_likelihood:.6f}, {self._elapsed()}"
        print(line)

    def _elapsed(self) -> str:
        return f"{time.perf_counter() - self._began:.2f} s"
