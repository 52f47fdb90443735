"""Calibration: rows against what the mixture expects of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.errors import DataError
from mixtura.model import calibration as model, distributions
from mixtura.model.mixture import Mixture
from mixtura.views.plots.canvas import Drawing, divided, drawn, tidied
from mixtura.views.plots.lettering import below, fitted_to, in_rows, name_axis, room_along, width_of
from mixtura.views.plots.palette import BAND, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK = (0.0, 0.447, 0.698)
#: points of a quantile plot, and those of them at each end
_QUANTILES, _ENDS = 300, 40
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


def calibration_of(mixture: Mixture, X: Any) -> Drawing:
    """The calibration of a mixture of one feature or several, computed."""
    if X is None:
        raise DataError("calibration compares rows with the mixture, got none: give X")
    shares = np.sort(model.marginal_cdf(mixture, X), axis=0)
    if len(shares) == 0:
        raise DataError("X has 0 rows, expected at least 1")
    computed = _one_feature if mixture.n_features == 1 else _margins
    return computed(mixture, X, shares)


def calibration(mixture: Mixture, X: Any, *, ax: Axes | None = None) -> tuple[Axes, ...]:
    """Whether the rows lie as the mixture says that they should.

    Of one feature: the histogram of F(x_i), flat where the density fits, and the quantiles of the
    rows over those of the mixture, which show its tails in the feature's unit.

    Of several: for each feature the share of rows below a value, less the probability that the
    marginal mixture gives to it, over that probability; and for each component the Mahalanobis
    distances to its mean, weighted by its responsibilities, over those that the chi distribution
    of D degrees of freedom has at the same probabilities.

    Parameters
    ----------
    mixture : the density.
    X : (N, D) array-like, or a table with the mixture's columns.
    ax : as for `pairs`.

    Returns
    -------
    The two axes. Grey is where 95 % of samples from the mixture would lie; rows that it was
    fitted to lie nearer than new ones do.

    Raises
    ------
    DataError : no row, wrong shape, missing columns, NaN or infinity.

    Notes
    -----
    N·K densities, and normal distribution functions of the rows near each component; N·D numbers
    of memory, and some millions. Of more than 16 components the 16 that depart most are named.

    References
    ----------
    Gneiting, Balabdaoui & Raftery 2007, "Probabilistic forecasts, calibration and sharpness",
    for the histogram; Säilynoja, Bürkner & Vehtari 2022, "Graphical test for discrete
    uniformity", for the difference of shares.

    Examples
    --------
    >>> from mixtura import Mixture
    >>> from mixtura.views.plots import calibration
    >>> m = Mixture([1.0], [[0.0]], [[[1.0]]])
    >>> calibration(m, m.sample(500, 0)[0])[0].get_title(loc="left")
    '500 rows; F differs by 0.028 at most'
    """
    return drawn(calibration_of(mixture, X), ax)


@dataclass(frozen=True, eq=False)
class OneFeature:
    """The calibration of a mixture of one feature.

    Parameters
    ----------
    name : of the feature.
    shares : (N,), F(x_i), in rising order.
    observed : (n,), quantiles of the rows, feature units.
    expected : (n,), the mixture's at the same probabilities.
    band : (2, n), between which an observed quantile lies in 95 % of samples, each on its own.
    """

    name: str
    shares: Floats
    observed: Floats
    expected: Floats
    band: Floats

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the figure that suits the picture, inches."""
        return 9.0, 4.2

    def draw(self, ax: Axes) -> tuple[Axes, ...]:
        """Draw in the place of `ax`; the histogram's axes, and the quantiles'."""
        left, right = divided(ax, [1.0, 1.0], [1.0], gap=0.06)[0]
        self._draw_histogram(left)
        self._draw_quantiles(right)
        return tidied(left), tidied(right)

    def _draw_histogram(self, ax: Axes) -> None:
        n = len(self.shares)
        bars = int(np.clip(math.sqrt(n) / 1.5, 5, 40))
        counts, edges = np.histogram(self.shares, bars, (0.0, 1.0))
        expected = n / bars
        spread = model.Z * math.sqrt(expected * (1.0 - 1.0 / bars))
        ax.axhspan(
            max(0.0, 1.0 - spread / expected),
            1.0 + spread / expected,
            color=BAND,
            zorder=0.0,
            linewidth=0.0,
            label="95 % of bars of rows from the mixture",
        )
        heights = counts / expected
        ax.stairs(heights, edges, color=_INK, alpha=0.2, fill=True, baseline=1.0)
        ax.stairs(heights, edges, color=_INK, linewidth=1.5, baseline=None)
        ax.axhline(1.0, color="0.4", linewidth=0.8)
        # Room above for the legend.
        reach = 1.4 * max(spread / expected, float(np.abs(heights - 1.0).max()))
        ax.set(
            xlim=(0.0, 1.0),
            ylim=(max(0.0, 1.0 - reach), 1.0 + reach),
            xlabel="F(x), the mixture's probability of a smaller value",
            ylabel="rows in the bar ÷ rows expected",
        )
        steps = (np.arange(n) + 0.5) / n
        departure = float(np.abs(steps - self.shares).max())
        words = f"{in_rows(n)}; F differs by {departure:.3f} at most"
        ax.set_title(words, loc="left", fontsize="medium")
        ax.legend(loc="upper right", frameon=False, fontsize="small")

    def _draw_quantiles(self, ax: Axes) -> None:
        ends = (
            float(min(self.expected[0], self.observed[0])),
            float(max(self.expected[-1], self.observed[-1])),
        )
        margin = 0.03 * (ends[1] - ends[0]) or 1.0
        limits = (ends[0] - margin, ends[1] + margin)
        ax.fill_between(
            self.expected,
            *self.band,
            color=BAND,
            linewidth=0.0,
            zorder=0.0,
            label="95 % of samples, point by point",
        )
        ax.plot(limits, limits, color="0.4", linewidth=0.8, zorder=1.0)
        ax.plot(
            self.expected,
            self.observed,
            color=_INK,
            linestyle="none",
            marker="o",
            markersize=3.0,
            markeredgewidth=0.0,
        )
        ax.set(xlim=limits, ylim=limits)
        name_axis(ax, "x", self.name, ", quantiles of the mixture")
        name_axis(ax, "y", self.name, ", quantiles of the rows")
        ax.legend(loc="upper left", frameon=False, fontsize="small")


