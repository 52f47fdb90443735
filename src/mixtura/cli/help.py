"""`mixtura help`: what a command does, and what it takes."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["command"]


def _commands(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from mixtura.cli.main import COMMANDS

    return [CompletionItem(name) for name in COMMANDS if name.startswith(incomplete)]


EPILOG = """\b
Examples:
  mixtura help
  mixtura help fit
"""


@click.command(epilog=EPILOG)
@click.argument("name", metavar="[COMMAND]", required=False, shell_complete=_commands)
@click.pass_context
def command(context: click.Context, name: str | None) -> None:
    """Print what a command does, and what it takes.

    As `mixtura COMMAND --help` does; without COMMAND, it lists all of them.
    """
    from mixtura.cli.main import COMMANDS

    above = context.parent
    assert above is not None
    if name is None:
        click.echo(above.get_help())
        return
    if name not in COMMANDS:
        raise click.UsageError(f"No such command {name!r}.", above)
    wanted: click.Command = import_module(f"mixtura.cli.{name}").command
    with click.Context(wanted, parent=above, info_name=name) as its:
        click.echo(wanted.get_help(its))
