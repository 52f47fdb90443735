"""`mixtura fit`: from rows to a model."""

from __future__ import annotations

import click

from mixtura.cli import options
from mixtura.cli.input import read_rows
from mixtura.cli.output import destination, print_text

__all__ = ["command"]

EPILOG = """\b
Examples:
  mixtura fit @faithful -k 2
  mixtura fit data.csv -k 3 --columns height,weight --id name -o model.safetensors
"""


@click.command(epilog=EPILOG)
@options.data
@click.option("-k", "--components", type=int, required=True, help="How many components.")
@click.option(
    "-o",
    "--output",
    default=None,
    metavar="FILE",
    help="Where to store the model (safetensors); - is the standard output, and the report then "
    "goes to the standard error. Not stored by default.",
)
@click.option(
    "--structure",
    default="full",
    show_default=True,
    metavar="NAME",
    help="Of the covariances: full, tied, diag or spherical.",
)
@options.reading
@click.option(
    "--start",
    default="kmeans",
    show_default=True,
    metavar="NAME",
    help="What EM begins with: kmeans, k-means++, random or random_from_data.",
)
@options.seed
@click.option(
    "--tol",
    type=float,
    default=1e-3,
    show_default=True,
    help="Stop when the mean log-likelihood gains less, nats a row.",
)
@click.option("--max-iter", type=int, default=100, show_default=True, help="EM iterations at most.")
@click.option(
    "--n-init", type=int, default=1, show_default=True, help="Starts, the best of which is kept."
)
@click.option(
    "--reg-covar",
    type=float,
    default=1e-6,
    show_default=True,
    help="Added to every variance; 0 asks for the exact maximum of the likelihood.",
)
@click.option(
    "--strict", is_flag=True, help="Store nothing and end with exit code 5 if it does not converge."
)
@click.option("--verbose", is_flag=True, help="Tell of every iteration on the standard error.")
@options.as_json
@options.force
def command(
    data: str,
    components: int,
    output: str | None,
    structure: str,
    columns: tuple[str, ...],
    ids: tuple[str, ...],
    header: bool | None,
    start: str,
    seed: int,
    tol: float,
    max_iter: int,
    n_init: int,
    reg_covar: float,
    strict: bool,
    verbose: bool,
    as_json: bool,
    force: bool,
) -> None:
    """Fit a Gaussian mixture to the rows of DATA, and print or store it.

    DATA is a CSV, .npy or .parquet file, - for CSV on the standard input, or a dataset such as
    @faithful.
    """
    import mixtura
    from mixtura.cli.progress import Progress
    from mixtura.model.storage import encoded
    from mixtura.views.record import json_text, model_record
    from mixtura.views.text import model_text

    where = destination(output, force) if output is not None else None
    fitted = mixtura.fit(
        read_rows(data, columns, ids, header),
        components,
        structure=structure,
        start=start,
        tol=tol,
        reg_covar=reg_covar,
        max_iter=max_iter,
        n_init=n_init,
        random_state=seed,
        observer=Progress() if verbose else None,
    )
    failed = strict and not fitted.outcome.converged
    if where is not None and not failed:
        where.write(encoded(fitted.mixture, fitted.summary()))
    record = model_record(fitted.mixture, fitted.summary())
    text = json_text(record) if as_json else model_text(record)
    print_text(text, to_stderr=output == "-")
    if failed:
        stored = "; nothing was stored" if where is not None else ""
        click.echo(
            f"mixtura: error: not converged ({fitted.outcome.value}): {fitted.remedy}{stored}",
            err=True,
        )
        raise click.exceptions.Exit(5)
