"""Progress: a fit as it goes, on the standard error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mixtura.fitting import Fit

__all__ = ["Progress"]


class Progress:
    """Tells of each iteration; an `Observer` of EM."""

    def begun(self, run: int) -> None:
        """A run of EM has its start."""
        click.echo(f"start {run}", err=True)

    def iterated(self, iteration: int, trace: Sequence[float]) -> None:
        """An iteration is done; `trace` ends with the mean log-likelihood before it."""
        gain = f", gain {trace[-1] - trace[-2]:.3g}" if len(trace) > 1 else ""
        click.echo(f"  iteration {iteration}: {trace[-1]:.10g} nats a row{gain}", err=True)

    def ended(self, fit: Fit) -> None:
        """A run of EM is over."""
        click.echo(
            f"  {fit.outcome.value} after {fit.n_iter}: {fit.mean_log_likelihood:.10g} nats a row",
            err=True,
        )
