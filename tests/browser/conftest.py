"""A real browser without a network, and pages that are watched in it.

Where Playwright or Chromium is missing the tests are skipped and say so; MIXTURA_BROWSER=required
makes that a failure.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

REQUIRED = os.environ.get("MIXTURA_BROWSER") == "required"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def lacking(what: str) -> None:
    if REQUIRED:
        pytest.fail(f"MIXTURA_BROWSER=required, but {what}")
    pytest.skip(what)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        lacking("Playwright is not installed: pip install playwright")
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        lacking("there is no Chromium on the PATH: apt-get install chromium")
    with sync_playwright() as playwright:
        # Chromium's own sandbox does not start for root, which a container's user is.
        running = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield running
        running.close()


@dataclass
class Watched:
    """A page, with all that it asked for and complained of."""

    page: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def text(self, selector: str) -> str:
        return self.page.inner_text(selector).replace("\u2212", "-")

    def number(self, selector: str) -> float:
        """The first number in an element's text."""
        return float(self.text(selector).replace("+ ", "+").replace("- ", "-").split()[0])

    def settled(self) -> None:
        """Two frames later, when what was asked for is drawn."""
        self.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def until(self, true: Callable[[], bool], seconds: float = 20.0) -> None:
        """Wait. Playwright's own way to is to evaluate a text, which the page's policy forbids."""
        for _ in range(int(20 * seconds)):
            if true():
                self.settled()
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"not true after {seconds} s")


Opened = Callable[..., Watched]


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Opened]:
    """Opens HTML from a file, offline; at the end nothing was requested and nothing went wrong."""
    contexts, all_watched = [], []

    def open_page(html: str, *, address: str = "", **look: Any) -> Watched:
        path = tmp_path / f"page{len(contexts)}.html"
        path.write_text(html, "utf-8")
        context = browser.new_context(offline=True, **look)
        contexts.append(context)
        watched = Watched(context.new_page())
        all_watched.append((watched, path))
        watched.page.on("request", lambda request: watched.requests.append(request.url))
        watched.page.on("console", lambda said: watched.complaints.append(said.text))
        watched.page.on("pageerror", lambda error: watched.complaints.append(str(error)))
        watched.page.goto(path.as_uri() + address)
        watched.settled()
        return watched

    yield open_page
    for watched, path in all_watched:
        asked_for = {url.split("#")[0] for url in watched.requests if not url.startswith("blob:")}
        assert asked_for == {path.as_uri()}
        assert watched.complaints == []
    for context in contexts:
        context.close()
