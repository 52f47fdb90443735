"""`mixtura score`: the log-likelihood of each row."""

from __future__ import annotations

import click

from mixtura.cli import options
from mixtura.cli.input import read_model, read_rows
from mixtura.cli.output import destination, side_by_side, write_columns

__all__ = ["command"]

EPILOG = """\b
Examples:
  mixtura score model.safetensors data.csv --id name -o scores.csv
  mixtura score model.safetensors @faithful | head -3
"""


@click.command(epilog=EPILOG)
@options.model
@options.data
@options.reading
@options.output
@options.force
@options.as_json
def command(
    model: str,
    data: str,
    columns: tuple[str, ...],
    ids: tuple[str, ...],
    header: bool | None,
    output: str,
    force: bool,
    as_json: bool,
) -> None:
    """Write the log-likelihood of each row of DATA under MODEL, in nats.

    Columns are matched to the model's features by name, where both have names. The ids come
    first, then the column log_likelihood.
    """
    where = destination(output, force)
    mixture = read_model(model, data).mixture
    table = read_rows(data, columns, ids, header, mixture)
    result = {"log_likelihood": mixture.score_samples(table)}
    write_columns(side_by_side(table.ids, result), where, as_json)
