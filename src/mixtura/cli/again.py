"""Again: what a model file keeps, so that somebody can do the same once more."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from mixtura.tables import Table
    from mixtura.tables.streams import Scan

__all__ = ["again", "command_words", "digest_of"]

#: options that say where a result goes and how it is told, and change nothing about it
_TELLING = ("output", "force", "as_json", "as_text", "verbose")


def again(data: str, rows: Table | Scan) -> dict[str, Any]:
    """The command that is being carried out, and by what its rows are known again.

    Parameters
    ----------
    data : where the rows are from, as it was typed.
    rows : what was read.

    Notes
    -----
    Of rows that are streamed, one pass.
    """
    return {
        "command": command_words(click.get_current_context()),
        "data": {"name": data, "digest": digest_of(rows)},
    }


def command_words(context: click.Context, without: Collection[str] = _TELLING) -> list[str]:
    """The words that a shell would need to call a command the same way.

    Parameters
    ----------
    context : of the command that is being carried out.
    without : the parameters that are left out.
    """
    words = context.command_path.split()
    options: list[str] = []
    arguments: list[str] = []
    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        if name in without or source is not click.core.ParameterSource.COMMANDLINE:
            continue
        value = context.params[name]
        if isinstance(parameter, click.Option):
            options += _option(parameter, value)
        else:
            arguments += [str(part) for part in (value if isinstance(value, tuple) else (value,))]
    # After -- nothing that begins with a dash is taken for an option.
    if any(word.startswith("-") and word != "-" for word in arguments):
        return [*words, *options, "--", *arguments]
    return [*words, *arguments, *options]


def _option(option: click.Option, value: Any) -> list[str]:
    if option.is_flag:
        return [(option.opts if value else option.secondary_opts)[0]]
    values = [_listed(value)] if option.multiple and all(_is_text(v) for v in value) else value
    if not isinstance(values, (list, tuple)):
        values = [values]
    return [word for each in values for word in (option.opts[0], str(each))]


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _listed(names: tuple[str, ...]) -> str:
    """Names separated by commas; those that hold one are quoted."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(names)
    return line.getvalue()


def digest_of(rows: Table | Scan) -> str:
    """The digest of the features' numbers; see `mixtura.tables.digest.Digest`."""
    from mixtura.tables import Table
    from mixtura.tables.digest import Digest

    if isinstance(rows, Table):
        digest = Digest(len(rows.names))
        digest.add(rows.rows)
        return digest.text
    digest = Digest(len(rows.columns.features))
    for chunk in rows.chunks():
        digest.add(chunk.rows)
    return digest.text
