"""Textual: numbers, names and tables as people read them."""

from __future__ import annotations

import math
import textwrap
import unicodedata
from collections.abc import Sequence

#: with more components than these not all are listed, but so many
_MANY, _LARGEST = 40, 20


def columns(rows: Sequence[Sequence[str]], left: int = 1, width: int | None = None) -> list[str]:
    r"""Lines in which the cells stand below each other, the first `left` columns flush left.

    Parameters
    ----------
    rows : of cells, as many in each.
    left : columns that say what a row is about.
    width : letters that a line may have: a table that needs more goes on below itself, its first
        columns again beside the rest, and a cell that is too long is cut in its middle. None is no
        bound.

    Examples
    --------
    >>> table = [["", "a", "b"], ["mean", "1.25", "2.5"]]
    >>> print("\n".join(columns(table, width=11)))  # doctest: +NORMALIZE_WHITESPACE
             a
    mean  1.25
    <BLANKLINE>
            b
    mean  2.5
    """
    if width is None or _extent(rows) <= width:
        return _lines(rows, left)
    half = max(_LEAST, width // 2 // left)
    cut = [[*(_cut(c, half) for c in row[:left]), *row[left:]] for row in rows]
    beside = _extent([row[:left] for row in cut])
    cut = [[*row[:left], *(_cut(c, max(_LEAST, width - beside - 2)) for c in row[left:])]
           for row in cut]  # fmt: skip
    lines: list[str] = []
    for begin, end in _parts(_widths(cut), left, width):
        lines += [""] if lines else []
        lines += _lines([[*row[:left], *row[begin:end]] for row in cut], left)
    return lines


def indented(lines: Sequence[str]) -> list[str]:
    """The lines, two letters further in."""
    return [f"  {line}".rstrip() for line in lines]


def underlined(title: str, letter: str, width: int | None = None) -> str:
    """A title with a line below it, as long as its longest line."""
    lines = wrapped(title, width)
    return f"{lines}\n{letter * max(map(len, lines.splitlines()))}"


def wrapped(text: str, width: int | None) -> str:
    """`text`, whose lines go on in the next one, further in, where they are longer than `width`.

    Parameters
    ----------
    text : sentences; a word that is longer stays whole.
    width : letters that a line may have; None is no bound.

    Examples
    --------
    >>> print(wrapped("note: two of the rows are equal", 20))
    note: two of the
      rows are equal
    """
    if width is None:
        return text
    return "\n".join(
        line if len(line) <= width else _folded(line, width) for line in text.split("\n")
    )


def largest(weights: Sequence[float], *, every: bool = False) -> tuple[list[int], str]:
    """The components to list, and what is said of the others; empty where there are none.

    Of more than forty the twenty of largest weight are listed, the largest first.

    Parameters
    ----------
    weights : of the components, (K,).
    every : whether all are to be listed, however many.

    Examples
    --------
    >>> largest([0.1, 0.9]), largest([0.25] + [0.01] * 75)[1]
    (([0, 1], ''), 'and 56 more components, of weights up to 0.01: --json has them all')
    """
    if every or len(weights) <= _MANY:
        return list(range(len(weights))), ""
    order = sorted(range(len(weights)), key=lambda k: -weights[k])
    listed, others = order[:_LARGEST], order[_LARGEST:]
    most = f"of weights up to {weights[others[0]]:.3g}"
    return listed, f"and {len(others):,} more components, {most}: --json has them all"


def counted(count: int, noun: str) -> str:
    """How many there are of something: 1 row, 2 rows."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def rarity(probability: float) -> str:
    """How many rows a probability is, as the beginning of a sentence, with its verb.

    Examples
    --------
    >>> rarity(0.62), rarity(0.000231), rarity(0.0)
    ('62 % of rows are', '1 row in 4,300 is', 'Fewer than 1 row in 1,000,000,000,000 is')
    """
    if probability >= _OFTEN:
        return f"{100.0 * probability:.2g} % of rows are"
    if probability < _HARDLY:
        return f"Fewer than 1 row in {round(1.0 / _HARDLY):,} is"
    return f"1 row in {round(float(f'{1.0 / probability:.2g}')):,} is"


def words_of(error: BaseException) -> str:
    """What an error says, on one line; its kind where it says nothing."""
    return " ".join(str(error).split()) or type(error).__name__


def first_line(error: BaseException) -> str:
    """The first line of what an error says; its kind where it says nothing."""
    return next(iter(str(error).splitlines()), "") or type(error).__name__


def printable(text: str) -> str:
    r"""`text` with everything that could move a terminal's cursor written out.

    Examples
    --------
    >>> print(printable("a\nb"))
    a\nb
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text
    )


def resolved(value: float, spread: float, digits: int = 6) -> str:
    """`value` with so many digits, or more: a step of a thousandth of `spread` shows.

    A fixed number of digits says little about a value far from 0, and what varies around it.
    Where 17 digits or more would be due, it is as many as tell the value from any other.

    Parameters
    ----------
    value : what is written.
    spread : more than 0, in the unit of the value: a standard deviation.
    digits : significant digits at least.

    Examples
    --------
    >>> resolved(123456789.0625, 0.5), resolved(2.0365214945, 0.26)
    ('123456789.0625', '2.03652')
    """
    due = math.floor(math.log10(abs(value) or 1.0)) - math.floor(math.log10(1e-3 * spread)) + 1
    return f"{value:.{max(digits, due)}g}" if due < 17 else str(value).removesuffix(".0")


def runs_from_the_right(text: str) -> bool:
    """Whether letters in it, Hebrew or Arabic say, turn the direction of writing around them.

    Examples
    --------
    >>> runs_from_the_right("width"), runs_from_the_right("רוחב")
    (False, True)
    """
    return any(unicodedata.bidirectional(letter) in ("R", "AL", "AN") for letter in text)


#: what is told in hundredths from there on, and told to be less below
_OFTEN, _HARDLY = 0.05, 1e-12
#: letters that are left of any cell
_LEAST = 8


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """Letters of the longest cell of each column of a table."""
    return [max(map(len, column)) for column in zip(*rows, strict=True)]


def _lines(rows: Sequence[Sequence[str]], left: int) -> list[str]:
    widths = _widths(rows)
    return [
        "  ".join(
            cell.ljust(width) if j < left else cell.rjust(width)
            for j, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _extent(rows: Sequence[Sequence[str]]) -> int:
    """Letters of the longest line of a table."""
    widths = _widths(rows)
    return sum(widths) + 2 * (len(widths) - 1)


def _cut(cell: str, room: int) -> str:
    """The ends of a cell that is longer than its room."""
    if len(cell) <= room:
        return cell
    begin = (room - 1) // 2
    return f"{cell[: room - 1 - begin]}…{cell[len(cell) - begin :]}"


def _parts(widths: Sequence[int], left: int, width: int) -> list[tuple[int, int]]:
    """From where to where the columns after the first `left` go side by side, one at least."""
    beside = sum(widths[:left]) + 2 * left
    ends, used = [left], beside - 2
    for j in range(left, len(widths)):
        if used + 2 + widths[j] > width and j > ends[-1]:
            ends.append(j)
            used = beside - 2
        used += 2 + widths[j]
    return list(zip(ends, [*ends[1:], len(widths)], strict=True))


def _folded(line: str, width: int) -> str:
    words = line.lstrip(" ")
    indent = " " * (len(line) - len(words))
    parts = textwrap.wrap(
        words,
        width,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(parts)
