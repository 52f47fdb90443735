"""Pictures: those that a report shows, in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mixtura.engine.arrays import Floats
from mixtura.errors import DataError, ModelError
from mixtura.model.mixture import Mixture
from mixtura.textual import printable
from mixtura.views.kinds import KINDS, drawing_of
from mixtura.views.plots.canvas import Drawing, figure_of, offscreen_axes
from mixtura.views.plots.lettering import in_rows
from mixtura.views.plots.projection import most_telling
from mixtura.views.plots.svg import in_page_colours, inline_svg

#: width and height, inches: narrow, so that letters can be read on a phone
_WIDE, _SQUARE, _LARGE = (5.2, 4.0), (5.2, 5.1), (9.0, 8.6)
#: characters of all pictures of a page
_ROOM = 850_000
#: more points than these are an image
_CROWD = 800


@dataclass(frozen=True, eq=False)
class Subject:
    """The mixture, rows and fit that a report's pictures are of.

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
            return in_rows(self.n_rows)
        return f"{len(self.rows):,} of the {self.n_rows:,} rows, drawn at random"

    def some(self, count: int) -> Sequence[int | str]:
        """The features that were asked for, if they are `count`; else as many that tell most."""
        asked = self.features if self.features and len(self.features) == count else None
        return asked or most_telling(self.mixture, count)


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture as a report shows it, with its title and caption.

    Parameters
    ----------
    name : of its kind, among `mixtura.views.kinds.KINDS`.
    title : what it shows, in a few words.
    caption : how it is read.
    size : of its figure, inches; None is the kind's own.
    least : of mixtures of so many features at least.
    chosen : how many features it shows; 0 leaves that to the kind.
    legend : whether its own is kept; components are listed on the page, in words.
    """

    name: str
    title: str
    caption: Callable[[Subject], str]
    size: tuple[float, float] | None = None
    least: int = 1
    chosen: int = 0
    legend: bool = False

    def suits(self, subject: Subject) -> bool:
        """Whether it can be drawn of the subject."""
        if KINDS[self.name].subject == "fit":
            return _has_trace(subject)
        return subject.mixture.n_features >= self.least

    def drawing(self, subject: Subject) -> Drawing:
        """The picture of the subject, computed."""
        features = subject.some(self.chosen) if self.chosen else None
        return drawing_of(
            self.name, subject.mixture, subject.rows, features, record=subject.training
        )


def _has_trace(subject: Subject) -> bool:
    """Whether the record of the fit holds more than its start."""
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
        _SQUARE,
        least=2,
        chosen=2,
    ),
    Picture(
        "density",
        "Density and histogram",
        lambda subject: (
            f"Bars: {subject.shown}. Thick line: the mixture's density; thin ones: its weighted "
            "components."
        ),
        _WIDE,
        chosen=1,
    ),
    Picture(
        "trace",
        "The climb",
        lambda subject: (
            "The mean log-likelihood of the fit's rows at the start and after each iteration."
        ),
        _WIDE,
        legend=True,
    ),
    Picture(
        "pairs",
        "Every two features",
        lambda subject: (
            f"{subject.shown}, each in the colours of its responsibilities; on the diagonal the "
            "marginal densities over the rows' histograms."
        ),
        _LARGE,
        least=3,
        legend=True,
    ),
    Picture(
        "calibration",
        "Rows against expectation",
        lambda subject: (
            f"{subject.shown} against what the mixture expects of them; grey is where 95 % of "
            "samples from the mixture would lie."
        ),
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
    """The picture as an element, in the colours of the page."""
    drawing = picture.drawing(subject)
    ax = drawing.draw(offscreen_axes(picture.size or drawing.size))[0]
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
