"""OpenCV's storage: its YAML, XML and JSON as nested dictionaries, lists and texts.

Each is the subset that OpenCV writes, read line by line or tag by tag: nothing is expanded, referred
to or run. A number stays a text, a matrix is a dictionary of ``rows``, ``cols``, ``dt`` and
``data``.
"""

from __future__ import annotations

import html
import json
import re
from typing import Any

from mixtura.errors import ModelError

#: entries within entries at most; a model has four
_DEPTH = 60

_TAG = re.compile(r"<(?P<end>/?)(?P<name>[\w.:-]+)(?P<rest>[^<>]*?)(?P<empty>/?)>|<!--.*?-->|<\?.*?\?>", re.S)
_KEY = re.compile(r"""(?P<key>"[^"]*"|'[^']*'|[^\s:#"'\[{][^:]*?)\s*:(?:\s+|$)(?P<value>.*)""")
_TYPE = re.compile(r"^!!?[\w-]+\s*")


def entries_of(data: bytes) -> Any:
    """What a storage holds.

    Raises
    ------
    ModelError : it is not as OpenCV writes one.
    """
    text = data.decode("utf-8")
    if text.lstrip().startswith("{"):
        return json.loads(text)
    if text.lstrip().startswith("<"):
        return _xml(text)
    return _Yaml(text).block(0)


# -- XML -------------------------------------------------------------------------------------------


def _xml(text: str) -> Any:
    """The elements of XML: a dictionary of those with names, a list of those called ``_``."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ModelError("is XML with entities of its own, which OpenCV never writes")
    stack: list[tuple[str, Any, int]] = [("", None, 0)]
    for tag in _TAG.finditer(text):
        name = tag["name"]
        if name is None:
            continue
        if not tag["end"]:
            stack.append((name, None, tag.end()))
            if len(stack) > _DEPTH:
                raise ModelError(f"is damaged: its elements are nested deeper than {_DEPTH}")
        if tag["end"] or tag["empty"]:
            opened, inside, start = stack.pop()
            if opened != name or not stack:
                raise ModelError(f"is damaged: <{opened}> ends as </{name}>")
            value = html.unescape(text[start : tag.start()].strip()) if inside is None else inside
            above, holder, at = stack[-1]
            stack[-1] = (above, _with(holder, name, value), at)
    if len(stack) != 1 or not isinstance(stack[0][1], dict):
        raise ModelError("is damaged or cut short: an element of its XML has no end")
    return stack[0][1].get("opencv_storage", stack[0][1])


def _with(holder: Any, name: str, value: Any) -> Any:
    if name == "_":
        held = holder if isinstance(holder, list) else []
        held.append(value)
        return held
    held = holder if isinstance(holder, dict) else {}
    held[name] = value
    return held


# -- YAML ------------------------------------------------------------------------------------------


class _Yaml:
    """The lines of a YAML file, each with how far it is indented."""

    def __init__(self, text: str) -> None:
        lines = (line.rstrip() for line in text.splitlines())
        kept = [line for line in lines if line.strip() and not line.startswith(("%", "---", "..."))]
        self.lines = [(len(line) - len(line.lstrip()), line.lstrip()) for line in kept]
        self.at = 0
        self.depth = 0

    def block(self, indent: int) -> Any:
        """The entries from here on that are indented so far or farther."""
        self.depth += 1
        if self.depth > _DEPTH:
            raise ModelError(f"is damaged: its entries are nested deeper than {_DEPTH}")
        found: Any = None
        while self.at < len(self.lines) and self.lines[self.at][0] >= indent:
            own, line = self.lines[self.at]
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
        self.at += 1
        text = _TYPE.sub("", text)
        if text.startswith(("[", "{")):
            return self._flow(text)
        if text:
            return text.strip("\"'")
        below = self.lines[self.at] if self.at < len(self.lines) else (-1, "")
        if below[0] > indent or (below[0] == indent and below[1].startswith("-")):
            return self.block(below[0])
        return None

    def _flow(self, text: str) -> Any:
        """A list of numbers in brackets, on as many lines as it takes; others are passed over."""
        close = "]" if text[0] == "[" else "}"
        parts = [text]
        while close not in parts[-1]:
            if self.at == len(self.lines):
                raise ModelError("is cut short: a list of its YAML has no end")
            parts.append(self.lines[self.at][1])
            self.at += 1
        inside = " ".join(parts)[1:].rpartition(close)[0]
        return [word.strip() for word in inside.split(",") if word.strip()] if close == "]" else {}
