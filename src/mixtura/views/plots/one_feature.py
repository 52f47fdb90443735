"""One feature: its rows against what the mixture expects of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.model.calibration import Z, marginal_quantiles, share_interval
from mixtura.model.mixture import Mixture
from mixtura.views.plots.canvas import divided, in_rows, tidied
from mixtura.views.plots.naming import name_axis
from mixtura.views.plots.palette import BAND

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["OneFeature", "one_feature"]

_INK = (0.0, 0.447, 0.698)
#: points of a quantile plot, and those of them at each end
_POINTS, _ENDS = 300, 40


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
        """Of the figure that suits it, inches."""
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
        spread = Z * math.sqrt(expected * (1.0 - 1.0 / bars))
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


def one_feature(mixture: Mixture, X: Any, shares: Floats) -> OneFeature:
    values = np.sort(np.asarray(mixture.rows(X), dtype=np.float64)[:, 0])
    n = len(values)
    # All of a few; of many those at the ends, where a density fails first, and some between.
    ends = np.arange(min(n, _ENDS))
    kept = np.unique(
        np.concatenate([ends, np.linspace(0, n - 1, _POINTS).astype(int), n - 1 - ends])
    )
    probabilities = (kept + 0.5) / n
    bounds = share_interval(probabilities, n)
    return OneFeature(
        mixture.feature_labels[0],
        shares[:, 0],
        values[kept],
        marginal_quantiles(mixture, 0, probabilities),
        np.stack([marginal_quantiles(mixture, 0, bound) for bound in bounds]),
    )
