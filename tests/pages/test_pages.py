"""What README and the documentation tell people to type works, page by page, in order."""

from __future__ import annotations

import doctest
from importlib.metadata import version
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pytest
from blocks import PAGES, ROOT, RUN, SHOWN, Block, blocks, set_in
from packaging.requirements import Requirement
from shell import typed

#: pages whose blocks take longer than the suite has
SLOW = {"selection.md"}


def named(pages: list[Path], slow: set[str]) -> list[Any]:
    """The pages as parameters of a test, by name; the slow ones marked."""
    return [
        pytest.param(
            page,
            id=str(page.relative_to(ROOT)),
            marks=[pytest.mark.slow] if page.name in slow else [],
        )
        for page in pages
    ]


each_page = pytest.mark.parametrize("page", named(PAGES, set()))
each_run = pytest.mark.parametrize("page", named(PAGES, SLOW))


# Dask calls pandas as it will not be called for ever.
@pytest.mark.filterwarnings("ignore:component . rests on 1 row,")  # a gross error, on purpose
@pytest.mark.filterwarnings("ignore:The inplace keyword")
@each_run
def test_the_blocks_of_a_page_run_in_order(page: Path, desk: Path) -> None:
    names: dict[str, Any] = {"__name__": "__page__"}
    for block in blocks(page):
        if block.language in RUN and block.excuse is None and at_hand(block.need):
            carry_out(block, page, names)
    plt.close("all")


@each_page
def test_every_block_names_a_language_and_says_why_it_is_not_run(page: Path) -> None:
    assert set_in(page) == [], "a block between fences says what it is, and is run"
    for block in blocks(page):
        is_directive = block.language.startswith("{")  # for the site's generator
        assert is_directive or block.language in RUN + SHOWN, f"{page.name}:{block.line}"
        assert block.excuse is None or len(block.excuse.split()) >= 3, f"{page.name}:{block.line}"


def test_few_blocks_are_not_run() -> None:
    run = [block for page in PAGES for block in blocks(page) if block.language in RUN]
    excused = [block for block in run if block.excuse]
    assert len(run) >= 35
    assert len(excused) <= len(run) // 5


def at_hand(need: str | None) -> bool:
    """Whether what a block takes is installed."""
    wanted = [Requirement(each) for each in need.split(", ")] if need else []
    return all(each.specifier.contains(version(each.name), prereleases=True) for each in wanted)


def carry_out(block: Block, page: Path, names: dict[str, Any]) -> None:
    """Run a block as a person does who comes from the ones before it."""
    where = f"{page.relative_to(ROOT)}:{block.line}"
    if block.language == "python":
        code = compile("\n" * (block.line - 1) + block.text, str(page), "exec")
        exec(code, names)
    elif block.language == "sh":
        typed(block.text, where)
    else:
        for command, shown in sessions(block.text):
            printed = typed(command, where)
            checker = doctest.OutputChecker()
            same = checker.check_output(shown, printed, doctest.ELLIPSIS)
            assert same, f"{where}: {command}{printed}"


def sessions(text: str) -> list[tuple[str, str]]:
    """The commands after the prompts of a console, and what it shows of each."""
    parts = text.removeprefix("$ ").split("\n$ ")
    return [(command + "\n", shown) for command, _, shown in (p.partition("\n") for p in parts)]
