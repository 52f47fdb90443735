"""OpenCV's storage: its YAML, XML and JSON as nested dictionaries, lists and texts.

Each is the subset that OpenCV writes, read line by line or tag by tag: nothing is expanded,
referred to or run. A number stays a text, a matrix is a dictionary of ``rows``, ``cols``, ``dt``
and ``data``.
"""

from __future__ import annotations

import html
import json
import re
from typing import Any

from mixtura.errors import ModelError

#: entries within entries at most; a model has four
_DEPTH = 60
#: entries that any file may have, however small they are
_SMALL = 4000

_KEY = re.compile(r"""(?P<key>"[^"]*"|'[^']*'|[^\s:#"'\[{][^:]*+):(?:\s+|$)(?P<value>.*)""")
_TYPE = re.compile(r"^!!?[\w-]+\s*")


def entries_of(data: bytes) -> Any:
    """What a storage holds.

    Raises
    ------
    ModelError : it is not as OpenCV writes one.
    """
    text = data.decode("utf-8")
    start = text[:400].lstrip()
    if start.startswith("{"):
        return loaded_json(data)
    return _xml(text) if start.startswith("<") else _Yaml(text).block(0)


def loaded_json(data: bytes, **options: Any) -> Any:
    """What JSON holds; options as for `json.loads`.

    Raises
    ------
    ModelError : it has so many objects and lists, and so little in them, that it is no model.
    """
    if data.count(b"{") + data.count(b"[") > _SMALL + len(data) // 8:
        raise ModelError("is damaged: its JSON is of empty objects and lists")
    return json.loads(data, **options)


# -- XML -------------------------------------------------------------------------------------------


def _xml(text: str) -> Any:
    """The elements of XML: a dictionary of those with names, a list of those called ``_``."""
    stack: list[tuple[str, Any]] = [("", None)]
    hidden, inside = "", ""
    for n, part in enumerate(text.split("<")):
        if n > _SMALL + len(text) // 16:
            raise ModelError("is damaged: its XML is of empty elements")
        if hidden:  # within a comment or an instruction
            hidden = "" if hidden in part else hidden
            continue
        tag, closed, after = part.partition(">")
        if n == 0 or tag.startswith(("!--", "?")):
            hidden = "-->" if tag.startswith("!--") and "-->" not in part else ""
            continue
        if tag.startswith("!") or not closed:
            raise ModelError(
                "is XML with a type or entities of its own, which OpenCV never writes: nothing of "
                "it was expanded" if tag.startswith("!") else "is damaged: a tag of its has no end"
            )  # fmt: skip
        words = tag.strip("/").split(None, 1)
        name = words[0] if words else ""
        if not tag.startswith("/"):
            stack.append((name, None))
            inside = after
            if len(stack) > _DEPTH:
                raise ModelError(f"is damaged: its elements are nested deeper than {_DEPTH}")
        if tag.startswith("/") or tag.endswith("/"):
            opened, held = stack.pop()
            if opened != name or not stack:
                raise ModelError(f"is damaged: <{opened}> ends as </{name}>")
            value = html.unescape(inside.strip()) if held is None else held
            stack[-1] = (stack[-1][0], _with(stack[-1][1], name, value))
    if len(stack) != 1 or not isinstance(stack[0][1], dict):
        raise ModelError("is damaged or cut short: an element of its XML has no end")
    return stack[0][1].get("opencv_storage", stack[0][1])


def _with(holder: Any, name: str, value: Any) -> dict[str, Any] | list[Any]:
    if name == "_":
        return _added(holder if isinstance(holder, list) else None, value)
    named: dict[str, Any] = holder if isinstance(holder, dict) else {}
    named[name] = value
    return named


def _added(holder: list[Any] | None, value: Any) -> list[Any]:
    held = holder or []
    held.append(value)
    return held


# -- YAML ------------------------------------------------------------------------------------------


class _Yaml:
    """The lines of a YAML file, one after the other."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.next = 0
        self.depth = 0
        self.entries = 0
        self.indent, self.line = -1, ""
        self.go_on()

    def go_on(self) -> None:
        """Go to the next line that says something; its indent is −1 where there is none."""
        self.indent, self.line = -1, ""
        while self.next < len(self.text) and not self.line:
            end = self.text.find("\n", self.next)
            end = len(self.text) if end < 0 else end
            line = self.text[self.next : end].rstrip()
            self.next = end + 1
            if not line.startswith(("%", "---", "...")):
                self.line = line.lstrip()
                self.indent = len(line) - len(self.line)

    def block(self, indent: int) -> Any:
        """The entries from here on that are indented so far or farther."""
        self.depth += 1
        if self.depth > _DEPTH:
            raise ModelError(f"is damaged: its entries are nested deeper than {_DEPTH}")
        found: Any = None
        while self.line and self.indent >= indent:
            own, line = self.indent, self.line
            self.entries += 1
            if self.entries > _SMALL + len(self.text) // 32:
                raise ModelError("is damaged, or no model: its YAML is of very small entries")
            if line == "-" or line.startswith("- "):
                found = found if isinstance(found, list) else []
                found.append(self._value(line[1:].strip(), own))
                continue
            key = _KEY.fullmatch(line)
            if key is None:
                raise ModelError(f"is damaged: its line {line[:40]!r} is no entry of YAML")
            found = found if isinstance(found, dict) else {}
            found[key["key"].strip("\"'")] = self._value(key["value"], own)
        self.depth -= 1
        return found

    def _value(self, text: str, indent: int) -> Any:
        """What stands after a key or a dash: on its line, or in the lines below."""
        self.go_on()
        text = _TYPE.sub("", text)
        if text.startswith(("[", "{")):
            return self._flow(text)
        if text:
            return text.strip("\"'")
        if self.indent > indent or (self.indent == indent and self.line.startswith("-")):
            return self.block(self.indent)
        return None

    def _flow(self, text: str) -> Any:
        """What stands in brackets, on as many lines as it takes, as a text; braces say nothing."""
        close = "]" if text[0] == "[" else "}"
        parts = [text]
        while close not in parts[-1]:
            if not self.line:
                raise ModelError("is cut short: a list of its YAML has no end")
            parts.append(self.line)
            self.go_on()
        return " ".join(parts)[1:].rpartition(close)[0] if close == "]" else {}
