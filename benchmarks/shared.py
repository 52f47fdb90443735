"""Shared: problems that the tests have, too."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from hostile_problems import Hostile, hostile  # the folder first
from parity_problems import ALIKE, compared, problems

__all__ = ["ALIKE", "Hostile", "compared", "hostile", "problems"]
