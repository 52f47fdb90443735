"""Options: what commands take on a line, each declared once, and in which records they get it."""

from __future__ import annotations

import csv
from collections.abc import Callable
from functools import partial, wraps
from inspect import signature
from typing import Any

import click

from mixtura.cli import completion

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

#: an option whose default the help tells
option = partial(click.option, show_default=True)


def command(epilog: str, **records: Callable[..., Any]) -> Callable[..., click.Command]:
    """A command whose function gets some of its options together, in records.

    Parameters
    ----------
    epilog : the end of its help.
    records : name of the function's argument -> what makes it, of the options that are its
        parameters.
    """

    def decorated(function: Callable[..., Any]) -> click.Command:
        @wraps(function)
        def called(**values: Any) -> Any:
            for name, record in records.items():
                fields = [field for field in signature(record).parameters if field in values]
                values[name] = record(**{field: values.pop(field) for field in fields})
            return function(**values)

        return click.command(epilog=epilog)(called)

    return decorated


def _names(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Column names, separated by commas; quotes keep a comma inside a name."""
    split = csv.reader(values, skipinitialspace=True)
    return tuple(name.strip() for record in split for name in record)


_option_of_names = partial(click.option, multiple=True, callback=_names, metavar="NAME,...")


def _named(_: click.Context, __: click.Parameter, value: str) -> str:
    """The name of a file; an empty one is refused: it would be the folder one is in."""
    if not value:
        raise click.BadParameter("'' names no file")
    return value


def together(*options: Decorator) -> Decorator:
    """Several options as one decorator, in the order of the help."""

    def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
        for each in reversed(options):
            function = each(function)
        return function

    return decorated


def output(words: str, metavar: str = "FILE", **more: Any) -> Decorator:
    """The option -o of a command, which says where its result goes; `words` are its help."""
    return click.option(
        "-o", "--output", shell_complete=completion.files, metavar=metavar, help=words, **more
    )


def weight_column(words: str) -> Decorator:
    """The option --weights, which names a column of weights of rows; `words` are its help."""
    return click.option("--weights", "weight_column", metavar="NAME", help=words)


error_columns = click.option(
    "--errors",
    "error_columns",
    multiple=True,
    callback=_names,
    metavar="NAME,...",
    help="Columns of the standard deviations that the features were measured with, one for each, "
    "in their order; the model is of the true values. No feature has an error by default.",
)

label_column = click.option(
    "--label",
    "label_column",
    metavar="NAME",
    help="A column of the rows' classes, empty where one is not known; it is no feature. Each "
    "class has components of its own, as many as -k says over the number of classes.",
)


def components(**more: Any) -> Decorator:
    """The option -k of a command: how many components."""
    return option("-k", "--components", **more)


def _on_bad_row(*choices: str, words: str) -> Decorator:
    return option(
        "--on-bad-row",
        type=click.Choice(choices),
        default="error",
        help="What a row without a finite number in each feature is: an error; left out and "
        f"counted; {words}",
    )


model = click.argument("model", metavar="MODEL", callback=_named, shell_complete=completion.files)

data = click.argument(
    "data", metavar="DATA", callback=_named, shell_complete=completion.datasets_or_files
)

data_if_any = click.argument(
    "data", metavar="[DATA]", required=False, shell_complete=completion.datasets_or_files
)

features = click.option(
    "--features",
    multiple=True,
    callback=_names,
    metavar="NAME,...",
    help="The features of the model to draw, one or two (with plot --kind pairs up to 12); those "
    "in which its components differ most by default.",
)

targets = click.option(
    "--target",
    "targets",
    multiple=True,
    callback=_names,
    metavar="NAME,...",
    help="Features of the model to predict from its others, instead of the component.",
)

_header = click.option(
    "--header/--no-header",
    default=None,
    help="Whether CSV begins with a header; found out from the first row by default.",
)


def _names_of_columns(others: str) -> Decorator:
    """The option --columns; `others` are those that are no features by default."""
    return _option_of_names(
        "--columns",
        "--channels",
        help=f"The features; every column that is not {others} by default. Columns without a "
        "header are called x0, x1, ...",
    )


def by(words: str, **more: Any) -> Decorator:
    """The option --by, which names the columns that tell groups of rows; `words` are its help."""
    return _option_of_names("--by", help=words, **more)


def _transforms(
    _: click.Context, __: click.Parameter, values: tuple[str, ...]
) -> str | dict[str, str] | None:
    """One transform for all features, or one for each that is named: ``CD3,CD4=arcsinh:5``."""
    if not values:
        return None
    if len(values) == 1 and "=" not in values[0]:
        return values[0]
    told: dict[str, str] = {}
    for value in values:
        names, equals, text = value.rpartition("=")
        if not equals:
            raise click.BadParameter(f"{value!r} is for all features, and there are others")
        told |= dict.fromkeys((n.strip() for each in csv.reader([names]) for n in each), text)
    return told


#: which numbers of a file are the rows, and on what scale; as the model's were, where there is one
_numbers_of_files = together(
    click.option("--obsm", metavar="NAME", help="The array of an .h5ad to read, such as X_pca."),
    click.option("--layer", metavar="NAME", help="The layer of an .h5ad to read; X is X itself."),
    click.option(
        "--compensate/--no-compensate",
        default=None,
        help="Whether to take out of an FCS file's channels what other dyes give to them, by its "
        "$SPILLOVER.",
    ),
    click.option(
        "--transform",
        multiple=True,
        callback=_transforms,
        metavar="[NAME,...=]SCALE",
        help="Put features on a scale: arcsinh, arcsinh:5 (its cofactor, 150 by default), logicle "
        "or logicle:262144,0.5,4.5,0 (T, W, M, A). It is kept with the model, and log-likelihoods "
        "are then of the values on that scale.",
    ),
)

_columns = together(
    _names_of_columns("an id"),
    _option_of_names(
        "--id",
        "ids",
        help="Columns carried along as text, never computed with.",
    ),
    _header,
    _numbers_of_files,
)

#: how a command reads rows
reading = together(
    _columns,
    _on_bad_row("error", "skip", "report", words="or left out, counted and described."),
)

#: how a command reads rows that are of groups
reading_of_groups = together(
    by("The columns that tell which group a row is of; they are no features.", required=True),
    _names_of_columns("one of these"),
    _header,
    option(
        "--on-bad-row",
        type=click.Choice(["error", "skip", "report"]),
        default="error",
        help="What a row without a finite number in each feature is: a reason not to fit its "
        "group; left out and counted; or left out, counted and described.",
    ),
)

missing_values = _option_of_names(
    "--missing-values", metavar="TEXT,...", help="More marks of a missing cell in CSV: -9,n.d."
)

missing = together(
    option(
        "--missing",
        type=click.Choice(["refuse", "em"]),
        default="refuse",
        help="What a value that is missing is: with refuse a fault; with em unknown, and what is "
        "done is by the others of its row. Empty cells of CSV, NA and the like, nulls, NaN.",
    ),
    missing_values,
)

force = click.option("--force", is_flag=True, help="Replace an output that exists.")

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")

quiet = click.option("--quiet", is_flag=True, help="Draw no line of progress on a terminal.")

seed_as = partial(option, "--seed", type=int, default=0, help="Seed of the random numbers.")
seed = seed_as()

labels = click.option(
    "--labels", is_flag=True, help="Write a column 'component' too: which one each row is from."
)

#: where a command writes a line for each row
rows_to_write = together(
    output(
        "Where to write: .csv, .npy or .parquet; - is the standard output, and the default.",
        default="-",
    ),
    force,
    as_json,
)

#: a model, and rows that a command writes a line for each, whatever they lack
rows_by_line = together(
    model,
    data,
    _columns,
    _on_bad_row(
        *("error", "skip", "report", "keep"),
        words="left out, counted and described; or kept, and its line has no value. Where rows "
        "are left out, a column 'row' says which each line is about, counted from 0 over all "
        "files.",
    ),
)

#: a model, and the rows that a command answers by a line each
rows_of_answers = together(rows_by_line, missing)
