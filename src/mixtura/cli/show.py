"""`mixtura show`: what a model file holds."""

from __future__ import annotations

import click

from mixtura.cli import options
from mixtura.cli.candidates import datasets_or_files
from mixtura.cli.input import read_checkpoint, read_model, read_rows, weights_of
from mixtura.cli.output import print_json, print_text
from mixtura.cli.spelling import spelled, spelled_training
from mixtura.cli.width import width_of_output

__all__ = ["command"]

EPILOG = """\b
Examples:
  mixtura show model.safetensors
  mixtura show model.safetensors --json | python -m json.tool
  mixtura show model.safetensors data.csv --intervals
"""


@click.command(epilog=EPILOG)
@options.model
@click.argument("data", metavar="[DATA]", required=False, shell_complete=datasets_or_files)
@click.option(
    "--intervals",
    is_flag=True,
    help="Tell how far the parameters may be off: standard errors and confidence intervals, from "
    "the rows of DATA that MODEL was fitted to.",
)
@click.option(
    "--level", type=float, default=0.95, show_default=True, help="Of confidence, from 0 to 1."
)
@options.reading
@options.on_bad_row
@click.option(
    "--weights",
    default=None,
    metavar="NAME",
    help="The column that weighed the rows in the fit.",
)
@options.as_json
def command(
    model: str,
    data: str | None,
    intervals: bool,
    level: float,
    columns: tuple[str, ...],
    ids: tuple[str, ...],
    header: bool | None,
    on_bad_row: str,
    weights: str | None,
    as_json: bool,
) -> None:
    """Print the weights, means, covariances and training of MODEL, and when it was written.

    MODEL is a file that `mixtura fit -o` wrote, or - for the standard input; of a checkpoint it is
    told where the fit stands. With --intervals, DATA has the rows that MODEL was fitted to.
    """
    if intervals and data is None:
        raise click.UsageError(
            "--intervals was given without DATA, expected the rows that MODEL was fitted to: "
            "mixtura show MODEL DATA --intervals"
        )
    if data is not None and not intervals:
        raise click.UsageError("DATA was given without --intervals, which is what reads it")
    from mixtura.views.record import model_record

    kept = read_checkpoint(model)
    if kept is not None and data is None:
        from mixtura.views.checkpoint import checkpoint_record, checkpoint_text

        record = checkpoint_record(kept)
        if as_json:
            print_json(record)
        else:
            print_text(checkpoint_text(record))
        return
    stored = read_model(model, data)
    from mixtura.views.text import file_text, model_text

    training = stored.training if as_json else spelled_training(stored.training)
    record = {**model_record(stored.mixture, training), "file": stored.origin()}
    width = width_of_output()
    if data is None:
        if as_json:
            print_json(record)
        else:
            print_text(f"{model_text(record, width)}\n\n{file_text(record['file'])}")
        return
    from mixtura.fitting.uncertainty import standard_errors
    from mixtura.fitting.uncertainty.wording import intervals_text

    table = read_rows(
        data, columns, ids, header, stored.mixture, on_bad_row=on_bad_row, weights=weights
    )
    errors = standard_errors(stored.mixture, table, sample_weight=weights_of(table, weights))
    record["intervals"] = errors.summary(level)
    if as_json:
        print_json(record)
        return
    shared = stored.mixture.structure.form.shared
    said = f"{model_text(record, width)}\n\n{file_text(record['file'])}"
    text = intervals_text(record["intervals"], record["features"], shared=shared, width=width)
    print_text(f"{said}\n\n{spelled(text)}")
