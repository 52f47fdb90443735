"""Options of a model: the arguments of `mixtura.fit` on a line, whose help differs by command."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

import click

from mixtura.cli import completion, kinds
from mixtura.cli.options import Decorator, option, seed_as, together


def _standing_for(**meanings: Any) -> Callable[..., Any]:
    """A callback that gives a flag's meaning: of ``on``, of ``off``, and None of neither."""
    return lambda _, __, value: None if value is None else meanings["on" if value else "off"]


# The model, the rows, and what is written.


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
    "n_factors": partial(
        option,
        "--n-factors",
        type=int,
        default=None,
        help="Of factor analysers, --structure factor, or factor-shared with one own variance of "
        "each feature for all components: how many factors each has.",
    ),
    "start": partial(option, "--start", default="auto", metavar="NAME"),
    "random_state": partial(seed_as, "random_state"),
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
    "search": partial(
        option,
        "--search",
        type=click.Choice(["auto", "exact", "truncated"]),
        default="auto",
        help="Which components each row is held to: all; or, of very many, the few it keeps and "
        "their neighbours, which is told beside the exact likelihood; auto takes that where rows "
        "times components are more than 2e7.",
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

    The command's function gets those that are given as one mapping, `model_options`.

    Parameters
    ----------
    changed : the argument's name -> what is not as it is declared.
    """
    declared = together(*(_MODEL_OPTIONS[name](**more) for name, more in changed.items()))

    def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def called(model_options: dict[str, Any] | None = None, **values: Any) -> Any:
            given = {name: values.pop(name) for name in changed}
            known = {name: value for name, value in given.items() if value is not None}
            return function(model_options={**(model_options or {}), **known}, **values)

        return declared(called)

    return decorated


structure = _model_options(structure={})
factors = _model_options(n_factors={})

#: what a fit that averages over parameters has no use for, and what each is where nothing is said
MAXIMISING = {
    "weights": "free",
    "prior": None,
    "noise": None,
    "reg_covar": "auto",
    "accelerate": "auto",
    "search": "auto",
    "n_factors": None,
}

_ASSUMPTIONS: dict[str, dict[str, Any]] = {"weights": {}, "prior": {}, "noise": {}}

of_fit = _model_options(
    start={
        "help": "What EM begins with: auto, the best of several searches on a sample; kmeans, "
        "k-means++, random or random_from_data."
    },
    random_state={},
    tol={"help": f"{_STOP}1e-8 is still to be gained."},
    accelerate={},
    max_iter={},
    n_init={},
    search={},
    reg_covar={
        "help": "Added to every variance; 0 asks for the exact maximum of the likelihood, auto "
        "for a floor of 1e-8 of the data's variance in each feature."
    },
    **_ASSUMPTIONS,
)

of_select = _model_options(
    start={"help": "What EM begins with, as for fit; found once for each number of components."},
    random_state={},
    tol={"help": f"{_STOP}0.001 nats of all rows are still to be gained."},
    max_iter={},
    search={},
    reg_covar={"help": "Added to every variance; auto is a floor of 1e-8 of the data's variance."},
    **_ASSUMPTIONS,
)

of_groups = _model_options(
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
of_explore = _model_options(
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
