"""Ctrl-C loses nothing that was known."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from numpy.testing import assert_allclose, assert_array_equal

import mixtura
from mixtura import Fit, Outcome
from mixtura.datasets import iris
from mixtura.errors import Interrupted
from mixtura.fitting import em
from usual import usual_fit

ROWS = iris().rows


@dataclass
class CtrlC:
    """An observer at whose word the user presses Ctrl-C."""

    run: int
    iteration: int
    ended_fits: list[Fit] = field(default_factory=list)
    seen: int = -1

    def begun(self, run: int) -> None:
        self.seen = run
        if run == self.run and self.iteration == 0:
            raise KeyboardInterrupt

    def iterated(self, iteration: int, trace: Sequence[float], mixture: mixtura.Mixture) -> None:
        if (self.seen, iteration) == (self.run, self.iteration):
            raise KeyboardInterrupt

    def ended(self, fit: Fit) -> None:
        self.ended_fits.append(fit)


@pytest.mark.parametrize("iteration", [1, 2, 7])
def test_the_fit_carried_ends_with_the_likelihood_of_its_mixture(iteration: int) -> None:
    with pytest.raises(Interrupted) as caught:
        usual_fit(ROWS, 3, observer=CtrlC(0, iteration))
    fit = caught.value.fit
    assert fit.outcome is Outcome.INTERRUPTED
    assert fit.log_likelihood == pytest.approx(fit.mixture.score_samples(ROWS).sum(), rel=1e-12)
    # what is known at the end of an iteration is the mixture it began with
    before = usual_fit(ROWS, 3, max_iter=iteration - 1)
    assert_array_equal(fit.mixture.means, before.mixture.means)
    assert_allclose(fit.trace, before.trace, rtol=1e-14)


def test_it_is_caught_as_a_keyboard_interrupt() -> None:
    with pytest.raises(KeyboardInterrupt, match="interrupted"):
        usual_fit(ROWS, 3, observer=CtrlC(0, 3))


def test_runs_that_were_over_are_kept() -> None:
    observer = CtrlC(2, 1)
    with pytest.raises(Interrupted) as caught:
        usual_fit(ROWS, 3, start="random", n_init=5, observer=observer)
    best = max(fit.log_likelihood for fit in observer.ended_fits)
    assert len(observer.ended_fits) == 2
    assert caught.value.fit.log_likelihood == best


def test_an_interruption_before_anything_is_known_has_nothing_to_carry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(em.EM, "_pass", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        usual_fit(ROWS, 3)
    assert type(caught.value) is KeyboardInterrupt


def test_an_interruption_between_runs_keeps_the_best() -> None:
    observer = CtrlC(1, 0)
    with pytest.raises(Interrupted) as caught:
        usual_fit(ROWS, 3, n_init=3, observer=observer)
    assert caught.value.fit.log_likelihood == observer.ended_fits[0].log_likelihood


# Passes over these rows take so long that a signal comes in the middle of one.
LONG_FIT = """
import json, signal, sys, time
import numpy as np
from mixtura.engine import kernel
from mixtura.fitting import fit

signal.signal(signal.SIGINT, signal.default_int_handler)
start, n_rows, n_components = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

class Observer:
    def begun(self, run):
        print("begun", flush=True)
    def iterated(self, iteration, trace, mixture):
        if iteration == 1:
            print("iterated", flush=True)
    def ended(self, fit):
        pass

rows = np.random.default_rng(0).random((n_rows, 32))
try:
    print("ready", flush=True)
    fit(rows, n_components, start=start, tol=0.0, max_iter=10**6, observer=Observer())
except KeyboardInterrupt as stopped:
    at = time.monotonic()
    left = getattr(stopped, "fit", None)
    print(json.dumps({
        "at": at,
        "kernel": kernel.describe(),
        "outcome": left and left.outcome.value,
        "trace": left and left.trace.tolist(),
        "known": left and float(left.mixture.score_samples(rows).sum()),
        "told": left and float(left.log_likelihood),
    }), flush=True)
"""


def stopped_soon(kernel: str, start: str, told_at: str) -> dict[str, object]:
    """What a long fit leaves that Ctrl-C stops within a second, a moment after it said `told_at`.

    Other programs may keep a fit from running for so long, so it has three tries.
    """
    waits = []
    while not waits or (waits[-1] >= 1.0 and len(waits) < 3):
        seconds, left = interrupted(kernel, start, told_at)
        waits.append(seconds)
    assert waits[-1] < 1.0, waits
    return left


def interrupted(kernel: str, start: str, told_at: str) -> tuple[float, dict[str, object]]:
    """Seconds from Ctrl-C to the end of a long fit, and what it left."""
    shape = ("200000", "64") if kernel == "native" else ("20000", "4")
    command = [sys.executable, "-c", LONG_FIT, start, *shape]
    environment = {**os.environ, "MIXTURA_KERNEL": kernel}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, env=environment, text=True, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        while process.stdout.readline().strip() != told_at:
            assert process.poll() is None
        time.sleep(0.2)
        sent = time.monotonic()
        process.send_signal(signal.SIGINT)
        left: dict[str, object] = {}
        for line in process.stdout:
            if line.startswith("{"):
                left = json.loads(line)
        assert process.wait(timeout=60) == 0
    assert str(left["kernel"]).startswith(kernel)
    return float(str(left["at"])) - sent, left


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_a_long_fit_stops_within_a_second(each_kernel: str) -> None:
    left = stopped_soon(each_kernel, "random_from_data", "iterated")
    assert left["outcome"] == "interrupted"
    assert left["trace"]
    assert left["told"] == pytest.approx(left["known"], rel=1e-12)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
@pytest.mark.parametrize("start", ["kmeans", "random"])
def test_its_start_stops_within_a_second(each_kernel: str, start: str) -> None:
    stopped_soon(each_kernel, start, "ready")
