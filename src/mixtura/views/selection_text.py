"""Selection text: a selection's record for people to read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mixtura.fitting.selection.criteria import better
from mixtura.textual import columns, counted, printable

__all__ = ["selection_text"]

_NAMES = {"bic": "BIC", "icl": "ICL", "aic": "AIC", "cv": "CV"}
#: so many failures are told of one by one
_TOLD = 6


def selection_text(record: Mapping[str, Any], width: int | None = None) -> str:
    """The text of the record that `Selection.summary` gives.

    The criterion that decides, a line for each structure and a column for each K; the best is
    marked with a star, a candidate that could not be fitted or chosen with a dash; then the
    verdict. A line of the table has at most `width` letters, if that is a number.
    """
    by, candidates = record["by"], record["candidates"]
    numbers = sorted({each["n_components"] for each in candidates})
    structures = list(dict.fromkeys(each["structure"] for each in candidates))
    cells = {(each["structure"], each["n_components"]): each for each in candidates}
    best = record["best"] or {}
    chosen = (best.get("structure"), best.get("n_components"))
    rows = [["", *(f"{k} " for k in numbers)]]
    for name in structures:
        shown = (_cell(cells.get((name, k)), by, chosen=(name, k) == chosen) for k in numbers)
        rows.append([printable(name), *shown])
    blocks = [
        [
            f"{_NAMES[by]} of {counted(len(candidates), 'candidate')}, "
            f"{counted(record['n_rows'], 'row')}; {better(record['sign'])} is better, * is best",
            *columns(rows, width=width),
        ]
    ]
    if record["verdict"]:
        blocks.append([printable(line) for line in record["verdict"]])
    left_out = [each for each in candidates if each["reason"]]
    if left_out:
        lines = [f"{counted(len(left_out), 'candidate')} not to choose from:"]
        lines += [
            printable(f"  {each['structure']},{each['n_components']}: {each['reason']}")
            for each in left_out[:_TOLD]
        ]
        if len(left_out) > _TOLD:
            lines.append(f"  and {len(left_out) - _TOLD} more: --json has them all")
        blocks.append(lines)
    return "\n\n".join("\n".join(block) for block in blocks)


def _cell(candidate: Mapping[str, Any] | None, by: str, *, chosen: bool) -> str:
    if candidate is None:
        return ""
    value = candidate.get(by)
    if candidate["reason"] or value is None:
        return "- "
    return f"{value:.2f}" + ("*" if chosen else " ")
