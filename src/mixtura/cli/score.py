"""`mixtura score`: the log-likelihood of each row."""

from __future__ import annotations

from dataclasses import replace

from mixtura.cli import answers, inputs, options, outputs

EPILOG = """\b
Examples:
  mixtura score model.safetensors data.csv --id name -o scores.csv
  mixtura score model.safetensors @faithful | head -3
  mixtura score groups.parquet genes.parquet --by gene,batch -o grouped.csv
"""


@options.command(EPILOG, asked=inputs.Input, where=outputs.answers_to)
@options.rows_of_answers
@options.by(
    "Score each row by the mixture of its group, of which MODEL is a file that fit-groups stored; "
    "these columns of DATA tell the groups, and are ids."
)
@options.rows_to_write
@options.quiet
def command(
    model: str, asked: inputs.Input, by: tuple[str, ...], where: outputs.Destination, quiet: bool
) -> None:
    """Write the log-likelihood of each row of DATA under MODEL, in nats.

    A nat is the unit of natural logarithms: one more is a density e = 2.72 times as high.
    Columns are matched to the model's features by name, where both have names. The ids come
    first, then the column log_likelihood. Globs, folders, packed and large files are answered a
    part at a time. A row whose group has no mixture has no value.
    """
    if by:
        import mixtura
        from mixtura.grouped.scoring import check_keys, scores

        fits = mixtura.load_groups(model)
        check_keys(fits, by)
        asked = replace(asked, ids=(*asked.ids, *(name for name in by if name not in asked.ids)))
        answers.write(
            asked, fits, lambda rows: {"log_likelihood": scores(fits, rows, by)}, where, quiet=quiet
        )
        return
    mixture = inputs.read_model(model, asked.data).mixture
    answers.write(
        asked,
        mixture,
        lambda rows: {"log_likelihood": mixture.score_samples(rows)},
        where,
        quiet=quiet,
    )
