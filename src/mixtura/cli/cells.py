"""Cells: labels that a command writes back into an AnnData file, beside all that it holds."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from mixtura.cli import answers, inputs, outputs, progress

_SUFFIX = ".h5ad"


@dataclass(frozen=True)
class Cells:
    """A column of labels of an ``.h5ad`` to be, which is the file that was read, and that column.

    Parameters
    ----------
    source : the file that is read.
    path : of the file to be; it may be the same one.
    name : of the column of ``obs``.
    """

    source: Path
    path: Path
    name: str

    @classmethod
    def of(cls, asked: inputs.Input, output: str, name: str, *, force: bool) -> Cells:
        """Where the labels go, refused now rather than after the work if they cannot.

        Raises
        ------
        click.UsageError : no single ``.h5ad`` is read, or none is to be written.
        ParameterError : there is such a column, and `force` is off.
        DataError : the file is no AnnData.
        OSError : as `mixtura.cli.outputs.destination`.
        """
        from mixtura.tables.h5ad.labelling import check_column

        source = Path(asked.source)
        if not source.is_file() or Path(output).suffix.lower() != _SUFFIX:
            raise click.UsageError(
                "--obs writes labels into a copy of DATA, expected an .h5ad as DATA and as -o, "
                "which may be the same file"
            )
        same = outputs.is_same_file(output, asked.source)
        where = outputs.destination(output, force or same, suffixes=(_SUFFIX,), apart=not same)
        check_column(source, name, replace=force)
        assert where.path is not None
        return cls(source, where.path, name)

    def write(
        self, asked: inputs.Input, model: inputs.Named, function: answers.Answer, *, quiet: bool
    ) -> None:
        """Write the labels of the rows, whole or not at all.

        A row that is left out has none. Parameters and errors as for `mixtura.cli.answers.write`.
        """
        import numpy as np

        from mixtura.model.files import made_beside
        from mixtura.tables.h5ad import write_labels

        labels = np.full(_count(self.source), -1)
        place = 0

        def add(columns: dict[str, Any]) -> None:
            nonlocal place
            told = np.ma.filled(columns["label"], -1)
            at = columns.get("row", np.arange(place, place + len(told)))
            labels[at] = told
            place += len(told)

        answers.into(asked, model, function, add, shown=progress.on_terminal() and not quiet)
        with made_beside(self.path) as beside:
            shutil.copyfile(self.source, beside)
            write_labels(beside, self.name, labels)


def _count(path: Path) -> int:
    """How many cells an AnnData file has."""
    from mixtura.tables.h5ad.frames import Frame
    from mixtura.tables.h5ad.opening import opened

    with opened(path) as file:
        return len(Frame.of(file, "obs", path))
