"""Checkpoint: what is told of a fit that can be gone on from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mixtura.errors import ModelError
from mixtura.fitting.checkpoints.record import Record
from mixtura.fitting.convergence import Outcome
from mixtura.textual import counted, printable
from mixtura.views.text import file_text

__all__ = ["checkpoint_record", "checkpoint_text"]

#: settings that the first line tells
_APART = ("n_components", "structure")


def checkpoint_record(record: Record) -> dict[str, Any]:
    """What a checkpoint says, as dictionaries, lists, numbers and texts.

    Raises
    ------
    ModelError : the record is not one of a fit.
    """
    try:
        return _said(record)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise ModelError(f"the checkpoint is damaged ({error}): begin the fit anew") from None


def _said(record: Record) -> dict[str, Any]:
    values = record.values
    trace = record.arrays["position.trace"].tolist() if values["position"] else []
    position, best = values["position"], values["best"]
    return {
        "checkpoint": {
            "run": int(values["run"]),
            "iteration": None if position is None else int(position["iteration"]),
            "mean_log_likelihood": trace[-1] if trace else None,
            "best": None if best is None else Outcome[best["outcome"]].value,
            "seconds": float(values["seconds"]),
        },
        "settings": dict(values["settings"]),
        "rows": dict(values["rows"]),
        "made_by": dict(values["made_by"]),
        "file": {
            name: str(values[name])
            for name in ("date", "library_version", "sha256")
            if name in values
        },
    }


def checkpoint_text(record: Mapping[str, Any]) -> str:
    """The text of `checkpoint_record`'s record."""
    asked, rows = record["settings"], record["rows"]
    given = [name for name in asked if asked[name] is not None and name not in _APART]
    lines = [
        f"Checkpoint of a fit: {counted(asked['n_components'], 'component')}, "
        f"{printable(str(asked['structure']))} covariances",
        f"rows: {rows['number of rows']}, of {counted(rows['number of features'], 'feature')}",
        f"stands: {_standing(record['checkpoint'])}",
        "asked for:",
        *(f"  {name} {printable(str(asked[name]))}" for name in given),
        "",
        file_text(record["file"]),
    ]
    return "\n".join(lines)


def _standing(at: Mapping[str, Any]) -> str:
    """Which run it is in, and how far that has come."""
    best = f"; the best so far is {at['best']}" if at["best"] else ""
    if at["iteration"] is None:
        return f"after {counted(at['run'], 'run')}{best}"
    value = at["mean_log_likelihood"]
    height = "" if value is None else f", at {value:.10g} nats a row"
    return f"in run {at['run'] + 1}, before iteration {at['iteration']}{height}{best}"
