"""`mixtura convert`: a model in another tool's format, and back."""

from __future__ import annotations

import click

from mixtura.cli import completion, inputs, options, outputs, printing
from mixtura.textual import printable

EPILOG = """\b
Examples:
  mixtura convert fit.rds brought.safetensors
  mixtura convert model.safetensors model.yml
  mixtura convert model.safetensors model.json --to opencv
  mixtura convert final.mdl::1 state.safetensors
  mixtura convert model.safetensors model.onnx
  mixtura convert model.safetensors score.sql --to postgresql

\b
Read, whatever the file is called: models of mixtura; R's .rds and .rda of
mclust; Spark ML's folders; OpenCV's EM; Kaldi's DiagGmm and FullGmm;
Armadillo's gmm_diag and gmm_full; mlpack's GMM; the fields of MATLAB's and
Octave's gmdistribution; plain JSON. Written: mixtura (.safetensors), json,
opencv (.yml, .xml), kaldi (.dubm, .ubm, .mdl), kaldi-text, armadillo (.gmm),
R (.R); and what scores rows where mixtura is not: onnx (.onnx), sql (.sql, of
DuckDB), postgresql.
"""


def _formats(_: click.Context, __: click.Parameter, incomplete: str) -> completion.Items:
    """The names of the formats that begin as what is typed."""
    from mixtura.formats.writers import WRITERS

    return completion.matching((each.name for each in WRITERS), incomplete)


@click.command(epilog=EPILOG)
@options.model
@click.argument("output", metavar="OUT", shell_complete=completion.files)
@click.option(
    "--to",
    metavar="FORMAT",
    shell_complete=_formats,
    help="What to write; the end of OUT's name says so by default.",
)
@options.force
def command(model: str, output: str, to: str | None, force: bool) -> None:
    """Write MODEL in the format of OUT, of mixtura or of another tool.

    MODEL is known by its contents, not by its name; of a file of several models one is named after
    two colons, as file::name or file::number. What of it the other format cannot hold is told.
    """
    where = outputs.destination(output, force)
    from mixtura.formats.writers import writer

    found = writer(where.suffix, to)
    stored = inputs.read_model(model)
    where.write(found.encoded(stored, where.suffix))
    if found.told:
        printing.tell(f"{found.name} {found.told}")
    for note in stored.training.get("notes", []):
        printing.tell(f"note: {printable(str(note))}")
