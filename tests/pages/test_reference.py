"""The reference names all that is public."""

from __future__ import annotations

import re

from blocks import ROOT

import mixtura

ENTRY = re.compile(r"^\.\. auto(class|function):: mixtura\.(?P<name>\w+)$", re.MULTILINE)


def test_each_public_name_has_one_entry_in_the_reference() -> None:
    pages = sorted((ROOT / "docs/reference").glob("*.md"))
    entries = [found["name"] for page in pages for found in ENTRY.finditer(page.read_text("utf-8"))]
    assert sorted(entries) == sorted(set(mixtura.__all__) - {"__version__"})
