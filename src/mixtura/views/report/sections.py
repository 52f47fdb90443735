"""Sections: the parts of a report's page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mixtura.fitting.verdict import NOTHING
from mixtura.markup import Html, element, isolated, joined, table
from mixtura.model import wording
from mixtura.textual import printable
from mixtura.views.plots.palette import style
from mixtura.views.report import tables
from mixtura.views.report.names import Names
from mixtura.views.report.terms import fit_words, nats_words, structure_words
from mixtura.views.report.text import shell_line
from mixtura.views.text import criterion_label, model_words, parameter_tables, training_words

__all__ = ["SECTIONS", "Section", "swatch", "title"]

Record = Mapping[str, Any]
Pictures = Mapping[str, str]
Section = tuple[str, str, Callable[[Record, Pictures], Html]]

#: cells of the parameters' tables that a page shows at most
_CELLS = 4000
#: of so many components a row's parts are shown at most
_PARTS = 8
#: columns of the components' table that are about no feature
_OWN = 5
#: features that are listed at most
_FEATURES = 200
#: components in the pictures' key at most
_LISTED = 24
#: the markers of the palette, in a square of 10
_SHAPES = {
    "o": '<circle cx="5" cy="5" r="5"{}></circle>',
    "^": '<path d="M5 0L10 10H0Z"{}></path>',
    "s": '<path d="M0.5 0.5H9.5V9.5H0.5Z"{}></path>',
    "D": '<path d="M5 0L10 5L5 10L0 5Z"{}></path>',
    "v": '<path d="M0 0H10L5 10Z"{}></path>',
}


def title(record: Record) -> Html:
    """The heading of the page, with the name of the rows or of the model."""
    name = record["data"]["name"] or record["model"]["name"]
    return Html(f"Report on {isolated(name)}") if name else Html("Report on a mixture")


def summary(record: Record, _: Pictures) -> Html:
    """What was fitted to what, how it ended, and how well these rows fit."""
    model, data, scores = record["model"], record["data"], record["scores"]
    name = [" of ", isolated(model["name"])] if model["name"] else []
    named = ["The Gaussian mixture", *name, " has "]
    told = Names(record).told
    cards = [
        ("rows", f"{data['n_rows']:,}"),
        ("log-likelihood, nats a row", f"{scores['mean_log_likelihood']:.6f}"),
        (criterion_label("BIC", model["training"]), _grouped(scores["bic"])),
        ("rows in doubt", f"{tables.doubtful(record):,}"),
    ]
    ending = training_words(model["training"], tables.note_label(record))
    training = model["training"]
    calm = training.get("converged") is True and training.get("remedy") == NOTHING
    words = [
        element("p", [*named, f"{model_words(model)}."]),
        element("p", structure_words(model["structure"], model["letters"])),
        element("p", told(" ".join(tables.relation_words(record)))),
        element("p", told(fit_words(record))),
        element(
            "ul",
            [element("li", told(line)) for line in ending]
            or [element("li", "outcome: not on record")],
            class_="ending" if calm or not ending else "ending alarm",
        ),
    ]
    return joined(
        [
            element(
                "dl",
                [
                    element("div", [element("dt", term), element("dd", said)])
                    for term, said in cards
                ],
                class_="cards",
            ),
            element("p", nats_words()),
            element(
                "div",
                [
                    element("div", joined(words, "\n")),
                    _wide(record, "The figures", tables.score_table(record)),
                ],
                class_="halves",
            ),
        ],
        "\n",
    )


def _grouped(value: float) -> str:
    """A number to read at a glance."""
    return f"{value:,.2f}" if abs(value) < 1e12 else f"{value:.6g}"


def pictures(record: Record, shown: Pictures) -> Html:
    """The pictures, each with a caption."""
    told = Names(record).told
    figures = [
        element(
            "figure",
            [
                element(
                    "div",
                    Html(shown[one["name"]]),
                    class_="drawing",
                    tabindex="0",
                    role="region",
                    aria_label=one["title"],
                )
                if one["name"] in shown
                else "",
                element(
                    "figcaption", [element("strong", f"{one['title']}. "), told(one["caption"])]
                ),
            ],
            class_=one["name"],
        )
        for one in record["pictures"]
    ]
    if not figures:
        return element("p", "There are none in this report.")
    return joined(
        [
            element("div", joined(figures, "\n"), class_="pictures"),
            _key(record),
        ],
        "\n",
    )


def components(record: Record, _: Pictures) -> Html:
    """The components at a glance, then every parameter."""
    model = record["model"]
    head, *rows = tables.component_table(record)
    count = len(record["components"])
    swatched = ([joined([swatch(k), row[0]]), *row[1:]] for k, row in enumerate(rows[:count]))
    glance = [head, *swatched, *rows[count:]]
    means = "; means ± standard deviations of the features" if len(head) > _OWN else ""
    blocks = [
        _wide(record, f"The components{means}", glance),
        element("p", tables.doubt_words(record), class_="quiet"),
    ]
    room, left = _CELLS, 0
    parameters: list[str] = []
    for name, cells in parameter_tables(model):
        if not cells:
            parameters.append(element("p", name, class_="quiet"))
            continue
        room -= sum(map(len, cells))
        if room > 0:
            parameters.append(_wide(record, name, cells))
        else:
            left += 1
    if left:
        parameters.append(
            element("p", f"{left} more such tables: --json has them.", class_="quiet")
        )
    return joined([*blocks, element("div", joined(parameters, "\n"), class_="beside")], "\n")


def features(record: Record, _: Pictures) -> Html:
    """The features, as they are and as the mixture has them."""
    cells = tables.feature_table(record)
    more = len(cells) - 1 - _FEATURES
    shown = _wide(record, "Each feature, in the rows and under the mixture", cells[: _FEATURES + 1])
    return (
        joined([shown, element("p", f"{more} more features: --json has them.")])
        if (more > 0)
        else shown
    )


def unlikely(record: Record, _: Pictures) -> Html:
    """The least likely rows, each with where its log-likelihood comes from."""
    explained = record["unlikely"]
    return joined([_article(row, explained, record) for row in explained["rows"]], "\n")


def comparison(record: Record, _: Pictures) -> Html:
    """What others compute, and what scikit-learn would have fitted."""
    validation, fit = record["comparison"]["validation"], record["comparison"]["fit"]
    reasons = [
        element("li", f"{one['peer']}: {printable(one['reason'])}")
        for one in validation["comparisons"]
        if one["reason"]
    ]
    right = (
        "mixtura is right, to rounding, on every row that was computed to 50 digits."
        if validation["ours_right"]
        else "mixtura is WRONG, by more than rounding explains."
    )
    blocks = [
        _wide(
            record,
            "The same parameters: log-likelihoods by others",
            tables.comparison_table(validation),
        ),
        element("ul", reasons) if reasons else "",
        element("p", right),
    ]
    if fit and "failed" in fit:
        blocks.append(element("p", f"scikit-learn's own fit failed: {printable(fit['failed'])}"))
    elif fit:
        blocks.append(
            _wide(record, "The same rows: scikit-learn's own fit", tables.fit_comparison(record))
        )
    return joined(blocks, "\n")


def again(record: Record, _: Pictures) -> Html:
    """How somebody else comes to the same."""
    said = record["again"]
    lines = [*map(shell_line, said["commands"]), *([said["python"]] if said["python"] else [])]
    code = [
        element("pre", element("code", line), tabindex="0", aria_label="Command") for line in lines
    ]
    lead = (
        "The commands, and what they were told:"
        if said["commands"]
        else "The model does not say how it was fitted."
        if not lines
        else "The call, and what it was told:"
    )
    return joined(
        [
            element("p", lead),
            *code,
            _wide(record, "Settings, digest and versions", tables.setting_table(record), left=True),
        ],
        "\n",
    )


#: name, title and content of each part of the page
SECTIONS: tuple[Section, ...] = (
    ("summary", "In short", summary),
    ("pictures", "Pictures", pictures),
    ("components", "Components", components),
    ("features", "Features", features),
    ("unlikely", "The least likely rows", unlikely),
    ("comparison", "Beside scikit-learn", comparison),
    ("again", "The same again", again),
)


def _wide(
    record: Record, caption: str, cells: Sequence[Sequence[str]], *, left: bool = False
) -> Html:
    """A table in a frame that scrolls by itself, with a finger or with keys."""
    head = list(map(Names(record).head, cells[0]))
    return element(
        "div",
        table(caption, [head, *cells[1:]]),
        class_="scroll left" if left else "scroll",
        tabindex="0",
        role="region",
        aria_label=caption,
    )


def _article(row: Record, explained: Record, record: Record) -> Html:
    told = Names(record).told
    heading = wording.row_title(row)
    notes = (wording.feature_note(row), wording.part_note(explained))
    words = [
        *(element("p", told(sentence)) for sentence in wording.row_words(row, explained)),
        *(element("p", note, class_="quiet") for note in notes if note),
    ]
    listed = [
        _wide(record, f"Row {row['row']}: its features", wording.feature_table(row, explained)),
        _wide(
            record,
            f"Row {row['row']}: the parts of its log-likelihood by component, nats",
            _some_parts(row, explained),
        ),
    ]
    return element(
        "article",
        [
            element("h3", told(heading[0].upper() + heading[1:])),
            element("div", [element("div", words), element("div", listed)], class_="halves"),
        ],
    )


def _some_parts(row: Record, explained: Record) -> list[list[str]]:
    """The parts of a row by component, of many components the likeliest."""
    head, *rows = wording.part_table(row, explained)
    noise = rows[len(row["components"]) :]
    rows = rows[: len(row["components"])]
    likely = sorted(range(len(rows)), key=lambda k: -float(row["components"][k]["log_joint"]))
    shown = [[joined([swatch(k), rows[k][0]]), *rows[k][1:]] for k in sorted(likely[:_PARTS])]
    left = len(rows) - len(shown)
    more = [[f"{left} more", *[""] * (len(head) - 1)]] if left else []
    return [head, *shown, *more, *noise]


def _key(record: Record) -> Html:
    """What the colours of the pictures mean."""
    weights = record["model"]["weights"]
    items = [
        element("li", joined([swatch(k), f"component {k}, weight {weight:.3g}"]))
        for k, weight in enumerate(weights[:_LISTED])
    ]
    if len(weights) > _LISTED:
        items.append(element("li", f"and {len(weights) - _LISTED} more"))
    return element("ul", items, class_="key", aria_label="Colours of the components")


def swatch(k: int) -> Html:
    """The marker of component `k` in its colour, for the eye alone."""
    look = style(k)
    red, green, blue = (round(255 * part) for part in look.fill)
    shape = _SHAPES[look.marker].format(f' fill="#{red:02x}{green:02x}{blue:02x}"')
    return Html(f'<svg class="swatch" viewBox="0 0 10 10" aria-hidden="true">{shape}</svg>')
