"""`mixtura fit-groups`: from rows of groups to a mixture for each."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

import mixtura
from mixtura.cli import inputs, kinds, model_options, options, outputs, printing, progress, spelling

if TYPE_CHECKING:
    from mixtura.grouped import GroupFits

EPILOG = """\b
Examples:
  mixtura fit-groups genes.parquet --by gene,batch -k 1:3 \\
    -o groups.parquet
  mixtura fit-groups genes.parquet --by gene -k 2 --structures EEE,VVV \\
    --columns x -o -
  mixtura score groups.parquet genes.parquet --by gene,batch -o scores.csv
"""


@options.command(EPILOG, asked=inputs.Input)
@options.data
@options.components(
    type=kinds.Numbers(), default="1:3", help="How many components to try: 3, 1:9 or 1,2,4:6."
)
@options.output(
    "Where to store the mixtures, a row a component: .parquet or .csv; - is CSV on the standard "
    "output, and the report then goes to the standard error. Not stored by default."
)
@options.option(
    "--structures",
    default="full",
    metavar="NAME,...",
    help="Of the covariances: full, tied, diag or spherical; or three letters for volume, shape "
    "and orientation, each Equal over components, Varying or the Identity, such as VVE; or "
    "several to choose from, or all fourteen.",
)
@options.option("--criterion", default="bic", metavar="NAME", help="What decides: bic, icl or aic.")
@options.reading_of_groups
@options.weight_column("A column that says how much each row counts, at least 0; it is no feature.")
@model_options.of_groups
@click.option(
    "--jobs",
    type=int,
    metavar="COUNT",
    help="How many groups are fitted at once; by default as many as there are cores.",
)
@click.option(
    "--strict",
    is_flag=True,
    help="Store nothing and end with exit code 5 if a group fails or does not converge.",
)
@options.as_json
@options.force
@options.quiet
def command(
    asked: inputs.Input,
    by: tuple[str, ...],
    components: tuple[int, ...],
    structures: str,
    criterion: str,
    output: str | None,
    force: bool,
    model_options: dict[str, Any],
    jobs: int | None,
    strict: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Fit a Gaussian mixture to each group of the rows of DATA, and store them.

    A group is the rows that have the same values in the columns named by --by; its number of
    components, and its structure, are chosen by a criterion. A group that cannot be fitted is a
    line with the reason. Of more rows than a few hundred megabytes those of a group have to come
    together: sort them by these columns.
    """
    where = outputs.answers_to(output, force, False) if output is not None else None
    if where is not None and where.suffix == ".npy":
        raise click.UsageError(f"{output}: .npy holds no text: write .parquet or .csv")
    scan = replace(asked, ids=by).scan()
    names = "all" if structures == "all" else [s.strip() for s in structures.split(",")]
    meter = progress.GroupMeter(shown=progress.on_terminal() and not quiet)
    with closing(meter):
        found = mixtura.select_groups(
            scan,
            by,
            components,
            structures=names,
            criterion=criterion,
            n_jobs=jobs,
            observer=meter,
            **model_options,
        )
    wanting = int((found.outcome != "converged").sum())
    if where is not None and not (strict and wanting):
        where.write_columns(found.columns(components=True))
    _tell_of(found, as_json, where is not None and where.path is None)
    if strict and wanting:
        stored = "; nothing was stored" if where is not None else ""
        printing.tell(
            f"error: {wanting} of {len(found)} groups failed or have not converged{stored}"
        )
        raise click.exceptions.Exit(5)


def _tell_of(found: GroupFits, as_json: bool, to_stderr: bool) -> None:
    """Print how many groups there are, and how their fits ended."""
    lines = [spelling.spelled(line) for line in found.verdict]
    record = {**found.summary(), "verdict": lines}
    printing.result(record, lambda _: "\n".join(lines), as_json=as_json, to_stderr=to_stderr)
