"""`mixtura show`: what a model file holds."""

from __future__ import annotations

from typing import Any

import click

from mixtura.cli import inputs, options, printing, spelling

EPILOG = """\b
Examples:
  mixtura show model.safetensors
  mixtura show model.safetensors --json | python -m json.tool
  mixtura show model.safetensors data.csv --intervals
"""


@options.command(EPILOG, asked=inputs.Input)
@options.model
@options.data_if_any
@click.option(
    "--intervals",
    is_flag=True,
    help="Tell how far the parameters may be off: standard errors and confidence intervals, from "
    "the rows of DATA that MODEL was fitted to.",
)
@options.option("--level", type=float, default=0.95, help="Of confidence, from 0 to 1.")
@click.option("--all", "every", is_flag=True, help="Print every component, however many there are.")
@options.reading
@options.weight_column("The column that weighed the rows in the fit.")
@options.as_json
def command(
    model: str, asked: inputs.Input, intervals: bool, level: float, every: bool, as_json: bool
) -> None:
    """Print the weights, means, covariances and training of MODEL, and when it was written.

    MODEL is a file that `mixtura fit -o` wrote, or - for the standard input; of a checkpoint it is
    told where the fit stands. Of more than 40 components the 20 of largest weight are printed,
    unless --all are asked for. With --intervals, DATA has the rows that MODEL was fitted to.
    """
    given = asked.data is not None
    if intervals and not given:
        raise click.UsageError(
            "--intervals was given without DATA, expected the rows that MODEL was fitted to: "
            "mixtura show MODEL DATA --intervals"
        )
    if given and not intervals:
        raise click.UsageError("DATA was given without --intervals, which is what reads it")
    kept = inputs.read_checkpoint(model)
    if kept is not None and not given:
        from mixtura.views.record import checkpoint_record
        from mixtura.views.text import checkpoint_text

        record = checkpoint_record(kept)
        printing.result(record, lambda _: checkpoint_text(record), as_json=as_json)
        return
    stored = inputs.read_model(model, asked.data)
    from mixtura.views.record import model_record
    from mixtura.views.text import file_text, model_text, threshold_text

    mixture = stored.mixture
    training = stored.training if as_json else spelling.spelled_training(stored.training)
    flagged = {} if stored.threshold is None else {"threshold": dict(stored.threshold)}
    record = {**model_record(mixture, training), **flagged, "file": stored.origin()}
    if intervals:
        from mixtura.uncertainty import standard_errors

        table = asked.table(stored)
        errors = standard_errors(mixture, table, sample_weight=asked.weights(table))
        record["intervals"] = errors.summary(level)

    def text(width: int | None) -> str:
        parts = [
            model_text(record, width, every=every),
            threshold_text(record),
            file_text(record["file"]),
        ]
        if intervals:
            from mixtura.uncertainty.wording import intervals_text

            how: Any = {"shared": mixture.structure.form.shared, "width": width, "every": every}
            told = intervals_text(record["intervals"], record["features"], **how)
            parts.append(spelling.spelled(told))
        return "\n\n".join(filter(None, parts))

    printing.result(record, text, as_json=as_json)
