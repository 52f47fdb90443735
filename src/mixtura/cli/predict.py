"""`mixtura predict`: the component of each row."""

from __future__ import annotations

from typing import Any

import click

from mixtura.cli import answers, inputs, options, outputs

EPILOG = """\b
Examples:
  mixtura predict model.safetensors data.csv --id name -o labels.csv
  mixtura predict model.safetensors @faithful --proba | head -3
"""


@options.command(EPILOG, asked=inputs.Input, where=outputs.answers_to)
@options.rows_of_answers
@click.option("--proba", is_flag=True, help="Write the responsibility of every component, too.")
@options.rows_to_write
@options.quiet
def command(
    model: str, asked: inputs.Input, proba: bool, where: outputs.Destination, quiet: bool
) -> None:
    """Write the most responsible component of each row of DATA under MODEL.

    Components are numbered from 0, as `mixtura show` numbers them. The ids come first, then the
    column label, then with --proba responsibility_0, responsibility_1, ... Rows that are noise, by
    a model that has noise, have the label -1; its responsibility comes last. Globs, folders, packed
    and large files are answered a part at a time.
    """
    mixture = inputs.read_model(model, asked.data).mixture

    def predicted(rows: Any) -> dict[str, Any]:
        labels = {"label": mixture.predict(rows, missing=asked.missing)}
        if not proba:
            return labels
        shares = mixture.predict_proba(rows, missing=asked.missing)
        names = [f"responsibility_{k}" for k in range(mixture.n_components)]
        names += ["responsibility_noise"] * (mixture.noise is not None)
        return labels | {name: shares[:, k] for k, name in enumerate(names)}

    answers.write(asked, mixture, predicted, where, quiet=quiet)
