"""Limits: what the machine can do at most, measured in the same run as the rest."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from workloads import Workload

__all__ = ["Limits", "busy", "cores", "machine", "measured_limits"]

_SOURCE = Path(__file__).with_name("machine.cpp")


@dataclass(frozen=True)
class Limits:
    """The machine's rates on all cores, float64.

    Parameters
    ----------
    multiply_add : GFLOP/s of fused multiply-adds, which count twice.
    exponential : 1e9 exponentials a second.
    reading : GB/s from memory.
    by : what they were measured with.
    """

    multiply_add: float
    exponential: float
    reading: float
    by: str

    def iteration(self, workload: Workload) -> float:
        """The least time of an EM iteration, ms."""
        return self._milliseconds(workload, _distances(workload) + _moments(workload))

    def scoring(self, workload: Workload) -> float:
        """The least time of scoring every row, ms."""
        return self._milliseconds(workload, _distances(workload))

    def _milliseconds(self, workload: Workload, operations: float) -> float:
        """The arithmetic and the exponentials one after the other, or reading if that is longer."""
        terms = workload.n_rows * workload.n_components
        computing = operations / self.multiply_add + terms / self.exponential
        reading = 8.0 * workload.n_rows * workload.n_features / self.reading
        return 1e-6 * max(computing, reading)

    def __str__(self) -> str:
        return (
            f"{self.multiply_add:.0f} GFLOP/s of multiply-adds, {self.exponential:.2f} G exp/s, "
            f"{self.reading:.0f} GB/s ({self.by})"
        )


def _distances(workload: Workload) -> float:
    """The operations of the squared distances.

    Whitening by a triangle takes D² + D operations and subtracting and squaring the rest; tied
    covariances whiten a row once, and then each component subtracts and squares.
    """
    n, d, k = workload.n_rows, workload.n_features, workload.n_components
    if workload.covariance == "full":
        return n * k * (d * d + 2.0 * d)
    if workload.covariance == "tied":
        return n * (d * d + 2.0 * d) + n * k * 2.0 * d
    return n * k * 4.0 * d


def _moments(workload: Workload) -> float:
    """The operations of the moments: of tied covariances, the first alone change."""
    if workload.covariance == "tied":
        return workload.n_rows * workload.n_components * 2.0 * workload.n_features
    return _distances(workload)


@cache
def measured_limits() -> Limits:
    """The limits of this machine, by a compiled program, or by NumPy where there is no compiler."""
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        return _by_numpy()
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "machine"
        options = ["-std=c++20", "-O3", "-march=native", "-ffp-contract=fast", "-pthread"]
        built = subprocess.run([compiler, *options, _SOURCE, "-o", program], capture_output=True)
        if built.returncode:
            print(built.stderr.decode(errors="replace"), file=sys.stderr)
            return _by_numpy()
        printed = subprocess.run(
            [program, str(cores())], capture_output=True, text=True, check=True
        ).stdout
    multiply_add, exponential, reading = map(float, printed.split())
    return Limits(multiply_add, exponential, reading, f"machine.cpp by {Path(compiler).name}")


def _by_numpy() -> Limits:
    """Lower than the truth: a product of matrices, NumPy's exp on one core, and a sum on one."""
    n = 2048
    square, short = np.full((n, n), 0.5), np.linspace(-1.0, 0.0, 8192)
    result, long = np.empty_like(short), np.full(1 << 26, 0.5)
    return Limits(
        2e-9 * n**3 / _shortest(lambda: square @ square),
        1e-9 * cores() * short.size / _shortest(lambda: np.exp(short, out=result)),
        1e-9 * long.nbytes / _shortest(long.sum),
        by="NumPy: a lower bound of the limits",
    )


def _shortest(action: Callable[[], object]) -> float:
    """The shortest of nine trials, seconds."""
    times = []
    for _ in range(9):
        began = time.perf_counter()
        action()
        times.append(time.perf_counter() - began)
    return min(times)


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine() -> dict[str, str]:
    """What the machine is, and how busy it was."""
    return {
        "processor": _processor(),
        "cores": str(cores()),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load at the start": f"{busy():.2f}",
    }


def busy() -> float:
    """How many processes wanted a core in the last minute; NaN where the system does not tell."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
