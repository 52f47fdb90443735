"""Every test here is run on each kernel, and some on each instruction set."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mixtura.engine import kernel


@pytest.fixture(autouse=True, scope="module")
def on_each_kernel(each_kernel: str) -> str:
    return each_kernel


@pytest.fixture(params=["baseline", "neon", "avx2", "avx512"])
def instructions(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each instruction set that this machine has."""
    if not kernel.native_is_installed():
        pytest.skip("this installation has no native kernel")
    from mixtura.engine.kernel import _native

    before = _native.instruction_set()
    if not _native.use_instruction_set(request.param):
        pytest.skip(f"this machine or build has no {request.param} instructions")
    yield request.param
    _native.use_instruction_set(before)
