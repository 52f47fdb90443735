"""Document: a report as one page of HTML."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from mixtura.markup import Html, element, escaped, joined
from mixtura.textual import printable
from mixtura.version import __version__
from mixtura.views.page import filled, policy, source_hash
from mixtura.views.plots.svg import DARK
from mixtura.views.report.names import name_html
from mixtura.views.report.sections import SECTIONS, Section, title

__all__ = ["document"]


def document(record: Mapping[str, Any], pictures: Mapping[str, str]) -> str:
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
        "heading": title(record),
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


def _subtitle(record: Mapping[str, Any]) -> Html:
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


def _section(part: Section, record: Mapping[str, Any], pictures: Mapping[str, str]) -> Html:
    key, said, content = part
    return Html(
        f'<section id="{key}" aria-labelledby="{key}-title">\n'
        f'<h2 id="{key}-title">{escaped(said)}</h2>\n{content(record, pictures)}\n</section>'
    )


@cache
def _parts() -> tuple[str, str]:
    """The skeleton and the style, as they are in the package."""
    folder = files("mixtura.views.report") / "page"
    return (
        (folder / "skeleton.html").read_text("utf-8"),
        (folder / "style.css").read_text("utf-8").strip().replace("/*dark*/", DARK),
    )
