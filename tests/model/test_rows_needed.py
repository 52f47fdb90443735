"""As many rows as a structure needs leave its M-step a covariance; fewer do not."""

from __future__ import annotations

import numpy as np
import pytest

from mixtura.model.structures import STRUCTURES, Structure
from mixtura.model.structures.form import Form

D, K = 4, 2

every_structure = pytest.mark.parametrize("structure", STRUCTURES, ids=lambda s: s.letters)


def least_share(structure: Structure, counts: tuple[int, ...]) -> float:
    """The least eigenvalue of the M-step's covariances, of so many rows in general position."""
    random = np.random.RandomState(sum(counts))
    groups = [random.standard_normal((n, D)) * [1.0, 2.0, 0.5, 1.5] for n in counts]
    scatter = np.stack([(g - g.mean(axis=0)).T @ (g - g.mean(axis=0)) for g in groups])
    form: Form = structure.form
    held = np.einsum("kdd->kd", scatter) if form.diagonal else scatter
    covariances = structure.maximise(np.array(counts, float), np.ascontiguousarray(held))
    matrices = form.matrices(covariances, K, D)
    return float((np.linalg.eigvalsh(matrices)[:, 0] / np.linalg.eigvalsh(matrices)[:, -1]).min())


@every_structure
def test_more_rows_than_needed_tell_the_covariances(structure: Structure) -> None:
    own, together = structure.rows_needed(K, D)
    each = max(own, together // K) + 1
    assert least_share(structure, (each, each)) > 1e-4


@every_structure
def test_two_rows_fewer_leave_a_covariance_singular(structure: Structure) -> None:
    # At the number itself there is a density, with nothing left to judge it by.
    own, together = structure.rows_needed(K, D)
    counts = (own - 1, own - 1) if own else (together - 2, 1)
    with np.errstate(invalid="ignore"):
        assert not least_share(structure, counts) > 1e-9


@pytest.mark.parametrize(
    ("name", "needed"),
    [("full", (151, 152)), ("tied", (0, 152)), ("diag", (2, 3)), ("spherical", (2, 3)),
     ("EII", (0, 3)), ("VEE", (2, 152)), ("EVE", (151, 152)), ("EEV", (151, 152))],
)  # fmt: skip
def test_the_letters_say_how_many(name: str, needed: tuple[int, int]) -> None:
    (structure,) = [s for s in STRUCTURES if name in (s.letters, s.alias)]
    assert structure.rows_needed(2, 150) == needed