def _one_feature(mixture: Mixture, X: Any, shares: Floats) -> OneFeature:
    """Quantiles of the rows and of the mixture, beside the shares F(x_i)."""
    values = np.sort(np.asarray(mixture.rows(X), dtype=np.float64)[:, 0])
    n = len(values)
    # All of a few; of many those at the ends, where a density fails first, and some between.
    ends = np.arange(min(n, _ENDS))
    kept = np.unique(
        np.concatenate([ends, np.linspace(0, n - 1, _QUANTILES).astype(int), n - 1 - ends])
    )
    probabilities = (kept + 0.5) / n
    bounds = model.share_interval(probabilities, n)
    return OneFeature(
        mixture.feature_labels[0],
        shares[:, 0],
        values[kept],
        model.marginal_quantiles(mixture, 0, probabilities),
        np.stack([model.marginal_quantiles(mixture, 0, bound) for bound in bounds]),
    )


@dataclass(frozen=True, eq=False)
class Margins:
    """The calibration of a mixture of several features.

    Parameters
    ----------
    names : those of the D features.
    shares : (N, D), F_j(x_ij), each column in rising order.
    expected : (n,), distances that n shares of a component's rows lie within, by the mixture.
    observed : (n, K), the same by the rows, weighted by their responsibilities; NaN past the ends.
    bands : (K, 2, n), between which an observed distance lies in 95 % of samples; of few alone.
    named : components with a look of their own; of many those that depart most, the worst first.
    """

    names: tuple[str, ...]
    shares: Floats
    expected: Floats
    observed: Floats
    bands: Floats
    named: tuple[int, ...]

    @property
    def size(self) -> tuple[float, float]:
        """Of the figure that suits it, inches: the legends below leave the axes their height."""
        features = min(len(self.names), _FEATURES)
        components = len(self.named)
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
        width = model.largest_departure(n)
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
        others = np.delete(np.arange(self.observed.shape[1]), self.named)
        if len(others):
            coarse = np.dstack(np.broadcast_arrays(self.expected[:, None], self.observed))
            self._draw_others(ax, coarse[::_COARSE, others])
        for k in self.named:
            look = style(k)
            if len(self.bands):
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
        if len(others):
            words = f"distances, {len(self.named)} worst of {self.observed.shape[1]:,} named"
        if tallest > top:
            words += f", up to {tallest:.3g}"
        ax.set_title(words, loc="left", fontsize="medium")
        below(ax, 1 if len(self.named) <= _FEATURES else 2)

    @staticmethod
    def _draw_others(ax: Axes, lines: Floats) -> None:
        """Draw the lines (n, ·, 2) of components without a name, an image where there are many."""
        from matplotlib.collections import LineCollection

        curves = list(lines.transpose(1, 0, 2))
        look: dict[str, Any] = {"colors": "0.75", "linewidths": 0.6, "zorder": 1.0}
        ax.add_collection(LineCollection(curves, **look, rasterized=True), autolim=False)


def _margins(mixture: Mixture, X: Any, shares: Floats) -> Margins:
    """The Mahalanobis distances of each component's rows, beside the shares F_j(x_ij)."""
    k_all, degrees = mixture.n_components, mixture.n_features
    components, distances, weights = model.weighted_distances(mixture, X)
    ends = np.searchsorted(components, np.arange(k_all + 1))
    counts = np.maximum(np.bincount(components, weights, k_all), 1.0)  # (K,)
    last = distributions.chi_quantiles(np.array([1.0 - 0.5 / counts.max()]), degrees)[0]
    expected = np.linspace(0.0, last, _POINTS)[1:]
    probabilities = distributions.chi_cdf(expected, degrees)
    due = distributions.chi_cdf(distances, degrees)
    observed = np.full((len(expected), k_all), np.nan)
    departures = np.zeros(k_all)
    for k in np.flatnonzero(np.diff(ends)):
        own = slice(ends[k], ends[k + 1])
        below = (np.cumsum(weights[own]) - 0.5 * weights[own]) / weights[own].sum()
        departures[k] = np.abs(below - due[own]).max() * math.sqrt(counts[k])
        inside = np.abs(probabilities - 0.5) < 0.5 - 0.5 / counts[k]
        observed[inside, k] = np.interp(probabilities[inside], below, distances[own])
    observed[~np.isfinite(observed)] = np.nan
    bands = [
        [
            distributions.chi_quantiles(end, degrees)
            for end in model.share_interval(probabilities, n)
        ]
        for n in (counts if k_all <= _BANDS else ())
    ]
    worst = np.argsort(-departures, kind="stable")[:_COMPONENTS].tolist()
    named = tuple(worst if k_all > _COMPONENTS else range(k_all))
    return Margins(mixture.feature_labels, shares, expected, observed, np.array(bands), named)
