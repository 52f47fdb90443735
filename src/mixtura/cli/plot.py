"""`mixtura plot`: pictures of a model."""

from __future__ import annotations

import click

from mixtura.cli import inputs, options, outputs
from mixtura.views.kinds import KINDS, drawing_of

EPILOG = """\b
Examples:
  mixtura plot geyser.safetensors @faithful -o geyser.png
  mixtura plot iris.safetensors @iris --features petal_length,petal_width \\
    -o iris.pdf
  mixtura plot iris.safetensors @iris --kind pairs -o pairs.png
  mixtura plot iris.safetensors @iris --kind explanation --row 41 -o why.svg
  mixtura plot geyser.safetensors @faithful --kind calibration -o fits.png
  mixtura plot geyser.safetensors --kind trace -o trace.svg
  mixtura plot selection.json --kind selection -o bic.png
"""


@options.command(EPILOG, asked=inputs.Input)
@options.model
@options.data_if_any
@options.output(
    "Where to write: .png, .svg or .pdf; - is the standard output, in PNG.", required=True
)
@click.option(
    "--kind",
    type=click.Choice(list(KINDS)),
    help="; ".join(f"{name}: {one.words}" for name, one in KINDS.items())
    + ". The density of one feature or the scatter of two by default.",
)
@options.features
@click.option(
    "--row",
    type=int,
    metavar="NUMBER",
    help="The row that --kind explanation explains, from 0; the least likely one by default.",
)
@click.option(
    "--equal",
    is_flag=True,
    help="Have one unit be as long on all axes, for two or more features of one unit.",
)
@options.reading
@options.missing
@options.force
def command(
    model: str,
    asked: inputs.Input,
    output: str,
    kind: str | None,
    features: tuple[str, ...],
    row: int | None,
    equal: bool,
    force: bool,
) -> None:
    """Draw MODEL, with the rows of DATA or without.

    One feature: a histogram of the rows, each weighted component and the total density. Two: the
    rows by component, 1-, 2- and 3-sigma ellipses, and contours of the log density. Of a model
    with more features two are drawn, by their marginal density. --kind draws something else.
    """
    wanted = KINDS[kind or "density"]
    if wanted.subject in ("fit", "selection") and (asked.data or features):
        raise click.UsageError(f"--kind {kind} draws neither DATA nor --features: leave them out")
    if wanted.subject == "rows" and not asked.data:
        raise click.UsageError(f"--kind {kind} is about rows: give DATA after MODEL")
    if row is not None and "row" not in wanted.takes:
        raise click.UsageError("--row goes with --kind explanation alone: leave it out")
    if equal and "equal" not in wanted.takes:
        raise click.UsageError(f"--kind {kind} has no two axes of features: leave --equal out")
    if asked.missing == "em" and "missing" not in wanted.takes:
        raise click.UsageError(
            f"--kind {kind} takes rows with every feature: leave --missing em out, or fill in "
            "first what is missing, with mixtura impute"
        )
    where = outputs.destination(output, force)
    from mixtura.views.plots import canvas

    form = "png" if where.path is None else canvas.format_of(where.suffix)
    if wanted.subject == "selection":
        drawing = wanted.drawing(inputs.read_record(model))
    else:
        stored = inputs.read_model(model, asked.data)
        mixture, table = stored.mixture, None
        if asked.data:
            table = asked.table(stored)
            row = None if row is None else inputs.places_of(table, [row])[0]
        if kind is None:
            count = min(mixture.n_features, 2) if not features else len(features)
            kind = "density" if count == 1 else "scatter"
        drawing = drawing_of(
            kind, mixture, table, features or None, row, stored.training, equal, asked.missing
        )
    ax = canvas.offscreen_axes(drawing.size)
    drawing.draw(ax)
    where.write(canvas.encoded(ax, form))
