"""`mixtura validate`: log-likelihoods, proven."""

from __future__ import annotations

import click

from mixtura.cli import options
from mixtura.cli.input import read_model, read_rows
from mixtura.cli.output import print_json, print_text, tell
from mixtura.cli.width import width_of_output

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
    from mixtura.testing.validation import validation_text

    proof = validate(mixture, table, n_oracle_rows=rows, random_state=seed)
    if as_json:
        print_json(proof.to_dict())
    else:
        print_text(validation_text(proof.to_dict(), width_of_output()))
    if not proof.ours_right:
        tell("error: mixtura's own log-likelihoods are wrong")
        raise click.exceptions.Exit(1)
