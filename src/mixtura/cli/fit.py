"""`mixtura fit`: from rows to a model."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

import click

import mixtura
from mixtura.cli import (
    inputs,
    kinds,
    model_options,
    options,
    printing,
    progress,
    provenance,
    spelling,
)
from mixtura.cli.model_output import ModelOutput, Place, options_of_checkpoints

if TYPE_CHECKING:
    from mixtura.model.mixture import Mixture

EPILOG = """\b
Examples:
  mixtura fit @faithful -k 2
  mixtura fit @faithful -k 2 --structure VVE --noise
  mixtura fit @faithful --bayes
  mixtura fit @iris -k 3 --structure factor --n-factors 1
  mixtura fit flowers.csv --label species -o kinds.safetensors
  mixtura fit data.csv -k 3 --columns height,weight --id name \\
    -o model.safetensors
  mixtura fit 'data/*.parquet' -k 16 --checkpoint run.ckpt --resume \\
    -o long.safetensors
"""


@options.command(EPILOG, asked=inputs.Input, kept=ModelOutput)
@options.data
@options.components(
    type=int, help="How many components; with --label one for each class by default."
)
@options.output(
    "Where to store the model (safetensors); - is the standard output, and the report then goes "
    "to the standard error. Not stored by default."
)
@model_options.structure
@model_options.factors
@options.reading
@options.missing
@options.weight_column(
    "A column that says how much each row counts, at least 0; it is no feature. Every row counts "
    "once by default."
)
@options.error_columns
@options.label_column
@model_options.of_fit
@click.option(
    "--bayes",
    is_flag=True,
    help="Average over all parameters, by variational EM: -k is the most components that there can "
    "be, 20 by default, and as many are kept as the rows ask for.",
)
@click.option(
    "--strict", is_flag=True, help="Store nothing and end with exit code 5 if it does not converge."
)
@click.option(
    "--flag",
    type=kinds.SHARE,
    metavar="SHARE",
    help="Keep with the model the score that such a share of its own rows does not exceed, 0.001 "
    "say: mixtura score --flag flags rows by it.",
)
@options_of_checkpoints
@click.option(
    "--dask", "on_dask", is_flag=True, help="Fit on Dask workers, started on this machine."
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Fit on the Dask cluster whose scheduler is there, such as tcp://host:8786.",
)
@click.option("--verbose", is_flag=True, help="Tell of every iteration on the standard error.")
@options.quiet
@options.as_json
@options.force
def command(
    asked: inputs.Input,
    components: int | None,
    model_options: dict[str, Any],
    kept: ModelOutput,
    bayes: bool,
    strict: bool,
    on_dask: bool,
    scheduler: str | None,
    verbose: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Fit a Gaussian mixture to the rows of DATA, and print or store it.

    DATA is a CSV, .npy, .parquet, .feather, FITS, FCS or .h5ad file, - for CSV or Arrow on the
    standard input, or a dataset such as @faithful. A quoted glob, a folder, packed (.gz, .zst) and
    large files are read again at every iteration, and need little memory. With --dask or
    --scheduler, Dask's workers read Parquet once and hold it.
    """
    kept.check()
    _check(bayes or components is not None or asked.label_column is not None, verbose and quiet)
    if bayes:
        told = {"--dask": on_dask, "--scheduler": scheduler, "--verbose": verbose}
        given = [name for name, value in told.items() if value]
        _average(asked, components, model_options, kept, as_json, given, strict=strict)
        return
    from mixtura.fitting.stored import fit_record

    where, drawn = kept.place(), progress.on_terminal() and not (verbose or quiet)
    meter = progress.FitMeter(model_options["n_init"], shown=drawn)
    observer = progress.IterationLog() if verbose else meter
    known: inputs.Rows
    with closing(meter), ExitStack() as held:
        if on_dask or scheduler is not None:
            from mixtura.cli.workers import spread

            scan = asked.scan()
            known, rows = scan, held.enter_context(spread(scan, scheduler))
        else:
            known, rows = _rows(asked, meter)
        known_of: dict[str, Any] = {}
        if asked.label_column is not None:
            components, known_of, classes = _labelled(asked, known, components)
        fitted = mixtura.fit(
            rows,
            1 if components is None else components,
            sample_weight=asked.weights(known),
            errors=asked.errors(known),
            observer=observer,
            missing=asked.missing,
            **model_options,
            **known_of,
            **kept.checkpointing,
        )
    if not observer.heard:
        printing.tell(f"{kept.checkpoint} is of a fit that is finished: nothing is done")
    training = {**fit_record(fitted), **provenance.of(asked, known)}
    if known_of:
        training["classes"] = {"names": classes, "owners": known_of["classes"]}
    _store(fitted, fitted.mixture, training, where, kept, as_json, strict=strict)


