"""Margins: the rows of several features against what the mixture expects of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.model.calibration import (
    chi_cdf,
    chi_quantiles,
    component_distances,
    largest_departure,
    share_interval,
)
from mixtura.model.mixture import Mixture
from mixtura.views.plots.canvas import below, divided, in_rows, tidied
from mixtura.views.plots.naming import fitted_to, room_along, width_of
from mixtura.views.plots.palette import BAND, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Margins", "margins"]

_LINES = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)))
#: points of a line
_POINTS = 300
#: features with a colour; the others are grey, and have one point of so many
_FEATURES, _COARSE = 6, 4
#: components with a line
_COMPONENTS = 16
#: with more components than this their bands are left out
_BANDS = 4
#: points of a letter in a legend, and what is left of its line
_LETTERS, _HANDLE = 8.33, 40.0
#: inches that axes with their names take, and a line of a legend
_AXES, _LINE = 3.6, 0.19
#: an observed distance this many times as large as the expected one is cut
_FARTHEST = 3.0


@dataclass(frozen=True, eq=False)
class Margins:
    """The calibration of a mixture of several features.

    Parameters
    ----------
    names : those of the D features.
    shares : (N, D), F_j(x_ij), each column in rising order.
    expected : (n,), distances that n shares of a component's rows lie within, by the mixture.
    observed : (n, K), the same by the rows, weighted by their responsibilities; NaN past the ends.
    bands : (K, 2, n), between which an observed distance lies in 95 % of samples.
    """

    names: tuple[str, ...]
    shares: Floats
    expected: Floats
    observed: Floats
    bands: Floats

    @property
    def size(self) -> tuple[float, float]:
        """Of the figure that suits it, inches: the legends below leave the axes their height."""
        features = min(len(self.names), _FEATURES)
        components = min(self.observed.shape[1], _COMPONENTS)
        lines = max(features, components if components <= _FEATURES else (components + 1) // 2)
        return 9.0, _AXES + _LINE * (1 + lines)

    def draw(self, ax: Axes) -> tuple[Axes, ...]:
        """Draw in the place of `ax`; the features' axes, and the components'."""
        left, right = divided(ax, [1.0, 1.0], [1.0], gap=0.06)[0]
        self._draw_features(left)
        self._draw_components(right)
        return tidied(left), tidied(right)

    def _draw_features(self, ax: Axes) -> None:
        from matplotlib import colormaps

        n, d = self.shares.shape
        departures = (np.arange(n)[:, None] + 0.5) / n - self.shares  # (N, D)
        largest = np.abs(departures).max(axis=0)
        order = np.argsort(-largest, kind="stable")
        width = largest_departure(n)
        words = "95 % of lines of rows from the mixture"
        ax.axhspan(-width, width, color=BAND, linewidth=0.0, zorder=0.0, label=words)
        shown = np.unique(np.linspace(0, n - 1, _POINTS * 2).astype(int))
        # Not the palette's: those are the components' colours, in the panel beside.
        colours = colormaps["viridis"](np.linspace(0.25, 0.85, min(d, _FEATURES)))
        room = room_along(ax, "x") - _HANDLE
        for place, j in enumerate(order):
            named = place < _FEATURES
            words = f"{largest[j]:.3f} at most: "
            words += fitted_to(self.names[j], room - width_of(words, _LETTERS), _LETTERS)
            points = shown if named else shown[::_COARSE]
            ax.plot(
                np.concatenate([[0.0], self.shares[points, j], [1.0]]),
                np.concatenate([[0.0], departures[points, j], [0.0]]),
                color=colours[place] if named else "0.75",
                linestyle=_LINES[place % len(_LINES)] if named else "-",
                linewidth=1.4 if named else 0.8,
                label=words if named else None,
                zorder=2.0 if named else 1.0,
            )
        reach = 1.15 * max(width, float(largest.max()))
        ax.axhline(0.0, color="0.4", linewidth=0.8)
        ax.set(
            xlim=(0.0, 1.0),
            ylim=(-reach, reach),
            xlabel="probability of a smaller value",
            ylabel="share of rows below\n− that probability",
        )
        worst = f", the {_FEATURES} worst of {d} named" if d > _FEATURES else ""
        ax.set_title(f"each feature, {in_rows(n)}{worst}", loc="left", fontsize="medium")
        below(ax)

    def _draw_components(self, ax: Axes) -> None:
        limit = float(self.expected[-1])
        finite = self.observed[np.isfinite(self.observed)]
        tallest = float(finite.max(initial=limit))
        top = 1.05 * min(tallest, _FARTHEST * limit)
        k_shown = min(self.observed.shape[1], _COMPONENTS)
        for k in range(k_shown):
            look = style(k)
            if k_shown <= _BANDS:
                ax.fill_between(
                    self.expected,
                    *self.bands[k],
                    color="0.5",
                    alpha=0.1,
                    linewidth=0.0,
                    label="" if k else "95 % of samples, for each component",
                )
            ax.plot(
                self.expected,
                self.observed[:, k],
                color=look.edge,
                linestyle=look.line,
                linewidth=1.5,
                label=f"component {k}",
            )
        ax.plot([0.0, limit], [0.0, limit], color="0.4", linewidth=0.8)
        ax.set(
            xlim=(0.0, 1.02 * limit),
            ylim=(0.0, top),
            xlabel="expected, standard deviations",
            ylabel="observed, standard deviations",
        )
        words = "Mahalanobis distances to each mean"
        if tallest > top:
            words += f", up to {tallest:.3g}"
        ax.set_title(words, loc="left", fontsize="medium")
        below(ax, 1 if k_shown <= _FEATURES else 2)


def margins(mixture: Mixture, X: Any, shares: Floats) -> Margins:
    distances, responsibilities = component_distances(mixture, X)
    counts = np.maximum(responsibilities.sum(axis=0), 1.0)  # (K,)
    degrees = mixture.n_features
    last = chi_quantiles(np.array([1.0 - 0.5 / counts.max()]), degrees)[0]
    expected = np.linspace(0.0, last, _POINTS)[1:]
    probabilities = chi_cdf(expected, degrees)
    observed = np.full((len(expected), mixture.n_components), np.nan)
    bands = np.empty((mixture.n_components, 2, len(expected)))
    for k, count in enumerate(counts):
        order = np.argsort(distances[:, k], kind="stable")
        weights = responsibilities[order, k]
        below = (np.cumsum(weights) - 0.5 * weights) / max(float(weights.sum()), 1e-300)
        inside = np.abs(probabilities - 0.5) < 0.5 - 0.5 / count
        observed[inside, k] = np.interp(probabilities[inside], below, distances[order, k])
        bands[k] = [chi_quantiles(bound, degrees) for bound in share_interval(probabilities, count)]
    observed[~np.isfinite(observed)] = np.nan
    return Margins(mixture.feature_labels, shares, expected, observed, bands)
