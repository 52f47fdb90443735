"""Options: what commands take on a line, each declared once, and in which records they get it."""

from __future__ import annotations

import csv
from collections.abc import Callable
from functools import partial, wraps
from inspect import signature
from typing import Any

import click

from mixtura.cli import completion, kinds

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

#: an option whose default the help tells
option = partial(click.option, show_default=True)


def command(epilog: str, **records: Callable[..., Any]) -> Callable[..., click.Command]:
    """A command whose function gets some of its options together, in records.

    Parameters
    ----------
    epilog : the end of its help.
    records : name of the function's argument -> what makes it, of the options that are its
        parameters. Those that are arguments of `mixtura.fit` come as one mapping, `model_options`.
    """

    def decorated(function: Callable[..., Any]) -> click.Command:
        @wraps(function)
        def called(**values: Any) -> Any:
            names = [name for name in _MODEL_OPTIONS if name in values]
            if names:
                given = {name: values.pop(name) for name in names}
                values["model_options"] = {k: v for k, v in given.items() if v is not None}
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


def _standing_for(**meanings: Any) -> Callable[..., Any]:
    """A callback that gives a flag's meaning: of ``on``, of ``off``, and None of neither."""
    return lambda _, __, value: None if value is None else meanings["on" if value else "off"]


# The model, the rows, and what is written.


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
        help=f"The features; every column that is not {others} by default. Columns without a "
        "header are called x0, x1, ...",
    )


def by(words: str, **more: Any) -> Decorator:
    """The option --by, which names the columns that tell groups of rows; `words` are its help."""
    return _option_of_names("--by", help=words, **more)


_columns = together(
    _names_of_columns("an id"),
    _option_of_names(
        "--id",
        "ids",
        help="Columns carried along as text, never computed with.",
    ),
    _header,
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

_seed = partial(option, "--seed", type=int, default=0, help="Seed of the random numbers.")
seed = _seed()

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

# The options that are arguments of `mixtura.fit`.

_NUMBER_OR_AUTO = kinds.NumberOrAuto()
_STOP = (
    "Stop when the mean log-likelihood gains less, nats a row (a nat is the unit of natural "
    "logarithms); auto goes on until less than "
)

#: argument of `mixtura.fit` -> the option that gives it, whose help and default may be others
_MODEL_OPTIONS: dict[str, Callable[..., Decorator]] = {
    "structure": partial(
        option,
        "--structure",
        default="full",
        metavar="NAME",
        shell_complete=completion.structures,
        help="Of the covariances: full, tied, diag or spherical; or three letters for volume, "
        "shape and orientation, each Equal over components, Varying or the Identity, such as VVE.",
    ),
    "start": partial(option, "--start", default="auto", metavar="NAME"),
    "random_state": partial(_seed, "random_state"),
    "tol": partial(option, "--tol", type=_NUMBER_OR_AUTO, default="auto"),
    "accelerate": partial(
        option,
        "--accelerate/--no-accelerate",
        default=True,
        callback=_standing_for(on="auto", off=False),
        help="Extrapolate EM's steps once they are regular: fewer iterations on overlapping data.",
    ),
    "max_iter": partial(
        option, "--max-iter", type=int, default=1000, help="EM iterations at most."
    ),
    "n_init": partial(
        option, "--n-init", type=int, default=1, help="Starts, the best of which is kept."
    ),
    "reg_covar": partial(option, "--reg-covar", type=_NUMBER_OR_AUTO, default="auto"),
    "weights": partial(
        click.option,
        "--equal-weights",
        "weights",
        is_flag=True,
        callback=_standing_for(on="equal", off="free"),
        help="Hold the weights of all components equal.",
    ),
    "prior": partial(
        click.option,
        "--prior",
        is_flag=True,
        callback=_standing_for(on="conjugate", off=None),
        help="With a conjugate prior on means and covariances, in the data's own units, which "
        "keeps components of few rows from collapsing.",
    ),
    "noise": partial(
        click.option,
        "--noise",
        type=kinds.Volume(),
        is_flag=False,
        flag_value=kinds.BOX,
        default=None,
        metavar="[VOLUME]",
        help="Some rows may belong to no component, and lie anywhere in the box about all rows, "
        "or in a given volume; their label is -1.",
    ),
}


def _model_options(**changed: dict[str, Any]) -> Decorator:
    """Some of the options that are arguments of `mixtura.fit`, in the order of the help.

    Parameters
    ----------
    changed : the argument's name -> what is not as it is declared.
    """
    return together(*(_MODEL_OPTIONS[name](**more) for name, more in changed.items()))


structure = _model_options(structure={})

_ASSUMPTIONS: dict[str, dict[str, Any]] = {"weights": {}, "prior": {}, "noise": {}}

model_options_of_fit = _model_options(
    start={
        "help": "What EM begins with: auto, the best of several searches on a sample; kmeans, "
        "k-means++, random or random_from_data."
    },
    random_state={},
    tol={"help": f"{_STOP}1e-8 is still to be gained."},
    accelerate={},
    max_iter={},
    n_init={},
    reg_covar={
        "help": "Added to every variance; 0 asks for the exact maximum of the likelihood, auto "
        "for a floor of 1e-8 of the data's variance in each feature."
    },
    **_ASSUMPTIONS,
)

model_options_of_select = _model_options(
    start={"help": "What EM begins with, as for fit; found once for each number of components."},
    random_state={},
    tol={"help": f"{_STOP}0.001 nats of all rows are still to be gained."},
    max_iter={},
    reg_covar={"help": "Added to every variance; auto is a floor of 1e-8 of the data's variance."},
    **_ASSUMPTIONS,
)

model_options_of_groups = _model_options(
    start={
        "default": "small-em",
        "help": "What EM begins with: small-em, the best of a few short runs; auto, as for fit, "
        "which searches more and takes a hundred times as long; or another of fit's.",
    },
    random_state={},
    tol={"help": f"{_STOP}0.001 nats of all rows of a group are still to be gained."},
    max_iter={},
    n_init={
        "default": None,
        "help": "Starts for each group and number of components; 10 of small-em by default, one of "
        "others.",
    },
    reg_covar={"help": "Added to every variance; auto is a floor of 1e-8 of the group's variance."},
    **{name: {} for name in ("weights", "prior")},
)

#: of a fit that is done again: those that are not given are the first one's
model_options_of_explore = _model_options(
    **{
        name: {"default": None, "help": words}
        for name, words in {
            "structure": "Of the covariances, where no MODEL is given.",
            "start": "What EM begins with, as for mixtura fit.",
            "random_state": "Seed of the random numbers; MODEL's own, or 0, by default.",
            "tol": "When EM stops, as for mixtura fit.",
            "accelerate": "As for mixtura fit.",
            "max_iter": "EM iterations at most, as for mixtura fit.",
            "reg_covar": "As for mixtura fit.",
        }.items()
    }
)
