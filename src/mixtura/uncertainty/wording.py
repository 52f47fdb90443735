"""Wording: how far the parameters of a model may be off, for people to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mixtura.textual import columns, indented, largest, printable, resolved

#: above so many features a covariance is shown by its diagonal
_WHOLE = 12

Line = tuple[str, float, float, float, float]


def intervals_text(
    record: Mapping[str, Any],
    features: Sequence[str],
    *,
    shared: bool,
    width: int | None = None,
    every: bool = False,
) -> str:
    """The text of the record that `StandardErrors.summary` gives, component after component.

    Parameters
    ----------
    record : the estimates, their standard errors and their intervals.
    features : D names.
    shared : whether one covariance is for all components.
    width : letters that a line of a table may have; None is no bound.
    every : whether all components are told of, however many there are.
    """
    names = [printable(name) for name in features]
    level = 100.0 * record["level"]
    ends = [f"{50.0 - 0.5 * level:.4g} %", f"{50.0 + 0.5 * level:.4g} %"]
    head = ["", "estimate", "std. error", *ends]
    how = {"information": "the curvature of the log-likelihood"}.get(
        record["method"], f"{record['replicates']} fits, {record['method']}"
    )
    kind = " percentile" if record["replicates"] else ""
    told = [f"standard errors and {level:.4g} %{kind} intervals, from {how}"]
    kinds = [(kind, record[kind]) for kind in ("caution", "counts") if record[kind]]
    blocks = [[*told, *(printable(f"{kind}: {said}") for kind, said in kinds)]]
    few = dict(zip(record["starved"], record["notes"], strict=False))
    listed, others = largest(record["weights"]["estimate"], every=every)
    for k in listed:
        if k in few:
            blocks.append([few[k]])
            continue
        lines = [_line("weight", record["weights"], k)]
        lines += [_line(f"mean {name}", record["means"], k, j) for j, name in enumerate(names)]
        if not shared:
            lines += _covariances(record, names, k)
        blocks.append([f"component {k}", *_table(head, lines, width)])
    if others:
        blocks.append([others])
    if shared:
        lines = _covariances(record, names, 0)
        blocks.append(["covariance shared by all components", *_table(head, lines, width)])
    return "\n\n".join("\n".join(block) for block in blocks)


def _covariances(record: Mapping[str, Any], names: Sequence[str], k: int) -> list[Line]:
    """Its diagonal and what is above, then the correlations; the diagonal alone of many features.

    A covariance that its structure holds at 0 is left out.
    """
    few = len(names) <= _WHOLE
    lines = [
        _line(
            f"var. {name}" if i == j else f"cov. {name}, {names[j]}", record["covariances"], k, i, j
        )
        for i, name in enumerate(names)
        for j in (range(i, len(names)) if few else [i])
    ]
    lines += [
        _line(f"corr. {name}, {names[j]}", record["correlations"], k, i, j)
        for i, name in enumerate(names)
        for j in (range(i + 1, len(names)) if few else [])
    ]
    return [line for line in lines if line[1] or line[2]]


def _line(name: str, figures: Mapping[str, Any], *place: int) -> Line:
    values = []
    for key in ("estimate", "standard_error", "low", "high"):
        value = figures[key]
        for index in place:
            value = value[index]
        values.append(float(value))
    return (name, values[0], values[1], values[2], values[3])


def _table(head: Sequence[str], lines: Sequence[Line], width: int | None) -> list[str]:
    rows = [list(head)]
    for name, estimate, error, low, high in lines:
        # A parameter that the structure holds fixed has no error.
        spread = error if error > 0.0 else abs(estimate) or 1.0
        numbers = [resolved(value, 10.0 * spread, 4) for value in (estimate, low, high)]
        rows.append([name, numbers[0], f"{error:.3g}", *numbers[1:]])
    return indented(columns(rows, width=None if width is None else width - 2))
