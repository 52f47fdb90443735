"""The site has every page and every public name, and asks nothing of a network."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from blocks import PAGES, ROOT

import mixtura

pytestmark = pytest.mark.site

SITE = ROOT / "build/site"
#: what a browser fetches for a page by itself, by tag
FETCHED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
AWAY = re.compile(r"\s*(https?:)?//")
IN_STYLE = re.compile(r"(?:url\(|@import)\s*['\"]?\s*(https?:)?//")


class Asked(HTMLParser):
    """What a page has a browser fetch."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        target = dict(attrs).get(FETCHED.get(tag, ""))
        if target and not (tag == "link" and dict(attrs).get("rel") in ("canonical", "author")):
            self.targets.append(target)


def public_names() -> Iterator[str]:
    """Each public name of mixtura, and each public method and property of the classes."""
    for name in mixtura.__all__:
        value = getattr(mixtura, name)
        if not name.startswith("_"):
            yield f"mixtura.{name}"
        if not inspect.isclass(value):
            continue
        for attribute in dir(value):
            member = inspect.getattr_static(value, attribute)
            wrapped = inspect.unwrap(getattr(member, "__func__", getattr(member, "fget", member)))
            is_ours = str(getattr(wrapped, "__module__", "")).startswith("mixtura.")
            if is_ours and callable(wrapped) and not attribute.startswith("_"):
                yield f"mixtura.{name}.{attribute}"


def test_every_public_name_and_method_has_its_entry() -> None:
    from sphinx.util.inventory import InventoryFile

    with (SITE / "objects.inv").open("rb") as stream:
        inventory = InventoryFile.load(stream, "", lambda base, target: target)
    kinds = [kind for kind in inventory if kind.startswith("py:")]
    entries = {name for kind in kinds for name in inventory[kind]}
    names = set(public_names())
    assert len(names) > 100
    assert names - entries == set()


def test_every_page_of_the_guide_is_a_page_of_the_site() -> None:
    for page in PAGES[1:]:
        assert (SITE / page.relative_to(ROOT / "docs").with_suffix(".html")).is_file()


def test_no_page_has_a_browser_fetch_anything_from_elsewhere() -> None:
    pages = list(SITE.rglob("*.html"))
    assert len(pages) > len(PAGES)
    for page in pages:
        text = page.read_text("utf-8")
        assert [target for target in Asked(text).targets if AWAY.match(target)] == [], page.name
    for sheet in SITE.rglob("*.css"):
        assert not IN_STYLE.search(sheet.read_text("utf-8")), sheet.name
