"""Blocks: the code of a Markdown page, in order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

#: what is run, and what is only shown
RUN = ("python", "sh", "console")
SHOWN = ("text",)

FENCE = re.compile(r"(?P<marks>`{3,}|~{3,})(?P<language>.*)")
EXCUSE = re.compile(r"<!-- not run: (?P<reason>.+) -->")
NEED = re.compile(r"<!-- run with: (?P<requirement>.+) -->")
#: a line that Markdown takes for code because it is set in, where a paragraph has ended
SET_IN = re.compile(r"    \S")
#: what a list's item, whose lines are set in as well, begins with
ITEM = re.compile(r"\s*([*+-]|\d+\.) ")


@dataclass(frozen=True)
class Block:
    """A fenced block of code, and what the page says of running it.

    Parameters
    ----------
    line : of its first line, counted from 1.
    language : what follows the fence's marks.
    text : the lines between the fences.
    excuse : why it is not run, from `<!-- not run: ... -->` on the line before; or None.
    need : the packages it takes, from `<!-- run with: ... -->` there; or None.
    """

    line: int
    language: str
    text: str
    excuse: str | None
    need: str | None


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page, from its beginning to its end."""
    lines = page.read_text(encoding="utf-8").splitlines()
    number = 0
    while number < len(lines):
        opening = FENCE.fullmatch(lines[number].strip())
        if opening is None:
            number += 1
            continue
        marks, language = opening["marks"], opening["language"].strip()
        end = number + 1
        while lines[end].strip() != marks:
            end += 1
        said = lines[number - 1].strip() if number else ""
        excuse, need = EXCUSE.fullmatch(said), NEED.fullmatch(said)
        yield Block(
            number + 2,
            language,
            "".join(f"{line}\n" for line in lines[number + 1 : end]),
            excuse and excuse["reason"],
            need and need["requirement"],
        )
        number = end + 1


def set_in(page: Path) -> list[str]:
    """The lines that a page has for code by their indent alone, which no fence tells of."""
    found, fenced, listed, before = [], False, False, ""
    for line in page.read_text(encoding="utf-8").splitlines():
        if FENCE.match(line.strip()):
            fenced = not fenced
        elif not fenced and line.strip():
            listed = bool(ITEM.match(line)) or (listed and line.startswith(" "))
            if SET_IN.match(line) and not listed and not before:
                found.append(line)
        before = line.strip()
    return found
