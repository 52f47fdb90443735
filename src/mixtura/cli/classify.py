"""`mixtura classify`: the class of each row, by a model that was fitted with labels."""

from __future__ import annotations

from typing import Any

import click

from mixtura.cli import answers, inputs, options, outputs

EPILOG = """\b
Examples:
  mixtura classify species.safetensors @iris | head -3
  mixtura classify species.safetensors @iris --proba --reject 0.9 | head -3
"""


@options.command(EPILOG, asked=inputs.Input, where=outputs.answers_to)
@options.rows_by_line
@click.option("--proba", is_flag=True, help="Write the probability of every class, too.")
@click.option(
    "--reject",
    type=click.FloatRange(0.0, 1.0),
    default=0.0,
    metavar="P",
    help="Write no class where the likeliest is less probable than that.",
)
@options.rows_to_write
@options.quiet
def command(
    model: str,
    asked: inputs.Input,
    proba: bool,
    reject: float,
    where: outputs.Destination,
    quiet: bool,
) -> None:
    """Write the likeliest class of each row of DATA under MODEL.

    MODEL is one that mixtura fit --label made, which knows the classes by name. The ids come first,
    then the columns class and probability, the class's own; with --proba probability_NAME for each
    class. Globs, folders, packed and large files are answered a part at a time.
    """
    from mixtura.model.classes import ClassMixture, decided

    stored = inputs.read_model(model, asked.data)
    known = ClassMixture.stored(stored.mixture, stored.training, model)

    def classified(rows: Any, _: Any) -> dict[str, Any]:
        shares = known.predict_proba(rows)
        codes = decided(shares, reject)
        names = [str(known.names[code]) if code >= 0 else "" for code in codes.tolist()]
        columns = {"class": names, "probability": shares.max(axis=1)}
        each = {f"probability_{n}": shares[:, c] for c, n in enumerate(known.names)}
        return columns | (each if proba else {})

    answers.write(asked, stored, classified, where, quiet=quiet)
