"""Selection: how often the true K and the true structure are found, for each of the fourteen.

    python benchmarks/selection.py [--seeds 20] [--features 2] [--structures VEV,EEE] [--jobs 2]

500 rows a component, three components, well separated. The structure counts only where K is right;
where structures differ by less than BIC can tell, the poorer is chosen, so what is made is far from
the poorer ones: volumes 1 to 16, shapes of ratio 9 along different axes, orientations apart.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

import mixtura
from mixtura.model.structures import STRUCTURES

N_COMPONENTS, PER_COMPONENT = 3, 500


def covariances(letters: str, d: int, random: np.random.RandomState) -> np.ndarray:
    """Three covariances (3, D, D) of a structure, and of none that it contains."""
    volumes = {"E": [4.0] * 3, "V": [1.0, 4.0, 16.0]}[letters[0]]
    ramp = np.linspace(1.0, -1.0, d)
    same = [ramp] * 3
    shapes = {"I": [0.0 * ramp] * 3, "E": same, "V": [ramp, -0.3 * ramp, np.roll(ramp, 1)]}
    turn = np.linalg.qr(random.normal(size=(d, d)))[0]
    turns = {
        "I": [np.eye(d)] * 3,
        "E": [turn] * 3,
        "V": [turn @ turned(degrees, d) for degrees in (0.0, 30.0, 150.0)],
    }
    parts = zip(volumes, shapes[letters[1]], turns[letters[2]], strict=True)
    return np.stack([v * (q * np.exp(1.1 * a)) @ q.T for v, a, q in parts])


def turned(degrees: float, d: int) -> np.ndarray:
    """The rotation by that angle in the plane of each two features that are neighbours, (D, D)."""
    whole, angle = np.eye(d), np.radians(degrees)
    for j in range(d - 1):
        plane = np.eye(d)
        plane[j : j + 2, j : j + 2] = [
            [np.cos(angle), -np.sin(angle)],
            [np.sin(angle), np.cos(angle)],
        ]
        whole = whole @ plane
    return whole


def rows_of(letters: str, d: int, seed: int) -> np.ndarray:
    """The rows (1500, D) of one data set."""
    random = np.random.RandomState(seed)
    means = 45.0 * np.eye(3, max(d, 3))[:, :d]
    means[2] = -45.0 * (d == 2)
    roots = np.linalg.cholesky(covariances(letters, d, random))
    parts = [
        m + random.normal(size=(PER_COMPONENT, d)) @ r.T for m, r in zip(means, roots, strict=True)
    ]
    return np.concatenate(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--features", type=int, default=2)
    parser.add_argument("--structures", default=",".join(s.letters for s in STRUCTURES))
    parser.add_argument("--largest", type=int, default=5, help="components tried at most")
    parser.add_argument("--jobs", type=int, default=None)
    options = parser.parse_args()
    print("| made by | K found | structure found | instead | seconds a selection |")
    print("|---|---|---|---|---|")
    for letters in options.structures.split(","):
        began = time.perf_counter()
        found = [
            mixtura.select(
                rows_of(letters, options.features, seed),
                range(1, options.largest + 1),
                n_jobs=options.jobs,
            ).best_row
            for seed in range(options.seeds)
        ]
        seconds = (time.perf_counter() - began) / options.seeds
        right_k = [row.n_components == N_COMPONENTS for row in found]
        right = [k and row.structure == letters for k, row in zip(right_k, found, strict=True)]
        wrong = sorted({str(row.candidate) for row, ok in zip(found, right, strict=True) if not ok})
        print(
            f"| {letters} | {sum(right_k)}/{len(found)} | {sum(right)}/{len(found)} "
            f"| {', '.join(wrong)} | {seconds:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