def _check(told: bool, both: bool) -> None:
    """Refuse a fit of nobody knows how many components, or one that is to be loud and quiet."""
    if not told:
        raise click.UsageError("Missing option '-k' / '--components'.")
    if both:
        raise click.UsageError("--verbose and --quiet were both given, expected one of them")


def _average(
    asked: inputs.Input,
    components: int | None,
    options: dict[str, Any],
    kept: ModelOutput,
    as_json: bool,
    given: list[str],
    *,
    strict: bool,
) -> None:
    """Fit a Bayesian mixture, and print or store it; `given` are options that it has no use for."""
    from mixtura.cli import averaged

    where, done = kept.place(), averaged.fitted(asked, components, options, kept, given)
    training = {**done.record(), **provenance.of(asked, done.known)}
    _store(done.fit, done.fit.occupied, training, where, kept, as_json, strict=strict)


def _store(
    fitted: Any,
    mixture: mixtura.Mixture,
    training: dict[str, Any],
    where: Place,
    kept: ModelOutput,
    as_json: bool,
    *,
    strict: bool,
) -> None:
    """Store and tell what was fitted; where it has to converge and did not, tell that alone."""
    failed = strict and not fitted.outcome.converged
    if not failed:
        where.store(mixture, training)
    _tell_of(mixture, training, as_json, kept.to_stdout)
    if failed:
        stored = "; nothing was stored" if kept.output is not None else ""
        remedy = getattr(fitted, "remedy", "raise --max-iter")
        advice = f"{spelling.spelled(remedy)}{stored}"
        printing.tell(f"error: not converged ({fitted.outcome.value}): {advice}")
        raise click.exceptions.Exit(5)


def _labelled(
    asked: inputs.Input, known: inputs.Rows, components: int | None
) -> tuple[int, dict[str, Any], list[str]]:
    """How many components, the arguments of `mixtura.fit` of known classes, and their names."""
    if asked.missing == "em":
        raise click.UsageError(
            "--label is given with --missing em, expected one of them: leave out rows that lack "
            "features, with --on-bad-row skip"
        )
    labels, names = asked.labels(known)
    n = len(names)
    k = n if components is None else components
    if k < n or k % n:
        raise click.UsageError(
            f"-k is {k}, expected a multiple of {n}, as many components for each of the classes "
            f"{', '.join(names)}"
        )
    owners = [code for code in range(n) for _ in range(k // n)]
    return k, {"labels": labels, "classes": owners}, names


def _rows(asked: inputs.Input, meter: progress.FitMeter) -> tuple[inputs.Rows, Any]:
    """The rows as they are read, and as they are fitted, which tells `meter` of them."""
    from mixtura.tables.streams.scan import watched

    if asked.is_streamed():
        scan = asked.scan()
        return scan, watched(scan, meter.read)
    table = asked.table()
    meter.holding(len(table.rows))
    return table, table


def _tell_of(mixture: Mixture, training: dict[str, Any], as_json: bool, to_stderr: bool) -> None:
    """Print the model, and how its fit ended."""
    from mixtura.views.record import model_record
    from mixtura.views.text import model_text

    spelt = training if as_json else spelling.spelled_training(training)
    record = model_record(mixture, spelt)
    printing.result(
        record, lambda width: model_text(record, width), as_json=as_json, to_stderr=to_stderr
    )
