"""`mixtura predict`: the component of each row."""

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
  mixtura predict model.safetensors data.csv --id name -o labels.csv
  mixtura predict model.safetensors @faithful --proba | head -3
"""


@click.command(epilog=EPILOG)
@options.model
@options.data
@options.reading
@options.on_bad_row_of_answers
@click.option("--proba", is_flag=True, help="Write the responsibility of every component, too.")
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
    proba: bool,
    output: str,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Write the most responsible component of each row of DATA under MODEL.

    Components are numbered from 0, as `mixtura show` numbers them. The ids come first, then the
    column label, then with --proba responsibility_0, responsibility_1, ... Rows that are noise, by
    a model that has noise, have the label -1; its responsibility comes last. Globs, folders, packed
    and large files are answered a part at a time.
    """
    where = answers_to(output, force, as_json)
    mixture = read_model(model, data).mixture

    def predicted(rows: Any) -> dict[str, Any]:
        labels = {"label": mixture.predict(rows)}
        if not proba:
            return labels
        shares = mixture.predict_proba(rows)
        names = [f"responsibility_{k}" for k in range(mixture.n_components)]
        names += ["responsibility_noise"] * (mixture.noise is not None)
        return labels | {name: shares[:, k] for k, name in enumerate(names)}

    rows = rows_of(data, columns, ids, header, on_bad_row, mixture)
    answer(rows, predicted, where, as_json, on_bad_row=on_bad_row, quiet=quiet)
