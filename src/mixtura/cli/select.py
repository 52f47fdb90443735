"""`mixtura select`: which structure, and how many components."""

from __future__ import annotations

from typing import Any

import click

import mixtura
from mixtura.cli import (
    inputs,
    kinds,
    model_options,
    options,
    outputs,
    printing,
    progress,
    provenance,
    spelling,
)
from mixtura.cli.model_output import ModelOutput

EPILOG = """\b
Examples:
  mixtura select @faithful
  mixtura select data.csv -k 1:9 --structures EEE,VVV --criterion icl \\
    -o best.safetensors
  mixtura select @iris --json > iris.json && mixtura plot iris.json \\
    --kind selection -o iris.png
"""


@options.command(EPILOG, asked=inputs.Input, kept=ModelOutput)
@options.data
@options.components(
    type=kinds.Numbers(), default="1:9", help="How many components to try: 3, 1:9 or 1,2,4:6."
)
@options.option(
    "--structures",
    default="all",
    metavar="NAME,...",
    help="Of the covariances: all fourteen, or some, by their three letters for volume, shape and "
    "orientation, each Equal over components, Varying or the Identity, such as VVE; or by "
    "scikit-learn's names.",
)
@click.option(
    "--n-factors",
    type=kinds.Numbers(),
    metavar="NUMBERS",
    help="Of factor analysers, --structures factor or factor-shared: the numbers of factors to "
    "try, such as 1:4; without a name of theirs, factor is tried besides the others.",
)
@options.option(
    "--criterion",
    default="bic",
    metavar="NAME",
    help="What decides: bic, icl, aic, cv, the cross-validated log-likelihood, stability, how "
    "far clusters agree when rows are drawn anew, or elbo, a bound on the evidence.",
)
@options.option("--folds", type=int, default=10, help="Of the cross-validation of cv.")
@options.option("--n-bootstrap", type=int, default=20, help="Bootstrap samples of stability.")
@options.option(
    "--sign",
    type=click.Choice(["scikit-learn", "mclust"]),
    default="scikit-learn",
    help="Of the criteria in the output: smaller is better, or, as in R's mclust, larger.",
)
@options.output("Where to store the best model (safetensors). Not stored by default.")
@options.reading
@options.missing
@options.weight_column("A column that says how much each row counts, at least 0; it is no feature.")
@options.error_columns
@model_options.of_select
@click.option(
    "--neighbours/--no-neighbours",
    default=True,
    help="Whether each candidate is also fitted from the ends of its neighbours: of poorer "
    "structures, and of one component fewer or more. Without, each ends where fit does, sooner.",
)
@click.option(
    "--jobs",
    type=int,
    metavar="COUNT",
    help="How many candidates are fitted at once; by default as many as there are cores, and one "
    "of few rows.",
)
@options.as_json
@click.option("--csv", "as_csv", is_flag=True, help="Print a CSV of all candidates instead.")
@options.force
@options.quiet
def command(
    asked: inputs.Input,
    components: tuple[int, ...],
    structures: str,
    n_factors: tuple[int, ...] | None,
    criterion: str,
    folds: int,
    n_bootstrap: int,
    sign: str,
    kept: ModelOutput,
    model_options: dict[str, Any],
    neighbours: bool,
    jobs: int | None,
    as_json: bool,
    as_csv: bool,
    quiet: bool,
) -> None:
    """Fit mixtures of several structures and numbers of components to DATA, and compare them.

    Prints the criterion of each and says which is best, and by how much. Candidates that cannot
    be fitted are told of, and do not stop the others.
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv were both given, expected one of them")
    where = kept.place()
    rows: Any = asked.read()
    found = mixtura.select(
        rows,
        components,
        structures="all" if structures == "all" else [s.strip() for s in structures.split(",")],
        n_factors=n_factors,
        criterion=criterion,
        folds=folds,
        n_bootstrap=n_bootstrap,
        sample_weight=asked.weights(rows),
        errors=asked.errors(rows),
        n_jobs=jobs,
        neighbours=neighbours,
        missing=asked.missing,
        observer=progress.SelectionBar() if progress.on_terminal() and not quiet else None,
        **model_options,
    )
    if kept.output is not None:
        best = found.best
        where.store(best.mixture, {**best.summary(), **provenance.of(asked, rows)})
    if as_csv:
        outputs.destination("-", kept.force).write_columns(_columns(found.table(sign)))
    else:
        _tell_of(found.summary(sign), as_json, kept.to_stdout)
    if not found.ranked():
        found.best_row  # noqa: B018 - raises, with the reasons


def _columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """The columns of a table of candidates, whose cells are blank where a row has none."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: ["" if row.get(name) is None else row[name] for row in rows] for name in names}


def _tell_of(record: dict[str, Any], as_json: bool, to_stderr: bool) -> None:
    """Print the candidates, and which is best."""
    from mixtura.views.text import selection_text

    printing.result(
        record,
        lambda width: selection_text(spelling.spelled_selection(record), width),
        as_json=as_json,
        to_stderr=to_stderr,
    )
