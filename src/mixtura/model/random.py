"""Randomness: one way to turn a seed into a generator."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.random.bit_generator import ISeedSequence

from mixtura.arguments import is_whole
from mixtura.engine.arrays import Floats, Integers
from mixtura.errors import ParameterError

Seed: TypeAlias = int | np.integer | np.random.RandomState | None


def random_state_of(seed: Seed) -> np.random.RandomState:
    """The generator that `seed` stands for, as scikit-learn understands it.

    A whole number starts a new generator, a `numpy.random.RandomState` is used and advanced, None
    is NumPy's global one.

    Raises
    ------
    ParameterError : anything else, or a number outside 0 to 2³² − 1.
    """
    if seed is None:
        return np.random.mtrand._rand
    if isinstance(seed, np.random.RandomState):
        return seed
    if is_whole(seed) and 0 <= seed < 2**32:
        return seeded(int(seed))
    raise ParameterError(
        f"random_state is {seed!r}, expected a whole number from 0 to 4294967295, "
        "a numpy.random.RandomState, or None"
    )


def seeded(seed: int) -> np.random.RandomState:
    """The generator `numpy.random.RandomState(seed)`, for a seed from 0 to 2³² − 1.

    NumPy fills a new generator with entropy before it is given its seed, which takes longer than
    a small fit; this one begins with zeros.
    """
    bits = np.random.MT19937(_ZEROS)  # type: ignore[arg-type]  # any ISeedSequence will do
    random = np.random.RandomState(bits)
    random.seed(seed)
    return random


class _Zeros(ISeedSequence):
    """No entropy: what a generator is filled with that is seeded anew at once."""

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> Any:
        # NumPy takes word by word, for which an array is slow.
        return [0] * n_words


_ZEROS = _Zeros()


def shuffled(rows: Floats, labels: Integers, random_state: Seed = None) -> tuple[Floats, Integers]:
    """The same rows (N, D) in random order, and their labels (N,).

    Parameters
    ----------
    rows, labels : such as a mixture draws, component after component.
    random_state : seed of the order.
    """
    order = random_state_of(random_state).permutation(len(rows))
    return rows[order], labels[order]


def seed_of(seed: Seed) -> int | None:
    """The number that leads to the same draws again; None where none does."""
    return int(seed) if is_whole(seed) else None
