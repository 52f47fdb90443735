"""`mixtura fit`: from rows to a model."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import Any

import click

from mixtura.cli import options
from mixtura.cli.again import again
from mixtura.cli.apart import check_checkpoint
from mixtura.cli.assuming import assuming, assumptions
from mixtura.cli.candidates import files, structures
from mixtura.cli.finished import Listening, place
from mixtura.cli.input import read_rows, weights_of
from mixtura.cli.output import check_stdout, print_json, print_text, tell
from mixtura.cli.spelling import spelled, spelled_training
from mixtura.cli.streaming import is_streamed, scan_of
from mixtura.cli.width import width_of_errors, width_of_output

__all__ = ["command"]

EPILOG = """\b
Examples:
  mixtura fit @faithful -k 2
  mixtura fit @faithful -k 2 --structure VVE --noise
  mixtura fit data.csv -k 3 --columns height,weight --id name \\
    -o model.safetensors
  mixtura fit 'data/*.parquet' -k 16 --checkpoint run.ckpt --resume \\
    -o long.safetensors
"""


@click.command(epilog=EPILOG)
@options.data
@click.option("-k", "--components", type=int, required=True, help="How many components.")
@click.option(
    "-o",
    "--output",
    shell_complete=files,
    default=None,
    metavar="FILE",
    help="Where to store the model (safetensors); - is the standard output, and the report then "
    "goes to the standard error. Not stored by default.",
)
@click.option(
    "--structure",
    shell_complete=structures,
    default="full",
    show_default=True,
    metavar="NAME",
    help="Of the covariances: full, tied, diag or spherical; or three letters for volume, shape "
    "and orientation, each Equal over components, Varying or the Identity, such as VVE.",
)
@options.reading
@options.on_bad_row
@click.option(
    "--weights",
    default=None,
    metavar="NAME",
    help="A column that says how much each row counts, at least 0; it is no feature. Every row "
    "counts once by default.",
)
@click.option(
    "--start",
    default="auto",
    show_default=True,
    metavar="NAME",
    help="What EM begins with: auto, the best of several searches on a sample; kmeans, k-means++, "
    "random or random_from_data.",
)
@options.seed
@click.option(
    "--tol",
    type=options.NUMBER_OR_AUTO,
    default="auto",
    show_default=True,
    help=f"Stop when the mean log-likelihood gains less, nats a row ({options.NAT}); auto goes on "
    "until less than "
    "1e-8 is still to be gained.",
)
@click.option(
    "--accelerate/--no-accelerate",
    default=True,
    show_default=True,
    help="Extrapolate EM's steps once they are regular: fewer iterations on overlapping data.",
)
@click.option(
    "--max-iter", type=int, default=1000, show_default=True, help="EM iterations at most."
)
@click.option(
    "--n-init", type=int, default=1, show_default=True, help="Starts, the best of which is kept."
)
@click.option(
    "--reg-covar",
    type=options.NUMBER_OR_AUTO,
    default="auto",
    show_default=True,
    help="Added to every variance; 0 asks for the exact maximum of the likelihood, auto for a "
    "floor of 1e-8 of the data's variance in each feature.",
)
@assuming
@click.option(
    "--strict", is_flag=True, help="Store nothing and end with exit code 5 if it does not converge."
)
@click.option(
    "--checkpoint",
    shell_complete=files,
    default=None,
    metavar="FILE",
    help="Where to keep, as it goes, what is needed to go on; the state before is kept beside it.",
)
@click.option(
    "--every",
    type=int,
    default=1,
    show_default=True,
    metavar="COUNT",
    help="Iterations from one writing of the checkpoint to the next.",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Go on from the checkpoint, if there is one: the result is that of a fit that was never "
    "stopped.",
)
@click.option(
    "--dask", "on_dask", is_flag=True, help="Fit on Dask workers, started on this machine."
)
@click.option(
    "--scheduler",
    default=None,
    metavar="ADDRESS",
    help="Fit on the Dask cluster whose scheduler is there, such as tcp://host:8786.",
)
@click.option("--verbose", is_flag=True, help="Tell of every iteration on the standard error.")
@options.quiet
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
    on_bad_row: str,
    weights: str | None,
    start: str,
    seed: int,
    tol: float | str,
    accelerate: bool,
    max_iter: int,
    n_init: int,
    reg_covar: float | str,
    equal_weights: bool,
    prior: bool,
    noise: float | bool | None,
    strict: bool,
    checkpoint: str | None,
    every: int,
    resume: bool,
    on_dask: bool,
    scheduler: str | None,
    verbose: bool,
    quiet: bool,
    as_json: bool,
    force: bool,
) -> None:
    """Fit a Gaussian mixture to the rows of DATA, and print or store it.

    DATA is a CSV, .npy, .parquet or .feather file, - for CSV on the standard input, or a dataset
    such as @faithful. A quoted glob, a folder, packed (.gz, .zst) and large files are read again
    at every iteration, and need little memory. With --dask or --scheduler, Dask's workers read
    Parquet once and hold it.
    """
    if resume and checkpoint is None:
        raise click.UsageError("--resume goes on from a checkpoint: name it with --checkpoint")
    if verbose and quiet:
        raise click.UsageError("--verbose and --quiet were both given, expected one of them")
    import mixtura
    from mixtura.cli.meter import FitMeter, on_terminal
    from mixtura.cli.progress import Progress
    from mixtura.fitting.stored import fit_record
    from mixtura.model.storage import encoded
    from mixtura.tables.streams.scan import watched
    from mixtura.views.record import model_record
    from mixtura.views.text import model_text

    check_stdout()
    check_checkpoint(checkpoint, output)
    where = place(output, force, checkpoint, resume=resume)
    rows: Any
    known: Any
    weight: Any = None
    meter = FitMeter(n_init, shown=on_terminal() and not (verbose or quiet))
    listening = Listening(Progress() if verbose else meter)
    held = ExitStack()
    held.enter_context(closing(meter))
    if on_dask or scheduler is not None:
        from mixtura.cli.workers import spread

        known = scan_of(data, columns, ids, header, on_bad_row, weights=weights)
        rows = held.enter_context(spread(known, scheduler))
    elif is_streamed(data, on_bad_row):
        known = scan_of(data, columns, ids, header, on_bad_row, weights=weights)
        rows = watched(known, meter.read)
    else:
        known = read_rows(data, columns, ids, header, weights=weights)
        rows = known
        weight = weights_of(rows, weights)
        meter.holding(len(rows.rows))
    with held:
        fitted = mixtura.fit(
            rows,
            components,
            structure=structure,
            start=start,
            tol=tol,
            accelerate="auto" if accelerate else False,
            reg_covar=reg_covar,
            max_iter=max_iter,
            n_init=n_init,
            random_state=seed,
            sample_weight=weight,
            observer=listening,
            **assumptions(equal_weights=equal_weights, prior=prior, noise=noise),
            checkpoint=checkpoint,
            every=every,
            resume=resume,
        )
    failed = strict and not fitted.outcome.converged
    training = {**fit_record(fitted), **again(data, known)}
    if not listening.heard:
        tell(f"{checkpoint} is of a fit that is finished: nothing is done")
    if not failed:
        where.store(fitted.mixture, encoded(fitted.mixture, training))
    to_stderr = output == "-"
    if as_json:
        print_json(model_record(fitted.mixture, training), to_stderr=to_stderr)
    else:
        record = model_record(fitted.mixture, spelled_training(training))
        width = width_of_errors() if to_stderr else width_of_output()
        print_text(model_text(record, width), to_stderr=to_stderr)
    if failed:
        stored = "; nothing was stored" if output is not None else ""
        tell(f"error: not converged ({fitted.outcome.value}): {spelled(fitted.remedy)}{stored}")
        raise click.exceptions.Exit(5)
