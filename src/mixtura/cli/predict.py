"""`mixtura predict`: the component of each row."""

from __future__ import annotations

from typing import Any

import click

from mixtura.cli import options
from mixtura.cli.input import read_model, read_rows
from mixtura.cli.output import destination, side_by_side, write_columns

__all__ = ["command"]

EPILOG = """\b
Examples:
  mixtura predict model.safetensors data.csv --id name -o labels.csv
  mixtura predict model.safetensors @faithful --proba | head -3
"""


@click.command(epilog=EPILOG)
@options.model
@options.data
@options.reading
@click.option("--proba", is_flag=True, help="Write the responsibility of every component, too.")
@options.output
@options.force
@options.as_json
def command(
    model: str,
    data: str,
    columns: tuple[str, ...],
    ids: tuple[str, ...],
    header: bool | None,
    proba: bool,
    output: str,
    force: bool,
    as_json: bool,
) -> None:
    """Write the most responsible component of each row of DATA under MODEL.

    Components are numbered from 0, as `mixtura show` numbers them. The ids come first, then the
    column label, then with --proba responsibility_0, responsibility_1, ...
    """
    where = destination(output, force)
    mixture = read_model(model, data).mixture
    table = read_rows(data, columns, ids, header, mixture)
    result: dict[str, Any] = {"label": mixture.predict(table)}
    if proba:
        shares = mixture.predict_proba(table)
        result |= {f"responsibility_{k}": shares[:, k] for k in range(mixture.n_components)}
    write_columns(side_by_side(table.ids, result), where, as_json)
