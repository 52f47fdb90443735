"""`mixtura sample`: rows drawn from a model."""

from __future__ import annotations

import click

from mixtura.cli import inputs, options, outputs

EPILOG = """\b
Example:
  mixtura sample model.safetensors -n 1000 --seed 1 -o drawn.csv
"""


@options.command(EPILOG, where=outputs.answers_to)
@options.model
@options.option("-n", "--rows", type=click.IntRange(min=1), default=1, help="How many rows.")
@options.seed
@options.labels
@click.option(
    "--by-component",
    is_flag=True,
    help="Write the same rows component after component, as scikit-learn does, and not shuffled.",
)
@options.rows_to_write
def command(
    model: str, rows: int, seed: int, labels: bool, by_component: bool, where: outputs.Destination
) -> None:
    """Draw rows from MODEL, in random order."""
    from mixtura.model.random import shuffled

    mixture = inputs.read_model(model).mixture
    drawn, components = mixture.sample(rows, random_state=seed)
    if not by_component:
        drawn, components = shuffled(drawn, components, seed)
    features = {name: drawn[:, j] for j, name in enumerate(mixture.feature_labels)}
    extra = {"component": components} if labels else {}
    where.write_columns(outputs.side_by_side(features, extra))
