"""Provenance: the command and the rows that a model file tells it is from."""

from __future__ import annotations

import csv
import io
from typing import Any

import click

from mixtura.cli import inputs

#: options that say where a result goes and how it is told, and change nothing about it
_TELLING = ("output", "force", "as_json", "as_text", "verbose")


def of(asked: inputs.Input, rows: inputs.Rows) -> dict[str, Any]:
    """The command that is being carried out, how its rows were read and are known again.

    Parameters
    ----------
    asked : where the rows are from, as it was typed, and how they are read.
    rows : what was read.

    Notes
    -----
    Of rows that are streamed, one pass.
    """
    read = asked.reading(None).record(names_of(rows))
    return {
        "command": command_words(),
        "data": {"name": asked.source, "digest": digest_of(rows)},
        **({"reading": read} if read else {}),
    }


def names_of(rows: inputs.Rows) -> tuple[str, ...]:
    """The features' names, made up where the rows have none."""
    from mixtura.tables import Table

    return rows.names if isinstance(rows, Table) else rows.columns.features


def command_words() -> list[str]:
    """The words that a shell would need to call the command under way with the same result."""
    context = click.get_current_context()
    words = context.command_path.split()
    options: list[str] = []
    arguments: list[str] = []
    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        if name in _TELLING or source is not click.core.ParameterSource.COMMANDLINE:
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
    if value is True:  # of an option that may stand without a value
        return [option.opts[0], str(option.flag_value)]
    if option.multiple and all(isinstance(each, str) for each in value):
        value = [_listed(value)]
    if isinstance(value, dict):  # of transforms, by feature
        value = [f"{name}={text}" for name, text in value.items()]
    values = value if isinstance(value, (list, tuple)) else [value]
    return [word for each in values for word in (option.opts[0], str(each))]


def _listed(names: tuple[str, ...]) -> str:
    """Names separated by commas; those that hold one are quoted."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(names)
    return line.getvalue()


def digest_of(rows: inputs.Rows) -> str:
    """The digest of the features' numbers; see `mixtura.tables.digest.Digest`."""
    from mixtura.tables import Table
    from mixtura.tables.digest import Digest

    digest = Digest(len(names_of(rows)))
    for chunk in [rows] if isinstance(rows, Table) else rows.chunks():
        digest.add(chunk.rows)
    return digest.text
