"""A fit needs little memory beyond the rows themselves, whatever N·K."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mixtura.engine import kernel

ALLOWED = 64  # MiB
REFS = Path("/proc/self/clear_refs")

pytestmark = [
    pytest.mark.skipif(
        not REFS.exists(), reason="only Linux tells, and resets, how much memory a process has had"
    ),
    pytest.mark.skipif(
        not kernel.native_is_installed(), reason="this installation has no native kernel"
    ),
]

MEASURED = """
import json, sys
from pathlib import Path
import numpy as np
import mixtura

n, d, k, structure, dtype, start = json.loads(sys.argv[1])

def memory(field):  # MiB
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(field + ":"))) / 1024

random = np.random.default_rng(0)
rows = np.empty((n, d), dtype)
for part in np.array_split(rows, 100):  # no second array of their size
    part[:] = random.normal(size=part.shape) + random.integers(0, 8, (len(part), 1))
mixtura.fit(rows[:2000], 2, structure=structure, max_iter=1)  # all that is imported late
Path("/proc/self/clear_refs").write_text("5")
before = memory("VmRSS")
mixture = mixtura.fit(rows, k, structure=structure, start=start, max_iter=2, search="exact").mixture
fitted = memory("VmHWM")
mixture.score_samples(rows)
print(fitted - before, memory("VmHWM") - before - n * 8 / 2**20)
"""


@pytest.fixture(autouse=True, scope="module")
def on_each_kernel() -> None:
    """The native kernel's promise: the reference holds N·K numbers of a block, and copies."""


@pytest.mark.parametrize(
    ("n", "d", "k", "structure", "dtype", "start"),
    [
        (1_000_000, 2, 32, "full", "float64", "random_from_data"),
        (1_000_000, 2, 32, "full", "float32", "random_from_data"),
        (1_000_000, 2, 32, "full", "float64", "kmeans"),
        (200_000, 39, 256, "diag", "float64", "random_from_data"),
        (50_000, 64, 32, "full", "float64", "random_from_data"),
        (500_000, 8, 16, "tied", "float64", "kmeans"),
        pytest.param(200_000, 39, 256, "diag", "float64", "kmeans", marks=pytest.mark.slow),
        pytest.param(100_000, 128, 16, "full", "float64", "kmeans", marks=pytest.mark.slow),
    ],
)
def test_peak_memory_beyond_the_rows_is_small(
    n: int, d: int, k: int, structure: str, dtype: str, start: str
) -> None:
    case = json.dumps([n, d, k, structure, dtype, start])
    run = subprocess.run(
        [sys.executable, "-c", MEASURED, case],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "MIXTURA_KERNEL": "native", "MIXTURA_NUM_THREADS": "2"},
    )
    assert run.returncode == 0, run.stderr
    fitting, scoring = map(float, run.stdout.split())
    assert fitting <= ALLOWED
    assert scoring <= ALLOWED


SUMMED = """
import json, sys
from pathlib import Path
import numpy as np
from mixtura import Mixture
from mixtura.engine import kernel
from mixtura.fitting.em import EM
from mixtura.fitting.m_step.estimate import maximise
from mixtura.fitting.settings import Settings
from mixtura.model.structures import structure
from mixtura.rows.data import Data

n, d, k = json.loads(sys.argv[1])

def memory(field):  # bytes
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line.split()[1] for line in lines if line.startswith(field + ":")))

def beyond(work):  # sets of sums
    Path("/proc/self/clear_refs").write_text("5")
    before = memory("VmRSS")
    found = work()
    return found, (memory("VmHWM") - before) / (8 * k * d * d)

rows = np.random.default_rng(0).normal(size=(n, d))
rows[:, 0] += np.arange(n) % k
means = rows[np.linspace(0, n - 1, k).astype(int)]
mixture = Mixture(np.full(k, 1 / k), means, np.broadcast_to(np.eye(d), (k, d, d)), "full")
mixture.components.whitening(kernel.invert_lower)
em = EM(Data.held(rows), Settings(k, structure("full"), "auto", "auto", "auto", 1000))
sums, in_a_pass = beyond(lambda: em.statistics(mixture))
_, in_an_m_step = beyond(lambda: maximise(sums, structure("full"), 1e-2))
print(in_a_pass, in_an_m_step)
"""


@pytest.mark.parametrize(
    ("n", "d", "k"),
    [(16_000, 64, 250), pytest.param(24_000, 64, 1000, marks=pytest.mark.slow)],
)
def test_a_pass_and_an_m_step_hold_six_sets_of_large_sums_at_most(n: int, d: int, k: int) -> None:
    run = subprocess.run(
        [sys.executable, "-c", SUMMED, json.dumps([n, d, k])],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "MIXTURA_KERNEL": "native",
            "MIXTURA_NUM_THREADS": "2",
            "OPENBLAS_NUM_THREADS": "1",
            "MALLOC_MMAP_THRESHOLD_": "100000",  # what is given back is given back at once
            "MALLOC_TRIM_THRESHOLD_": "100000",
        },
    )
    assert run.returncode == 0, run.stderr
    assert max(map(float, run.stdout.split())) <= 6.0, run.stdout
