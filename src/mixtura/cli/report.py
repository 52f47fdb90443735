"""`mixtura report`: what a model makes of rows, in one file."""

from __future__ import annotations

from dataclasses import replace

import click

from mixtura.cli import inputs, options, outputs, printing, provenance, spelling

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


@options.command(EPILOG, asked=inputs.Input)
@options.model
@options.data
@options.output(
    "Where to write the page; - is the standard output.", default="report.html", show_default=True
)
@options.option(
    "--worst",
    type=click.IntRange(min=1),
    default=5,
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
@options.missing
@options.force
@options.as_json
@click.option("--text", "as_text", is_flag=True, help="Print text instead of writing a page.")
def command(
    model: str,
    asked: inputs.Input,
    output: str,
    worst: int,
    compare: str | None,
    features: tuple[str, ...],
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
    where = (
        None if as_json or as_text else outputs.destination(output, force, suffixes=outputs.PAGE)
    )
    stored = inputs.read_model(model, asked.data)
    if not as_json:
        stored = replace(stored, training=spelling.spelled_training(stored.training))
    from mixtura.views.report import report

    said = report(
        stored,
        asked.read(stored, large=_LARGE),
        worst=worst,
        compare=compare is not None,
        pictures=where is not None,
        features=features or None,
        names=(model, asked.source),
        command=provenance.command_words(),
        missing=asked.missing,
    )
    if where is None:
        printing.result(said.to_dict(), said.to_text, as_json=as_json)
    else:
        where.write_page(said.to_html())
