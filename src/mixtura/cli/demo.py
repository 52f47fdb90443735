"""`mixtura demo`: the whole way at once."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mixtura.cli import options, outputs, printing

if TYPE_CHECKING:
    from mixtura.demo import Chapter

EPILOG = """\b
Examples:
  mixtura demo
  mixtura demo --output elsewhere --force
"""


@options.command(EPILOG)
@options.output(
    "Where to write the data, the models and the pictures; made if it is not there.",
    metavar="DIR",
    default="demo",
    show_default=True,
)
@options.force
@options.as_json
def command(output: str, force: bool, as_json: bool) -> None:
    """Fit four blobs in two features and in one; score, prove and draw them.

    Prints the parameters, the first scores beside scikit-learn's and the textbook's, and the
    validation of every score; writes the data, the models and a picture of each. Takes seconds,
    needs no network, and comes out the same every time.
    """
    from mixtura import demo

    if not output:
        raise click.UsageError("the output '' names no folder: give its name, or . for this one")
    outputs.check_stdout()
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}{suffix}" for name in demo.NAMES for suffix in _FILES]
    places = [outputs.destination(str(path), force) for path in paths]
    chapters = demo.chapters()
    contents = [encode(chapter) for chapter in chapters for encode in _FILES.values()]
    for place, data in zip(places, contents, strict=True):
        place.write(data)
    record = {chapter.name: chapter.to_dict() for chapter in chapters}
    written = f"written: {', '.join(map(str, paths))}"
    printing.result(
        record,
        lambda width: f"{demo.demo_text(record, width)}\n\n{written}\n{_next(folder, width)}",
        as_json=as_json,
    )
    if not all(chapter.proof.ours_right for chapter in chapters):
        printing.tell("error: mixtura's own log-likelihoods are wrong")
        raise click.exceptions.Exit(1)


def _next(folder: Path, width: int | None) -> str:
    """A command that goes on from what the demo has written."""
    from mixtura.views.report.text import shell_line

    model, data = (folder / f"two-features{suffix}" for suffix in (".safetensors", ".csv"))
    words = [_program(), "explain", str(model), str(data), "--worst", "3"]
    line = f"try next: {shell_line(words)}"
    fits = width is None or len(line) <= width
    return line if fits else f"try next:\n{shell_line(words, width)}"


def _program() -> str:
    """What starts mixtura here: its name where the shell finds it, else the path of this one."""
    if shutil.which("mixtura"):
        return "mixtura"
    path, here = Path(sys.argv[0]).absolute(), Path.cwd()
    return str(path.relative_to(here) if here in path.parents[1:] else path)


def _rows(chapter: Chapter) -> bytes:
    from mixtura import tables

    table = chapter.table
    return tables.encoded({name: table.rows[:, j] for j, name in enumerate(table.names)}, ".csv")


def _model(chapter: Chapter) -> bytes:
    from mixtura.model.storage import encoded

    training = chapter.fit.summary()
    del training["seconds"]  # the one thing that would differ from run to run
    return encoded(chapter.fit.mixture, training)


def _picture(chapter: Chapter) -> bytes:
    from mixtura.views.plots import canvas, plot

    drawn = plot(chapter.fit.mixture, chapter.table, ax=canvas.offscreen_axes())
    return canvas.encoded(drawn, "png")


#: what each chapter leaves behind: the end of the file's name, and what makes its bytes
_FILES: dict[str, Callable[[Chapter], bytes]] = {
    ".csv": _rows,
    ".safetensors": _model,
    ".png": _picture,
}
