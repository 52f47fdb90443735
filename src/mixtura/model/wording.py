"""Wording: an explanation told in words and columns."""

from __future__ import annotations

from typing import Any

__all__ = ["explanation_text"]


def explanation_text(record: dict[str, Any]) -> str:
    """The text of `Explanation.to_dict`'s record, a paragraph and a table for each row."""
    return "\n\n".join(
        _row_text(number, row, record["normalisation"]) for number, row in enumerate(record["rows"])
    )


def _row_text(number: int, row: dict[str, Any], normalisation: float) -> str:
    components = row["components"]
    best = max(range(len(components)), key=lambda k: components[k]["responsibility"])
    near = components[best]
    lines = [
        f"row {number}: log-likelihood {row['log_likelihood']:.8g} nats",
        f"  most likely component {best}, with responsibility {near['responsibility']:.4g}; "
        f"{near['squared_distance'] ** 0.5:.4g} standard deviations from its mean",
        f"  {_blame(near['contributions'])}",
        "",
        f"  {'component':>9} {'log weight':>12} {'normalisation':>13} {'-½ log|Σ|':>12} "
        f"{'-½ distance²':>13} {'sum':>13} {'responsibility':>14}",
    ]
    for k, part in enumerate(components):
        lines.append(
            f"  {k:>9} {part['log_weight']:>12.6g} {normalisation:>13.6g} "
            f"{part['log_determinant']:>12.6g} {part['distance']:>13.6g} "
            f"{part['log_joint']:>13.6g} {part['responsibility']:>14.4g}"
        )
    return "\n".join(lines)


def _blame(contributions: dict[str, float]) -> str:
    """Which features make the distance, the largest part first."""
    total = sum(contributions.values())
    if not total > 0.0:
        return "it lies on the mean"
    ranked = sorted(contributions.items(), key=lambda item: -item[1])
    parts = ", ".join(f"{name} {value / total:.0%}" for name, value in ranked[:5])
    more = f" and {len(ranked) - 5} more features" if len(ranked) > 5 else ""
    return f"the squared distance comes from {parts}{more}"
