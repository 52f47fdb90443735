"""Candidates: what may come next on a command line, for a shell that completes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["VARIABLE", "datasets_or_files", "files", "structures"]

#: by which a shell asks, as click names it
VARIABLE = "_MIXTURA_COMPLETE"


def files(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Whatever files there are."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def datasets_or_files(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The built-in datasets after an @, else files."""
    if not incomplete.startswith("@"):
        return files(context, parameter, incomplete)
    from click.shell_completion import CompletionItem

    from mixtura.datasets import NAMES

    return [CompletionItem(f"@{name}") for name in NAMES if f"@{name}".startswith(incomplete)]


def structures(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The names of structures."""
    from click.shell_completion import CompletionItem

    from mixtura.model.structures import NAMES

    return [CompletionItem(name) for name in NAMES if name.startswith(incomplete)]
