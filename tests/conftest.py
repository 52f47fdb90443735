"""The kernels: what the engine, the model and the fitting promise, each of them keeps."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from mixtura.engine import kernel

# Readline, which pytest loads, tells child processes how wide a terminal is that they do not have.
os.unsetenv("COLUMNS")
os.environ.pop("COLUMNS", None)

WISH = os.environ.get("MIXTURA_KERNEL")
KERNELS = [WISH] if WISH else ["native", "reference"]


@pytest.fixture(scope="module", params=KERNELS)
def each_kernel(request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of the kernel that computes: one after the other, or the one of MIXTURA_KERNEL."""
    if request.param == "native" and not kernel.native_is_installed():
        pytest.skip("this installation has no native kernel")
    before = "native" if kernel.describe().startswith("native") else "reference"
    kernel.use(request.param)
    yield request.param
    kernel.use(before)
