"""What is left of a page without its numbers and its names."""

from __future__ import annotations

import re
from html.parser import HTMLParser

__all__ = ["Skeleton", "skeleton_text"]

_VOID = {"meta", "link", "br", "img", "input", "hr"}
#: elements inside a picture or of a program, of which the number says nothing
_OPAQUE = {"svg", "script", "style"}


class Skeleton(HTMLParser):
    """The tags of a page with their attributes, and the texts of its scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.texts: dict[str, list[str]] = {"script": [], "style": []}
        self.depths: list[int] = []
        self.shown = ""
        self._open: list[str] = []
        self.feed(page)
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.depths.append(len(self._open))
        self.tags.append((tag, tuple(attrs)))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        inside = self._open[-1] if self._open else ""
        if inside in self.texts:
            self.texts[inside].append(data)
        else:
            self.shown += data


def skeleton_text(page: str) -> str:
    """A line a tag, indented by its depth, its attributes without numbers, pictures closed."""
    skeleton = Skeleton(page)
    lines, closed = [], None
    for (tag, attributes), depth in zip(skeleton.tags, skeleton.depths, strict=True):
        if closed is not None and depth > closed:
            continue
        closed = depth if tag in _OPAQUE else None
        said = "".join(f' {name}="{_plain(value)}"' for name, value in attributes)
        lines.append(f"{'  ' * depth}<{tag}{said}>")
    return "\n".join(lines) + "\n"


def _plain(value: str | None) -> str:
    hashed = re.sub(r"sha256-[\w+/=]+", "sha256-…", value or "")
    return hashed if "sha256" in hashed else re.sub(r"-?\d+(\.\d+)?", "#", hashed)
