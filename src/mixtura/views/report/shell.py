"""Shell: words as a line that a shell takes apart into the same words."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

__all__ = ["shell_line"]


def shell_line(words: Sequence[str], width: int | None = None) -> str:
    r"""A command as it is typed.

    What a terminal or a page would not show as it stands is written out, as bash and zsh read it.

    Parameters
    ----------
    words : of the command.
    width : letters that a line may have: a longer command goes on below, as a shell reads it. None
        is no bound.

    Examples
    --------
    >>> print(shell_line(["mixtura", "show", "my model", "a\u202eb'"]))
    mixtura show 'my model' $'a\u202eb\''
    """
    lines = [""]
    for word in map(_word, words):
        if not lines[-1]:
            lines[-1] = word
        elif width is not None and len(lines[-1]) + len(word) + 3 > width:
            lines[-1] += " \\"
            lines.append(f"  {word}")
        else:
            lines[-1] += f" {word}"
    return "\n".join(lines)


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
