"""Names: texts from outside inside the sentences and heads of a page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mixtura.markup import Html, element, escaped, joined
from mixtura.textual import printable, runs_from_the_right

#: letters of a name that a sentence or a head has room for; it is whole where one points at it
_LETTERS = 48
#: after these a browser may begin a line
_SIGNS = re.compile(r"[-|·/]")


def name_html(name: str, written: Callable[[str], Html] = escaped) -> Html:
    """A name on its own: it turns nothing around it, and is cut where it is long.

    Parameters
    ----------
    name : from outside.
    written : its text as HTML.

    Examples
    --------
    >>> print(name_html("width"))
    <bdi>width</bdi>
    """
    text = printable(name)
    if len(text) <= _LETTERS:
        return element("bdi", written(text))
    return element("bdi", written(f"{text[: _LETTERS - 1]}…"), title=text)


class Names:
    """The names in a record that would disturb a sentence: long ones, and from right to left.

    Parameters
    ----------
    record : of a report.

    Examples
    --------
    >>> names = Names({"model": {"features": ["width", "רוחב"]}, "unlikely": {"rows": []}})
    >>> print(names.told("width 2, רוחב 3"))
    width 2, <bdi>רוחב</bdi> 3
    """

    def __init__(self, record: Mapping[str, Any]) -> None:
        found = set(filter(_disturbs, map(printable, _all(record))))
        longest_first = sorted(found, key=lambda name: (-len(name), name))
        self._any = re.compile(f"({'|'.join(map(re.escape, longest_first))})") if found else None

    def told(self, text: str, written: Callable[[str], Html] = escaped) -> Html:
        """A sentence of ours as HTML, with each name that it holds as `name_html` writes it."""
        if isinstance(text, Html):
            return text
        if self._any is None:
            return written(text)
        parts = self._any.split(text)  # every second one is a name
        return joined(
            name_html(part, written) if i % 2 else written(part) for i, part in enumerate(parts)
        )

    def head(self, text: str) -> Html:
        """The head of a column as HTML: no word of it is broken, be it a formula."""
        return self.told(text, _unbroken)


def _unbroken(text: str) -> Html:
    """Text whose words are whole where a browser would begin a line after a sign in them."""
    words = (element("span", w, class_="whole") if _SIGNS.search(w) else w for w in text.split(" "))
    return joined(words, " ")


def _all(record: Mapping[str, Any]) -> Iterable[str]:
    yield from record["model"]["features"]
    for row in record["unlikely"]["rows"]:
        for name, text in row["ids"].items():
            yield name
            yield text


def _disturbs(name: str) -> bool:
    return runs_from_the_right(name) or len(name) > _LETTERS
