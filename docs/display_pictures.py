"""Draw docs/pictures/display-*.png: one picture of each kind, for docs/displays.md.

python docs/display_pictures.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import mixtura
from mixtura.datasets import faithful, galaxies, iris
from mixtura.views.kinds import drawing_of
from mixtura.views.plots.canvas import Drawing, figure_of, offscreen_axes

PICTURES = Path(__file__).parent / "pictures"
DOTS_PER_INCH = 75


def crowd() -> np.ndarray:
    """100,000 rows, most of them where a mixture of three puts them, some scattered."""
    random = np.random.RandomState(7)
    parts = [
        random.multivariate_normal([0.0, 0.0], [[1.0, 0.6], [0.6, 1.0]], 55_000),
        random.multivariate_normal([4.5, 1.0], [[0.5, -0.3], [-0.3, 1.5]], 30_000),
        random.multivariate_normal([2.5, 5.0], [[2.5, 0.4], [0.4, 0.3]], 14_900),
        random.uniform([-5.0, -5.0], [9.0, 9.0], (100, 2)),
    ]
    return np.vstack(parts)


def repaired() -> mixtura.Fit:
    """A fit with more components than the data can hold: some starve, and are set anew."""
    random = np.random.RandomState(3)
    rows = np.repeat(random.normal(size=(9, 2)) * 4.0, [40, 30, 1, 1, 1, 20, 1, 1, 5], axis=0)
    rows[:95] += 0.3 * random.normal(size=(95, 2))
    return mixtura.fit(rows, 8, start="random_from_data", random_state=1)


def save(name: str, drawing: Drawing) -> None:
    ax = offscreen_axes(drawing.size)
    drawing.draw(ax)
    figure_of(ax).savefig(
        PICTURES / f"display-{name}.png",
        dpi=DOTS_PER_INCH,
        bbox_inches="tight",
        metadata={"Software": None},
    )


def main() -> None:
    geyser, flowers = mixtura.fit(faithful(), 2).mixture, mixtura.fit(iris(), 3).mixture
    speeds, one = (mixtura.fit(galaxies(), k).mixture for k in (4, 1))
    rows = crowd()
    many, fit = mixtura.fit(rows, 3, random_state=0).mixture, repaired()
    save("density", drawing_of("density", geyser, faithful()))
    save("density-1d", drawing_of("density", speeds, galaxies()))
    save("many", drawing_of("responsibilities", many, rows))
    save("pairs", drawing_of("pairs", flowers, iris()))
    save("responsibilities", drawing_of("responsibilities", speeds, galaxies()))
    save("explanation", drawing_of("explanation", flowers, iris()))
    save("calibration", drawing_of("calibration", many, rows))
    save("calibration-good", drawing_of("calibration", speeds, galaxies()))
    save("calibration-bad", drawing_of("calibration", one, galaxies()))
    save("trace", drawing_of("trace", fit.mixture, record=fit.summary()))


if __name__ == "__main__":
    main()
