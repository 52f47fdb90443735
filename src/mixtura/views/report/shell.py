"""Shell: words as a line that a shell takes apart into the same words."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

__all__ = ["shell_line"]


def shell_line(words: Sequence[str]) -> str:
    r"""A command as it is typed.

    What a terminal or a page would not show as it stands is written out, as bash and zsh read it.

    Examples
    --------
    >>> print(shell_line(["mixtura", "show", "my model", "a\u202eb'"]))
    mixtura show 'my model' $'a\u202eb\''
    """
    return " ".join(map(_word, words))


def _word(word: str) -> str:
    if word.isprintable():
        return shlex.quote(word)
    return "$'" + "".join(map(_character, word)) + "'"


def _character(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if character.isprintable():
        return character
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:  # a byte of a file's name that is no UTF-8
        return f"\\x{number - 0xDC00:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
