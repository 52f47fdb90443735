"""`mixtura explain`: where the log-likelihood of rows comes from."""

from __future__ import annotations

import click

from mixtura.cli import options
from mixtura.cli.input import number_of, places_of, read_model, read_rows
from mixtura.cli.output import print_json, print_text
from mixtura.cli.width import width_of_output

__all__ = ["command"]

EPILOG = """\b
Examples:
  mixtura explain model.safetensors data.csv --row 17 --id name
  mixtura explain model.safetensors @faithful --worst 5
"""


@click.command(epilog=EPILOG)
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
@options.on_bad_row
@options.as_json
def command(
    model: str,
    data: str,
    rows: tuple[int, ...],
    worst: int | None,
    columns: tuple[str, ...],
    ids: tuple[str, ...],
    header: bool | None,
    on_bad_row: str,
    as_json: bool,
) -> None:
    """Say where the log-likelihood of rows of DATA under MODEL comes from.

    For each row: which component it belongs to, how far it lies from that one's mean in standard
    deviations (the Mahalanobis distance), which features are to blame; then every component's
    parts of the log-likelihood, in nats. A nat is the unit of natural logarithms: one more is a
    density e = 2.72 times as high.
    """
    if rows and worst is not None:
        raise click.UsageError("--row and --worst are both given, expected one of them")
    mixture = read_model(model, data).mixture
    table = read_rows(data, columns, ids, header, mixture, on_bad_row=on_bad_row)
    from mixtura.model.explain import least_likely
    from mixtura.model.wording import explanation_text

    chosen = (
        places_of(table, rows)
        if rows
        else least_likely(mixture, table, 5 if worst is None else worst).tolist()
    )
    record = mixture.explain(table, chosen).to_dict()
    for row in record["rows"]:
        row["ids"] = {name: texts[row["row"]] for name, texts in table.ids.items()}
        row["row"] = number_of(table, row["row"])
    if as_json:
        print_json(record)
    else:
        print_text(explanation_text(record, width_of_output()))
