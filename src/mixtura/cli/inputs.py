"""Input: the model and the rows that a command line names."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from mixtura import errors

if TYPE_CHECKING:
    from mixtura.fitting.checkpoints.record import Record
    from mixtura.grouped import GroupFits
    from mixtura.model.mixture import Mixture
    from mixtura.model.storage import StoredModel
    from mixtura.tables import Reading, Table
    from mixtura.tables.streams import Scan

#: what is read: all rows in memory, or a scan over them
Rows: TypeAlias = "Table | Scan"
#: what has names of features
Named: TypeAlias = "Mixture | GroupFits | StoredModel"

#: bytes of a single file from which on it is streamed
_LARGE = 2**28


@dataclass(frozen=True)
class Input:
    """The rows that a command line names, and how it asks for them to be read.

    Parameters
    ----------
    data : a file, a glob, a folder, ``-``, or ``@name``; None where none is named.
    columns, ids, header, on_bad_row : as the options of the same names say; no columns are all of
        them.
    weight_column : the column that weighs the rows, or None; it is among the ids of a table.
    error_columns : those that hold the features' errors, one for each, or none; they are, too.
    label_column : likewise the column of the rows' classes.
    missing : ``em`` where features may be missing, ``refuse`` where not.
    missing_values : further spellings of a missing cell.
    obsm, layer, compensate, transform : as `mixtura.tables.Reading` has them; None where nothing
        is said, which then is as a model was fitted.
    """

    data: str | None = None
    columns: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    header: bool | None = None
    on_bad_row: str = "error"
    weight_column: str | None = None
    error_columns: tuple[str, ...] = ()
    label_column: str | None = None
    missing: str = "refuse"
    missing_values: tuple[str, ...] = ()
    obsm: str | None = None
    layer: str | None = None
    compensate: bool | None = None
    transform: str | dict[str, str] | None = None

    @property
    def source(self) -> str:
        """The `data` of a command that has made sure that there are some."""
        assert self.data is not None
        return self.data

    def is_streamed(self, large: int = _LARGE) -> bool:
        """Whether rows are read a part at a time: of several, packed or large files, or bad ones.

        Parameters
        ----------
        large : bytes of a single file from which on it is.
        """
        from mixtura.tables.streams import needs_scan

        if self.on_bad_row != "error":
            return True
        if self.source == "-" or self.source.startswith("@"):
            return False
        path = Path(self.source)
        is_large = path.is_file() and path.stat().st_size >= large
        return is_large or needs_scan(self.source, large=True)

    def reading(self, model: Named | None) -> Reading:
        """How the rows are read: as the command line says, else as those of the model were.

        Raises
        ------
        ModelError : the model's file says nothing sensible of that.
        ParameterError : there is no such transform, or both an obsm and a layer are given.
        """
        from mixtura.model.storage import StoredModel
        from mixtura.tables import Reading

        told = {
            "obsm": self.obsm,
            "layer": self.layer,
            "compensate": self.compensate,
            "transform": self.transform,
        }
        given: dict[str, Any] = {n: value for n, value in told.items() if value is not None}
        kept = dict(model.reading) if isinstance(model, StoredModel) else {}
        if not kept:
            return Reading(**given)
        if given.keys() & {"obsm", "layer"}:
            kept.pop("obsm", kept.pop("layer", None))
        try:
            return Reading(**(kept | given), kept=True)
        except (TypeError, AttributeError):
            raise errors.ModelError(
                "MODEL says of its rows how they were read, and not in words of mixtura's: fit and "
                "save the model again"
            ) from None

    def read(self, mixture: Named | None = None, large: int = _LARGE) -> Rows:
        """The rows, in memory or as a scan; parameters as for `table` and `is_streamed`."""
        return self.scan(mixture) if self.is_streamed(large) else self.table(mixture)

    def table(self, mixture: Named | None = None) -> Table:
        """All rows in memory, as a table of named columns.

        Parameters
        ----------
        mixture : whose features are taken where the file names its columns and `columns` does not
            choose.

        Raises
        ------
        As `mixtura.tables.read_table`.
        """
        from mixtura.tables import read_table

        if self.on_bad_row != "error":
            return _collected(self.scan(mixture), self.source)
        chosen = self._chosen(mixture)
        chosen |= {"missing": self.missing, "missing_values": self.missing_values}
        chosen |= {"reading": self.reading(mixture)}
        return read_table(self.source, **chosen, header=self.header)

    def scan(self, mixture: Named | None = None) -> Scan:
        """The rows as `mixtura.tables.streams.scan` gives them; `mixture` as for `table`.

        What is no file, the standard input or a dataset, is held in memory.
        """
        from mixtura.tables import read, selection
        from mixtura.tables.streams import held, piped, scan

        # Who keeps the bad rows asks for them of the scan itself.
        policy = "skip" if self.on_bad_row == "keep" else self.on_bad_row
        expected = mixture.feature_names if mixture is not None else None
        columns, weights = self.columns or None, self.weight_column
        holes, beside = self.missing == "em", self.error_columns or None
        reading = self.reading(mixture)
        chosen = selection.Selection.of(
            columns,
            self.ids,
            expected,
            holes=holes,
            marks=self.missing_values,
            reading=reading,
            weights=weights,
            errors=beside,
        )
        if self.source.startswith("@"):
            table = read.read_table(self.source, **self._chosen(mixture), reading=reading)
            return held.scan_table(table, self.source, fields=chosen.fields, on_bad_row=policy)
        if self.source == "-":
            return piped.scan_input(chosen, header=self.header, on_bad_row=policy)
        return scan(
            self.source,
            columns=columns,
            weights=weights,
            errors=beside,
            ids=self.ids,
            expected=expected,
            header=self.header,
            on_bad_row=policy,
            missing=self.missing,
            missing_values=self.missing_values,
            reading=reading,
        )

    def weights(self, rows: Rows) -> list[float] | None:
        """The weights of rows that are in memory; None where there are none, or a scan has them.

        Raises
        ------
        DataError : a cell of the column is no number.
        """
        from mixtura.tables import Table, cells

        if self.weight_column is None or not isinstance(rows, Table):
            return None
        return cells.numbers_of(rows.ids[self.weight_column], self.weight_column)

    def errors(self, rows: Rows) -> Any:
        """The errors (N, D) of rows that are in memory; None without, or where a scan has them.

        Raises
        ------
        DataError : a cell of a column is no number.
        ParameterError : the columns are not one for each feature.
        """
        import numpy

        from mixtura.rows.errors import told_apart
        from mixtura.tables import Table, cells
        from mixtura.tables.streams.opening import check_errors

        if not (self.error_columns and isinstance(rows, Table)):
            return None
        check_errors(self.error_columns, rows.names)
        columns = [cells.numbers_of(rows.ids[name], name, "errors") for name in self.error_columns]
        return told_apart(numpy.stack(columns, axis=1))

    def labels(self, rows: Rows) -> tuple[list[int], list[str]]:
        """The class of each row in memory, −1 where its cell is empty, and the classes' names.

        Raises
        ------
        click.UsageError : the rows are not in memory.
        DataError : there are no two classes.
        """
        from mixtura.tables import Table, cells

        if not isinstance(rows, Table):
            raise click.UsageError(
                "--label names the classes of rows in memory, and these are read in parts: give "
                "one file, neither packed nor large, and leave --on-bad-row out"
            )
        assert self.label_column is not None
        texts = rows.ids[self.label_column]
        names = sorted({text for text in texts if not cells.is_missing(text)})
        if len(names) < 2:
            raise errors.DataError(
                f"column {self.label_column!r} holds {len(names)} class, expected at least 2: name "
                "the column of the classes"
            )
        codes = {name: code for code, name in enumerate(names)}
        return [codes.get(text, -1) for text in texts], names

    def _chosen(self, mixture: Named | None) -> dict[str, Any]:
        """The columns of a table, as arguments of `read_table`; the fields' are carried along."""
        return {
            "columns": self.columns or None,
            "ids": (
                *self.ids,
                *filter(None, [self.weight_column, self.label_column]),
                *self.error_columns,
            ),
            "expected": mixture.feature_names if mixture is not None else None,
        }


