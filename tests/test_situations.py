"""Whatever thread, fork, exit or signal it meets, the library neither hangs nor aborts."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

#: before each situation
BEFORE = """
import atexit, os, signal, sys, threading, time
import numpy as np
import mixtura

ROWS = np.random.default_rng(0).normal(size=(100_000, 4))
OPTIONS = {"start": "random", "max_iter": 3, "tol": 0.0}

def fitted(rows=ROWS, **options):
    return mixtura.fit(rows, 3, **OPTIONS, **options).mixture

def streamed():
    return fitted([ROWS[:60_000], ROWS[60_000:]])

def scored(rows=ROWS):
    return mixtura.Mixture([1.0], np.zeros((1, 4)), np.eye(4)[None]).score_samples(rows)

def selected():
    return mixtura.select(ROWS[:300], [1, 2], structures=["VVV"], n_jobs=2).best

def learnt():
    return mixtura.GaussianMixture(2, random_state=0).partial_fit(ROWS[:5_000])

def for_ever(work):
    "Repeat the work on a thread that nobody waits for, and return once it was done."
    done = threading.Event()
    def repeat():
        while True:
            work()
            done.set()
    threading.Thread(target=repeat, daemon=True).start()
    done.wait()

def outliving(work):
    "Do the work on a thread, once the main one is over."
    def late():
        threading.main_thread().join()
        work()
        print("end")
    threading.Thread(target=late).start()

def child(work):
    "What a forked process that does the work ends with."
    pid = os.fork()
    if not pid:
        ended = 1
        try:
            work()
            ended = 0
        finally:
            os._exit(ended)
    return os.waitpid(pid, 0)[1]

def every(seconds, work):
    "Have a signal's handler do the work again and again, so long after it did it the last time."
    def handler(*_):
        work()
        signal.setitimer(signal.ITIMER_REAL, seconds)
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, seconds)

def over():
    "An end of that."
    signal.signal(signal.SIGALRM, signal.SIG_IGN)

def same(one, other):
    return np.array_equal(one.covariances, other.covariances)
"""

AT_THE_END = {
    f"a thread that {what} when the program ends": f"for_ever({work})\nprint('end')"
    for what, work in {
        "fits": "fitted",
        "fits a stream": "streamed",
        "scores": "scored",
        "selects": "selected",
        "learns by batches": "learnt",
        "explains": "lambda: fitted(ROWS[:300]).explain(ROWS[:300])",
    }.items()
}

AT_EXIT = {
    f"{what} at exit": f"{before}\natexit.register(lambda: ({work}, print('end')))"
    for what, before, work in [
        ("a fit", "", "fitted()"),
        ("a fit of a stream", "", "streamed()"),
        ("scoring", "", "scored()"),
        ("a selection", "", "selected()"),
        ("a batch", "learnt()  # scikit-learn cannot be imported at exit", "learnt()"),
        ("a fit beside a thread that fits", "for_ever(fitted)", "fitted()"),
    ]
}

OUTLIVING = {
    f"{what} on a thread that outlives the main one": f"outliving({work})"
    for what, work in {
        "a fit": "fitted",
        "a fit of a stream": "streamed",
        "scoring": "scored",
        "a selection": "selected",
    }.items()
}

FORKS = {
    f"forks while a thread {what}": (
        f"for_ever({work})\nassert [child({after}) for _ in range(8)] == [0] * 8\nprint('end')"
    )
    for what, work, after in [
        ("fits", "fitted", "fitted"),
        ("fits a stream", "streamed", "streamed"),
        ("scores", "scored", "fitted"),
        ("selects", "selected", "selected"),
        ("learns by batches", "learnt", "learnt"),
    ]
}

OTHERS = {
    "four threads fit when the program ends": """
for _ in range(4):
    for_ever(fitted)
print("end")
""",
    "a thread fits when the program ends itself": """
for_ever(fitted)
print("end")
sys.exit(0)
""",
    "what is scored while Python clears the modules away": """
class Last:
    def __init__(self):
        self.mixture, self.rows, self.show = fitted(), ROWS, print
    def __del__(self):
        self.mixture.score_samples(self.rows)
        self.show("end")
last = Last()
""",
    "a fork amid a fit, after which both go on": """
class Fork:
    child = None
    def begun(self, run): pass
    def iterated(self, iteration, trace, mixture):
        if iteration == 2:
            self.child = os.fork()
    def ended(self, fit): pass

whole, fork = fitted(), Fork()
ended = fitted(observer=fork)
if not fork.child:
    os._exit(not same(ended, whole))
assert os.waitpid(fork.child, 0)[1] == 0 and same(ended, whole)
print("end")
""",
    "a child of a child": """
fitted()
def both():
    fitted()
    assert child(fitted) == 0
assert child(both) == 0
print("end")
""",
    "processes of a pool": """
import multiprocessing
fitted()
with multiprocessing.get_context("fork").Pool(2) as pool:
    assert len(pool.map(scored, [ROWS[:9]] * 4)) == 4
print("end")
""",
    "a child that ends as a program does": """
fitted()
pid = os.fork()
if not pid:
    fitted()
    sys.exit(0)
assert os.waitpid(pid, 0)[1] == 0
print("end")
""",
    "a signal's handler fits amid a fit": """
whole, found = fitted(), []
every(0.05, lambda: found.append(fitted(ROWS[:20_000])))
ended = [fitted() for _ in range(5)]
while not found:
    ended.append(fitted())
over()
assert all(same(each, whole) for each in ended)
assert all(same(each, found[0]) for each in found)
print("end")
""",
    "a signal's handler fits a stream amid a fit of one": """
whole, found = fitted(), []
every(0.1, lambda: found.append(streamed()))
ended = [streamed()]
while not found:
    ended.append(streamed())
over()
assert all(same(each, whole) for each in [*ended, *found])
print("end")
""",
    "interruptions again and again": """
def raises(*_):
    raise KeyboardInterrupt
whole, count = fitted(), 0
while count < 20:
    signal.signal(signal.SIGALRM, raises)
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.002 + 0.001 * count)
            while True:
                fitted()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        count += 1
assert same(fitted(), whole)
print("end")
""",
    "no thread can be started": """
whole = fitted()
def refused(self):
    raise RuntimeError("can't start new thread")
from mixtura.engine.executors import helpers
helpers.waiting_helpers.cache_clear()
threading.Thread.start = refused
assert same(fitted(), whole) and same(streamed(), whole)
selected()
print("end")
""",
}

SITUATIONS = AT_THE_END | AT_EXIT | OUTLIVING | FORKS | OTHERS

#: those that `make test` has time for
SOME = (
    "a thread that scores when the program ends",
    "a fit of a stream at exit",
    "a selection on a thread that outlives the main one",
    "forks while a thread fits",
    "no thread can be started",
)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize(
    "situation",
    [name if name in SOME else pytest.param(name, marks=pytest.mark.slow) for name in SITUATIONS],
)
def test_it_ends_as_it_should(situation: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", BEFORE + SITUATIONS[situation]],
        env={**os.environ, "MIXTURA_NUM_THREADS": "3"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,  # it hangs
    )
    assert (ended.stdout, ended.stderr, ended.returncode) == ("end\n", "", 0)
