"""`mixtura impute`: rows with what they lack filled in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from mixtura.cli import answers, inputs, options, outputs

EPILOG = """\b
Examples:
  mixtura impute model.safetensors data.csv --id name -o filled.csv
  mixtura impute model.safetensors data.csv --std -o filled.parquet
  mixtura impute model.safetensors data.csv --draw --seed 1 -o drawn.csv
"""


@options.command(EPILOG, asked=inputs.Input, where=outputs.answers_to)
@options.rows_by_line
@options.missing_values
@click.option("--std", is_flag=True, help="Write the standard deviation of each feature, too.")
@click.option("--draw", is_flag=True, help="Draw what is missing instead of what is expected.")
@options.seed
@options.rows_to_write
@options.quiet
def command(
    model: str,
    asked: inputs.Input,
    std: bool,
    draw: bool,
    seed: int,
    where: outputs.Destination,
    quiet: bool,
) -> None:
    """Write the rows of DATA with what they lack filled in, by MODEL and the rest of each row.

    What is expected is written, as mixtura fit --missing em knows it; it varies less than what was
    not seen. --draw draws what is missing from its distribution, as multiple imputation asks for:
    once with each of several seeds. The ids come first, then the features, then with --std their
    standard deviations, 0 where a value was there.
    """
    from mixtura.model.random import random_state_of

    stored = inputs.read_model(model, asked.data)
    mixture = stored.mixture
    random = random_state_of(seed)

    def filled(rows: Any, _: Any) -> dict[str, Any]:
        values, deviations = mixture.impute(
            rows, draws=1 if draw else None, random_state=random, return_std=True
        )
        values = values[0] if draw else values
        names = mixture.feature_labels
        columns = {name: values[:, j] for j, name in enumerate(names)}
        if std:
            columns |= {f"{name}_std": deviations[:, j] for j, name in enumerate(names)}
        return columns

    answers.write(replace(asked, missing="em"), stored, filled, where, quiet=quiet)
