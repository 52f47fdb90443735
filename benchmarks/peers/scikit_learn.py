"""ScikitLearn: the mixture that people have."""

from __future__ import annotations

from typing import Any, ClassVar

from peers.peer import Fitted, Iterated, Peer, Scored, timed
from workloads import Rows, Start, Workload

__all__ = ["ScikitLearn"]


class ScikitLearn(Peer):
    """`sklearn.mixture.GaussianMixture`."""

    name: ClassVar[str] = "scikit-learn"
    structures: ClassVar[frozenset[str]] = frozenset({"full", "tied", "diag"})

    def __init__(self, rows: Rows, workload: Workload, start: Start) -> None:
        from sklearn.mixture import GaussianMixture
        from threadpoolctl import ThreadpoolController

        self.rows, self.start = rows, start
        self.estimator = GaussianMixture
        self.pools = ThreadpoolController()
        self.default: dict[str, Any] = {
            "n_components": workload.n_components,
            "covariance_type": workload.covariance,
        }

    @property
    def version(self) -> str:
        import sklearn

        return f"scikit-learn {sklearn.__version__}"

    def use_threads(self, n: int) -> None:
        self.pools.limit(limits=n)

    def iterate(self, n: int) -> Iterated:
        model = self.estimator(
            weights_init=self.start.weights,
            means_init=self.start.means,
            precisions_init=self.start.covariances,
            tol=0.0,
            reg_covar=0.0,
            max_iter=n,
            **self.default,
        )
        seconds, _ = timed(lambda: model.fit(self.rows))
        assert model.n_iter_ == n, f"asked for {n} iterations, scikit-learn did {model.n_iter_}"
        return Iterated(seconds, float(model.lower_bound_))

    def fit(self, seed: int) -> Fitted:
        model = self.estimator(random_state=seed, **self.default)
        start, spent = model._initialize_parameters, []

        def watched(*arguments: Any, **named: Any) -> None:
            spent.append(timed(lambda: start(*arguments, **named))[0])

        model._initialize_parameters = watched
        seconds, _ = timed(lambda: model.fit(self.rows))
        return Fitted(seconds, sum(spent) / seconds, model.n_iter_, float(model.lower_bound_))

    def score(self) -> Scored:
        model = self.estimator(**self.default)
        model.weights_, model.means_ = self.start.weights, self.start.means
        # Unit covariances are their own precisions, and those precisions' Cholesky factors.
        model.covariances_ = model.precisions_cholesky_ = self.start.covariances
        seconds, answer = timed(lambda: model.score_samples(self.rows))
        return Scored(seconds, float(answer.mean()))
