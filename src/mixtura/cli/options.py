"""Options: what several commands take, in one place."""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import Any, TypeVar

import click

from mixtura.cli.candidates import datasets_or_files, files
from mixtura.cli.kinds import Kind

__all__ = [
    "NAT",
    "NUMBER_OR_AUTO",
    "as_json",
    "columns",
    "data",
    "features",
    "force",
    "header",
    "ids",
    "labels",
    "model",
    "on_bad_row",
    "on_bad_row_of_answers",
    "output",
    "quiet",
    "reading",
    "seed",
]


class _NumberOrAuto(Kind[float | str]):
    """A number, or the word auto."""

    name = "number|auto"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | str:
        try:
            return value if value == "auto" else float(value)
        except ValueError:
            self.fail(f"{value!r} is neither a number nor the word auto.", param, ctx)


NUMBER_OR_AUTO = _NumberOrAuto()

#: what help says of nats where they first appear
NAT = "a nat is the unit of natural logarithms"

Function = TypeVar("Function", bound=Callable[..., Any])


def _names(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Column names, separated by commas; quotes keep a comma inside a name."""
    split = csv.reader(values, skipinitialspace=True)
    return tuple(name.strip() for record in split for name in record)


def _named(_: click.Context, __: click.Parameter, value: str) -> str:
    """The name of a file; an empty one is refused: it would be the folder one is in."""
    if not value:
        raise click.BadParameter("'' names no file")
    return value


model = click.argument("model", metavar="MODEL", callback=_named, shell_complete=files)

data = click.argument("data", metavar="DATA", callback=_named, shell_complete=datasets_or_files)

columns = click.option(
    "--columns",
    multiple=True,
    callback=_names,
    metavar="NAME,...",
    help="The features; every column that is not an id by default. Columns without a header are "
    "called x0, x1, ...",
)

features = click.option(
    "--features",
    multiple=True,
    callback=_names,
    metavar="NAME,...",
    help="The features of the model to draw, one or two (with plot --kind pairs up to 12); those "
    "in which its components differ most by default.",
)

ids = click.option(
    "--id",
    "ids",
    multiple=True,
    callback=_names,
    metavar="NAME,...",
    help="Columns carried along as text, never computed with.",
)

header = click.option(
    "--header/--no-header",
    default=None,
    help="Whether CSV begins with a header; found out from the first row by default.",
)

output = click.option(
    "-o",
    "--output",
    default="-",
    metavar="FILE",
    shell_complete=files,
    help="Where to write: .csv, .npy or .parquet; - is the standard output, and the default.",
)

force = click.option("--force", is_flag=True, help="Replace an output that exists.")

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")

on_bad_row = click.option(
    "--on-bad-row",
    type=click.Choice(["error", "skip", "report"]),
    default="error",
    show_default=True,
    help="What a row without a finite number in each feature is: an error; left out and counted; "
    "or left out, counted and described.",
)

#: of a command that answers each row by a line
on_bad_row_of_answers = click.option(
    "--on-bad-row",
    type=click.Choice(["error", "skip", "report", "keep"]),
    default="error",
    show_default=True,
    help="What a row without a finite number in each feature is: an error; left out and counted; "
    "left out, counted and described; or kept, and its line has no value. Where rows are left "
    "out, a column 'row' says which each line is about, counted from 0 over all files.",
)

quiet = click.option("--quiet", is_flag=True, help="Draw no line of progress on a terminal.")

seed = click.option(
    "--seed", type=int, default=0, show_default=True, help="Seed of the random numbers."
)

labels = click.option(
    "--labels", is_flag=True, help="Write a column 'component' too: which one each row is from."
)


def reading(function: Function) -> Function:
    """The options of a command that reads rows: --columns, --id and --header."""
    return columns(ids(header(function)))
