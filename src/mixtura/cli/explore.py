"""`mixtura explore`: a page in which a mixture can be looked into."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from mixtura.cli import completion, inputs, model_options, options, outputs

EPILOG = """\b
Examples:
  mixtura explore geyser.safetensors @faithful -o geyser.html
  mixtura explore @faithful -k 3
  mixtura explore iris.safetensors @iris \\
    --features petal_length,petal_width -o iris.html

One HTML file that works without a network: open it in a browser.
"""


@options.command(EPILOG, asked=inputs.Input)
@click.argument(
    "sources",
    metavar="[MODEL] DATA",
    nargs=-1,
    required=True,
    shell_complete=completion.datasets_or_files,
)
@options.components(type=int, help="How many components to fit, where no MODEL is given.")
@options.output(
    "Where to write; - is the standard output.", default="explore.html", show_default=True
)
@options.features
@model_options.of_explore
@options.reading
@options.force
def command(
    sources: tuple[str, ...],
    components: int | None,
    output: str,
    features: tuple[str, ...],
    model_options: dict[str, Any],
    asked: inputs.Input,
    force: bool,
) -> None:
    """Write a page to see MODEL and the rows of DATA in, and to play with.

    Replay shows every iteration of the fit; a click on a point shows where its log-likelihood comes
    from; in Play the components can be moved, turned and stretched by hand, and EM goes on from
    there. Without MODEL, -k components are fitted to DATA.

    The fit of MODEL is done again to be replayed, from the start and with the seed that the file
    tells, or as the options say; the page says whether it is the same one.
    """
    asked = replace(asked, data=_data_of(sources, components, model_options.get("structure")))
    where = outputs.destination(output, force, suffixes=outputs.PAGE)
    from mixtura.fitting.replay_arguments import replay_arguments
    from mixtura.views.explorer import document, explorer_record, replay

    if components is None:
        stored = inputs.read_model(sources[0], asked.data)
        mixture = stored.mixture
        table = asked.table(stored)
        rows = mixture.rows(table)
        run = None
        if len(rows) >= max(2, mixture.n_components):
            arguments = {
                **replay_arguments(stored.training),
                **model_options,
                "structure": mixture.structure,
            }
            run = replay(rows, mixture.n_components, **arguments)
        same = run is not None and run.is_of(stored.training)
    else:
        table = asked.table()
        run = replay(table, components, **model_options)
        mixture, same = run.fit.mixture, True
    record = explorer_record(
        mixture,
        table,
        run=run,
        same_run=same,
        features=features or None,
        name=asked.source,
        ids=table.ids,
        row_numbers=table.numbers,
    )
    where.write_page(document(record))


def _data_of(sources: tuple[str, ...], components: int | None, structure: str | None) -> str:
    """The source of the rows, once it is clear which model is meant."""
    if len(sources) > 2:
        raise click.UsageError(f"got {len(sources)} sources, expected MODEL DATA, or DATA and -k")
    if len(sources) == 1 and components is None:
        raise click.UsageError("got one source and no -k: expected MODEL DATA, or DATA and -k")
    if len(sources) == 2 and (components is not None or structure is not None):
        raise click.UsageError(
            "MODEL tells its components and structure: leave -k and --structure out"
        )
    return sources[-1]
