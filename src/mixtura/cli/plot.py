"""`mixtura plot`: pictures of a model."""

from __future__ import annotations

import click

from mixtura.cli import options
from mixtura.cli.candidates import datasets_or_files, files
from mixtura.cli.input import places_of, read_model, read_record, read_rows
from mixtura.cli.output import destination

__all__ = ["command"]

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

#: each says what it draws, for the help
KINDS = {
    "density": "a histogram under the curves of one feature, or lines around 50, 90 and 99 % of "
    "the density of two",
    "scatter": "the rows of two features by component",
    "pairs": "every two features, up to 12",
    "responsibilities": "which component, and how sure that is, of one feature or two",
    "explanation": "where the log-likelihood of one row of DATA comes from",
    "calibration": "whether the rows of DATA lie where the mixture says",
    "trace": "the log-likelihood over the iterations of the fit",
    "selection": "of what mixtura select --json wrote instead of MODEL, the criterion of each "
    "structure over the number of components",
}


@click.command(epilog=EPILOG)
@options.model
@click.argument("data", metavar="[DATA]", required=False, shell_complete=datasets_or_files)
@click.option(
    "-o",
    "--output",
    shell_complete=files,
    required=True,
    metavar="FILE",
    help="Where to write: .png, .svg or .pdf; - is the standard output, in PNG.",
)
@click.option(
    "--kind",
    type=click.Choice(list(KINDS)),
    help="; ".join(f"{name}: {words}" for name, words in KINDS.items())
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
@options.on_bad_row
@options.force
def command(
    model: str,
    data: str | None,
    output: str,
    kind: str | None,
    features: tuple[str, ...],
    row: int | None,
    equal: bool,
    columns: tuple[str, ...],
    ids: tuple[str, ...],
    header: bool | None,
    on_bad_row: str,
    force: bool,
) -> None:
    """Draw MODEL, with the rows of DATA or without.

    One feature: a histogram of the rows, each weighted component and the total density. Two: the
    rows by component, 1-, 2- and 3-sigma ellipses, and contours of the log density. Of a model
    with more features two are drawn, by their marginal density. --kind draws something else.
    """
    if kind in ("trace", "selection") and (data or features):
        raise click.UsageError(f"--kind {kind} draws neither DATA nor --features: leave them out")
    if kind in ("explanation", "calibration") and not data:
        raise click.UsageError(f"--kind {kind} is about rows: give DATA after MODEL")
    if row is not None and kind != "explanation":
        raise click.UsageError("--row goes with --kind explanation alone: leave it out")
    if equal and kind in ("explanation", "calibration", "trace", "selection"):
        raise click.UsageError(f"--kind {kind} has no two axes of features: leave --equal out")
    where = destination(output, force)
    from mixtura.views import plots
    from mixtura.views.plots.canvas import encoded, format_of, offscreen_axes
    from mixtura.views.plots.kinds import drawing_of

    form = "png" if where.path is None else format_of(where.suffix)
    if kind == "selection":
        ax = offscreen_axes()
        plots.candidates(read_record(model), ax=ax)
        where.write(encoded(ax, form))
        return
    stored = read_model(model, data)
    mixture = stored.mixture
    table = None
    if data:
        table = read_rows(data, columns, ids, header, mixture, on_bad_row=on_bad_row)
        row = None if row is None else places_of(table, [row])[0]
    if kind is None:
        count = min(mixture.n_features, 2) if not features else len(features)
        kind = "density" if count == 1 else "scatter"
    drawing = drawing_of(kind, mixture, table, features or None, row, stored.training, equal)
    ax = offscreen_axes(drawing.size)
    drawing.draw(ax)
    where.write(encoded(ax, form))
