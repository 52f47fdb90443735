"""What every test begins with: the same chance, and a kernel to compute with."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import hypothesis
import numpy as np
import pytest

from mixtura.engine import kernel

# Readline, which pytest loads, tells child processes how wide a terminal is that they do not have.
os.unsetenv("COLUMNS")
os.environ.pop("COLUMNS", None)

# The same examples every time, and no deadline: a test that the machine's speed decides is none.
hypothesis.settings.register_profile(
    "steady",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("steady")

WISH = os.environ.get("MIXTURA_KERNEL")
KERNELS = [WISH] if WISH else ["native", "reference"]


@pytest.fixture(autouse=True)
def same_chance() -> None:
    """Generators that a test does not seed begin alike, whatever ran before."""
    random.seed(0)
    np.random.seed(0)


@pytest.fixture(scope="module", params=KERNELS)
def each_kernel(request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of the kernel that computes: one after the other, or the one of MIXTURA_KERNEL."""
    if request.param == "native" and not kernel.native_is_installed():
        pytest.skip("this installation has no native kernel")
    before = "native" if kernel.describe().startswith("native") else "reference"
    kernel.use(request.param)
    yield request.param
    kernel.use(before)


@pytest.fixture
def passes_over_cells() -> None:
    """For truncated EM, whose passes the reference kernel does not have."""
    if kernel.cell_passes is None:
        pytest.skip("the reference kernel has no passes over cells")
