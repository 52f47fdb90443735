"""Ctrl-C loses nothing that was known."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import mixtura
from mixtura import Fit, Outcome
from mixtura.datasets import iris
from mixtura.engine import kernel
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
    monkeypatch.setattr(em.CoreRun, "advance", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        usual_fit(ROWS, 3)
    assert type(caught.value) is KeyboardInterrupt


def test_an_interruption_between_runs_keeps_the_best() -> None:
    observer = CtrlC(1, 0)
    with pytest.raises(Interrupted) as caught:
        usual_fit(ROWS, 3, n_init=3, observer=observer)
    assert caught.value.fit.log_likelihood == observer.ended_fits[0].log_likelihood


class CtrlCAtACall:
    """Kernels at whose call of a number the user presses Ctrl-C; they count all calls."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
        self.at, self.count = at, 0
        for name in kernel.__all__:
            function = getattr(kernel, name)
            if name not in ("use", "describe", "native_is_installed") and function is not None:
                monkeypatch.setattr(kernel, name, partial(self.called, function))

    def called(self, function: Callable[..., object], *given: object, **named: object) -> object:
        self.count += 1
        if self.count == self.at:
            os.kill(os.getpid(), signal.SIGINT)
        return function(*given, **named)


#: 30 blocks
MANY = np.random.default_rng(0).random((60_000, 64))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
@pytest.mark.parametrize("start", ["random_from_data", "random", "kmeans", "k-means++", "auto"])
@pytest.mark.parametrize("at", [3, 20, 100])
def test_ctrl_c_ends_a_pass_after_the_blocks_under_way(
    each_kernel: str, monkeypatch: pytest.MonkeyPatch, start: str, at: int
) -> None:
    n_threads = 3
    monkeypatch.setenv("MIXTURA_NUM_THREADS", str(n_threads))
    calls = CtrlCAtACall(monkeypatch, at)
    options = {"structure": "diag", "start": start, "tol": 0.0, "max_iter": 10**6}
    with pytest.raises(KeyboardInterrupt):
        mixtura.fit(MANY, 2, **options)
    under_way = 2 * n_threads  # results that are held, see `Threads`
    assert at <= calls.count <= at + under_way + n_threads


# Passes over these rows take so long that a signal comes in the middle of one.
LONG_FIT = """
import json, os, signal, sys, threading, time
import numpy as np
from mixtura.engine import kernel
from mixtura.fitting import fit

start, told_at, n_rows, n_components = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
sent = []

def press():
    "Ctrl-C once the process has worked for so long, however long that takes."
    then = time.process_time() + 0.2
    while time.process_time() < then:
        time.sleep(0.01)
    sent.append(time.process_time())
    os.kill(os.getpid(), signal.SIGINT)

class Observer:
    def begun(self, run):
        pass
    def iterated(self, iteration, trace, mixture):
        if iteration == 1 and told_at == "iterated":
            threading.Thread(target=press).start()
    def ended(self, fit):
        pass

rows = np.random.default_rng(0).random((n_rows, 32))
try:
    if told_at == "ready":
        threading.Thread(target=press).start()
    fit(rows, n_components, start=start, tol=0.0, max_iter=10**6, observer=Observer())
except KeyboardInterrupt as stopped:
    seconds = time.process_time() - sent[0]
    left = getattr(stopped, "fit", None)
    print(json.dumps({
        "seconds": seconds,
        "kernel": kernel.describe(),
        "outcome": left and left.outcome.value,
        "trace": left and left.trace.tolist(),
        "known": left and float(left.mixture.score_samples(rows).sum()),
        "told": left and float(left.log_likelihood),
    }))
"""


def stopped(kernel: str, start: str, told_at: str) -> dict[str, object]:
    """What a long fit leaves that Ctrl-C stops while it computes."""
    shape = ("200000", "64") if kernel == "native" else ("20000", "4")
    ended = subprocess.run(
        [sys.executable, "-c", LONG_FIT, start, told_at, *shape],
        env={**os.environ, "MIXTURA_KERNEL": kernel, "MIXTURA_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    left: dict[str, object] = json.loads(ended.stdout)
    assert str(left["kernel"]).startswith(kernel)
    return left


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_a_long_fit_works_for_less_than_a_second_more(each_kernel: str) -> None:
    left = stopped(each_kernel, "random_from_data", "iterated")
    assert float(str(left["seconds"])) < 2 * 1.0  # of two threads
    assert left["outcome"] == "interrupted"
    assert left["trace"]
    assert left["told"] == pytest.approx(left["known"], rel=1e-12)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
@pytest.mark.parametrize("start", ["kmeans", "random"])
def test_its_start_works_for_less_than_a_second_more(each_kernel: str, start: str) -> None:
    assert float(str(stopped(each_kernel, start, "ready")["seconds"])) < 2 * 1.0
