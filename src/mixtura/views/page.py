"""Page: one file of HTML that asks a network for nothing, with data and programs inside."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any


def filled(skeleton: str, own: Mapping[str, str], told: Mapping[str, str]) -> str:
    """A page whose places, ``<!--name-->``, are taken by texts.

    Parameters
    ----------
    skeleton : the page with its places.
    own : place -> text of ours.
    told : place -> text with what comes from outside, in the order of the places; it is never
        searched for any.

    Examples
    --------
    >>> filled("<b><!--who--></b>", {}, {"who": "<!--who-->"})
    '<b><!--who--></b>'
    """
    for place, text in own.items():
        skeleton = skeleton.replace(f"<!--{place}-->", text)
    pieces = []
    for place, text in told.items():
        before, skeleton = skeleton.split(f"<!--{place}-->")
        pieces += [before, text]
    return "".join([*pieces, skeleton])


def policy(**sources: str) -> str:
    """The Content-Security-Policy of a page that may use these sources, and nothing else.

    Examples
    --------
    >>> policy(img="data:")
    "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'"
    """
    allowed = [f"{kind}-src {source}" for kind, source in sources.items()]
    return "; ".join(["default-src 'none'", *allowed, "base-uri 'none'", "form-action 'none'"])


def embedded(record: Mapping[str, Any]) -> str:
    r"""A record as JSON that may stand inside an element ``script``.

    No text in it ends the element, opens a comment or another element, or ends a line of a script.

    Examples
    --------
    >>> embedded({"name": "</script><!-- & "})
    '{"name":"\\u003c/script\\u003e\\u003c!-- \\u0026 "}'
    """
    text = json.dumps(record, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def source_hash(text: str) -> str:
    """What a Content-Security-Policy calls an inline style or script, so that it allows no other.

    Examples
    --------
    >>> source_hash("")
    'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='
    """
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
