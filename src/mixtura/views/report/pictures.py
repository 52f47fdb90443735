"""Pictures: those that a report shows, in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mixtura.engine.arrays import Floats
from mixtura.errors import DataError, ModelError
from mixtura.model.mixture import Mixture
from mixtura.textual import counted, printable
from mixtura.views.plots.calibration import calibration_of
from mixtura.views.plots.canvas import figure_of, offscreen_axes
from mixtura.views.plots.density import density
from mixtura.views.plots.drawing import Drawing, Single
from mixtura.views.plots.ink import in_page_colours
from mixtura.views.plots.pairs import pairs
from mixtura.views.plots.scatter import scatter
from mixtura.views.plots.svg import inline_svg
from mixtura.views.plots.trace import trace

__all__ = ["PICTURES", "Picture", "Subject", "drawn"]

#: width and height, inches: narrow, so that letters can be read on a phone
_WIDE, _SQUARE, _LARGE = (5.2, 4.0), (5.2, 5.1), (9.0, 8.6)
#: characters of all pictures of a page
_ROOM = 850_000
#: more points than these are an image
_CROWD = 800


@dataclass(frozen=True, eq=False)
class Subject:
    """What pictures are of.

    Parameters
    ----------
    mixture : the density.
    rows : (m, D), all or a sample.
    n_rows : how many there are in all.
    training : the record of the fit; empty if unknown.
    features : one or two to show, or None for those that tell most.
    """

    mixture: Mixture
    rows: Floats
    n_rows: int
    training: Mapping[str, Any]
    features: Sequence[int | str] | None = None

    @property
    def shown(self) -> str:
        """How many of the rows are drawn, in words."""
        if len(self.rows) == self.n_rows:
            return counted(self.n_rows, "row") if self.n_rows < 1000 else f"{self.n_rows:,} rows"
        return f"{len(self.rows):,} of the {self.n_rows:,} rows, drawn at random"

    def some(self, count: int) -> Sequence[int | str] | None:
        """`count` of the features that were asked for, None where they are not as many."""
        return self.features if self.features and len(self.features) == count else None


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture of a report.

    Parameters
    ----------
    name : one word, different for each.
    title : what it shows, in a few.
    caption : how it is read.
    suits : whether it can be drawn of a subject.
    drawing : computes it.
    legend : whether its own is kept; components are listed on the page, in words.
    """

    name: str
    title: str
    caption: Callable[[Subject], str]
    suits: Callable[[Subject], bool]
    drawing: Callable[[Subject], Drawing]
    legend: bool = False


def _scatter(subject: Subject) -> Drawing:
    mixture, rows, features = subject.mixture, subject.rows, subject.some(2)
    return Single(lambda ax: scatter(mixture, rows, features=features, ax=ax), _SQUARE)


def _density(subject: Subject) -> Drawing:
    mixture, rows, features = subject.mixture, subject.rows, subject.some(1)
    return Single(lambda ax: density(mixture, rows, features=features, ax=ax), _WIDE)


def _trace(subject: Subject) -> Drawing:
    return Single(lambda ax: trace(subject.training, ax=ax), _WIDE)


def _pairs(subject: Subject) -> Drawing:
    return Single(lambda ax: pairs(subject.mixture, subject.rows, ax=ax)[0], _LARGE)


def _calibration(subject: Subject) -> Drawing:
    return calibration_of(subject.mixture, subject.rows)


def _has_trace(subject: Subject) -> bool:
    heights = subject.training.get("trace")
    return isinstance(heights, list) and len(heights) > 1


#: what a report shows, in this order
PICTURES: tuple[Picture, ...] = (
    Picture(
        "scatter",
        "Rows and components",
        lambda subject: (
            f"{subject.shown}, in the colour of the likeliest component; numbers stand at the "
            "means, ellipses at 1, 2 and 3 standard deviations, thin lines join equal log density."
        ),
        lambda subject: subject.mixture.n_features > 1,
        _scatter,
    ),
    Picture(
        "density",
        "Density and histogram",
        lambda subject: (
            f"Bars: {subject.shown}. Thick line: the mixture's density; thin ones: its weighted "
            "components."
        ),
        lambda subject: True,
        _density,
    ),
    Picture(
        "trace",
        "The climb",
        lambda subject: (
            "The mean log-likelihood of the fit's rows at the start and after each iteration."
        ),
        _has_trace,
        _trace,
        legend=True,
    ),
    Picture(
        "pairs",
        "Every two features",
        lambda subject: (
            f"{subject.shown}, each in the colours of its responsibilities; on the diagonal the "
            "marginal densities over the rows' histograms."
        ),
        lambda subject: subject.mixture.n_features > 2,
        _pairs,
        legend=True,
    ),
    Picture(
        "calibration",
        "Rows against expectation",
        lambda subject: (
            f"{subject.shown} against what the mixture expects of them; grey is where 95 % of "
            "samples from the mixture would lie."
        ),
        lambda subject: True,
        _calibration,
        legend=True,
    ),
)


def drawn(subject: Subject) -> tuple[list[dict[str, str]], dict[str, str]]:
    """What is said of each picture, and the pictures by name, as elements ``svg``.

    Where one cannot be drawn, as of numbers too large for a page, its caption says why.

    Raises
    ------
    MissingExtraError : matplotlib is not installed.
    """
    said, shown = [], {}
    room = _ROOM
    for picture in PICTURES:
        if not picture.suits(subject):
            continue
        caption = picture.caption(subject)
        try:
            text = _svg(picture, subject)
        except (DataError, ModelError) as error:
            caption = f"It could not be drawn: {printable(str(error))}"
        else:
            if len(text) <= room:
                room -= len(text)
                shown[picture.name] = text
            else:
                caption = "It is left out, to keep the page small: mixtura plot draws it."
        said.append({"name": picture.name, "title": picture.title, "caption": caption})
    return said, shown


def _svg(picture: Picture, subject: Subject) -> str:
    drawing = picture.drawing(subject)
    ax = drawing.draw(offscreen_axes(drawing.size))[0]
    legend = ax.get_legend()
    if legend is not None and not picture.legend:
        legend.remove()
    for crowd in ax.collections:
        if len(crowd.get_offsets()) > _CROWD:  # type: ignore[arg-type]
            crowd.set_rasterized(True)
    # The page's own ground shows.
    for patch in (figure_of(ax).patch, *(one.patch for one in figure_of(ax).get_axes())):
        patch.set_visible(False)
    names = list(map(printable, subject.mixture.feature_labels))
    return in_page_colours(inline_svg(figure_of(ax), picture.name, picture.title, names))
