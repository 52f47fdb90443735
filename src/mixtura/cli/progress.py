"""Progress: how far long work has come, on the standard error."""

from __future__ import annotations

import math
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mixtura.fitting import Fit
    from mixtura.model.mixture import Mixture
    from mixtura.selection import Row

#: seconds of work before anything is shown, and from one line to the next
_LONG, _PAUSE = 0.5, 0.1


def on_terminal() -> bool:
    """Whether somebody sees a line that is drawn again and again on the standard error."""
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


class _Line:
    """A line that is drawn over, of work that takes longer than half a second.

    Parameters
    ----------
    shown : whether it is drawn at all.
    clock : seconds.
    """

    def __init__(self, shown: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._due = clock() + _LONG if shown else math.inf
        self._drawn = False
        self._drawing = threading.Lock()

    def show(self, words: Callable[[], str]) -> None:
        """Draw the words over the line, if it is time to; any thread may call."""
        with self._drawing:
            now = self._clock()
            if now < self._due:
                return
            self._due, self._drawn = now + _PAUSE, True
            room = shutil.get_terminal_size().columns
            click.echo(f"\r\x1b[K{words()[: room - 1]}", nl=False, err=True)

    def wipe(self) -> None:
        """Leave nothing of the line on the terminal."""
        with self._drawing:
            if self._drawn:
                click.echo("\r\x1b[K", nl=False, err=True)
            self._drawn, self._due = False, math.inf


class _Pass:
    """How far the pass under way has come, and how fast."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.n_rows = 0  # of a whole pass, once that is known
        self._clock = clock
        self._began = clock()
        self._count = 0
        self._rate = 0.0

    def read(self, count: int) -> None:
        """So many rows of the pass are read; 0 begins the next."""
        now = self._clock()
        if not count:
            self.n_rows = max(self.n_rows, self._count)
            self._began = now
        elif now > self._began:
            self._rate = count / (now - self._began)
        self._count = count

    def begin(self) -> None:
        """Time the next pass over the rows from now on."""
        self._began = self._clock()

    def done(self) -> None:
        """All rows were seen, nobody knows when which."""
        now = self._clock()
        self._rate = self.n_rows / max(now - self._began, 1e-9)
        self._began = now

    @property
    def words(self) -> str:
        """What people are told of the pass: how much of it is read, and how fast."""
        parts = []
        if self._count and self.n_rows:
            parts.append(f"{min(self._count / self.n_rows, 1.0):.0%} of a pass")
        elif self._count:
            parts.append(f"{self._count:,} rows")
        if self._rate:
            parts.append(f"{_short(self._rate)} rows/s")
        return ", ".join(parts)


class FitMeter:
    """A fit: iteration, speed, log-likelihood, and what is left to gain; an `Observer` of EM.

    Parameters
    ----------
    n_init : how many runs there are.
    shown : whether anything is drawn.

    Attributes
    ----------
    heard : whether any run of EM began.
    """

    heard = False

    def __init__(
        self, n_init: int, *, shown: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._line, self._pass = _Line(shown, clock), _Pass(clock)
        self._n_init = n_init
        self._run, self._state, self._known = "", "reading", ""

    def holding(self, n_rows: int) -> None:
        """So many rows are in memory."""
        self._pass.n_rows, self._state = n_rows, "starting"

    def read(self, count: int) -> None:
        """So many rows of a pass are read."""
        self._pass.read(count)
        if self._pass.n_rows and self._state == "reading":
            self._state = "starting"
        self._line.show(self._words)

    def begun(self, run: int) -> None:
        """A run of EM has its start."""
        self.heard = True
        self._run = "" if self._n_init == 1 else f"start {run + 1} of {self._n_init}, "
        self._state, self._known = f"{self._run}iteration 1", ""
        self._pass.begin()
        self._line.show(self._words)

    def iterated(self, iteration: int, trace: Sequence[float], mixture: Mixture) -> None:
        """An iteration from `mixture` is done; `trace` ends with its mean log-likelihood."""
        from mixtura.fitting.convergence.rules import remaining_gain

        left = remaining_gain(trace)
        self._known = f"{trace[-1]:.8g} nats a row"
        if math.isfinite(left):
            self._known += f", {left:.1g} to gain"
        self._state = f"{self._run}iteration {iteration + 1}"
        self._pass.done()
        self._line.show(self._words)

    def ended(self, fit: Fit) -> None:
        """A run of EM is over."""

    def close(self) -> None:
        """Wipe the line from the terminal."""
        self._line.wipe()

    def _words(self) -> str:
        return ", ".join(filter(None, (self._state, self._pass.words, self._known)))


class AnswerMeter:
    """Rows that are answered: how many, and how fast.

    Parameters
    ----------
    shown : whether anything is drawn.
    """

    def __init__(self, *, shown: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._line, self._pass = _Line(shown, clock), _Pass(clock)

    def read(self, count: int) -> None:
        """So many rows are read to be answered."""
        self._pass.read(count)
        self._line.show(lambda: self._pass.words)

    def close(self) -> None:
        """Wipe the line from the terminal."""
        self._line.wipe()


class GroupMeter:
    """Groups that are fitted: how many, and how fast; a `Watcher` of groups.

    Parameters
    ----------
    shown : whether anything is drawn.
    """

    def __init__(self, *, shown: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._line, self._clock, self._began = _Line(shown, clock), clock, clock()

    def __call__(self, done: int, total: int) -> None:
        """So many groups are fitted, of so many; 0 where nobody knows."""
        of = f" of {total:,}" if total else ""
        rate = done / max(self._clock() - self._began, 1e-9)
        self._line.show(lambda: f"{done:,}{of} groups, {_short(rate)} groups/s")

    def close(self) -> None:
        """Wipe the line from the terminal."""
        self._line.wipe()


class IterationLog:
    """A line on the standard error for each iteration; an `Observer` of EM.

    Attributes
    ----------
    heard : whether any run of EM began.
    """

    heard = False

    def begun(self, run: int) -> None:
        """A run of EM has its start."""
        self.heard = True
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


class SelectionBar:
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
        """One of the candidates is fitted."""
        self._done += 1
        self._draw(str(row.candidate))

    def ended(self) -> None:
        """All candidates are fitted: the bar is wiped."""
        click.echo("\r\x1b[K", nl=False, err=True)

    def _draw(self, words: str) -> None:
        full = self.WIDTH * self._done // self._total
        bar = "#" * full + "." * (self.WIDTH - full)
        click.echo(f"\r\x1b[K[{bar}] {self._done}/{self._total} {words}", nl=False, err=True)


def _short(rate: float) -> str:
    for size, unit in ((1e6, " million"), (1e3, " thousand")):
        if rate >= size:
            return f"{rate / size:.3g}{unit}"
    return f"{rate:.3g}"
