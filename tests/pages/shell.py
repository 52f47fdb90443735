"""A shell that people type into."""

from __future__ import annotations

import subprocess


def typed(commands: str, where: str) -> str:
    """What commands print, typed in a shell that stops at the first that fails."""
    ended = subprocess.run(
        ["bash", "-euc", commands], capture_output=True, text=True, timeout=300, check=False
    )
    assert ended.returncode == 0, f"{where}: {commands}{ended.stderr}"
    return ended.stdout
