"""Docstrings, as this project writes them, turned into what Sphinx reads.

A section's items, ``name : what it is`` and what is set in below, become fields; sections of words
become headings. What stands outside backquotes is text, so `|` and `*` in a formula, and the
underscore that ends an attribute's name, are no markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

FIELDS = {"Parameters": "param", "Attributes": "ivar", "Raises": "raises"}
WORDS = ("Notes", "References", "Examples")

ITEM = re.compile(r"(?P<names>[*\w][\w.*, ]*?) :(?: (?P<text>.*))?")
BULLET = re.compile(r" *\* ")
LITERAL = re.compile(r"(``.+?``|`[^`]+`|\*\*[^*\s][^*]*\*\*)")
MARKUP = re.compile(r"[|*\\]|(?<=\w)_(?!\w)")


def setup(app: Any) -> dict[str, Any]:
    app.connect("autodoc-process-docstring", _converted)
    return {"parallel_read_safe": True}


def _converted(_: Any, __: str, ___: str, ____: Any, _____: Any, lines: list[str]) -> None:
    """Rewrite the lines of one docstring in place."""
    lines[:] = [line for title, body in _sections(lines) for line in _rendered(title, body)] + [""]


def _sections(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Titles and their lines, what comes before the first under an empty title."""
    heads = [n for n, (title, rule) in enumerate(pairwise(lines)) if _is_head(title, rule)]
    yield "", lines[: heads[0]] if heads else lines
    for head, end in pairwise([*heads, len(lines)]):
        yield lines[head], lines[head + 2 : end]


def _is_head(title: str, rule: str) -> bool:
    return bool(title) and set(rule) == {"-"} and len(rule) == len(title)


def _rendered(title: str, body: list[str]) -> Iterator[str]:
    if title in FIELDS:
        yield from _fields(FIELDS[title], body)
    elif title == "Returns":
        yield from _set_in(":returns: ", _text(body))
    elif title:
        yield from ("", f".. rubric:: {title}", "")
        yield from _text(body)
    else:
        yield from _text(body)


def _fields(kind: str, body: list[str]) -> Iterator[str]:
    """A field for each name of each item; text that belongs to no item before and after them."""
    item: list[str] = []
    for line in [*body, ""]:
        if line.startswith(" ") or (item and not line):
            item.append(line)
            continue
        yield from _item(kind, item)
        item = [line]
    yield from _item(kind, item)


def _item(kind: str, lines: list[str]) -> Iterator[str]:
    found = ITEM.fullmatch(lines[0]) if lines else None
    if found is None:
        yield from _text(lines)
        return
    rest = [line.removeprefix("    ") for line in lines[1:]]
    for name in found["names"].split(", "):
        yield from _set_in(f":{kind} {_escaped(name)}: ", _text([found["text"] or "", *rest]))


def _set_in(head: str, lines: Iterator[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield (head if number == 0 else "    ") + line if line or number == 0 else ""


def _text(lines: list[str]) -> Iterator[str]:
    """Lines with what is no markup escaped; examples and literal blocks stay as they are."""
    literal = False
    example = False
    for line in lines:
        if line and not line.startswith(" "):
            literal = False
        if not line:
            example = False
        example = example or line.lstrip().startswith(">>>")
        yield line if literal or example else _escaped(line)
        literal = literal or line.endswith("::")


def _escaped(line: str) -> str:
    bullet = BULLET.match(line)
    begin = bullet.end() if bullet else 0
    parts = LITERAL.split(line[begin:])
    return line[:begin] + "".join(
        part if n % 2 else MARKUP.sub(r"\\\g<0>", part) for n, part in enumerate(parts)
    )
