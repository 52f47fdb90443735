"""`mixtura score`: the log-likelihood of each row."""

from __future__ import annotations

from typing import Any

import click

from mixtura.cli import options
from mixtura.cli.input import read_model
from mixtura.cli.output import answers_to
from mixtura.cli.streaming import answer, rows_of

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
@options.on_bad_row_of_answers
@options.output
@options.force
@options.as_json
@options.quiet
def command(
    model: str,
    data: str,
    columns: tuple[str, ...],
    ids: tuple[str, ...],
    header: bool | None,
    on_bad_row: str,
    output: str,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Write the log-likelihood of each row of DATA under MODEL, in nats.

    A nat is the unit of natural logarithms: one more is a density e = 2.72 times as high.
    Columns are matched to the model's features by name, where both have names. The ids come
    first, then the column log_likelihood. Globs, folders, packed and large files are answered a
    part at a time.
    """
    where = answers_to(output, force, as_json)
    mixture = read_model(model, data).mixture

    def scored(rows: Any) -> dict[str, Any]:
        return {"log_likelihood": mixture.score_samples(rows)}

    rows = rows_of(data, columns, ids, header, on_bad_row, mixture)
    answer(rows, scored, where, as_json, on_bad_row=on_bad_row, quiet=quiet)
