"""`mixtura sample`: rows drawn from a model."""

from __future__ import annotations

import click

from mixtura.cli import options
from mixtura.cli.input import read_model
from mixtura.cli.output import answers_to, side_by_side, write_columns

__all__ = ["command"]

EPILOG = """\b
Example:
  mixtura sample model.safetensors -n 1000 --seed 1 -o drawn.csv
"""


@click.command(epilog=EPILOG)
@options.model
@click.option(
    "-n", "--rows", type=click.IntRange(min=1), default=1, show_default=True, help="How many rows."
)
@options.seed
@options.labels
@click.option(
    "--by-component",
    is_flag=True,
    help="Write the same rows component after component, as scikit-learn does, and not shuffled.",
)
@options.output
@options.force
@options.as_json
def command(
    model: str,
    rows: int,
    seed: int,
    labels: bool,
    by_component: bool,
    output: str,
    force: bool,
    as_json: bool,
) -> None:
    """Draw rows from MODEL, in random order."""
    from mixtura.model.random import shuffled

    where = answers_to(output, force, as_json)
    mixture = read_model(model).mixture
    drawn, components = mixture.sample(rows, random_state=seed)
    if not by_component:
        drawn, components = shuffled(drawn, components, seed)
    features = {name: drawn[:, j] for j, name in enumerate(mixture.feature_labels)}
    extra = {"component": components} if labels else {}
    write_columns(side_by_side(features, extra), where, as_json)
