"""`mixtura show`: what a model file holds."""

from __future__ import annotations

import click

from mixtura.cli import options
from mixtura.cli.input import read_model
from mixtura.cli.output import print_text

__all__ = ["command"]

EPILOG = """\b
Examples:
  mixtura show model.safetensors
  mixtura show model.safetensors --json | python -m json.tool
"""


@click.command(epilog=EPILOG)
@options.model
@options.as_json
def command(model: str, as_json: bool) -> None:
    """Print the weights, means, covariances and training of MODEL.

    MODEL is a file that `mixtura fit -o` wrote, or - for the standard input.
    """
    stored = read_model(model)
    from mixtura.views.record import json_text, model_record
    from mixtura.views.text import model_text

    record = model_record(stored.mixture, stored.training)
    print_text(json_text(record) if as_json else model_text(record))
