"""`mixtura explore`: a page in which a mixture can be looked into."""

from __future__ import annotations

from typing import Any

import click

from mixtura.cli import options
from mixtura.cli.candidates import datasets_or_files, files, structures
from mixtura.cli.input import read_model, read_rows
from mixtura.cli.output import PAGE, destination, print_text

__all__ = ["command"]

EPILOG = """\b
Examples:
  mixtura explore geyser.safetensors @faithful -o geyser.html
  mixtura explore @faithful -k 3
  mixtura explore iris.safetensors @iris \\
    --features petal_length,petal_width -o iris.html

One HTML file that works without a network: open it in a browser.
"""


@click.command(epilog=EPILOG)
@click.argument(
    "sources",
    metavar="[MODEL] DATA",
    nargs=-1,
    required=True,
    shell_complete=datasets_or_files,
)
@click.option(
    "-k", "--components", type=int, help="How many components to fit, where no MODEL is given."
)
@click.option(
    "-o",
    "--output",
    shell_complete=files,
    default="explore.html",
    show_default=True,
    metavar="FILE",
    help="Where to write; - is the standard output.",
)
@options.features
@click.option(
    "--structure",
    shell_complete=structures,
    metavar="NAME",
    help="Of the covariances, where no MODEL is given.",
)
@click.option("--start", metavar="NAME", help="What EM begins with, as for mixtura fit.")
@click.option("--seed", type=int, help="Seed of the random numbers; MODEL's own, or 0, by default.")
@click.option("--tol", type=options.NUMBER_OR_AUTO, help="When EM stops, as for mixtura fit.")
@click.option("--accelerate/--no-accelerate", default=None, help="As for mixtura fit.")
@click.option("--max-iter", type=int, help="EM iterations at most, as for mixtura fit.")
@click.option("--reg-covar", type=options.NUMBER_OR_AUTO, help="As for mixtura fit.")
@options.reading
@options.on_bad_row
@options.force
def command(
    sources: tuple[str, ...],
    components: int | None,
    output: str,
    features: tuple[str, ...],
    structure: str | None,
    start: str | None,
    seed: int | None,
    tol: float | str | None,
    accelerate: bool | None,
    max_iter: int | None,
    reg_covar: float | str | None,
    columns: tuple[str, ...],
    ids: tuple[str, ...],
    header: bool | None,
    on_bad_row: str,
    force: bool,
) -> None:
    """Write a page to see MODEL and the rows of DATA in, and to play with.

    Replay shows every iteration of the fit; a click on a point shows where its log-likelihood comes
    from; in Play the components can be moved, turned and stretched by hand, and EM goes on from
    there. Without MODEL, -k components are fitted to DATA.

    The fit of MODEL is done again to be replayed, from the start and with the seed that the file
    tells, or as the options say; the page says whether it is the same one.
    """
    data = _data_of(sources, components, structure)
    where = destination(output, force, suffixes=PAGE)
    from mixtura.fitting.recipe import recipe
    from mixtura.views.explorer import document, explorer_record, replay

    given: dict[str, Any] = {
        "start": start,
        "tol": tol,
        "accelerate": {None: None, True: "auto", False: False}[accelerate],
        "max_iter": max_iter,
        "reg_covar": reg_covar,
        "random_state": seed,
    }
    settings = {name: value for name, value in given.items() if value is not None}
    if len(sources) == 2:
        stored = read_model(sources[0], data)
        mixture = stored.mixture
        table = read_rows(data, columns, ids, header, mixture, on_bad_row=on_bad_row)
        rows = mixture.rows(table)
        run = None
        if len(rows) >= max(2, mixture.n_components):
            settings = {**recipe(stored.training), **settings, "structure": mixture.structure}
            run = replay(rows, mixture.n_components, **settings)
        same = run is not None and run.is_of(stored.training)
    else:
        table = read_rows(data, columns, ids, header, on_bad_row=on_bad_row)
        if structure is not None:
            settings["structure"] = structure
        assert components is not None
        run = replay(table, components, **settings)
        mixture, same = run.fit.mixture, True
    record = explorer_record(
        mixture,
        table,
        run=run,
        same_run=same,
        features=features or None,
        name=data,
        ids=table.ids,
        row_numbers=table.numbers,
    )
    where.write(document(record).encode())
    if where.path is not None:
        print_text(f"{where.path}: open it in a browser", to_stderr=True)


def _data_of(sources: tuple[str, ...], components: int | None, structure: str | None) -> str:
    """The source of the rows, once it is clear which model is meant."""
    if len(sources) > 2:
        raise click.UsageError(f"got {len(sources)} sources, expected MODEL DATA, or DATA and -k")
    if len(sources) == 1 and components is None:
        raise click.UsageError("got one source and no -k: expected MODEL DATA, or DATA and -k")
    if len(sources) == 2 and (components is not None or structure is not None):
        raise click.UsageError(
            "MODEL tells its components and structure: leave -k and --structure out"
        )
    return sources[-1]