def read_checkpoint(source: str) -> Record | None:
    """The checkpoint in a file; None where it holds something else, or is the standard input.

    Raises
    ------
    ModelError : it is damaged.
    OSError : it cannot be read.
    """
    from mixtura.fitting.checkpoints.generations import decoded, is_checkpoint

    path = Path(model_path(source)[0])
    once = source == "-" or path.is_dir() or path.is_fifo()  # a pipe is read but once
    data = b"" if once else path.read_bytes()
    return decoded(data, source) if is_checkpoint(data) else None


def read_model(source: str, data: str | None = None) -> StoredModel:
    """The model in a file of any format, or on the standard input for ``-``.

    Parameters
    ----------
    source : the path, or ``-``; of a file of several models with ``::`` and which after it.
    data : where the command reads its rows, if it reads any.

    Raises
    ------
    click.UsageError : both are to come from the standard input.
    ModelError : it is not a sound model file.
    OSError : it cannot be read.
    """
    from mixtura import formats

    path, name = model_path(source)
    if path != "-":
        return formats.read(path, name)
    if data == "-":
        raise click.UsageError("MODEL and DATA are both -, expected one of them to be a file")
    return formats.decoded(sys.stdin.buffer.read(), "standard input", name)


def model_path(source: str) -> tuple[str, str | None]:
    """The path of a model's file, and which model of several it is, as ``file::name`` says."""
    path, apart, name = source.rpartition("::")
    return (path, name) if path and apart and not Path(source).exists() else (source, None)


