"""Embedding: data and programs inside a page that is one file."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

__all__ = ["embedded", "source_hash"]


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
