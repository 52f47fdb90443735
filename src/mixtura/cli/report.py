"""`mixtura report`: what a model makes of rows, in one file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from mixtura.cli import options
from mixtura.cli.again import command_words
from mixtura.cli.candidates import files
from mixtura.cli.input import read_model, read_rows
from mixtura.cli.output import PAGE, destination, print_json, print_text
from mixtura.cli.spelling import spelled_training
from mixtura.cli.streaming import is_streamed, scan_of
from mixtura.cli.width import width_of_output

__all__ = ["command"]

EPILOG = """\b
Examples:
  mixtura report geyser.safetensors @faithful -o geyser.html
  mixtura report model.safetensors data.csv --id name --worst 10 \\
    --compare sklearn
  mixtura report model.safetensors 'parts/*.parquet' --json > report.json

One HTML file that works without a network: open it in a browser, or print it.
"""

#: bytes of a file from which on it is read a part at a time
_LARGE = 2**22


@click.command(epilog=EPILOG)
@options.model
@options.data
@click.option(
    "-o",
    "--output",
    shell_complete=files,
    default="report.html",
    show_default=True,
    metavar="FILE",
    help="Where to write the page; - is the standard output.",
)
@click.option(
    "--worst",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    metavar="COUNT",
    help="How many of the least likely rows are explained.",
)
@click.option(
    "--compare",
    type=click.Choice(["sklearn"]),
    help="Hold the numbers against scikit-learn's, the textbook's and 50-digit ones; of up to "
    "20,000 rows scikit-learn makes a fit, too.",
)
@options.features
@options.reading
@options.on_bad_row
@options.force
@options.as_json
@click.option("--text", "as_text", is_flag=True, help="Print text instead of writing a page.")
def command(
    model: str,
    data: str,
    output: str,
    worst: int,
    compare: str | None,
    features: tuple[str, ...],
    columns: tuple[str, ...],
    ids: tuple[str, ...],
    header: bool | None,
    on_bad_row: str,
    force: bool,
    as_json: bool,
    as_text: bool,
) -> None:
    """Write a page that says what MODEL makes of the rows of DATA.

    What was fitted to what, the parameters, how the fit ended and what to do about it; pictures;
    the least likely rows, and where their log-likelihoods come from; how to do it all again. Files
    are read once, a part at a time, in memory that does not grow with them.
    """
    if as_json and as_text:
        raise click.UsageError("--json and --text were both given, expected one of them")
    printed = as_json or as_text
    where = None if printed else destination(output, force, suffixes=PAGE)
    stored = read_model(model, data)
    if not as_json:
        stored = replace(stored, training=spelled_training(stored.training))
    from mixtura.views.report import report

    rows: Any
    if is_streamed(data, on_bad_row, large=_LARGE):
        rows = scan_of(data, columns, ids, header, on_bad_row, mixture=stored.mixture)
    else:
        rows = read_rows(data, columns, ids, header, stored.mixture)
    said = report(
        stored,
        rows,
        worst=worst,
        compare=compare is not None,
        pictures=not printed,
        features=features or None,
        names=(model, data),
        command=command_words(click.get_current_context()),
    )
    if as_json:
        print_json(said.to_dict())
    elif as_text:
        print_text(said.to_text(width_of_output()))
    else:
        assert where is not None
        where.write(said.to_html().encode())
        if where.path is not None:
            print_text(f"{where.path}: open it in a browser", to_stderr=True)
