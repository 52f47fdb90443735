"""Document: a report as one page of HTML, section after section."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from mixtura.fitting.verdict import NOTHING
from mixtura.markup import Html, element, escaped, isolated, joined, table
from mixtura.model import wording
from mixtura.textual import printable
from mixtura.version import __version__
from mixtura.views import text
from mixtura.views.page import filled, policy, source_hash
from mixtura.views.plots.palette import style
from mixtura.views.plots.svg import DARK
from mixtura.views.report import tables
from mixtura.views.report.names import Names, name_html
from mixtura.views.report.text import shell_line

Record = Mapping[str, Any]
Pictures = Mapping[str, str]
#: a name, a title, and what makes the blocks below it
Section = tuple[str, str, Callable[[Record, Pictures], list[Html]]]

#: cells of the parameters' tables that a page shows at most
_CELLS = 4000
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


def document(record: Record, pictures: Pictures) -> str:
    """The page of a record that `report_record` made, whole: HTML.

    Parameters
    ----------
    record : what is said.
    pictures : name -> element ``svg``, of those that the record names.

    Notes
    -----
    There is no script in it. Its policy allows the one style that it carries, by its hash, and
    images inside the file; it forbids the page to ask for anything.
    """
    page, style = _parts()
    shown = [part for part in SECTIONS if part[0] != "comparison" or record["comparison"]]
    name = record["data"]["name"] or record["model"]["name"]
    allowed = policy(style=f"'{source_hash(style)}'", img="data:")
    told = {
        "title": escaped(f"Report on {printable(name)}" if name else "Report on a mixture"),
        "heading": _title(record),
        "subtitle": _subtitle(record),
        "contents": joined(
            [
                element("li", Html(f'<a href="#{escaped(key)}">{escaped(said)}</a>'))
                for key, said, _ in shown
            ],
            "\n",
        ),
        "sections": joined([_section(part, record, pictures) for part in shown], "\n"),
        "footer": escaped(f"Made by mixtura {__version__}. This page works without a network."),
    }
    return filled(page, {"policy": allowed, "style": style}, told)


def _subtitle(record: Record) -> Html:
    """How many rows of which features, and how many components of which kind."""
    model, data = record["model"], record["data"]
    named = [name_html(one["name"]) for one in data["features"][:6]]
    more = len(data["features"]) - len(named)
    return joined(
        [
            f"{data['n_rows']:,} rows; features: ",
            joined(named, ", "),
            f" and {more} more" if more else "",
            f"; {model['n_components']} {model['structure']} components"
            if model["n_components"] > 1
            else "; 1 component",
        ]
    )


def _section(part: Section, record: Record, pictures: Pictures) -> Html:
    """One part of the page, under its title."""
    key, said, content = part
    blocks = joined(content(record, pictures), "\n")
    return Html(
        f'<section id="{key}" aria-labelledby="{key}-title">\n'
        f'<h2 id="{key}-title">{escaped(said)}</h2>\n{blocks}\n</section>'
    )


@cache
def _parts() -> tuple[str, str]:
    """The skeleton and the style, as they are in the package."""
    folder = files("mixtura.views.report") / "page"
    return (
        (folder / "skeleton.html").read_text("utf-8"),
        (folder / "style.css").read_text("utf-8").strip().replace("/*dark*/", DARK),
    )


def _title(record: Record) -> Html:
    """The heading of the page, with the name of the rows or of the model."""
    name = record["data"]["name"] or record["model"]["name"]
    return Html(f"Report on {isolated(name)}") if name else Html("Report on a mixture")


def summary(record: Record, _: Pictures) -> list[Html]:
    """What was fitted to what, how it ended, and how well these rows fit."""
    model, data, training = record["model"], record["data"], record["model"]["training"]
    told = Names(record).told
    bic = record["scores"]["bic"]
    cards = {
        "rows": f"{data['n_rows']:,}",
        "log-likelihood, nats a row": f"{record['scores']['mean_log_likelihood']:.6f}",
        text.criterion_label("BIC", training): f"{bic:,.2f}" if abs(bic) < 1e12 else f"{bic:.6g}",
        "rows in doubt": f"{tables.doubtful(record):,}",
    }
    ending = text.training_words(training, tables.note_label(record))
    calm = training.get("converged") is True and training.get("remedy") == NOTHING
    name = [" of ", isolated(model["name"])] if model["name"] else []
    words = [
        element("p", ["The Gaussian mixture", *name, " has ", f"{text.model_words(model)}."]),
        element("p", tables.structure_words(model["structure"], model["letters"])),
        element("p", told(" ".join(tables.relation_words(record)))),
        element("p", told(tables.fit_words(record))),
        element(
            "ul",
            [element("li", told(line)) for line in ending or ["outcome: not on record"]],
            class_="ending" if calm or not ending else "ending alarm",
        ),
    ]
    shown = [
        element("div", [element("dt", term), element("dd", said)]) for term, said in cards.items()
    ]
    return [
        element("dl", shown, class_="cards"),
        element("p", tables.nats_words()),
        _halves(joined(words, "\n"), _wide(record, "The figures", tables.score_table(record))),
    ]


def pictures(record: Record, shown: Pictures) -> list[Html]:
    """The pictures, each with a caption."""
    told = Names(record).told
    figures = []
    for one in record["pictures"]:
        caption = [element("strong", f"{one['title']}. "), told(one["caption"])]
        content = [element("figcaption", caption)]
        if one["name"] in shown:
            content.insert(0, _framed(Html(shown[one["name"]]), "drawing", one["title"]))
        figures.append(element("figure", content, class_=one["name"]))
    if not figures:
        return [element("p", "There are none in this report.")]
    return [element("div", joined(figures, "\n"), class_="pictures"), _key(record)]


def components(record: Record, _: Pictures) -> list[Html]:
    """The components at a glance, then every parameter."""
    head, *rows = tables.component_table(record)
    swatched = ([_swatched(int(k), k) if k.isdecimal() else k, *cells] for k, *cells in rows)
    means = "; means ± standard deviations of the features" if len(head) > _OWN else ""
    room, left = _CELLS, 0
    parameters: list[str] = []
    for name, cells in text.parameter_tables(record["model"]):
        room -= sum(map(len, cells))
        if not cells:
            parameters.append(_quiet(name))
        elif room > 0:
            parameters.append(_wide(record, name, cells))
        else:
            left += 1
    if left:
        parameters.append(_quiet(f"{left} more such tables: --json has them."))
    return [
        _wide(record, f"The components{means}", [head, *swatched]),
        *map(_quiet, tables.under_components(record)),
        element("div", joined(parameters, "\n"), class_="beside"),
    ]


def features(record: Record, _: Pictures) -> list[Html]:
    """The features, as they are and as the mixture has them."""
    cells = tables.feature_table(record)
    more = len(cells) - 1 - _FEATURES
    shown = _wide(record, "Each feature, in the rows and under the mixture", cells[: _FEATURES + 1])
    rest = element("p", f"{more} more features: --json has them.") if more > 0 else ""
    return [joined([shown, rest])]


def unlikely(record: Record, _: Pictures) -> list[Html]:
    """The least likely rows, each with where its log-likelihood comes from."""
    return [_article(row, record["unlikely"], record) for row in record["unlikely"]["rows"]]


def comparison(record: Record, _: Pictures) -> list[Html]:
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
    caption = "The same parameters: log-likelihoods by others"
    blocks = [
        _wide(record, caption, tables.comparison_table(validation)),
        element("ul", reasons) if reasons else Html(),
        element("p", right),
    ]
    if fit and "failed" in fit:
        blocks.append(element("p", f"scikit-learn's own fit failed: {printable(fit['failed'])}"))
    elif fit:
        caption = "The same rows: scikit-learn's own fit"
        blocks.append(_wide(record, caption, tables.fit_comparison(record)))
    return blocks


def again(record: Record, _: Pictures) -> list[Html]:
    """How somebody else comes to the same."""
    said = record["again"]
    lines = [*map(shell_line, said["commands"]), *([said["python"]] if said["python"] else [])]
    lead = (
        "The commands, and what they were told:"
        if said["commands"]
        else "The model does not say how it was fitted."
        if not lines
        else "The call, and what it was told:"
    )
    return [
        element("p", lead),
        *(
            element("pre", element("code", line), tabindex="0", aria_label="Command")
            for line in lines
        ),
        _wide(record, "Settings, digest and versions", tables.setting_table(record), "scroll left"),
    ]


#: the parts of the page
SECTIONS: tuple[Section, ...] = (
    ("summary", "In short", summary),
    ("pictures", "Pictures", pictures),
    ("components", "Components", components),
    ("features", "Features", features),
    ("unlikely", "The least likely rows", unlikely),
    ("comparison", "Beside scikit-learn", comparison),
    ("again", "The same again", again),
)


def _framed(content: Html, frame: str, label: str) -> Html:
    """A frame that scrolls by itself, with a finger or with keys."""
    return element("div", content, class_=frame, tabindex="0", role="region", aria_label=label)


def _wide(
    record: Record, caption: str, cells: Sequence[Sequence[str]], frame: str = "scroll"
) -> Html:
    """A table with its caption, in a frame that scrolls by itself."""
    head = list(map(Names(record).head, cells[0]))
    return _framed(table(caption, [head, *cells[1:]]), frame, caption)


def _halves(left: str | Sequence[str], right: Html) -> Html:
    """Words at the left and tables at the right, where there is room for both."""
    return element("div", [element("div", left), right], class_="halves")


def _quiet(words: str) -> Html:
    """A paragraph that steps back behind the others."""
    return element("p", words, class_="quiet")


def _article(row: Record, explained: Record, record: Record) -> Html:
    """One of the least likely rows, explained."""
    told = Names(record).told
    heading = wording.row_title(row)
    notes = (wording.feature_note(row), wording.part_note(explained))
    words = [
        *(element("p", told(sentence)) for sentence in wording.row_words(row, explained)),
        *(_quiet(note) for note in notes if note),
    ]
    name = f"Row {row['row']}"
    parts = f"{name}: the parts of its log-likelihood by component, nats"
    listed = [
        _wide(record, f"{name}: its features", wording.feature_table(row, explained)),
        _wide(record, parts, _some_parts(row, explained)),
    ]
    head = element("h3", told(heading[0].upper() + heading[1:]))
    return element("article", [head, _halves(words, element("div", listed))])


def _some_parts(row: Record, explained: Record) -> list[list[str]]:
    """The parts of a row by component, of many components the likeliest; then what follows them."""
    head, *rows = wording.part_table(row, explained)
    named = ([_swatched(int(k), k) if k.isdecimal() else k, *rest] for k, *rest in rows)
    return [head, *named]


def _key(record: Record) -> Html:
    """What the colours of the pictures mean."""
    weights = record["model"]["weights"]
    items = [
        element("li", _swatched(k, f"component {k}, weight {weight:.3g}"))
        for k, weight in enumerate(weights[:_LISTED])
    ]
    if len(weights) > _LISTED:
        items.append(element("li", f"and {len(weights) - _LISTED} more"))
    return element("ul", items, class_="key", aria_label="Colours of the components")


def _swatched(k: int, words: str) -> Html:
    """Words about component `k` after its swatch."""
    return joined([swatch(k), words])


def swatch(k: int) -> Html:
    """The marker of component `k` in its colour, for the eye alone."""
    look = style(k)
    red, green, blue = (round(255 * part) for part in look.fill)
    shape = _SHAPES[look.marker].format(f' fill="#{red:02x}{green:02x}{blue:02x}"')
    return Html(f'<svg class="swatch" viewBox="0 0 10 10" aria-hidden="true">{shape}</svg>')
