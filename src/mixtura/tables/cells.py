"""Cells: what a piece of text in a column of numbers can be, and what is wrong with it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mixtura.errors import DataError

#: what else can be done about a value that is missing
UNKNOWN = "take it as unknown (missing='em'), "
#: what stands where a number is missing
MISSING = {"", "?", "-", ".", "na", "n/a", "#n/a", "nan", "null", "none", "missing"}
#: a number whose thousands are set apart: 1,234.5 or 1.234,5 or 1 234
_GROUPED = re.compile(
    r"[+-]?\d{1,3}"
    r"((,\d{3})+(\.\d*)?|(\.\d{3})+,\d*|(\.\d{3}){2,}|([ '\u00a0\u202f]\d{3})+([.,]\d*)?)"
)


def number(cell: str, *, comma: bool = False) -> float:
    """The number that a cell holds, as `float` reads it, but for underscores.

    Parameters
    ----------
    cell : the text.
    comma : whether decimals stand after a comma, and none after a point.

    Raises
    ------
    ValueError : it holds none.
    """
    if "_" in cell or (comma and "." in cell):
        raise ValueError(cell)
    return float(cell.replace(",", ".", 1) if comma else cell)


def is_number(cell: str, *, comma: bool = False, finite: bool = False) -> bool:
    """Whether a cell holds a number; NaN and infinity are ones unless it has to be finite."""
    try:
        value = number(cell, comma=comma)
    except ValueError:
        return False
    return not finite or math.isfinite(value)


def is_missing(cell: str) -> bool:
    """Whether a cell is empty, or one of the marks by which people say that it is."""
    return cell.strip().lower() in MISSING


def numbers_or_nan(
    cells: Sequence[str], n_features: int, convert: Callable[[str], float]
) -> list[float]:
    """The numbers in cells, NaN for features that are missing; none at all if another is none.

    Parameters
    ----------
    cells : those of the features first.
    n_features : how many these are.
    convert : makes a number of a cell, or raises a ValueError.
    """
    lacking = [j < n_features and is_missing(cell) for j, cell in enumerate(cells)]
    try:
        return [
            math.nan if lacks else convert(cell) for cell, lacks in zip(cells, lacking, strict=True)
        ]
    except ValueError:
        return []


def numbers_of(texts: Sequence[str], column: str, field: str = "weights") -> list[float]:
    """The numbers in a column of text.

    Parameters
    ----------
    texts : its cells.
    column : its name.
    field : what the numbers are to the rows.

    Raises
    ------
    DataError : a cell of it is no number.
    """
    numbers = []
    for row, cell in enumerate(texts):
        try:
            numbers.append(number(cell))
        except ValueError:
            out = ": a weight of 0 leaves a row out" if field == "weights" else ""
            raise DataError(
                f"row {row} of the {field}' column {column!r} holds {cell!r}, expected a number "
                f"of at least 0{out}"
            ) from None
    return numbers


@dataclass
class _Column:
    """What was seen of one column: its texts, its numbers, its first bad cell."""

    name: str
    comma: bool
    holes: bool
    texts: int = 0
    numbers: int = 0
    bad: tuple[int, int, str] | None = None  # row from 0, line from 1, cell

    def see(self, row: int, line: int, cell: str) -> None:
        numeric = is_number(cell, comma=self.comma)
        self.numbers += numeric
        self.texts += not numeric and not is_missing(cell)
        excused = self.holes and is_missing(cell)
        if self.bad is None and not (excused or is_number(cell, comma=self.comma, finite=True)):
            self.bad = row, line, cell

    @property
    def textual(self) -> bool:
        return self.texts > 0 and self.numbers == 0


def diagnose(
    records: Iterable[tuple[int, list[str]]],
    source: str,
    names: Sequence[str],
    features: Sequence[int],
    *,
    comma: bool = False,
    holes: bool = False,
) -> None:
    """Raise the sentence for the first thing that keeps the features from being numbers.

    A column that is text from top to bottom is named as such; otherwise the first bad cell is.

    Parameters
    ----------
    records : line and cells of each row.
    source : the file.
    names : of all its columns.
    features : the positions of those that must be numbers.
    comma : whether decimals stand after a comma.
    holes : whether a cell may be missing.

    Raises
    ------
    DataError : always, where there is something to find.
    """
    columns = {j: _Column(names[j], comma, holes) for j in features}
    for row, (line, record) in enumerate(records):
        for j, column in columns.items():
            column.see(row, line, record[j])
    textual = [column for column in columns.values() if column.textual]
    if textual:
        taken = [names[j] for j in features]
        raise DataError(_text_columns(source, textual, taken))
    bad = [(*column.bad, column.name) for column in columns.values() if column.bad]
    if bad:
        row, line, cell, name = min(bad, key=lambda found: found[:3])
        raise DataError(cell_fault(source, line, row, name, cell, comma=comma))


def cell_fault(
    source: str, line: int, row: int, name: str, cell: str, *, comma: bool = False
) -> str:
    """What is wrong with a cell that holds no finite number."""
    where = f"{source}: line {line} (row {row}), column {name!r}"
    if not is_number(cell, comma=comma):
        if not cell.strip():
            return f"{where} is empty, expected a number: fill the cell, {UNKNOWN}or drop the row"
        if is_missing(cell):
            return (
                f"{where} is missing ({cell!r}), expected a number: fill it, {UNKNOWN}or drop the "
                "row"
            )
        return f"{where} holds {cell!r}, expected a number: {_remedy(cell, comma)}"
    value = number(cell, comma=comma)
    what = "NaN" if math.isnan(value) else "infinity" if value > 0 else "-infinity"
    shown = "" if cell.strip().lower() in ("nan", "inf", "-inf") else f" ({cell!r})"
    unknown = UNKNOWN if what == "NaN" else ""
    return f"{where} is {what}{shown}, expected a finite number: fill it, {unknown}or drop the row"


def _text_columns(source: str, textual: list[_Column], taken: list[str]) -> str:
    first = textual[0]
    assert first.bad is not None
    _, line, cell = first.bad
    if len(textual) == len(taken):
        which = "the one column" if len(taken) == 1 else f"every column ({', '.join(taken)})"
        return (
            f"{source}: {which} holds text, such as {cell!r} on line {line}, expected numbers "
            "separated by commas, semicolons, tabs or blanks: name the columns of numbers with "
            "--columns, and those to carry along with --id"
        )
    if _GROUPED.fullmatch(cell.strip()):
        return (
            f"{source}: column {first.name!r} holds {cell!r} on line {line}, expected numbers: "
            "write them without separators of thousands"
        )
    words = [column.name for column in textual]
    numeric = ",".join(name for name in taken if name not in words)
    return (
        f"{source}: column {first.name!r} holds text, such as {cell!r} on line {line}, expected "
        f"numbers: choose the columns of numbers (--columns {numeric}) or carry it along "
        f"(--id {first.name})"
    )


def _remedy(cell: str, comma: bool) -> str:
    """What to do about a cell that is no number."""
    if _GROUPED.fullmatch(cell.strip()):
        return "write it without separators of thousands"
    if comma and is_number(cell):
        return "write all decimals with a comma, as others are, or all with a point"
    if is_number(cell.replace(",", ".", 1)):
        return "write decimals with a point"
    return "correct it, or leave the column out with --columns"
