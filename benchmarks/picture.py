"""Pictures: the time per iteration as bars, and how it scales as lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["draw_per_iteration", "draw_scaling"]

Rows = Sequence[Mapping[str, Any]]

_COLOURS = {"scikit-learn": "#b9bec7", "oneDAL": "#6f8fb3", "mixtura": "#d1495b"}
_INK = "#333a45"


def draw_per_iteration(rows: Rows, caption: str, path: Path) -> None:
    """Bars of each workload's milliseconds per iteration, with the machine's limit as a mark."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    with mpl.rc_context(_STYLE):
        figure, axes = plt.subplots(figsize=(9.6, 4.4), layout="constrained")
        width = 0.27
        for place, (name, colour) in enumerate(_COLOURS.items()):
            there = [(i, row[name]) for i, row in enumerate(rows) if row.get(name)]
            bars = axes.bar(
                [i + (place - 1) * width for i, _ in there],
                [value for _, value in there],
                width * 0.92,
                color=colour,
                label=name,
            )
            axes.bar_label(
                bars, [_figure(value) for _, value in there], padding=1.5, fontsize=6.5, color=_INK
            )
        for i, row in enumerate(rows):
            axes.hlines(
                row["limit"],
                i - 1.5 * width,
                i + 1.5 * width,
                color=_INK,
                lw=1.4,
                label="" if i else "the machine's limit",
            )
        axes.set_xticks(range(len(rows)), [_label(row) for row in rows], fontsize=7.5)
        axes.set_yscale("log")
        axes.set_ylim(0.5 * min(row["limit"] for row in rows))
        axes.set_ylabel("milliseconds per EM iteration")
        axes.set_title("An EM iteration: less is better", loc="left")
        axes.legend(
            ncols=4, frameon=False, loc="lower right", bbox_to_anchor=(1.0, 1.0), fontsize=8
        )
        axes.margins(x=0.01, y=0.1)
        figure.supxlabel(caption, fontsize=6.5, color=_INK)
        figure.savefig(path, dpi=160)
        plt.close(figure)


def draw_scaling(rows: Rows, caption: str, path: Path) -> None:
    """A panel each for N, K and D: milliseconds per iteration on one thread and on two."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    keys = {"N": "n_rows", "K": "n_components", "D": "n_features"}
    stays = {
        "N": "D {n_features}, K {n_components}",
        "K": "{n_rows:,} rows, D {n_features}",
        "D": "{n_rows:,} rows, K {n_components}",
    }
    with mpl.rc_context(_STYLE):
        figure, panels = plt.subplots(1, 3, figsize=(9.6, 3.4), layout="constrained")
        for axes, (letter, key) in zip(panels, keys.items(), strict=True):
            mine = [row for row in rows if row["varies"] == letter]
            for name in ("oneDAL", "mixtura"):
                for threads, line in ((1, ":"), (2, "-")):
                    axes.plot(
                        [row[key] for row in mine],
                        [row[f"{name} {threads}"] for row in mine],
                        line,
                        marker="o",
                        ms=3.5,
                        color=_COLOURS[name],
                        label=f"{name}, {threads} thread{'s' if threads > 1 else ''}",
                    )
            axes.set_xscale("log", base=10 if letter == "N" else 2)
            axes.set_yscale("log")
            if letter != "N":
                axes.xaxis.set_major_formatter("{x:.0f}")
            axes.set_xlabel({"N": "rows", "K": "components K", "D": "features D"}[letter])
            axes.set_title(stays[letter].format(**mine[0]), loc="left", fontsize=9)
        panels[0].set_ylabel("milliseconds per EM iteration")
        panels[0].legend(frameon=False, fontsize=7.5)
        figure.supxlabel(caption, fontsize=6.5, color=_INK)
        figure.savefig(path, dpi=160)
        plt.close(figure)


_STYLE: Any = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "axes.titlesize": 11,
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
}


def _label(row: Mapping[str, Any]) -> str:
    return (
        f"{row['workload']}\n{row['n_rows']:,} × {row['n_features']}\n"
        f"K {row['n_components']}, {row['covariance']}"
    )


def _figure(value: float) -> str:
    """Two digits, or all of a whole number."""
    return f"{value:.2g}" if value < 9.95 else f"{value:,.0f}"
