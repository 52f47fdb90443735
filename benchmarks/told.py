"""Told: all that a value says, as bits and as words, a line each."""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np

import mixtura

__all__ = ["Told", "lasting", "told_of"]

#: what is another one each time: how long something took, when a file was written, its sum
_FLEETING = {"seconds", "date", "sha256", "library_version"}
_TIMES = re.compile(r"\b\d+(\.\d+)?(e[+-]?\d+)? ?(ms|s|min|seconds?)\b")
_DATES = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|\+00:00| UTC)?")
_ADDRESSES = re.compile(r"0x[0-9a-f]{6,}")
_SUMS = re.compile(r"\b[0-9a-f]{64}\b")
#: scikit-learn writes where a class lives, which is no public matter
_HOMES = re.compile(r"\bmixtura(\.[a-z_]+)+\.(?=[A-Z])")
#: scikit-learn writes sets of names, in the order of the day
_SETS = re.compile(r"\{('[^{}]*')\}")


@dataclass
class Told:
    """What was said.

    Parameters
    ----------
    bits : numbers, to the last bit.
    words : texts, with times, dates, sums of files and addresses in memory left out.
    """

    bits: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def add(self, name: str, value: Any) -> None:
        """Take down a value of any kind; one that is not known is an error."""
        if isinstance(value, str):
            self.words.append(f"{name}: {lasting(value)}")
        elif value is None or isinstance(value, bool | int):
            self.bits.append(f"{name}: {value!r}")
        elif isinstance(value, Enum):
            self.bits.append(f"{name}: {value.name}")
        elif isinstance(value, bytes):
            self.bits.append(f"{name}: {len(value)} bytes {hashlib.sha256(value).hexdigest()}")
        elif isinstance(value, float | np.generic | np.ndarray):
            self.bits.append(f"{name}: {_array(np.asarray(value))}")
        elif isinstance(value, Mapping):
            self._items(name, [(key, value[key]) for key in value if key not in _FLEETING])
        elif isinstance(value, tuple | list):
            self._items(name, list(enumerate(value)))
        else:
            self._known(name, value)

    def digests(self) -> tuple[str, str]:
        """The first sixteen digits of the SHA-256 of the bits, and of the words."""
        return _digest(self.bits), _digest(self.words)

    def _items(self, name: str, items: list[tuple[Any, Any]]) -> None:
        self.bits.append(f"{name}: {len(items)} items")
        for key, item in items:
            self.add(f"{name}.{key}", item)

    def _known(self, name: str, value: Any) -> None:
        for kind, say in _KINDS.items():
            if isinstance(value, kind):
                for key, part in say(value).items():
                    self.add(f"{name}.{key}", part)
                return
        if hasattr(value, "compute"):  # lazy, of Dask
            self.add(f"{name}.computed", np.asarray(value.compute()))
        else:
            raise TypeError(f"{name}: a {type(value).__name__} is not known here")


def told_of(case: Callable[[], Any]) -> Told:
    """What a case gives, the warnings on the way, and the error that it ends in.

    Warnings that come twice count once: how often Python repeats one is not ours to say.
    """
    told = Told()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            told.add("value", case())
        except Exception as error:  # whichever it is: its kind and its words are what is told
            told.add("error", f"{type(error).__name__}: {error}")
    for text in dict.fromkeys(f"{w.category.__name__}: {w.message}" for w in caught):
        told.add("warning", text)
    return told


def lasting(text: str) -> str:
    """A text without what is another each time."""
    for pattern, instead in (
        (_DATES, "DATE"),
        (_TIMES, "TIME"),
        (_ADDRESSES, "ADDRESS"),
        (_SUMS, "SUM"),
        (_HOMES, "mixtura."),
    ):
        text = pattern.sub(instead, text)
    return _SETS.sub(lambda found: ", ".join(sorted(found[1].split(", "))), text)


def _array(value: np.ndarray[Any, Any]) -> str:
    if value.dtype == object:
        return json.dumps(value.tolist(), default=repr)
    first = ", ".join(repr(number) for number in value.ravel()[:4].tolist())
    sum_of = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()[:16]
    return f"{value.dtype} {value.shape} {sum_of} [{first}]"


def _digest(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode("utf-8", "backslashreplace")).hexdigest()[:16]


def _texts(value: Any) -> dict[str, str]:
    """A value as a person sees it."""
    html = getattr(value, "_repr_html_", None)
    return {"repr": repr(value), "str": str(value), **({"html": html()} if html else {})}


def _of_mixture(mixture: mixtura.Mixture) -> dict[str, Any]:
    return {
        "weights": mixture.weights,
        "means": mixture.means,
        "covariances": mixture.covariances,
        "noise": mixture.noise,
        "structure": mixture.structure.name,
        "names": mixture.feature_names,
        "n_parameters": mixture.n_parameters,
        "equal_weights": mixture.equal_weights,
        **_texts(mixture),
    }


def _of_fit(fit: mixtura.Fit) -> dict[str, Any]:
    return {
        "mixture": fit.mixture,
        "trace": fit.trace,
        "outcome": fit.outcome,
        "accelerated": fit.accelerated,
        "rejected": fit.rejected,
        "gain": fit.remaining_gain,
        "prior": fit.mean_log_prior,
        "summary": fit.summary(),
        **_texts(fit),
    }


def _of_selection(selection: mixtura.Selection) -> dict[str, Any]:
    rows = [{**row, "seconds": 0.0} for row in selection.table("mclust")]
    best = selection.best if selection.ranked() else None
    return {"table": rows, "summary": selection.summary(), "best": best, **_texts(selection)}


def _of_errors(errors: mixtura.StandardErrors) -> dict[str, Any]:
    return {"joint": errors.joint, "summary": errors.summary(0.9), **_texts(errors)}


def _of_merging(merging: mixtura.Merging) -> dict[str, Any]:
    return {
        "merges": merging.merges,
        "entropy": merging.entropy,
        "rows": merging.rows_merged,
        "suggested": merging.suggested,
        **_texts(merging),
    }


def _of_test(test: mixtura.BootstrapTest) -> dict[str, Any]:
    return {
        "statistic": test.statistic,
        "replicates": test.replicates,
        "failed": test.n_failed,
        "p": test.p_value,
        "null": test.null,
        "alternative": test.alternative,
        **_texts(test),
    }


def _of_statistics(sums: mixtura.Statistics) -> dict[str, Any]:
    names = ("reference", "weight", "first", "second", "log_likelihood", "n_rows", "total_weight")
    return {name: getattr(sums, name) for name in names}


_KINDS: dict[type, Callable[[Any], dict[str, Any]]] = {
    mixtura.Mixture: _of_mixture,
    mixtura.Fit: _of_fit,
    mixtura.Selection: _of_selection,
    mixtura.StandardErrors: _of_errors,
    mixtura.Merging: _of_merging,
    mixtura.BootstrapTest: _of_test,
    mixtura.BootstrapSequence: lambda s: {"n": s.n_components(), "tests": s.tests, **_texts(s)},
    mixtura.Statistics: _of_statistics,
    mixtura.Given: lambda g: {"weights": g.weights, "means": g.means, **_texts(g)},
    mixtura.Explanation: lambda e: {"record": e.to_dict(), "text": e.to_text(), **_texts(e)},
    mixtura.Noise: lambda n: {"weight": n.weight, "box": n.box, **_texts(n)},
    mixtura.Box: lambda b: {"low": b.low, "extent": b.extent, "volume": b.volume, **_texts(b)},
}
