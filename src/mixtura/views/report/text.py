"""Text: a report's record for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mixtura.model.wording import explanation_text
from mixtura.testing.wording import validation_text
from mixtura.textual import columns, printable
from mixtura.views.report import tables
from mixtura.views.report.shell import shell_line
from mixtura.views.text import model_text

__all__ = ["report_text"]


def report_text(record: Mapping[str, Any]) -> str:
    """The text of `report_record`'s record."""
    model = record["model"]
    title = f"report on {printable(record['data']['name'] or 'rows')}"
    blocks = [
        f"{title}\n{'=' * len(title)}",
        model_text(model),
        _part("these rows", [*tables.relation_words(record), *columns(tables.score_table(record))]),
        _part("components", [*columns(tables.component_table(record)), tables.doubt_words(record)]),
        _part("features", columns(tables.feature_table(record))),
        _part("the least likely rows", [explanation_text(record["unlikely"])]),
    ]
    comparison = record["comparison"]
    if comparison:
        blocks.append(_part("beside scikit-learn", [validation_text(comparison["validation"])]))
        if comparison["fit"] and "failed" in comparison["fit"]:
            blocks.append(
                f"scikit-learn's own fit failed: {printable(comparison['fit']['failed'])}"
            )
        elif comparison["fit"]:
            blocks.append("\n".join(columns(tables.fit_comparison(record))))
    again = record["again"]
    lines = [shell_line(words) for words in again["commands"]]
    lines += [again["python"]] if again["python"] else []
    blocks.append(_part("the same again", [*lines, *columns(tables.setting_table(record)[1:])]))
    return "\n\n".join(blocks)


def _part(title: str, lines: list[str]) -> str:
    return "\n".join([title, "-" * len(title), *lines])
