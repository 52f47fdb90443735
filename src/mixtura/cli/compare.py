"""`mixtura compare`: whether rows are still those that a model describes."""

from __future__ import annotations

import click

from mixtura.cli import inputs, kinds, options, printing, provenance

EPILOG = """\b
Examples:
  mixtura compare model.safetensors data.csv --strict
  mixtura compare model.safetensors 'parts/*.parquet' --json
"""


@options.command(EPILOG, asked=inputs.Input)
@options.model
@options.data
@options.option(
    "--alpha",
    type=kinds.SHARE,
    default=0.05,
    metavar="SHARE",
    help="How often rows that are the model's own are said to differ, at most.",
)
@click.option("--strict", is_flag=True, help="End with exit code 7 if the rows differ.")
@options.reading
@options.as_json
def command(model: str, asked: inputs.Input, alpha: float, strict: bool, as_json: bool) -> None:
    """Say whether the rows of DATA are still those that MODEL describes, and what has drifted.

    Tested are the distribution of the rows' log-likelihoods, that of each feature, and the share of
    each component; all tests together are wrong in at most SHARE of cases. The rows have to be
    others than those that MODEL was fitted to. How many those were is in MODEL, and how uncertain
    it is for that is counted in. Globs, folders, packed and large files are read once, a part at a
    time.
    """
    stored = inputs.read_model(model, asked.data)
    rows = asked.read(stored)
    from mixtura.model.comparison import comparison_text

    found = stored.mixture.compare(rows, fitted_to=stored.fitted_to, alpha=alpha)
    data = stored.training.get("data")
    digest = data.get("digest") if isinstance(data, dict) else None
    same = digest is not None and digest == provenance.digest_of(rows)
    record = {**found.to_dict(), "verdict": found.verdict, "same_rows": same}
    printing.result(record, lambda width: comparison_text(record, width), as_json=as_json)
    if strict and found.differs:
        raise click.exceptions.Exit(7)
