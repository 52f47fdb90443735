"""A value stays as it was made: its arrays are read-only, after a pickle and a copy as well."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import mixtura
from mixtura import GaussianMixture, Prior

X = np.concatenate([np.random.default_rng(0).normal(c, 1.0, (30, 2)) for c in (0.0, 6.0)])
NOISY, PLAIN = mixtura.fit(X, 2, noise=True), mixtura.fit(X, 2, structure="diag")

VALUES: dict[str, Any] = {
    "mixture": NOISY.mixture,
    "fit": NOISY,
    "structures": [mixtura.fit(X, 2, structure=s).mixture for s in ("tied", "spherical", "VVE")],
    "noise": NOISY.mixture.noise,
    "explanation": NOISY.mixture.explain(X, [0, 1]),
    "standard errors": PLAIN.standard_errors(X),
    "bootstrap": PLAIN.standard_errors(X, "bootstrap", n_bootstrap=3),
    "merging": mixtura.merge_components(PLAIN.mixture, X),
    "statistics": mixtura.statistics(X, PLAIN.mixture),
    "prior": Prior([0.0, 0.0], scale=[1.0, 1.0]),
    "selection": mixtura.select(X, [1, 2], structures="full"),
    "test": mixtura.bootstrap_test(X, 1, n_bootstrap=3),
    "estimator": GaussianMixture(2, random_state=0).fit(X).mixture_,
}
COPIES: dict[str, Callable[[Any], Any]] = {
    "itself": lambda value: value,
    "pickled": lambda value: pickle.loads(pickle.dumps(value)),
    "copied": copy.copy,
    "copied deeply": copy.deepcopy,
}


def arrays(value: Any, where: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """Every array that a value holds, at any depth, and where."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        yield where, value
    elif isinstance(value, list | tuple):
        for i, item in enumerate(value):
            yield from arrays(item, f"{where}[{i}]", seen)
    elif type(value).__module__.startswith("mixtura") and hasattr(value, "__dict__"):
        for name, item in vars(value).items():
            yield from arrays(item, f"{where}.{name}", seen)


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("kind", VALUES)
def test_no_array_of_a_value_can_be_written_to(kind: str, how: str) -> None:
    found = dict(arrays(COPIES[how](VALUES[kind]), kind, set()))
    assert found
    assert [where for where, array in found.items() if array.flags.writeable] == []


@pytest.mark.parametrize("how", COPIES)
def test_a_copy_has_the_same_bits(how: str) -> None:
    mixture = COPIES[how](NOISY.mixture)
    assert np.array_equal(mixture.score_samples(X), NOISY.mixture.score_samples(X))
    with pytest.raises(ValueError, match="read-only"):
        mixture.means[0] = 1.0
