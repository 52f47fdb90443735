"""The site's search works from a folder, without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.site

SITE = Path(__file__).parents[2] / "build/site"


def test_a_word_is_found_offline(browser: Any) -> None:
    context = browser.new_context(offline=True)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((SITE / "index.html").as_uri())
    page.fill("input[name=q]", "Mahalanobis")
    page.press("input[name=q]", "Enter")
    # Pages are listed one after another.
    page.wait_for_selector("ul.search li a:text-is('Mixtures')")
    assert [url for url in asked if not url.startswith("file:")] == []
    context.close()
