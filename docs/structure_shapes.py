"""Draw docs/pictures/structures.svg: three components of each of the fourteen structures.

python docs/structure_shapes.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from mixtura.model.structures import STRUCTURES
from mixtura.views.plots.palette import style

CENTRES = ((0.0, 0.0), (3.4, 0.9), (1.5, 3.0))
VOLUMES = {"E": (0.7, 0.7, 0.7), "V": (0.3, 0.7, 1.4)}
RATIOS = {"I": (1.0, 1.0, 1.0), "E": (2.6, 2.6, 2.6), "V": (1.3, 0.35, 3.5)}
DEGREES = {"I": (0.0, 0.0, 0.0), "E": (35.0, 35.0, 35.0), "V": (-40.0, 35.0, 80.0)}
WORDS = {"E": "equal", "V": "varying", "I": "identity"}


def main() -> None:
    figure = Figure(figsize=(10.0, 5.0), layout="constrained")
    axes = figure.subplots(2, 7)
    # Above equal volumes, below varying ones: the pairs differ in nothing else.
    pairs = ("II", "EI", "VI", "EE", "VE", "EV", "VV")
    assert {v + p for v in "EV" for p in pairs} == {each.letters for each in STRUCTURES}
    for row, volume in enumerate("EV"):
        for ax, pair in zip(axes[row], pairs, strict=True):
            shape, orientation = pair
            parts = zip(CENTRES, VOLUMES[volume], RATIOS[shape], DEGREES[orientation], strict=True)
            for k, (centre, size, ratio, degrees) in enumerate(parts):
                long, short = np.sqrt(size * ratio), np.sqrt(size / ratio)
                look = style(k)
                ax.add_patch(
                    Ellipse(
                        centre,
                        2.0 * long,
                        2.0 * short,
                        angle=degrees,
                        facecolor=(*look.fill, 0.35),
                        edgecolor=look.edge,
                        linewidth=1.4,
                    )
                )
            ax.set(xlim=(-2.0, 5.6), ylim=(-2.2, 5.4), aspect="equal", xticks=[], yticks=[])
            ax.set_title(volume + pair, fontsize="large", fontweight="bold")
            ax.set_xlabel(f"shape {WORDS[shape]}\naxes {WORDS[orientation]}", fontsize="small")
        axes[row][0].set_ylabel(f"volumes {WORDS[volume]}")
    target = Path(__file__).parent / "pictures" / "structures.svg"
    target.parent.mkdir(exist_ok=True)
    with rc_context({"svg.hashsalt": "mixtura"}):
        figure.savefig(target, metadata={"Date": None})


if __name__ == "__main__":
    main()
