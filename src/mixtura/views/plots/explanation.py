"""Explanation: where the log-likelihood of one row comes from, as bars."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.errors import DataError
from mixtura.model.explain import Explanation, least_likely
from mixtura.model.mixture import Mixture
from mixtura.tables import Table
from mixtura.textual import counted, resolved
from mixtura.views.plots.canvas import divided, drawn, tidied
from mixtura.views.plots.lettering import beside, plain, shortened
from mixtura.views.plots.palette import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: the parts of log w_k + log N(x | μ_k, Σ_k), each with its colour: none is a component's
_PARTS: tuple[tuple[str, str | tuple[float, float, float]], ...] = (
    ("normalisation, −D/2·log 2π", "0.85"),
    ("log weight, log w", "0.65"),
    ("log-determinant, −½·log|Σ|", "0.4"),
    ("distance, −½·d²", (0.835, 0.369, 0.0)),
)
#: more would touch where numbers are long
_TICKS = 6
_MINUS = "−"
#: bars that a panel has room for
_COMPONENTS, _FEATURES = 8, 12
#: a bar this many times as long as the likeliest component's is cut
_LONGEST = 4.0


@dataclass(frozen=True, eq=False)
class RowParts:
    """The explanation of one row, computed and not yet drawn.

    Parameters
    ----------
    explanation : of that row alone.
    components : the k that have a bar, the likeliest first.
    """

    explanation: Explanation
    components: tuple[int, ...]

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the figure that suits the picture, inches."""
        return 9.0, 1.7 + 0.4 * sum(self._bars())

    def _bars(self) -> tuple[int, int]:
        """How many bars there are for components, above, and for features, below."""
        return len(self.components), min(len(self.explanation.feature_labels), _FEATURES + 1)

    def stacks(self) -> Floats:
        """The parts by component, (4, k), nats; a column adds up to log w_k N(x | μ_k, Σ_k)."""
        e, chosen = self.explanation, list(self.components)
        shape = e.log_joint.shape
        return np.stack(
            [
                np.broadcast_to(e.normalisation, shape)[0, chosen],
                e.log_weights[chosen],
                np.broadcast_to(e.log_determinants, shape)[0, chosen],
                e.distance_terms[0, chosen],
            ]
        )

    def features(self) -> tuple[list[str], Floats]:
        """Names and parts −½·(x − μ)_j·[Σ⁻¹(x − μ)]_j of the likeliest component, nats.

        The largest come first; what there is no room for is one sum, at the end.
        """
        e, k = self.explanation, self.components[0]
        terms = -0.5 * e.contributions[0, k]  # (D,)
        order = np.argsort(-np.abs(terms), kind="stable")
        kept, rest = order[:_FEATURES], order[_FEATURES:]
        names = [e.feature_labels[j] for j in kept]
        values = terms[kept]
        if len(rest):
            names.append(counted(len(rest), "other feature"))
            values = np.append(values, terms[rest].sum())
        return names, values

    def draw(self, ax: Axes) -> tuple[Axes, ...]:
        """Draw in the place of `ax`; the components' axes, and the features' below."""
        upper, lower = divided(ax, [1.0], self._bars())[:, 0]
        self._draw_components(upper)
        self._draw_features(lower)
        return tidied(upper), tidied(lower)

    def _draw_components(self, ax: Axes) -> None:
        from matplotlib.patches import Patch
        from matplotlib.ticker import MaxNLocator

        e = self.explanation
        stacks, places = self.stacks(), np.arange(len(self.components))
        total = float(e.log_likelihood[0])
        sums = e.log_joint[0, list(self.components)]
        low, high = _reach(stacks, total)
        negative, positive = np.zeros(len(places)), np.zeros(len(places))
        entries: list[Any] = []
        for (words, colour), widths in zip(_PARTS, stacks, strict=True):
            starts = np.where(widths < 0.0, negative, positive)
            ax.barh(
                places,
                np.clip(widths, low - high, high - low),
                left=starts,
                height=0.62,
                color=colour,
                linewidth=0.0,
            )
            entries.append(Patch(color=colour, linewidth=0.0, label=words))
            negative = negative + np.minimum(widths, 0.0)
            positive = positive + np.maximum(widths, 0.0)
        inside = sums >= low
        marks = ax.plot(
            sums[inside],
            places[inside],
            linestyle="none",
            marker="D",
            markersize=6.0,
            markerfacecolor="white",
            markeredgecolor="0.1",
            label="sum: log of w·N(x | μ, Σ)",
            zorder=4.0,
        )
        for place in places[~inside]:
            ax.annotate(
                f"sum {_signed(sums[place], 4)}",
                (0.0, place),
                xycoords=("axes fraction", "data"),
                xytext=(4.0, 0.0),
                textcoords="offset points",
                va="center",
                fontsize="small",
                color="white",
            )
        ax.axvline(0.0, color="0.1", linewidth=0.8)
        line = ax.axvline(total, color="0.1", linewidth=1.0, linestyle=(0, (4, 2)))
        line.set_label("log p(x), of all components")
        self._name_components(ax, places)
        ax.set(xlim=(low, high), xlabel="nats")
        ax.xaxis.set_major_locator(MaxNLocator(_TICKS))
        words = f"row {e.row_numbers[0]}: log p(x) = {_signed(total, 6)} nats"
        if e.noise is not None and e.noise_responsibilities is not None:
            joint = _signed(e.noise.log_joint, 4)
            words += f"; noise: log w/V = {joint}, {_share(e.noise_responsibilities[0])}"
        ax.set_title(words, loc="left", fontsize="medium")
        beside(ax, entries, [], [*marks, line])

    def _name_components(self, ax: Axes, places: Any) -> None:
        """Name the components' bars, with their responsibilities, the likeliest on top."""
        shares = self.explanation.responsibilities[0]
        ax.set_yticks(places, [f"component {k}, {_share(shares[k])}" for k in self.components])
        for label, k in zip(ax.get_yticklabels(), self.components, strict=True):
            label.set_color(style(k).edge)
        ax.set_ylim(len(places) - 0.5, -0.5)
        ax.tick_params(axis="y", length=0.0)
        left_out = len(self.explanation.log_weights) - len(self.components)
        if left_out:
            ax.set_ylabel(f"{left_out} less likely components not shown", fontsize="small")

    def _draw_features(self, ax: Axes) -> None:
        from matplotlib.ticker import MaxNLocator

        e, k = self.explanation, self.components[0]
        names, values = self.features()
        places = np.arange(len(values))
        finite = np.where(np.isfinite(values), values, np.sign(values) * 1e300)
        ax.barh(places, finite, height=0.62, color=_PARTS[-1][1], linewidth=0.0)
        ax.axvline(0.0, color="0.1", linewidth=0.8)
        ax.use_sticky_edges = False  # zero is not to lie on the frame
        labels = [f"{shortened(name, 26)}{self._where(name, k)}" for name in names]
        ax.set_yticks(places, labels, fontsize="small")
        plain(ax.get_yticklabels())
        ax.set_ylim(len(places) - 0.5, -0.5)
        ax.tick_params(axis="y", length=0.0)
        ax.set(xlabel="part of −½·d², nats")
        ax.xaxis.set_major_locator(MaxNLocator(_TICKS))
        words = f"component {k}: −½·d² = {_signed(e.distance_terms[0, k], 4)} nats, by feature"
        ax.set_title(words, loc="left", fontsize="medium", color=style(k).edge)

    def _where(self, name: str, k: int) -> str:
        """A feature's value, and how far it is from the mean of component k."""
        e = self.explanation
        if name not in e.feature_labels:
            return ""
        j = e.feature_labels.index(name)
        deviation = float(e.standard_deviations[k, j])
        value, far = float(e.values[0, j]), float(e.values[0, j] - e.means[k, j]) / deviation
        return f"\n{resolved(value, deviation, 4)}, {far:+.3g} σ".replace("-", _MINUS)


