"""`mixtura select`: which structure, and how many components."""

from __future__ import annotations

from typing import Any

import click

from mixtura.cli import options
from mixtura.cli.again import again
from mixtura.cli.assuming import assuming, assumptions
from mixtura.cli.candidates import files
from mixtura.cli.input import read_rows, weights_of
from mixtura.cli.kinds import Kind
from mixtura.cli.output import check_stdout, destination, print_json, print_text, write_columns
from mixtura.cli.spelling import spelled_selection
from mixtura.cli.streaming import is_streamed, scan_of
from mixtura.cli.width import width_of_errors, width_of_output

__all__ = ["command"]

EPILOG = """\b
Examples:
  mixtura select @faithful
  mixtura select data.csv -k 1:9 --structures EEE,VVV --criterion icl \\
    -o best.safetensors
  mixtura select @iris --json > iris.json && mixtura plot iris.json \\
    --kind selection -o iris.png
"""


class _Numbers(Kind[tuple[int, ...]]):
    """Whole numbers: 3, 1:9 or 1,2,4:6; both ends of a range belong to it."""

    name = "numbers"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        numbers: list[int] = []
        for part in str(value).split(","):
            first, colon, last = part.strip().partition(":")
            if not first.isdecimal() or (colon and not last.isdecimal()):
                self.fail(f"{part!r} is neither a number nor a range such as 1:9.", param, ctx)
            if colon and int(last) < int(first):
                self.fail(f"the range {part!r} is empty: write the smaller end first.", param, ctx)
            numbers += range(int(first), int(last or first) + 1)
        return tuple(numbers)


@click.command(epilog=EPILOG)
@options.data
@click.option(
    "-k",
    "--components",
    type=_Numbers(),
    default="1:9",
    show_default=True,
    help="How many components to try: 3, 1:9 or 1,2,4:6.",
)
@click.option(
    "--structures",
    default="all",
    show_default=True,
    metavar="NAME,...",
    help="Of the covariances: all fourteen, or some, by their three letters for volume, shape and "
    "orientation, each Equal over components, Varying or the Identity, such as VVE; or by "
    "scikit-learn's names.",
)
@click.option(
    "--criterion",
    default="bic",
    show_default=True,
    metavar="NAME",
    help="What decides: bic, icl, aic or cv, the cross-validated log-likelihood.",
)
@click.option(
    "--folds", type=int, default=10, show_default=True, help="Of the cross-validation of cv."
)
@click.option(
    "--sign",
    type=click.Choice(["scikit-learn", "mclust"]),
    default="scikit-learn",
    show_default=True,
    help="Of the criteria in the output: smaller is better, or, as in R's mclust, larger.",
)
@click.option(
    "-o",
    "--output",
    shell_complete=files,
    default=None,
    metavar="FILE",
    help="Where to store the best model (safetensors). Not stored by default.",
)
@options.reading
@options.on_bad_row
@click.option(
    "--weights",
    default=None,
    metavar="NAME",
    help="A column that says how much each row counts, at least 0; it is no feature.",
)
@click.option(
    "--start",
    default="auto",
    show_default=True,
    metavar="NAME",
    help="What EM begins with, as for fit; found once for each number of components.",
)
@options.seed
@click.option(
    "--tol",
    type=options.NUMBER_OR_AUTO,
    default="auto",
    show_default=True,
    help=f"Stop when the mean log-likelihood gains less, nats a row ({options.NAT}); auto goes on "
    "until less than 0.001 nats of all rows are still to be gained.",
)
@click.option(
    "--max-iter", type=int, default=1000, show_default=True, help="EM iterations at most."
)
@click.option(
    "--reg-covar",
    type=options.NUMBER_OR_AUTO,
    default="auto",
    show_default=True,
    help="Added to every variance; auto is a floor of 1e-8 of the data's variance.",
)
@assuming
@click.option(
    "--jobs",
    type=int,
    default=None,
    metavar="COUNT",
    help="How many candidates are fitted at once; by default as many as there are cores, and one "
    "of few rows.",
)
@options.as_json
@click.option("--csv", "as_csv", is_flag=True, help="Print a CSV of all candidates instead.")
@options.force
@options.quiet
def command(
    data: str,
    components: tuple[int, ...],
    structures: str,
    criterion: str,
    folds: int,
    sign: str,
    output: str | None,
    columns: tuple[str, ...],
    ids: tuple[str, ...],
    header: bool | None,
    on_bad_row: str,
    weights: str | None,
    start: str,
    seed: int,
    tol: float | str,
    max_iter: int,
    reg_covar: float | str,
    equal_weights: bool,
    prior: bool,
    noise: float | bool | None,
    jobs: int | None,
    as_json: bool,
    as_csv: bool,
    force: bool,
    quiet: bool,
) -> None:
    """Fit mixtures of several structures and numbers of components to DATA, and compare them.

    Prints the criterion of each and says which is best, and by how much. Candidates that cannot
    be fitted are told of, and do not stop the others.
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv were both given, expected one of them")
    import mixtura
    from mixtura.cli.meter import on_terminal
    from mixtura.cli.progress import Bar
    from mixtura.model.storage import encoded
    from mixtura.views.selection_text import selection_text

    check_stdout()
    where = destination(output, force) if output is not None else None
    rows: Any
    weight: Any = None
    if is_streamed(data, on_bad_row):
        rows = scan_of(data, columns, ids, header, on_bad_row, weights=weights)
    else:
        rows = read_rows(data, columns, ids, header, weights=weights)
        weight = weights_of(rows, weights)
    found = mixtura.select(
        rows,
        components,
        structures="all" if structures == "all" else [s.strip() for s in structures.split(",")],
        criterion=criterion,
        folds=folds,
        start=start,
        tol=tol,
        reg_covar=reg_covar,
        max_iter=max_iter,
        random_state=seed,
        sample_weight=weight,
        n_jobs=jobs,
        **assumptions(equal_weights=equal_weights, prior=prior, noise=noise),
        observer=Bar() if on_terminal() and not quiet else None,
    )
    if where is not None:
        training = {**found.best.summary(), **again(data, rows)}
        where.write(encoded(found.best.mixture, training))
    to_stderr = output == "-"
    if as_csv:
        rows = found.table(sign)
        names = list(dict.fromkeys(name for row in rows for name in row))
        cells = {name: [_blank(row.get(name)) for row in rows] for name in names}
        write_columns(cells, destination("-", force), as_json=False)
    elif as_json:
        print_json(found.summary(sign), to_stderr=to_stderr)
    else:
        width = width_of_errors() if to_stderr else width_of_output()
        text = selection_text(spelled_selection(found.summary(sign)), width)
        print_text(text, to_stderr=to_stderr)
    if not found.ranked():
        found.best_row  # noqa: B018 - raises, with the reasons


def _blank(value: Any) -> Any:
    return "" if value is None else value
