"""`mixtura completion`: what may come next on a command line, for a shell that completes it."""

from __future__ import annotations

import os
from collections.abc import Iterable

import click
from click import shell_completion

#: by which a shell asks, as click names it
VARIABLE = "_MIXTURA_COMPLETE"

EPILOG = """\b
Examples:
  bash: eval "$(mixtura completion bash)"       in ~/.bashrc
  zsh:  eval "$(mixtura completion zsh)"        in ~/.zshrc
  fish: mixtura completion fish | source        in ~/.config/fish/config.fish
"""

Items = list[shell_completion.CompletionItem]


@click.command(epilog=EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print what makes SHELL complete commands, options, files and datasets.

    Evaluated once, as below, it lasts as long as the shell.
    """
    made = shell_completion.get_completion_class(shell)
    assert made is not None
    click.echo(made(click.Group("mixtura"), {}, "mixtura", VARIABLE).source())
    if shell == "bash":  # else it takes an @ for a word of its own, and completes hosts after it
        click.echo("COMP_WORDBREAKS=${COMP_WORDBREAKS//@/}")


def completed(group: click.Group) -> int:
    """Answer a shell that asks what may come next; the exit code.

    Parameters
    ----------
    group : all commands, loaded.
    """
    return shell_completion.shell_complete(group, {}, "mixtura", VARIABLE, os.environ[VARIABLE])


def matching(names: Iterable[str], incomplete: str) -> Items:
    """Those of the names that begin as what is typed."""
    found = (name for name in names if name.startswith(incomplete))
    return [shell_completion.CompletionItem(name) for name in found]


def files(_: click.Context, __: click.Parameter, incomplete: str) -> Items:
    """Whatever files the shell finds, for an argument that is a path."""
    return [shell_completion.CompletionItem(incomplete, type="file")]


def datasets_or_files(context: click.Context, parameter: click.Parameter, incomplete: str) -> Items:
    """The built-in datasets after an @, else files."""
    if not incomplete.startswith("@"):
        return files(context, parameter, incomplete)
    from mixtura.datasets import NAMES

    return matching((f"@{name}" for name in NAMES), incomplete)


def structures(_: click.Context, __: click.Parameter, incomplete: str) -> Items:
    """The names of covariance structures that begin as what is typed."""
    from mixtura.model.structures import FACTORS, NAMES

    return matching((*NAMES, *FACTORS), incomplete)
