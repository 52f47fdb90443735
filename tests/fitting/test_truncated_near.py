"""From where exact EM may begin, too, truncated EM goes the same way, and no dearer in the end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mixtura
from mixtura.fitting.em import EM
from mixtura.fitting.settings import Settings
from mixtura.fitting.truncated.begin import from_mixture
from mixtura.fitting.truncated.truncation import KEPT, MOST, Breadth
from mixtura.model.structures import structure
from mixtura.rows.data import Data

K, D = 60, 8


pytestmark = pytest.mark.usefixtures("passes_over_cells")


def overlapping(seed: int) -> tuple[np.ndarray, mixtura.Mixture]:
    """Rows of sixty clusters, each longer than they are apart, and a start from sixty rows."""
    random = np.random.RandomState(seed)
    centres, shapes = 2.0 * random.normal(size=(K, D)), 0.5 * random.normal(size=(K, D, D))
    rows = np.vstack(
        [c + random.normal(size=(100, D)) @ s for c, s in zip(centres, shapes, strict=True)]
    )
    means = rows[np.random.RandomState(seed).choice(len(rows), K, replace=False)]
    covariances = np.repeat(0.1 * np.cov(rows.T)[None], K, axis=0)
    return rows, mixtura.Mixture(np.full(K, 1.0 / K), means, covariances)


def fitted(rows: np.ndarray, start: mixtura.Mixture, search: str, **more: Any) -> mixtura.Fit:
    how = {"structure": "full", "tol": 0.0, "max_iter": 15, "accelerate": False, **more}
    return mixtura.fit(rows, K, start=start, search=search, **how)


def test_where_components_overlap_it_ends_near_exact_em() -> None:
    """Keeping three from the first round on, it ended 0.06 nats a row lower."""
    behind = []
    for seed in range(3):
        rows, start = overlapping(seed)
        exact, ours = (fitted(rows, start, search) for search in ("exact", "truncated"))
        behind.append(exact.mean_log_likelihood - ours.mean_log_likelihood)
    assert np.median(behind) < 0.02


def test_rows_keep_fewer_in_the_end_and_the_bound_never_falls() -> None:
    rows, start = overlapping(0)
    fit = fitted(rows, start, "truncated")
    assert fit.truncation is not None
    assert fit.truncation.breadth.kept < MOST
    assert (np.diff(fit.trace) > -1e-10 * np.abs(fit.trace[1:])).all()


def test_the_first_rounds_are_exact_em_up_to_a_thousandth() -> None:
    rows, start = overlapping(1)
    exact, ours = (fitted(rows, start, s, max_iter=3) for s in ("exact", "truncated"))
    assert exact.mean_log_likelihood - ours.mean_log_likelihood < 1e-3


def test_rows_that_see_all_components_keep_their_likeliest() -> None:
    rows, start = overlapping(2)
    em = EM(Data.held(rows), Settings(K, structure("full"), "auto", "auto", "auto", 100))
    rounds, place = from_mixture(em, start, Breadth(3, 15), np.random.RandomState(0))
    assert rounds.show_all(place) >= len(rows) * K
    shares = start.predict_proba(rows[rounds.order])
    np.testing.assert_array_equal(place.sets.ids, np.argsort(-shares, axis=1)[:, :3])


@dataclass
class Stopper:
    """Stops a fit after so many rounds, as Ctrl-C does."""

    after: int

    def begun(self, run: int) -> None: ...

    def iterated(self, iteration: int, trace: Any, mixture: mixtura.Mixture) -> None:
        if iteration == self.after:
            raise KeyboardInterrupt

    def ended(self, fit: mixtura.Fit) -> None: ...


@pytest.mark.parametrize("n_rounds", [3, 8])
def test_a_run_that_was_stopped_while_rows_kept_many_goes_on_to_the_same_bits(
    tmp_path: Path, n_rounds: int
) -> None:
    rows, start = overlapping(3)
    whole, kept = fitted(rows, start, "truncated"), tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        fitted(rows, start, "truncated", checkpoint=kept, observer=Stopper(n_rounds))
    again = fitted(rows, start, "truncated", checkpoint=kept, resume=True)
    np.testing.assert_array_equal(again.mixture.means, whole.mixture.means)
    np.testing.assert_array_equal(again.trace, whole.trace)


def test_the_least_that_is_enough_is_kept() -> None:
    lacking = {3: 0.02, 5: 0.008, 8: 0.002, 10: 0.0015, 16: 0.0001}
    usual = Breadth(3, 15)
    assert usual.fitting(KEPT, lacking, 0.0, (1000, 8), 0.01) == Breadth(5, 15)
    assert usual.fitting(KEPT, lacking, 0.0, (1000, 8), 0.002) == Breadth(8, 15)
    assert usual.fitting(KEPT, lacking, 0.0, (1000, 8), 0.001) == Breadth(10, 15)
    assert usual.fitting((*KEPT, MOST), lacking, 0.0, (1000, 8), 0.001) == Breadth(16, 15)
    assert usual.fitting(KEPT, lacking, 0.02, (6, 8), 0.001) == Breadth(6, 6)
    assert Breadth(8, 5).joined(usual) == Breadth(8, 15)
