"""Posterior of clusterings: drawn ones, and what they tell of the number of components."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura.bayesian.chains import effective_sample_size, scale_reduction
from mixtura.bayesian.finite_mixture import FiniteMixture
from mixtura.bayesian.posterior import Posterior
from mixtura.bayesian.predictive import StudentMixture
from mixtura.bayesian.prior import ConjugatePrior
from mixtura.caching import cached_property
from mixtura.engine.arrays import Floats, Integers, Value
from mixtura.engine.statistics import Statistics
from mixtura.errors import ParameterError
from mixtura.model.structures import Structure

#: the most rows of which all pairs are held
_MOST_PAIRED = 5_000
#: from so many draws the one is taken that is nearest to all
_CANDIDATES = 100


@dataclass(frozen=True, eq=False)
class ClusteringPosterior(Value):
    """Clusterings of rows, drawn from p(C | X) of a finite mixture with a prior of K.

    Whatever is a probability here is one of the posterior: it is about this model and these
    priors, and grows as sure as they let it. A *component* is a term of the mixture, whether rows
    are of it or not; a *cluster* is one that has rows.

    Parameters
    ----------
    draws : (C, M, R) clusterings of C chains of M sweeps: the cluster of each row, numbered by
        first rows; a row of weight v is R's v rows.
    first : (N,), where each row's is among the R.
    heights : (C, M), log p(X, C), nats.
    accepted : (C, 2), how many splits and merges of clusters each chain accepted, burn-in included.
    law : the prior of K and of the weights.
    prior : of each component's mean and precision.
    structure : of the covariances.
    rows : (N, D).
    n_burn_in : how many sweeps each chain had made before.
    feature_names : D names, or None.
    """

    draws: Integers
    first: Integers
    heights: Floats
    accepted: Integers
    law: FiniteMixture
    prior: ConjugatePrior
    structure: Structure
    rows: Floats
    n_burn_in: int
    feature_names: tuple[str, ...] | None = None

    def __repr__(self) -> str:
        likely = self.n_components_posterior
        order = np.argsort(-likely, kind="stable")[:3]
        told = ", ".join(f"{k + 1}: {likely[k]:.2f}" for k in order if likely[k] >= 0.005)
        return (
            f"ClusteringPosterior(p(K | X) {told}; {self.structure.name}, "
            f"worth {self.effective_sample_size:.0f} draws)"
        )

    @property
    def labels(self) -> Integers:
        """The cluster of each row in each draw, (C, M, N)."""
        return self.draws[:, :, self.first]

    @cached_property
    def n_clusters(self) -> Integers:
        """The trace: how many components have rows in each draw, (C, M)."""
        return self.draws.max(axis=2).astype(np.int64) + 1

    @cached_property
    def n_clusters_posterior(self) -> Floats:
        """p(t | X) of t = 1, 2, … clusters, (M,): components that have rows."""
        counts = np.bincount(self.n_clusters.ravel(), minlength=self.law.most + 1)
        return counts[1:] / self.n_clusters.size

    @cached_property
    def n_components_posterior(self) -> Floats:
        """p(K | X) of K = 1, 2, … components, (M,), those without rows included.

        The mean over draws of p(K | t): given how many clusters there are the rows say no more
        of K. Under another prior of K it is in proportion to this times the ratio of the priors.
        """
        return self._by_draw.mean(axis=(0, 1))

    @cached_property
    def n_components_errors(self) -> Floats:
        """The Monte Carlo standard errors of `n_components_posterior`, (M,)."""
        errors = np.zeros(self.law.most)
        for k in np.flatnonzero(self.n_components_posterior > 0.0):
            each = self._by_draw[:, :, k]
            errors[k] = each.std() / np.sqrt(effective_sample_size(each))
        return errors

    @cached_property
    def _by_draw(self) -> Floats:
        """p(K | t) of each draw, (C, M, K)."""
        return self.law.given_clusters(self.draws.shape[2])[self.n_clusters]

    @property
    def n_components(self) -> int:
        """The most likely K."""
        return int(self.n_components_posterior.argmax()) + 1

    @cached_property
    def effective_sample_size(self) -> float:
        """How many independent draws tell the number of clusters as well."""
        return effective_sample_size(self.n_clusters.astype(np.float64))

    @cached_property
    def scale_reduction(self) -> float:
        """R̂ of log p(X, C): above 1.01 the chains disagree, and more sweeps are needed.

        NaN of fewer than 4 sweeps, which do not tell.
        """
        return scale_reduction(self.heights)

    @cached_property
    def coclustering(self) -> Floats:
        """How likely each two rows are of one component, (N, N).

        Raises
        ------
        ParameterError : there are more than 5,000 rows.
        """
        n = len(self.rows)
        if n > _MOST_PAIRED:
            raise ParameterError(
                f"coclustering is of {n} rows, expected at most {_MOST_PAIRED}: it holds N² numbers"
            )
        together = np.zeros((n, n), np.float32)
        labels = self.labels.reshape(-1, n)
        for part in np.array_split(labels, max(1, labels.size // 2_000_000)):
            members = _members(part)
            together += members.T @ members
        return together.astype(np.float64) / len(labels)

    @cached_property
    def clustering(self) -> Integers:
        """One clustering for all, (N,): of those drawn the one nearest to the posterior.

        Nearest in the mean variation of information, H(C | C′) + H(C′ | C), over the draws.

        References
        ----------
        Wade & Ghahramani 2018, "Bayesian cluster analysis: point estimation and credible balls".
        """
        n = len(self.rows)
        labels = self.labels.reshape(-1, n)
        spaced = np.linspace(0, len(labels) - 1, min(len(labels), _CANDIDATES)).astype(int)
        some = np.unique(labels[spaced], axis=0)
        others = _members(labels[spaced])  # (N rows of all clusters of all draws)
        own_entropy = [_plogp(np.bincount(one)) for one in some]
        joint = [_plogp(_members(one[None]) @ others.T) for one in some]
        # It is 2 H(C, C′) − H(C) − H(C′), which is Σ n_ij log n_ij of the joint table by −2/N.
        distances = np.array(own_entropy) - 2.0 * np.array(joint) / len(spaced)
        return some[int(distances.argmin())].astype(np.int64)

    def predictives(self, n_draws: int = _CANDIDATES) -> list[StudentMixture]:
        """The densities of the next row given each of some draws, spaced alike.

        With t clusters a next row is of one of n_c rows with the probability
        (n_c + γ) V_{N+1}(t) / V_N(t), and of a new one with γ V_{N+1}(t + 1) / V_N(t).
        """
        flat = self.draws.reshape(-1, self.draws.shape[2])
        spaced = np.linspace(0, len(flat) - 1, min(len(flat), n_draws)).astype(int)
        n = flat.shape[1]
        here, after = self.law.log_counts(n, n + 1), self.law.log_counts(n + 1, n + 2)
        times = np.diff(self.first, append=n)
        return [self._predictive(labels, here, after, times) for labels in flat[spaced]]

    def _predictive(
        self, labels: Integers, here: Floats, after: Floats, times: Integers
    ) -> StudentMixture:
        counts = np.bincount(labels)
        t, gamma = len(counts), self.law.gamma
        stays, new = np.exp(after[t : t + 2] - here[t])
        rows = self.rows.repeat(times, axis=0)
        parts = [self.prior.statistics(rows[labels == c]) for c in range(t)]
        sums = Statistics(
            np.repeat(self.prior.mean[None], t, axis=0),
            np.concatenate([part.weight for part in parts]),
            np.concatenate([part.first for part in parts]),
            np.concatenate([part.second for part in parts]),
            0.0,
            len(rows),
            float(len(rows)),
        )
        weights = np.append((counts + gamma) * stays, gamma * new if new > 0.0 else [])
        return StudentMixture.of_laws(Posterior.of(self.prior, sums), weights, self.feature_names)

    def score_samples(self, X: Any, n_draws: int = _CANDIDATES) -> Floats:
        """The log predictive density of rows, (N,), nats: the mean density over draws.

        All is averaged over: parameters, clusterings and the number of components.

        Parameters
        ----------
        X : (N, D) rows.
        n_draws : how many of the draws are averaged over, spaced alike.
        """
        logs = np.stack([each.score_samples(X) for each in self.predictives(n_draws)])
        return np.asarray(np.logaddexp.reduce(logs, axis=0) - np.log(len(logs)))

    def summary(self) -> dict[str, Any]:
        """What is to be said of it, ready for JSON."""
        return {
            "n_components": self.n_components,
            "n_components_posterior": self.n_components_posterior.tolist(),
            "n_components_errors": self.n_components_errors.tolist(),
            "n_components_prior": self.law.shares.tolist(),
            "n_clusters_posterior": self.n_clusters_posterior.tolist(),
            "weight_concentration_prior": self.law.gamma,
            "structure": self.structure.name,
            "n_rows": len(self.rows),
            "n_chains": self.draws.shape[0],
            "n_sweeps": self.draws.shape[1],
            "n_burn_in": self.n_burn_in,
            "splits": self.accepted[:, 0].tolist(),
            "merges": self.accepted[:, 1].tolist(),
            "effective_sample_size": self.effective_sample_size,
            "scale_reduction": None if math.isnan(self.scale_reduction) else self.scale_reduction,
        }


def _members(labels: Integers) -> Floats:
    """Which rows are of which cluster, of all clusterings (S, N) one after the other, (T, N)."""
    t = int(labels.max()) + 1
    every = (labels[:, None, :] == np.arange(t)[:, None]).reshape(-1, labels.shape[1])
    return every[every.any(axis=1)].astype(np.float32)


def _plogp(counts: Any) -> float:
    """Σ n log n of counts of any shape, 0 log 0 being 0."""
    positive = np.asarray(counts, np.float64)
    positive = positive[positive > 0.0]
    return float(positive @ np.log(positive))