def _signed(value: float, digits: int) -> str:
    return f"{value:.{digits}g}".replace("-", _MINUS)


def _share(responsibility: float) -> str:
    return f"r = {responsibility:.3g}" if responsibility >= 1e-4 else "r < 0.0001"


def _reach(stacks: Floats, total: float) -> tuple[float, float]:
    """From where to where the bars are shown: a component far away is not to flatten the others."""
    negative = np.minimum(stacks, 0.0).sum(axis=0)
    high = float(np.maximum(stacks, 0.0).sum(axis=0).max())
    longest = max(float(-negative[0]), -total, 1.0)
    low = max(float(negative.min()), -_LONGEST * longest)
    return 1.03 * max(low, -1e300), high + 0.04 * (high - max(low, -1e300))


def explanation_of(mixture: Mixture, X: Any, row: int | None = None) -> RowParts:
    """The explanation of one row, the least likely one by default, computed."""
    if X is None:
        raise DataError("an explanation is of a row, got none: give X")
    number = int(least_likely(mixture, X, 1)[0]) if row is None else row
    explained = mixture.explain(X, [number])
    if isinstance(X, Table) and X.numbers is not None:  # some rows were left out
        explained = replace(explained, row_numbers=X.numbers[[number]])
    order = np.argsort(-explained.log_joint[0], kind="stable")
    return RowParts(explained, tuple(int(k) for k in order[:_COMPONENTS]))


def explanation(
    mixture: Mixture, X: Any, *, row: int | None = None, ax: Axes | None = None
) -> tuple[Axes, ...]:
    """The parts of one row's log-likelihood as bars.

    Above those of each component, log w_k − D/2·log 2π − ½·log|Σ_k| − ½·d²_k, stacked to both
    sides of zero, and their sum log w_k N(x | μ_k, Σ_k); log p(x) is the logarithm of the sum of
    their exponentials. Below what each feature adds to −½·d² of the likeliest component.

    Parameters
    ----------
    mixture : the density.
    X : (N, D) array-like, or a table with the mixture's columns.
    row : its number, from 0; None takes the least likely one.
    ax : as for `pairs`.

    Returns
    -------
    The two axes, in nats. Up to 8 components have a bar, the likeliest ones, and up to 12 features.

    Raises
    ------
    ParameterError : there is no such row.
    DataError : no row, wrong shape, missing columns, NaN or infinity.

    Notes
    -----
    One pass over the rows where none is chosen.

    Examples
    --------
    >>> from mixtura import Mixture
    >>> from mixtura.views.plots import explanation
    >>> m = Mixture([1.0], [[0.0, 0.0]], [[[1.0, 0.0], [0.0, 4.0]]])
    >>> explanation(m, [[3.0, 2.0]], row=0)[0].get_title(loc="left")
    'row 0: log p(x) = −7.53102 nats'
    """
    return drawn(explanation_of(mixture, X, row), ax)
