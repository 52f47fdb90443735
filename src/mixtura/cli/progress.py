"""Progress: a fit as it goes, on the standard error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mixtura.fitting import Fit
    from mixtura.fitting.selection import Row
    from mixtura.model.mixture import Mixture

__all__ = ["Bar", "Progress"]


class Progress:
    """Tells of each iteration; an `Observer` of EM."""

    def begun(self, run: int) -> None:
        """A run of EM has its start."""
        click.echo(f"start {run}", err=True)

    def iterated(self, iteration: int, trace: Sequence[float], mixture: Mixture) -> None:
        """An iteration from `mixture` is done; `trace` ends with its mean log-likelihood."""
        gain = f", gain {trace[-1] - trace[-2]:.3g}" if len(trace) > 1 else ""
        click.echo(f"  iteration {iteration}: {trace[-1]:.10g} nats a row{gain}", err=True)

    def ended(self, fit: Fit) -> None:
        """A run of EM is over."""
        click.echo(
            f"  {fit.outcome.value} after {fit.n_iter}: {fit.mean_log_likelihood:.10g} nats a row",
            err=True,
        )


class Bar:
    """A bar of the candidates that are fitted; a `Watcher` of a selection.

    On a terminal alone, in one line that is wiped at the end.
    """

    WIDTH = 30

    def __init__(self) -> None:
        self._done, self._total = 0, 1

    def begun(self, total: int) -> None:
        """So many candidates are to be fitted."""
        self._total = total
        self._draw("")

    def fitted(self, row: Row) -> None:
        """One of them is done."""
        self._done += 1
        self._draw(str(row.candidate))

    def ended(self) -> None:
        """All of them are."""
        click.echo("\r\x1b[K", nl=False, err=True)

    def _draw(self, words: str) -> None:
        full = self.WIDTH * self._done // self._total
        bar = "#" * full + "." * (self.WIDTH - full)
        click.echo(f"\r\x1b[K[{bar}] {self._done}/{self._total} {words}", nl=False, err=True)
