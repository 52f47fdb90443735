"""`mixtura score`: the log-likelihood of each row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from mixtura.cli import answers, inputs, kinds, options, outputs

EPILOG = """\b
Examples:
  mixtura score model.safetensors data.csv --id name -o scores.csv
  mixtura score model.safetensors @faithful --tail | head -3
  mixtura score model.safetensors @faithful --flag 0.01 | grep -c 1$
  mixtura score groups.parquet genes.parquet --by gene,batch -o grouped.csv
"""


@options.command(EPILOG, asked=inputs.Input, where=outputs.answers_to)
@options.rows_of_answers
@options.error_columns
@click.option(
    "--tail",
    is_flag=True,
    help="Write how rare each row is, too: the share of the model's own rows that are as unlikely "
    "or more so.",
)
@click.option(
    "--flag",
    type=kinds.Share(),
    is_flag=False,
    flag_value=kinds.KEPT,
    default=None,
    metavar="[SHARE]",
    help="Write 1 for rows as unlikely as such a share of the model's own, 0.001 say, and 0 for "
    "others; by the threshold that MODEL has where no share is given.",
)
@options.by(
    "Score each row by the mixture of its group, of which MODEL is a file that fit-groups stored; "
    "these columns of DATA tell the groups, and are ids."
)
@options.rows_to_write
@options.quiet
def command(
    model: str,
    asked: inputs.Input,
    by: tuple[str, ...],
    tail: bool,
    flag: float | str | None,
    where: outputs.Destination,
    quiet: bool,
) -> None:
    """Write the log-likelihood of each row of DATA under MODEL, in nats.

    A nat is the unit of natural logarithms: one more is a density e = 2.72 times as high.
    Columns are matched to the model's features by name, where both have names. The ids come
    first, then the column log_likelihood, then with --tail the column tail and with --flag the
    column flag. Globs, folders, packed and large files are answered a part at a time. With --by, a
    row whose group has no mixture has no value.
    """
    if by:
        if tail or flag is not None or asked.error_columns or asked.missing == "em":
            raise click.UsageError(
                "--by writes the log-likelihood of each whole row, without --tail, --flag, "
                "--errors and --missing em"
            )
        import mixtura
        from mixtura.grouped.scoring import check_keys, scores

        fits = mixtura.load_groups(model)
        check_keys(fits, by)
        asked = replace(asked, ids=(*asked.ids, *(name for name in by if name not in asked.ids)))
        answers.write(
            asked,
            fits,
            lambda rows, _: {"log_likelihood": scores(fits, rows, by)},
            where,
            quiet=quiet,
        )
        return
    if (tail or flag is not None) and asked.missing == "em":
        raise click.UsageError(
            "--tail and --flag are of rows with every feature: leave out --missing em, or ask for "
            "the log-likelihoods alone"
        )
    stored = inputs.read_model(model, asked.data)
    mixture, kept = stored.mixture, stored.threshold
    if flag == kinds.KEPT and kept is None:
        raise click.UsageError(
            "--flag was given without a share, and MODEL has no threshold: give one, as in "
            "--flag 0.001, or fit with --flag 0.001"
        )
    threshold = kept["score"] if kept and flag == kinds.KEPT else None
    if isinstance(flag, float):
        threshold = mixture.threshold(flag)

    def scored(rows: Any, errors: Any) -> dict[str, Any]:
        if errors is not None and (tail or threshold is not None):
            raise click.UsageError(
                "--tail and --flag are of rows without errors: leave out --errors, or ask for the "
                "log-likelihoods alone"
            )
        scores = mixture.score_samples(rows, errors, missing=asked.missing)
        return {
            "log_likelihood": scores,
            **({"tail": mixture.score_tail.probability(scores)} if tail else {}),
            **({"flag": (scores <= threshold).astype("int64")} if threshold is not None else {}),
        }

    answers.write(asked, stored, scored, where, quiet=quiet)
