"""Spelling: advice that names the arguments of functions, in the words of the command line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

#: argument of a function -> option, where no other word is spelled so
_OPTIONS = {
    "max_iter": "--max-iter",
    "n_factors": "--n-factors",
    "n_init": "--n-init",
    "n_jobs": "--jobs",
    "n_oracle_rows": "--rows",
    "on_bad_row": "--on-bad-row",
    "random_state": "--seed",
    "reg_covar": "--reg-covar",
    "sample_weight": "--weights",
}
#: the same, where it is an argument only beside a sign of equality, or after certain words
_WORDS = {
    "accelerate": "--accelerate",
    "compensate": "--compensate",
    "search": "--search",
    "criterion": "--criterion",
    "every": "--every",
    "folds": "--folds",
    "layer": "--layer",
    "n_bootstrap": "--n-bootstrap",
    "n_components": "-k",
    "obsm": "--obsm",
    "start": "--start",
    "structure": "--structure",
    "structures": "--structures",
    "tol": "--tol",
    "top": "--top",
}
_EVERY = _OPTIONS | _WORDS
#: neither within a longer word or a path, nor in quotes, as columns' names are
_APART, _ENDS = r"(?<![\w'\"./-])", r"(?![\w'\"]|\.\w)"


def _names(options: Mapping[str, str]) -> str:
    return "|".join(options)


def _option(match: re.Match[str]) -> str:
    return f"{match['before']}{_EVERY[match['name']]}"


def _with_value(match: re.Match[str]) -> str:
    return f"{_EVERY[match['name']]} {match['value'].strip(chr(39))}"


_VALUE = r"(?P<value>'[\w+-]*'|[\w.+-]*\w)"
_BEFORE = r"(?P<before>\b(?:raise|lower|set|give|with|and|or) |: |^)"

#: what is found, and what is written for it, one after the other
_RULES: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r",? ?\bresume=True\b", ""),
    (r",\s+a numpy\.random\.RandomState, or None$", ""),
    (r"; or labels, responsibilities, a function that returns them, or a mixture$", ""),
    (rf"{_APART}sample_weight\[(\d+)\]", r"the weight of row \1"),
    (rf"{_APART}errors\[(\d+), (\d+)\]", r"the error of row \1, column \2"),
    (rf"{_APART}noise=True\b", "--noise"),
    (rf"{_APART}noise={_VALUE}", r"--noise=\g<value>"),
    (rf"{_APART}prior='conjugate'", "--prior"),
    (rf"{_APART}weights='equal'", "--equal-weights"),
    (rf"{_APART}missing='em'", "--missing em"),
    (rf"{_APART}missing_values\b", "--missing-values"),
    (rf"{_APART}name='(?P<value>[^']*)'", r"::\g<value> after the file's name"),
    (rf"{_APART}(?P<name>{_names(_EVERY)})={_VALUE}", _with_value),
    (r"\bon_bad_row '(?P<value>\w+)'", r"--on-bad-row \g<value>"),
    (rf"{_BEFORE}{_APART}(?P<name>{_names(_WORDS)})(?= (?:as|has|is|to|if|was)\b)", _option),
    (rf"(?P<before>){_APART}(?P<name>{_names(_OPTIONS)}){_ENDS}", _option),
    (r"\bset (--[\w-]+) to 'auto'", r"give \1 auto"),
    (r"(--[\w-]+), or set it to 'auto'", r"\1, or give \1 auto"),
)


def spelled(sentence: str) -> str:
    """A sentence of the library's, for somebody at the command line.

    Parameters
    ----------
    sentence : as an error, a note or a remedy has it.

    Examples
    --------
    >>> spelled("raise max_iter, or give tol as a number if less precision will do")
    'raise --max-iter, or give --tol as a number if less precision will do'
    >>> spelled("fit it with tol='auto', noise=True or n_init=10; column 'tol' is constant")
    "fit it with --tol auto, --noise or --n-init 10; column 'tol' is constant"
    """
    for pattern, written in _RULES:
        sentence = re.sub(pattern, written, sentence)
    return sentence


def spelled_training(training: Mapping[str, Any]) -> dict[str, Any]:
    """The record of a fit, whose advice is spelled as at the command line."""
    said = dict(training)
    for key in ("remedy", "void"):
        if isinstance(said.get(key), str):
            said[key] = spelled(said[key])
    if isinstance(said.get("notes"), list):
        said["notes"] = [spelled(one) if isinstance(one, str) else one for one in said["notes"]]
    return said


def spelled_selection(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record of a selection, whose sentences are spelled as at the command line."""
    return {
        **record,
        "verdict": [spelled(line) for line in record["verdict"]],
        "candidates": [
            {**row, "reason": spelled(row["reason"])} if row["reason"] else row
            for row in record["candidates"]
        ],
    }
