"""Damage: what other software finds wrong with a file, as one sentence that names the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mixtura.errors import DataError, MixturaError
from mixtura.textual import words_of

__all__ = ["blamed", "check_texts", "faults"]


def faults(arrow: Any) -> tuple[type[BaseException], ...]:
    """The kinds of error by which pyarrow tells of damage.

    Besides its own they are Python's: of names and texts that are no UTF-8, dates and time zones
    that do not exist, lengths below 0.
    """
    return (arrow.ArrowException, OSError, ValueError, OverflowError, LookupError)


def check_texts(column: Any, name: str) -> None:
    """Look at every value of an Arrow column that is carried along as text, which may be anything.

    Raises
    ------
    ValueError : one of them is none.
    """
    try:
        column.validate(full=True)
    except ValueError as error:
        raise ValueError(f"column {name!r} is damaged: {words_of(error)}") from None


@contextmanager
def blamed(arrow: Any, path: Path, kind: str, row: Callable[[], int] = lambda: 0) -> Iterator[None]:
    """Turns what pyarrow finds wrong within the block into a sentence of the file.

    Parameters
    ----------
    arrow : the module pyarrow.
    path : the file.
    kind : of its format, with an article.
    row : how many rows were read before.

    Raises
    ------
    DataError : it is damaged, or another kind of file.
    OSError : it cannot be read.
    """
    try:
        yield
    except MixturaError:
        raise
    except faults(arrow) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # Arrow reports damage as an OSError without a number
        where = f" from row {row()} on" if row() else ""
        raise DataError(
            f"{path} is not {kind} file that mixtura reads{where}: {words_of(error)}; it is cut "
            "short or damaged, so fetch or write it again"
        ) from None
