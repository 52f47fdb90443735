"""Text: a report's record, and the commands in it, for a terminal."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from mixtura.model.wording import explanation_text
from mixtura.testing.validation import validation_text
from mixtura.textual import columns, printable, underlined
from mixtura.views.report import tables
from mixtura.views.text import model_text


def report_text(record: Mapping[str, Any], width: int | None = None) -> str:
    """The text of `report_record`'s record; a line of a table has at most `width` letters."""

    def told(table: tables.Table) -> list[str]:
        return columns(table, width=width)

    model = record["model"]
    title = f"report on {printable(record['data']['name'] or 'rows')}"
    blocks = [
        underlined(title, "=", width),
        "\n".join(
            [tables.nats_words(), tables.structure_words(model["structure"], model["letters"])]
        ),
        model_text(model, width, note=tables.note_label(record)),
        _part(
            "these rows",
            [
                *tables.relation_words(record),
                *told(tables.score_table(record)),
                tables.fit_words(record),
            ],
        ),
        _part(
            "components", [*told(tables.component_table(record)), *tables.under_components(record)]
        ),
        _part("features", told(tables.feature_table(record))),
        _part("the least likely rows", [explanation_text(record["unlikely"], width)]),
    ]
    comparison = record["comparison"]
    if comparison:
        said = validation_text(comparison["validation"], width)
        blocks.append(_part("beside scikit-learn", [said]))
        if comparison["fit"] and "failed" in comparison["fit"]:
            blocks.append(
                f"scikit-learn's own fit failed: {printable(comparison['fit']['failed'])}"
            )
        elif comparison["fit"]:
            blocks.append("\n".join(told(tables.fit_comparison(record))))
    again = record["again"]
    lines = [shell_line(words, width) for words in again["commands"]]
    lines += [again["python"]] if again["python"] else []
    blocks.append(_part("the same again", [*lines, *told(tables.setting_table(record)[1:])]))
    return "\n\n".join(blocks)


def _part(title: str, lines: list[str]) -> str:
    return "\n".join([title, "-" * len(title), *lines])


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
    """A word as a shell reads it."""
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
