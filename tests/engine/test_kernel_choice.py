"""Which kernel computes is chosen once, by the environment, and said."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from mixtura.engine import kernel
from mixtura.errors import ParameterError


@pytest.fixture(autouse=True, scope="module")
def on_each_kernel() -> None:
    """Nothing here depends on the kernel in use."""


def described(**environment: str) -> subprocess.CompletedProcess[str]:
    """What a fresh interpreter says that it computes with, under environment variables."""
    statement = "from mixtura.engine import kernel; print(kernel.describe())"
    kept = {k: v for k, v in os.environ.items() if not k.startswith("MIXTURA_")}
    return subprocess.run(
        [sys.executable, "-c", statement],
        env=kept | environment,
        capture_output=True,
        text=True,
    )


needs_native = pytest.mark.skipif(
    not kernel.native_is_installed(), reason="this installation has no native kernel"
)


def test_the_reference_can_be_chosen() -> None:
    assert described(MIXTURA_KERNEL="reference").stdout == "reference (NumPy)\n"


@needs_native
def test_the_native_kernel_is_chosen_where_it_is_installed() -> None:
    assert described().stdout.startswith("native, ")
    assert described().stdout == described(MIXTURA_KERNEL="native").stdout


@needs_native
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="baseline is x86-64's")
def test_the_instruction_set_can_be_chosen() -> None:
    assert described(MIXTURA_SIMD="baseline").stdout == "native, baseline\n"


@needs_native
def test_an_unknown_instruction_set_is_refused() -> None:
    ended = described(MIXTURA_SIMD="abacus")
    assert ended.returncode == 1
    assert "MIXTURA_SIMD is 'abacus', expected instructions that this machine" in ended.stderr


def test_an_unknown_kernel_is_refused() -> None:
    ended = described(MIXTURA_KERNEL="fast")
    assert ended.returncode == 1
    assert "there is no kernel 'fast', expected native or reference" in ended.stderr


def test_a_native_kernel_that_is_not_installed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "native_is_installed", lambda: False)
    with pytest.raises(ParameterError, match="this installation of mixtura was made without it"):
        kernel.use("native")
