"""`mixtura validate`: proves log-likelihoods by other answers."""

from __future__ import annotations

import click

from mixtura.cli import inputs, options, printing

EPILOG = """\b
Examples:
  mixtura validate model.safetensors data.csv
  mixtura validate model.safetensors @faithful --rows 100 --json
"""


@options.command(EPILOG, asked=inputs.Input)
@options.model
@options.data
@options.option(
    "--rows",
    type=click.IntRange(min=1),
    default=20,
    metavar="COUNT",
    help="How many rows, chosen at random, are computed to 50 digits.",
)
@options.seed
@options.reading
@options.as_json
def command(model: str, asked: inputs.Input, rows: int, seed: int, as_json: bool) -> None:
    """Hold the log-likelihoods of DATA under MODEL to three independent answers.

    They are scikit-learn's, those of the textbook's formulas, and mpmath's to 50 digits, which
    decide who is right. One more row is made up, 60 standard deviations from the nearest
    component, where densities underflow. Ends with exit code 1 if mixtura is the one that is
    wrong.
    """
    stored = inputs.read_model(model, asked.data)
    mixture, table = stored.mixture, asked.table(stored)
    from mixtura.testing import validate
    from mixtura.testing.validation import validation_text

    proof = validate(mixture, table, n_oracle_rows=rows, random_state=seed)
    record = proof.to_dict()
    printing.result(record, lambda width: validation_text(record, width), as_json=as_json)
    if not proof.ours_right:
        printing.tell("error: mixtura's own log-likelihoods are wrong")
        raise click.exceptions.Exit(1)
