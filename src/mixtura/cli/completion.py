"""`mixtura completion`: what a shell needs to complete command lines."""

from __future__ import annotations

import os

import click
from click.shell_completion import get_completion_class, shell_complete

from mixtura.cli.candidates import VARIABLE

__all__ = ["command", "completed"]

EPILOG = """\b
Examples:
  bash: eval "$(mixtura completion bash)"       in ~/.bashrc
  zsh:  eval "$(mixtura completion zsh)"        in ~/.zshrc
  fish: mixtura completion fish | source        in ~/.config/fish/config.fish
"""


@click.command(epilog=EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print what makes SHELL complete commands, options, files and datasets.

    Evaluated once, as below, it lasts as long as the shell.
    """
    made = get_completion_class(shell)
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
    return shell_complete(group, {}, "mixtura", VARIABLE, os.environ[VARIABLE])
