"""`mixtura generate`: rows made up, with components that are known."""

from __future__ import annotations

import click

from mixtura.cli import options, outputs

EPILOG = """\b
Examples:
  mixtura generate blobs -n 400 -d 2 -k 4 --seed 42 -o blobs.csv
  mixtura generate mixture -k 3 --separation 4 --labels -o data.csv
  mixtura fit data.csv -k 3 --id component
"""


_COUNT = click.IntRange(min=1)


@options.command(EPILOG, where=outputs.answers_to)
@click.argument("kind", type=click.Choice(["blobs", "mixture"]))
@options.option("-n", "--rows", type=_COUNT, default=400, help="How many rows.")
@options.option("-d", "--features", type=_COUNT, default=2, help="How many columns.")
@options.components(type=_COUNT, default=4, help="How many components.")
@click.option("--spread", type=float, help="blobs: the standard deviation of each.  [default: 1]")
@click.option(
    "--separation",
    type=float,
    help="mixture: between the closest two components, in standard deviations.  [default: 3]",
)
@options.seed
@options.labels
@options.rows_to_write
def command(
    kind: str,
    rows: int,
    features: int,
    components: int,
    spread: float | None,
    separation: float | None,
    seed: int,
    labels: bool,
    where: outputs.Destination,
) -> None:
    """Make rows up.

    blobs are round and of one size, as scikit-learn's make_blobs draws them. mixture draws from
    a random mixture whose components have full covariances and a stated separation. The rows come
    in random order.
    """
    from mixtura import datasets
    from mixtura.model.random import shuffled
    from mixtura.tables import Table

    if kind == "blobs":
        if separation is not None:
            raise click.UsageError("--separation belongs to mixture, expected --spread for blobs")
        table, origin = datasets.blobs(
            rows, features, components, 1.0 if spread is None else spread, random_state=seed
        )
    else:
        if spread is not None:
            raise click.UsageError("--spread belongs to blobs, expected --separation for mixture")
        table, origin, _ = datasets.separated(
            rows, features, components, 3.0 if separation is None else separation, random_state=seed
        )
        drawn, origin = shuffled(table.rows, origin, seed)
        table = Table(table.names, drawn.astype("float64", copy=False), named=table.named)
    made = {name: table.rows[:, j] for j, name in enumerate(table.names)}
    where.write_columns(outputs.side_by_side(made, {"component": origin} if labels else {}))
