"""Another build of mixtura: what its interpreter makes of a script."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


def told_by(
    python: str, script: str, *arguments: str, settings: dict[str, str] | None = None
) -> Any:
    """What a script prints as JSON, in a new process of one build's interpreter.

    Parameters
    ----------
    python : the interpreter.
    script, arguments : what it is given.
    settings : variables of the process besides this one's.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    told = subprocess.run(
        [python, "-c", script, *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(sys.executable).anchor,  # no folder here is taken for an installation
        env=kept | (settings or {}),
    ).stdout
    return json.loads(told)
