"""`mixtura validate`: log-likelihoods, proven."""

from __future__ import annotations

import click

from mixtura.cli import options
from mixtura.cli.input import read_model, read_rows
from mixtura.cli.output import print_text

__all__ = ["command"]

EPILOG = """\b
Examples:
  mixtura validate model.safetensors data.csv
  mixtura validate model.safetensors @faithful --rows 100 --json
"""


@click.command(epilog=EPILOG)
@options.model
@options.data
@click.option(
    "--rows",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    metavar="COUNT",
    help="How many rows, chosen at random, are computed to 50 digits.",
)
@options.seed
@options.reading
@options.on_bad_row
@options.as_json
def command(
    model: str,
    data: str,
    rows: int,
    seed: int,
    columns: tuple[str, ...],
    ids: tuple[str, ...],
    header: bool | None,
    on_bad_row: str,
    as_json: bool,
) -> None:
    """Hold the log-likelihoods of DATA under MODEL to three independent answers.

    They are scikit-learn's, those of the textbook's formulas, and mpmath's to 50 digits, which
    decide who is right. One more row is made up, 60 standard deviations from the nearest
    component, where densities underflow. Ends with exit code 1 if mixtura is the one that is
    wrong.
    """
    mixture = read_model(model, data).mixture
    table = read_rows(data, columns, ids, header, mixture, on_bad_row=on_bad_row)
    from mixtura.testing import validate
    from mixtura.views.record import json_text

    proof = validate(mixture, table, n_oracle_rows=rows, random_state=seed)
    print_text(json_text(proof.to_dict()) if as_json else proof.to_text())
    if not proof.ours_right:
        click.echo("mixtura: error: mixtura's own log-likelihoods are wrong", err=True)
        raise click.exceptions.Exit(1)
