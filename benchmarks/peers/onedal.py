"""OneDAL: Intel's library, the fastest mixture on a CPU that one could install."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, ClassVar

import numpy as np

from peers.peer import Fitted, Iterated, Peer, Scored, timed
from workloads import Rows, Start, Workload

__all__ = ["OneDAL"]


class OneDAL(Peer):
    """`daal4py.em_gmm`; it does not tie covariances, and it scores no rows."""

    name: ClassVar[str] = "oneDAL"
    structures: ClassVar[frozenset[str]] = frozenset({"full", "diag"})

    def __init__(self, rows: Rows, workload: Workload, start: Start) -> None:
        import daal4py

        self.rows, self.start = rows, start
        self.library = daal4py
        self.default: dict[str, Any] = {
            "nComponents": workload.n_components,
            "covarianceStorage": {"full": "full", "diag": "diagonal"}[workload.covariance],
        }

    @property
    def version(self) -> str:
        return f"oneDAL {version('daal')} (daal4py of scikit-learn-intelex)"

    def use_threads(self, n: int) -> None:
        self.library.daalinit(n)

    def iterate(self, n: int) -> Iterated:
        algorithm = self.library.em_gmm(maxIterations=n, accuracyThreshold=0.0, **self.default)
        matrices = [np.atleast_2d(matrix) for matrix in self.start.covariances]
        seconds, result = timed(
            lambda: algorithm.compute(
                self.rows, self.start.weights[None], self.start.means, matrices
            )
        )
        n_iter = _number(result.nIterations)
        assert n_iter == n, f"asked for {n} iterations, oneDAL did {n_iter}"
        return Iterated(seconds, _number(result.goalFunction) / len(self.rows))

    def fit(self, seed: int) -> Fitted:
        engine = self.library.engines_mt19937(seed=seed)
        before = self.library.em_gmm_init(engine=engine, **self.default)
        algorithm = self.library.em_gmm(**self.default)
        start, begin = timed(lambda: before.compute(self.rows))
        climb, result = timed(
            lambda: algorithm.compute(self.rows, begin.weights, begin.means, begin.covariances)
        )
        return Fitted(
            start + climb,
            start / (start + climb),
            int(_number(result.nIterations)),
            _number(result.goalFunction) / len(self.rows),
        )

    def score(self) -> Scored:
        raise NotImplementedError("em_gmm fits, it does not score rows")


def _number(table: Any) -> float:
    """The one number of a table (1, 1)."""
    return float(np.ravel(table)[0])
