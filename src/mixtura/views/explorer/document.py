"""Document: the explorer's one file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from mixtura.views.embedding import embedded, source_hash
from mixtura.views.explorer.bundle import bundled

__all__ = ["document"]

_MODULES = (
    "data",
    "ellipse",
    "em",
    "export",
    "format",
    "gaussian",
    "hash",
    "introduction",
    "iteration",
    "main",
    "numbers",
    "painter",
    "play",
    "pointer",
    "scale",
    "scene",
    "structures",
    "theme",
    "trace",
    "view",
    "why",
)


def document(record: Mapping[str, Any]) -> str:
    """The page of a record that `explorer_record` made, whole: HTML.

    Its policy allows the two texts that it carries, by their hashes, and nothing else.

    Notes
    -----
    About 60 kB, and the record: 22 bytes a row drawn of two features.
    """
    page, style, script = _parts()
    data = embedded(record)
    # The page's own text goes in first: what comes from outside is never searched for places.
    for place, text in (
        ("policy", _policy(style, script)),
        ("style", style),
        ("script", script),
    ):
        page = page.replace(f"<!--{place}-->", text)
    before, after = page.split("<!--data-->")
    return before + data + after


@cache
def _parts() -> tuple[str, str, str]:
    """The skeleton, the style and the script, as they are in the package."""
    folder = files("mixtura.views.explorer") / "page"

    def read(name: str) -> str:
        return (folder / name).read_text("utf-8")

    modules = {name: read(f"{name}.js") for name in _MODULES}
    return read("skeleton.html"), read("style.css").strip(), bundled(modules, "main")


def _policy(style: str, script: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{source_hash(script)}'",
            f"style-src '{source_hash(style)}'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
