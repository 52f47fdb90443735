"""Mixtura: this library, through its estimator."""

from __future__ import annotations

import os
import time
from typing import Any, ClassVar

from peers.peer import Fitted, Iterated, Peer, Scored, timed
from workloads import Rows, Start, Workload

__all__ = ["Mixtura"]


class Mixtura(Peer):
    """`mixtura.GaussianMixture`."""

    name: ClassVar[str] = "mixtura"
    structures: ClassVar[frozenset[str]] = frozenset({"full", "tied", "diag"})

    def __init__(self, rows: Rows, workload: Workload, start: Start) -> None:
        import mixtura

        self.rows = rows
        self.library = mixtura
        self.default: dict[str, Any] = {
            "n_components": workload.n_components,
            "covariance_type": workload.covariance,
        }
        self.from_start = self.default | {
            "weights_init": start.weights,
            "means_init": start.means,
            "precisions_init": start.covariances,
            "tol": 0.0,
            "reg_covar": 0.0,
        }

    @property
    def version(self) -> str:
        from mixtura.engine import kernel

        return f"mixtura {self.library.__version__} (kernel: {kernel.describe()})"

    def use_threads(self, n: int) -> None:
        os.environ["MIXTURA_NUM_THREADS"] = str(n)

    def iterate(self, n: int) -> Iterated:
        model = self.library.GaussianMixture(max_iter=n, **self.from_start)
        seconds, _ = timed(lambda: model.fit(self.rows))
        assert model.n_iter_ == n, f"asked for {n} iterations, mixtura did {model.n_iter_}"
        return Iterated(seconds, float(model.fit_.trace[-2]))

    def fit(self, seed: int) -> Fitted:
        model = self.library.GaussianMixture(random_state=seed, **self.default)
        seconds, _ = timed(lambda: model.fit(self.rows))
        # The estimator does not tell when its start was there, so the same fit is watched.
        watch = Watch()
        again, _ = timed(
            lambda: self.library.fit(
                self.rows,
                self.default["n_components"],
                structure=self.default["covariance_type"],
                random_state=seed,
                observer=watch,
            )
        )
        # One M-step back, as the others report it.
        likelihood = float(model.fit_.trace[-2])
        return Fitted(seconds, watch.waited / again, model.n_iter_, likelihood)

    def score(self) -> Scored:
        model = self.library.GaussianMixture(max_iter=0, **self.from_start)
        model.fit(self.rows[: 2 * self.default["n_components"]])
        seconds, answer = timed(lambda: model.score_samples(self.rows))
        return Scored(seconds, float(answer.mean()))

    def overlap(self) -> dict[str, float]:
        """How the start shares the first 10,000 rows out.

        Returns
        -------
        The share of rows whose likeliest component has less than 0.99 of them, and the share of
        responsibilities that are exactly 0.
        """
        model = self.library.GaussianMixture(max_iter=0, **self.from_start)
        rows = self.rows[:10_000]
        shares = model.fit(rows).predict_proba(rows)
        return {
            "shared": float((shares.max(axis=1) < 0.99).mean()),
            "zero": float((shares == 0).mean()),
        }


class Watch:
    """An observer that notes how long it was until the start was there."""

    def __init__(self) -> None:
        self.made = time.perf_counter()
        self.waited = 0.0

    def begun(self, run: int) -> None:
        self.waited = time.perf_counter() - self.made

    def iterated(self, iteration: int, trace: object, mixture: object) -> None:
        """Iterations are not its concern."""

    def ended(self, fit: object) -> None:
        """Nor is the end."""