def read_record(source: str) -> dict[str, Any]:
    """The JSON record in a file, or on the standard input for ``-``.

    Raises
    ------
    ModelError : it is no JSON object.
    OSError : it cannot be read.
    """
    data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    try:
        record = json.loads(data)
    except ValueError:
        record = None
    if not isinstance(record, dict):
        raise errors.ModelError(
            f"{'standard input' if source == '-' else source} is not the record of a selection: "
            "write one with mixtura select --json"
        )
    return record


def places_of(table: Table, rows: Sequence[int]) -> list[int]:
    """Where rows of those numbers stand in a table from which bad rows were left out.

    Raises
    ------
    ParameterError : one was left out, or there is none of that number.
    """
    if table.numbers is None:
        return list(rows)
    at = {number: place for place, number in enumerate(table.numbers.tolist())}
    for row in rows:
        if row not in at:
            raise errors.ParameterError(f"row {row} is not there, or was left out as a bad one")
    return [at[row] for row in rows]


def number_of(table: Table, place: int) -> int:
    """The number in the data of the row at a place in a table."""
    return place if table.numbers is None else int(table.numbers[place])


def _collected(scan: Scan, source: str) -> Table:
    """The good rows of a scan, with their numbers."""
    import numpy

    from mixtura.tables import Table, streams

    bad = streams.bad_rows(scan.on_bad_row)
    chunks = list(scan.chunks(bad))
    bad.warn()
    if not chunks:
        raise errors.DataError(f"{source} has no row that can be used, expected at least one")
    whole = streams.joined(chunks)
    ids = {name: tuple(texts) for name, texts in whole.ids.items()}
    if scan.columns.weights is not None and whole.weights is not None:
        ids[scan.columns.weights] = tuple(map(repr, whole.weights.tolist()))
    named = [column for name, column in scan.columns.fields.items() if name.startswith("errors")]
    for name, values in zip(named, whole.fields.get("errors", numpy.empty(0)).T, strict=True):
        ids[name] = tuple(map(repr, values.tolist()))
    features = scan.columns.features
    rows = whole.rows.astype("float64", copy=False)
    return Table(features, rows, ids, scan.columns.named, whole.numbers)
