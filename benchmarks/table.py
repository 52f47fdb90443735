"""Table: rows of figures, as Markdown for people and JSON for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

__all__ = ["Column", "Table"]

Value = str | int | float | None


@dataclass(frozen=True)
class Column:
    """A figure's key, its heading, and how it is written: a format, or none for text."""

    key: str
    heading: str
    form: str = ""

    def text(self, value: Value) -> str:
        """The figure as it is read; a dash where there is none."""
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return "–"
        if self.form == "short":
            return _short(float(value))
        return format(value, self.form)


@dataclass(frozen=True, eq=False)
class Table:
    """Figures with a title and the words that they need.

    Parameters
    ----------
    name : of its files.
    title : one line.
    words : what the figures are, and how they came about.
    columns : in order.
    rows : by the columns' keys; a row may hold more than the columns show.
    """

    name: str
    title: str
    words: str
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Any]]

    def markdown(self) -> str:
        """A heading, the words and the table."""
        cells = [[column.text(row.get(column.key)) for column in self.columns] for row in self.rows]
        headings = [column.heading for column in self.columns]
        widths = [max(3, *map(len, column)) for column in zip(headings, *cells, strict=True)]
        aligned = [
            "-" * width if not c.form else "-" * (width - 1) + ":"
            for c, width in zip(self.columns, widths, strict=True)
        ]
        lines = [headings, aligned, *cells]
        drawn = [
            "| "
            + " | ".join(
                cell.rjust(width) if column.form else cell.ljust(width)
                for cell, width, column in zip(line, widths, self.columns, strict=True)
            )
            + " |"
            for line in lines
        ]
        return "\n".join([f"## {self.title}", "", self.words, "", *drawn, ""])

    def record(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return {
            "title": self.title,
            "words": self.words,
            "columns": [asdict(column) for column in self.columns],
            "rows": [{key: _plain(value) for key, value in row.items()} for row in self.rows],
        }

    def write(self, folder: Path) -> None:
        """`name`.md and `name`.json in a folder, which is made."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{self.name}.md").write_text(self.markdown(), encoding="utf-8")
        text = json.dumps(self.record(), indent=1, ensure_ascii=False)
        (folder / f"{self.name}.json").write_text(text + "\n", encoding="utf-8")


def _short(value: float) -> str:
    """Three digits, without an exponent but for the smallest."""
    if abs(value) < 1e-4 or not math.isfinite(value):
        return f"{value:.2g}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}"


def _plain(value: Any) -> Any:
    """A figure as JSON knows it: NaN is null."""
    return None if isinstance(value, float) and math.isnan(value) else value
