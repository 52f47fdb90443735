"""Failures: errors, ours and other libraries', as the command line tells them."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import dataclass

import click

from mixtura import errors
from mixtura.cli import spelling
from mixtura.textual import words_of

#: letters of another library's sentence at most
_LETTERS = 300

_DATA = (3, "the data cannot be read, so fetch or write them again")
_MODEL = (4, "the model cannot be read, so fetch or write it again")
_CLUSTER = (6, "the Dask cluster failed")

#: where an error's type or the code that raised it is from -> exit code, and what went wrong
_HOMES: dict[str, tuple[int, str]] = {
    "pyarrow": _DATA,
    "pandas": _DATA,
    "tokenize": _DATA,
    "numpy.lib": _DATA,  # reads .npy
    "numpy._core.memmap": _DATA,
    "numpy.core.memmap": _DATA,
    "safetensors": _MODEL,
    "safetensors_rust": _MODEL,
    "dask": _CLUSTER,
    "distributed": _CLUSTER,
    "tornado": _CLUSTER,
    "msgpack": _CLUSTER,
    "concurrent.futures": _CLUSTER,
}
#: the same, of types alone: their code is called by ours, which may be wrong itself
_TYPES: dict[str, tuple[int, str]] = {"numpy": (3, "the data cannot be computed with")}


#: the kinds of error and their exit codes; the first that fits counts
_CODES: tuple[tuple[type[BaseException], int], ...] = (
    (click.FileError, 6),
    (click.ClickException, 2),
    (errors.ParameterError, 2),
    (errors.MissingExtraError, 2),
    (errors.DataError, 3),
    (errors.ModelError, 4),
    (OSError, 6),
    (MemoryError, 6),
)


@dataclass(frozen=True)
class Failure:
    """What the command line says of an error, and the exit code that it ends with.

    Parameters
    ----------
    code : to end with.
    sentence : for people.
    """

    code: int
    sentence: str


def of(error: Exception) -> Failure | None:
    """An error as the command line tells it; None where nobody expected it.

    Parameters
    ----------
    error : of any type. It is another library's if its type is, or if that library's code raised
        it, as Arrow's and NumPy's readers raise Python's own.
    """
    if (foreign := _foreign(error)) is not None:
        return foreign
    code = next((code for kind, code in _CODES if isinstance(error, kind)), None)
    return None if code is None else Failure(code, _sentence(error))


def _foreign(error: Exception) -> Failure | None:
    """The failure of an error that another library raised; None where it is not one of theirs."""
    own = type(error).__module__
    if own.partition(".")[0] == "mixtura" or isinstance(error, MemoryError):
        return None
    if isinstance(error, OSError) and error.errno is not None:
        return None  # the system's own, with a file's name and words
    homes = [_home(own, _HOMES | _TYPES), *(_home(each, _HOMES) for each in _raisers(error))]
    found = next(filter(None, homes), None)
    if found is None:
        return None
    code, what = found
    return Failure(code, f"{what}: {_words(error)}")


def _home(module: str, homes: dict[str, tuple[int, str]]) -> tuple[int, str] | None:
    parts = module.split(".")
    for end in range(len(parts), 0, -1):
        if found := homes.get(".".join(parts[:end])):
            return found
    return None


def _raisers(error: Exception) -> Iterator[str]:
    """The modules of the calls that raised an error, below the last of mixtura's."""
    modules: list[str] = []
    trace = error.__traceback__
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        modules = [] if module.partition(".")[0] == "mixtura" else [*modules, module]
        trace = trace.tb_next
    return reversed(modules)


def _words(error: Exception) -> str:
    """The first lines of what an error says, in one; its type where it says nothing."""
    try:
        said = words_of(error)
    except Exception:  # whatever goes wrong in somebody else's words
        return type(error).__name__
    return said if len(said) <= _LETTERS else f"{said[:_LETTERS]}…"


def _sentence(error: Exception) -> str:
    if isinstance(error, click.UsageError):
        path = error.ctx.command_path if error.ctx else "mixtura"
        words = " ".join(error.format_message().split()).rstrip(".")
        return f"{words} (see {path} --help)"
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, OSError) and error.strerror:
        where = "standard input or output" if error.filename is None else error.filename
        closed = error.errno == errno.EBADF and error.filename is None
        what = "the standard output is closed" if closed else spelling.spelled(error.strerror)
        return f"{where}: {what}"
    if isinstance(error, MemoryError):
        return f"out of memory: {error}" if str(error) else "out of memory"
    return spelling.spelled(str(error).strip())
