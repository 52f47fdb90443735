"""What pages have from elsewhere: the project's own texts, and what the commands say of themselves.

A line ``<!-- from README.md -->`` stands for that file, ``<!-- every command -->`` for the help of
each command.
"""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FROM = re.compile(r"^<!-- from (?P<name>[\w./]+) -->$", re.MULTILINE)
LINK = re.compile(r"\[(?P<words>[^\]]*)\]\((?P<target>[^)#:]+)\)")
HELP = "<!-- every command -->"
#: the pages of the site that hold a file from above docs/
PAGES = {
    "README.md": "index.md",
    "ARCHITECTURE.md": "architecture.md",
    "CHANGELOG.md": "changes.md",
}


def setup(app: Any) -> dict[str, Any]:
    app.connect("source-read", _filled)
    return {"parallel_read_safe": True}


def _filled(_: Any, __: str, source: list[str]) -> None:
    """Put the texts in a page's source in place of the lines that stand for them."""
    text = FROM.sub(lambda found: _moved((ROOT / found["name"]).read_text("utf-8")), source[0])
    source[0] = text.replace(HELP, _commands()) if HELP in text else text


def _moved(text: str) -> str:
    """A text from the project's folder, with links as they are seen from docs/."""

    def seen(found: re.Match[str]) -> str:
        words, path = found["words"], found["target"]
        if (ROOT / path).is_dir():
            return words  # no page of the site
        above = "" if path.startswith("docs/") else "../"
        return f"[{words}]({PAGES.get(path) or above + path.removeprefix('docs/')})"

    return LINK.sub(seen, text)


def _commands() -> str:
    from mixtura.cli.main import COMMANDS

    return "\n".join(f"## mixtura {name}\n\n```text\n{_help(name)}```\n" for name in COMMANDS)


def _help(name: str) -> str:
    from mixtura.cli.main import main

    printed = io.StringIO()
    with redirect_stdout(printed):
        main([name, "--help"])
    return printed.getvalue()
