"""Spillover: what each dye gives to the detectors of the others, taken out again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mixtura.errors import DataError
from mixtura.tables.fcs.keywords import Keywords

#: keywords that hold it: the standard's, and those of cytometers before it
_KEYWORDS = ("$SPILLOVER", "SPILLOVER", "$SPILL", "SPILL")


@dataclass(frozen=True, eq=False)
class Spillover:
    """The linear map from measured values to those of one dye each.

    Detectors measure y = S'x of the dyes' own light x, so that x = S'⁻¹y.

    Parameters
    ----------
    detectors : names of the channels.
    inverse : S⁻¹, (C, C), with which rows y (m, C) are multiplied from the right.
    """

    detectors: tuple[str, ...]
    inverse: NDArray[np.float64]

    @classmethod
    def of(cls, keywords: Keywords, names: tuple[str, ...]) -> Spillover:
        """That of a file, for channels of those names.

        Raises
        ------
        DataError : it has none, or one that cannot be used.
        """
        key = next((each for each in _KEYWORDS if keywords.texts.get(each)), None)
        if key is None:
            raise DataError(
                f"{keywords.path} has no keyword $SPILLOVER to compensate by: leave compensation "
                "out, or take it out of the rows where the matrix is known"
            )
        cells = [cell.strip() for cell in keywords.texts[key].split(",")]
        count = int(cells[0]) if cells[0].isdigit() and len(cells[0]) < 6 else 0
        detectors, numbers = tuple(cells[1 : 1 + count]), cells[1 + count :]
        try:
            matrix = np.array([float(cell) for cell in numbers]).reshape(count, count)
        except ValueError:
            raise keywords.unsound(f"has a {key} that is no matrix of {count} channels") from None
        numbered = tuple(_named(each, names) for each in detectors)
        missing = [name for name in numbered if name not in names]
        if not count or missing or len(set(numbered)) < count:
            raise keywords.unsound(
                f"has a {key} of {', '.join(missing or detectors)[:200] or 'nothing'}, expected "
                "channels that it has, each once"
            )
        with np.errstate(all="ignore"):
            sound = np.isfinite(matrix).all() and np.linalg.cond(matrix) < 1e12
        if not sound:
            raise keywords.unsound(f"has a {key} that has no inverse")
        return cls(numbered, np.linalg.inv(matrix))


def _named(detector: str, names: tuple[str, ...]) -> str:
    """The name of a detector, which some files give by its number from 1."""
    if detector not in names and detector.isdigit() and 1 <= int(detector[:6]) <= len(names):
        return names[int(detector) - 1]
    return detector
