"""Sampling: rows drawn from a mixture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mixtura.engine.arrays import Floats, Integers
from mixtura.model.noise import NOISE
from mixtura.model.random import Seed, random_state_of

if TYPE_CHECKING:
    from mixtura.model.mixture import Mixture

__all__ = ["sampled"]


def sampled(mixture: Mixture, n: int, random_state: Seed) -> tuple[Floats, Integers]:
    """Rows (n, D) of a mixture and the component of each; see `Mixture.sample`."""
    rng = random_state_of(random_state)
    counts = rng.multinomial(n, mixture.shares)
    matrices = mixture.covariance_matrices()
    blocks = []
    for mean, matrix, count in zip(mixture.means, matrices, counts, strict=False):
        if mixture.structure.form.diagonal:
            normal = rng.standard_normal(size=(count, mixture.n_features))
            blocks.append(mean + normal * np.sqrt(np.diagonal(matrix)))
        else:
            # NumPy's check has an absolute tolerance and calls a sound covariance of large
            # numbers unsound; this one has a Cholesky factor.
            drawn = rng.multivariate_normal(mean, matrix, int(count), check_valid="ignore")
            blocks.append(drawn)
    labels = np.arange(mixture.n_components)
    if mixture.noise:
        blocks.append(mixture.noise.box.sample(int(counts[-1]), rng))
        labels = np.append(labels, NOISE)
    return np.vstack(blocks), np.repeat(labels, counts)
