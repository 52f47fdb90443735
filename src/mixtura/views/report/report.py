"""Report: a mixture and rows, told in one record and shown in one page."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mixtura.arguments import is_whole
from mixtura.errors import ParameterError
from mixtura.fitting import Fit
from mixtura.fitting.replay_arguments import replay_arguments
from mixtura.model.adequacy import adequacy
from mixtura.model.files import written_beside
from mixtura.model.mixture import Mixture
from mixtura.model.storage import StoredModel, rows_of
from mixtura.rows.in_memory import column_names
from mixtura.tables import Table
from mixtura.tables.streams import Chunk, Scan, bad_rows
from mixtura.views.report.document import document
from mixtura.views.report.overview import Overview, overview
from mixtura.views.report.pictures import Subject, drawn
from mixtura.views.report.record import compared, report_record
from mixtura.views.report.text import report_text


@dataclass(frozen=True, eq=False)
class Report:
    """What there is to say about a mixture and rows.

    Parameters
    ----------
    record : all of it, plain numbers and texts.
    pictures : name -> element ``svg``, of those that the record names.
    """

    record: Mapping[str, Any]
    pictures: Mapping[str, str]

    def __repr__(self) -> str:
        data = self.record["data"]
        return f"Report({data['n_rows']:,} rows, {len(self.to_html()) / 1e3:.0f} kB)"

    def to_dict(self) -> dict[str, Any]:
        """All that the report says, as plain numbers and texts."""
        return dict(self.record)

    def to_text(self, width: int | None = None) -> str:
        """The record in words and columns, for a terminal.

        Parameters
        ----------
        width : letters that a line of a table may have; None is no bound.
        """
        return report_text(self.record, width)

    def to_html(self) -> str:
        """The page: one file that needs no network and runs no script."""
        return document(self.record, self.pictures)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page to a file, whole or not at all.

        Raises
        ------
        OSError : it cannot be written.
        """
        written_beside(Path(path), self.to_html().encode("utf-8"))


def report(
    model: Mixture | Fit | StoredModel,
    X: Any,
    *,
    worst: int = 5,
    compare: bool = False,
    pictures: bool = True,
    features: Sequence[int | str] | None = None,
    names: tuple[str, str] = ("", ""),
    command: Sequence[str] = (),
    missing: str = "refuse",
) -> Report:
    """Say what a mixture makes of rows: how likely they are, which are not, and why.

    Parameters
    ----------
    model : a mixture of D features; a `Fit` or a model file's contents also tell how it was made.
    X : (N, D) array-like, a table with the mixture's columns, or a scan, which is read once.
    worst : how many of the least likely rows are explained, at least 1.
    compare : whether the numbers are held against scikit-learn's and the 50-digit ones.
    pictures : whether there are any.
    features : one or two to draw, by index or name; those that tell most by default.
    names : what the model and the rows are called.
    command : the words of the command that asks.
    missing : ``"em"`` where rows may lack features: then the report says which, and in which
        patterns. Pictures show draws for them.

    Raises
    ------
    ParameterError : `worst` is no whole number of at least 1, or there is no such feature.
    DataError : no row, wrong shape, missing columns, NaN or infinity.
    MissingExtraError : matplotlib, or for a comparison scikit-learn or mpmath, is not installed.

    Notes
    -----
    One pass over the rows. Pictures and comparison are of 20,000 rows drawn at random where there
    are more, and say so; memory does not grow with N beyond that.

    Examples
    --------
    >>> import mixtura
    >>> from mixtura.datasets import faithful
    >>> from mixtura.views.report import report
    >>> said = report(mixtura.fit(faithful(), 2), faithful(), pictures=False)
    >>> said.record["data"]["relation"], said.record["unlikely"]["rows"][0]["row"]
    ('same', 5)
    """
    mixture, training = _told(model)
    found, left_out = _found(mixture, X, worst, missing)
    subject = Subject(mixture, found.sample, found.n_rows, training, features)
    said, shown = drawn(subject) if pictures else ([], {})
    record = report_record(
        mixture,
        found,
        training=training,
        names=names,
        left_out=left_out,
        command=command,
        adequacy=adequacy(mixture, found.sample),
        drift=mixture.compare(found.sample, fitted_to=rows_of(training)),
        comparison=_comparison(mixture, found, training) if compare else None,
        pictures=said,
    )
    return Report(record, shown)


def _found(mixture: Mixture, X: Any, worst: int, missing: str) -> tuple[Overview, str]:
    """What a pass over the rows finds, and what of them was left out."""
    if not is_whole(worst) or worst < 1:
        raise ParameterError(f"worst is {worst!r}, expected a whole number of rows, at least 1")
    rows = X if isinstance(X, (Table, Scan)) else _table(mixture, X, missing)
    bad = bad_rows(rows.on_bad_row if isinstance(rows, Scan) else "error")
    names = rows.columns if isinstance(rows, Table) else rows.names
    chunks = _chunks(rows, bad)
    found = overview(mixture, chunks, names=names, worst=int(worst), missing=missing)
    bad.warn()
    return found, bad.summary


def _told(model: Mixture | Fit | StoredModel) -> tuple[Mixture, Mapping[str, Any]]:
    """The density, and what is known of how it came about."""
    if isinstance(model, Fit):
        return model.mixture, model.summary()
    if isinstance(model, StoredModel):
        return model.mixture, model.training
    return model, {}


def _table(mixture: Mixture, X: Any, missing: str) -> Table:
    """Rows that are in memory, under the mixture's features' names."""
    rows = np.asarray(mixture.rows(X, missing=missing), dtype=np.float64)
    named = mixture.feature_names is not None and column_names(X) is not None
    return Table(mixture.feature_labels, rows, named=named)


def _chunks(rows: Table | Scan, bad: Any) -> Iterator[Chunk]:
    """The rows, those of a table as one part."""
    if isinstance(rows, Scan):
        yield from rows.chunks(bad)
    elif len(rows):
        yield Chunk(rows.rows, ids=rows.ids)


def _comparison(mixture: Mixture, found: Overview, training: Mapping[str, Any]) -> dict[str, Any]:
    """What scikit-learn says of the sample and of the least likely rows."""
    whole = len(found.sample) == found.n_rows
    rows = found.sample if whole else np.vstack([found.sample, found.unlikely.values])
    seed = replay_arguments(training).get("random_state", 0)
    return compared(mixture, rows, whole=whole, seed=seed)
