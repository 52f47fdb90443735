"""Thinning: a line with the points that are seen."""

from __future__ import annotations

import re

import numpy as np

from mixtura.engine.arrays import Floats

__all__ = ["rounded", "thinned", "thinned_path"]

#: how far a line may be from where it was, points (1/72 inch)
_TOLERANCE = 0.05
_NUMBER = re.compile(r"-?\d+\.\d{2,}")


def thinned(points: Floats, tolerance: float) -> Floats:
    """Points (n, 2) without those that lie within `tolerance` of the line through the others.

    References
    ----------
    Douglas & Peucker 1973, "Algorithms for the reduction of the number of points required to
    represent a digitized line or its caricature".

    Examples
    --------
    >>> import numpy as np
    >>> thinned(np.array([[0.0, 0.0], [1.0, 0.01], [2.0, 0.0], [2.0, 1.0]]), 0.1).tolist()
    [[0.0, 0.0], [2.0, 0.0], [2.0, 1.0]]
    """
    kept = np.zeros(len(points), dtype=bool)
    kept[[0, -1]] = True
    spans = [(0, len(points) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        from_first = points[first + 1 : last] - points[first]
        chord = points[last] - points[first]
        length = float(np.hypot(*chord))
        if length > 0.0:
            away = np.abs(from_first[:, 0] * chord[1] - from_first[:, 1] * chord[0]) / length
        else:
            away = np.hypot(from_first[:, 0], from_first[:, 1])
        farthest = int(away.argmax())
        if away[farthest] > tolerance:
            middle = first + 1 + farthest
            kept[middle] = True
            spans += [(first, middle), (middle, last)]
    return points[kept]


def thinned_path(path: str) -> str:
    """The ``d`` of an SVG path: its straight runs thinned, its numbers to a hundredth."""
    return " ".join(_thinned_run(run) for run in re.split(r"(?=M)", path) if run.strip())


def _thinned_run(run: str) -> str:
    """One run from an M; a run with curves keeps its points."""
    if re.search(r"[^MLz\s\d.eE+-]", run):
        return rounded(" ".join(run.split()))
    numbers = np.array(re.findall(r"[\d.eE+-]+", run), dtype=np.float64).reshape(-1, 2)
    ends = " z" if "z" in run else ""
    points = [_pair(x, y) for x, y in thinned(numbers, _TOLERANCE)]
    return "M" + "L".join(points) + ends


def rounded(text: str) -> str:
    """Numbers to a hundredth."""
    return _NUMBER.sub(_short, text)


def _pair(x: float, y: float) -> str:
    return f"{_two(x)} {_two(y)}"


def _short(number: re.Match[str]) -> str:
    return _two(float(number[0]))


def _two(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
