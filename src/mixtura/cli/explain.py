"""`mixtura explain`: where the log-likelihood of rows comes from."""

from __future__ import annotations

import click

from mixtura.cli import inputs, options, printing

EPILOG = """\b
Examples:
  mixtura explain model.safetensors data.csv --row 17 --id name
  mixtura explain model.safetensors @faithful --worst 5
"""


@options.command(EPILOG, asked=inputs.Input)
@options.model
@options.data
@click.option(
    "--row",
    "rows",
    type=int,
    multiple=True,
    metavar="NUMBER",
    help="The row to explain; can be given again. Rows are numbered from 0, the first row of data "
    "below the header.",
)
@click.option(
    "--worst",
    type=click.IntRange(min=1),
    metavar="COUNT",
    help="Explain the least likely rows, the least likely first; 5 of them if no --row is given.",
)
@options.reading
@options.missing
@options.error_columns
@options.as_json
def command(
    model: str, asked: inputs.Input, rows: tuple[int, ...], worst: int | None, as_json: bool
) -> None:
    """Say where the log-likelihood of rows of DATA under MODEL comes from.

    For each row: which component it belongs to, how far it lies from that one's mean in standard
    deviations (the Mahalanobis distance), which features are to blame; then every component's
    parts of the log-likelihood, in nats. A nat is the unit of natural logarithms: one more is a
    density e = 2.72 times as high.
    """
    if rows and worst is not None:
        raise click.UsageError("--row and --worst are both given, expected one of them")
    stored = inputs.read_model(model, asked.data)
    mixture, table = stored.mixture, asked.table(stored)
    errors = asked.errors(table)
    from mixtura.model.explain import least_likely
    from mixtura.model.wording import explanation_text

    chosen = (
        inputs.places_of(table, rows)
        if rows
        else least_likely(
            mixture, table, 5 if worst is None else worst, errors, missing=asked.missing
        ).tolist()
    )
    record = mixture.explain(table, chosen, errors, missing=asked.missing).to_dict()
    for row in record["rows"]:
        row["ids"] = {
            name: texts[row["row"]]
            for name, texts in table.ids.items()
            if name not in asked.error_columns
        }
        row["row"] = inputs.number_of(table, row["row"])
    printing.result(record, lambda width: explanation_text(record, width), as_json=as_json)
