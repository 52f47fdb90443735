"""`mixtura score`: the log-likelihood of each row."""

from __future__ import annotations

from mixtura.cli import answers, inputs, options, outputs

EPILOG = """\b
Examples:
  mixtura score model.safetensors data.csv --id name -o scores.csv
  mixtura score model.safetensors @faithful | head -3
"""


@options.command(EPILOG, asked=inputs.Input, where=outputs.answers_to)
@options.rows_of_answers
@options.rows_to_write
@options.quiet
def command(model: str, asked: inputs.Input, where: outputs.Destination, quiet: bool) -> None:
    """Write the log-likelihood of each row of DATA under MODEL, in nats.

    A nat is the unit of natural logarithms: one more is a density e = 2.72 times as high.
    Columns are matched to the model's features by name, where both have names. The ids come
    first, then the column log_likelihood. Globs, folders, packed and large files are answered a
    part at a time.
    """
    mixture = inputs.read_model(model, asked.data).mixture
    answers.write(
        asked,
        mixture,
        lambda rows: {"log_likelihood": mixture.score_samples(rows, missing=asked.missing)},
        where,
        quiet=quiet,
    )
