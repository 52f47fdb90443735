"""`mixtura plot`: pictures of a model."""

from __future__ import annotations

import click

from mixtura.cli import options
from mixtura.cli.input import read_model, read_record, read_rows
from mixtura.cli.output import destination

__all__ = ["command"]

EPILOG = """\b
Examples:
  mixtura plot geyser.safetensors @faithful -o geyser.png
  mixtura plot iris.safetensors @iris --features petal_length,petal_width -o iris.pdf
  mixtura plot geyser.safetensors --kind trace -o trace.svg
  mixtura plot selection.json --kind selection -o bic.png
"""


@click.command(epilog=EPILOG)
@options.model
@click.argument("data", metavar="[DATA]", required=False)
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    help="Where to write: .png, .svg or .pdf; - is the standard output, in PNG.",
)
@click.option(
    "--kind",
    type=click.Choice(["density", "scatter", "trace", "selection"]),
    help="The density of one feature, the scatter of two, or the trace of the log-likelihood over "
    "the iterations of the fit; or, of what mixtura select --json wrote instead of MODEL, the "
    "criterion of each structure over the number of components. Density or scatter by default, "
    "whichever suits the features.",
)
@options.features
@options.reading
@options.force
def command(
    model: str,
    data: str | None,
    output: str,
    kind: str | None,
    features: tuple[str, ...],
    columns: tuple[str, ...],
    ids: tuple[str, ...],
    header: bool | None,
    force: bool,
) -> None:
    """Draw MODEL, with the rows of DATA or without.

    One feature: a histogram of the rows, each weighted component and the total density. Two: the
    rows by component, 1-, 2- and 3-sigma ellipses, and contours of the log density. Of a model
    with more features two are drawn, by their marginal density.
    """
    if kind in ("trace", "selection") and (data or features):
        raise click.UsageError(f"--kind {kind} draws neither DATA nor --features: leave them out")
    where = destination(output, force)
    from mixtura.views import plots
    from mixtura.views.plots.canvas import encoded, format_of, offscreen_axes

    form = "png" if where.path is None else format_of(where.suffix)
    if kind == "selection":
        ax = offscreen_axes()
        plots.candidates(read_record(model), ax=ax)
        where.write(encoded(ax, form))
        return
    stored = read_model(model, data)
    ax = offscreen_axes()
    if kind == "trace":
        plots.trace(stored.training, ax=ax)
    else:
        draw = {"density": plots.density, "scatter": plots.scatter, None: plots.plot}[kind]
        table = read_rows(data, columns, ids, header, stored.mixture) if data else None
        draw(stored.mixture, table, features=features or None, ax=ax)
    where.write(encoded(ax, form))
