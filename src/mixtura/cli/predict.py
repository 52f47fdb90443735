"""`mixtura predict`: the component of each row, or what some features are expected to be."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from mixtura.cli import answers, inputs, options, outputs
from mixtura.cli.cells import Cells

if TYPE_CHECKING:
    from mixtura.model.mixture import Mixture
    from mixtura.model.storage import StoredModel

EPILOG = """\b
Examples:
  mixtura predict model.safetensors data.csv --id name -o labels.csv
  mixtura predict model.safetensors @faithful --proba | head -3
  mixtura predict model.safetensors @faithful --columns eruptions \\
    --target x1 --quantile 0.9
  mixtura predict cells.safetensors cells.h5ad --obs cluster -o cells.h5ad
"""


@options.command(EPILOG, asked=inputs.Input)
@options.rows_of_answers
@options.error_columns
@click.option("--proba", is_flag=True, help="Write the responsibility of every component, too.")
@click.option(
    "--top",
    type=click.IntRange(min=1),
    metavar="COUNT",
    help="Write so many components, the most responsible first, and their responsibilities.",
)
@options.targets
@click.option(
    "--quantile",
    "quantiles",
    type=click.FloatRange(0.0, 1.0, min_open=True, max_open=True),
    multiple=True,
    metavar="P",
    help="With one --target: write, too, what it is below with this probability; can be given "
    "again.",
)
@click.option(
    "--obs",
    metavar="NAME",
    help="Write the labels into this column of obs of an .h5ad: -o is then a copy of DATA with "
    "it, or DATA itself.",
)
@options.rows_to_write
@options.quiet
def command(
    model: str,
    asked: inputs.Input,
    proba: bool,
    top: int | None,
    targets: tuple[str, ...],
    quantiles: tuple[float, ...],
    obs: str | None,
    output: str,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Write the most responsible component of each row of DATA under MODEL.

    Components are numbered from 0, as `mixtura show` numbers them. The ids come first, then the
    column label, then with --proba responsibility_0, responsibility_1, ... Rows that are noise, by
    a model that has noise, have the label -1; its responsibility comes last. Globs, folders, packed
    and large files are answered a part at a time.

    With --top 3 the columns are label, label_2, label_3, responsibility, responsibility_2 and
    responsibility_3: of a model of many components those that a row may be of.

    With --target y, features of the model are predicted from its others, which alone DATA needs to
    have: the columns are mean_y and deviation_y, given the others.
    """
    if quantiles and not targets:
        raise click.UsageError("--quantile is given without --target, expected both")
    if top is not None and (targets or proba):
        raise click.UsageError("--top is given with --proba or --target, expected one of them")
    if targets and asked.missing == "em":
        raise click.UsageError(
            "--target is given with --missing em, and features are predicted from whole rows: fill "
            "in first what is missing, with mixtura impute"
        )
    if obs is not None and (targets or proba or top is not None or as_json):
        raise click.UsageError(
            "--obs writes labels alone: leave --target, --proba, --top and --json out"
        )
    cells = None if obs is None else Cells.of(asked, output, obs, force=force)
    where = None if cells else outputs.answers_to(output, force, as_json)
    stored = inputs.read_model(model, asked.data)
    mixture = stored.mixture
    if targets:
        assert where is not None
        _write_targets(stored, asked, targets, quantiles, proba, where, quiet)
        return

    def predicted(rows: Any, errors: Any) -> dict[str, Any]:
        if top is not None:
            if errors is not None:
                raise click.UsageError("--top is given with --errors, expected one of them")
            return _largest(*mixture.predict_proba(rows, top=top, missing=asked.missing))
        labels = {"label": mixture.predict(rows, errors, missing=asked.missing)}
        shares = mixture.predict_proba(rows, errors, missing=asked.missing) if proba else None
        return labels | (_responsibilities(mixture, shares) if proba else {})

    if cells is not None:
        cells.write(asked, stored, predicted, quiet=quiet)
        return
    assert where is not None
    answers.write(asked, stored, predicted, where, quiet=quiet)


def _write_targets(
    stored: StoredModel,
    asked: inputs.Input,
    targets: tuple[str, ...],
    quantiles: tuple[float, ...],
    proba: bool,
    where: outputs.Destination,
    quiet: bool,
) -> None:
    """Write what the targets are expected to be in each row."""
    from mixtura.model.regression import split

    mixture = stored.mixture
    given, left = split(mixture, targets)
    names = [mixture.feature_labels[j] for j in left]

    def predicted(rows: Any, errors: Any) -> dict[str, Any]:
        if errors is not None:
            raise click.UsageError("--target is given with --errors, expected one of them")
        told = mixture.regress(rows, left, quantiles)
        columns = {f"mean_{name}": told.mean[:, j] for j, name in enumerate(names)}
        columns |= {f"deviation_{name}": told.deviations[:, j] for j, name in enumerate(names)}
        columns |= {f"quantile_{p:g}": told.quantiles[:, i] for i, p in enumerate(quantiles)}
        return columns | (_responsibilities(mixture, told.weights) if proba else {})

    of_others = replace(stored, mixture=mixture.marginal(given))
    answers.write(asked, of_others, predicted, where, quiet=quiet)


def _responsibilities(mixture: Mixture, shares: Any) -> dict[str, Any]:
    """A column for each component, and for noise where there is any."""
    labels = [k for terms in mixture.terms for k in terms.labels.tolist()]
    names = ["noise" if k < 0 else str(k) for k in labels]
    return {f"responsibility_{name}": shares[:, at] for at, name in enumerate(names)}


def _largest(labels: Any, shares: Any) -> dict[str, Any]:
    """Columns of the labels, the likeliest first, then of their responsibilities."""
    ends = ["", *(f"_{at}" for at in range(2, labels.shape[1] + 1))]
    columns = {f"label{end}": labels[:, at] for at, end in enumerate(ends)}
    return columns | {f"responsibility{end}": shares[:, at] for at, end in enumerate(ends)}
