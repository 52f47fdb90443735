"""`mixtura help`: what a command does, and what it takes."""

from __future__ import annotations

from importlib import import_module

import click

from mixtura.cli import completion


def _group(context: click.Context) -> click.Group:
    """All commands, among which `mixtura help` is."""
    assert context.parent is not None
    assert isinstance(context.parent.command, click.Group)
    return context.parent.command


def _commands(context: click.Context, _: click.Parameter, incomplete: str) -> completion.Items:
    return completion.matching(_group(context).commands, incomplete)


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
    group, above = _group(context), context.parent
    assert above is not None
    if name is None:
        click.echo(above.get_help())
        return
    if name not in group.commands:
        raise click.UsageError(f"No such command {name!r}.", above)
    wanted: click.Command = import_module(f"mixtura.cli.{name.replace('-', '_')}").command
    with click.Context(wanted, parent=above, info_name=name) as its:
        click.echo(wanted.get_help(its))
