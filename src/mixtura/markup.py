"""Markup: texts and tables as HTML that no text can break out of."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from mixtura.textual import printable


class Html(str):
    """Text that is HTML already, and is not escaped again."""

    __slots__ = ()


def escaped(text: str) -> Html:
    r"""`text` as HTML shows it, inside an element or a quoted attribute.

    What has no shape of its own (control characters, marks that turn the direction of writing,
    halves of characters) is written out.

    Examples
    --------
    >>> print(escaped('</script> & "a"\n\u202e'))
    &lt;/script&gt; &amp; &quot;a&quot;\n\u202e
    """
    return text if isinstance(text, Html) else Html(html.escape(printable(text), quote=True))


def isolated(text: str) -> Html:
    """A name from outside: letters that run from right to left turn nothing around it."""
    return Html(f"<bdi>{escaped(text)}</bdi>")


def joined(parts: Iterable[str], between: str = "") -> Html:
    """The parts one after the other, each escaped if it is not HTML; `between` is HTML."""
    return Html(between.join(escaped(part) for part in parts))


def element(tag: str, content: str | Iterable[str] = "", **attributes: str | None) -> Html:
    """An element with its content, escaped where that is not HTML.

    Parameters
    ----------
    tag : its name.
    content : a text, or several one after the other.
    attributes : name -> value; None leaves one out. A trailing underscore is dropped, others are
        hyphens.

    Examples
    --------
    >>> print(element("p", "a < b", class_="quiet", aria_hidden="true"))
    <p class="quiet" aria-hidden="true">a &lt; b</p>
    """
    said = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escaped(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    inner = escaped(content) if isinstance(content, str) else joined(content)
    return Html(f"<{tag}{said}>{inner}</{tag}>")


def table(caption: str, rows: Sequence[Sequence[str]], heads: int = 1) -> Html:
    """A table with a caption, whose first row and first columns head the others.

    Parameters
    ----------
    caption : what it shows.
    rows : of equally many cells; the first holds the columns' names.
    heads : how many columns at the left name their row: 0 or 1.

    Examples
    --------
    >>> print(table("sizes", [["who", "cm"], ["ann", "171"]]))
    <table><caption>sizes</caption>
    <thead><tr><th scope="col">who</th><th scope="col">cm</th></tr></thead>
    <tbody>
    <tr><th scope="row">ann</th><td>171</td></tr>
    </tbody></table>
    """
    head, *body = rows
    first = joined(element("th", cell, scope="col") if cell else Html("<td></td>") for cell in head)
    lines = [
        element(
            "tr",
            [
                element("th", cell, scope="row") if j < heads else element("td", cell)
                for j, cell in enumerate(row)
            ],
        )
        for row in body
    ]
    return Html(
        f"<table>{element('caption', caption)}\n<thead><tr>{first}</tr></thead>\n<tbody>\n"
        + "\n".join(lines)
        + "\n</tbody></table>"
    )
