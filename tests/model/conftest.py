"""Every test here is run on each kernel."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True, scope="module")
def on_each_kernel(each_kernel: str) -> str:
    return each_kernel
