"""Clusterings: drawn from their posterior, with all parameters integrated out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mixtura.arguments import is_whole
from mixtura.bayesian.clustering_posterior import ClusteringPosterior
from mixtura.bayesian.concentration import Dirichlet
from mixtura.bayesian.family import family_of
from mixtura.bayesian.finite_mixture import FiniteMixture
from mixtura.bayesian.prior import ConjugatePrior
from mixtura.bayesian.wishes import Wishes
from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Integers, doubles
from mixtura.engine.clusterings import ClusteringProblem, ClusteringRule
from mixtura.errors import DataError, ParameterError
from mixtura.model.random import Seed, random_state_of
from mixtura.model.structures import Structure, structure as structure_called
from mixtura.rows.opening import Held, open_rows, read

#: rows times sweeps that are done at once; Ctrl-C is looked for in between
_AT_ONCE = 10_000
#: splits or merges that are tried before each sweep, and restricted scans that lead to each
_MOVES, _SCANS = 5, 1
#: clusters that every second chain begins with, at most
_MANY = 10


def sample_clusterings(
    X: Any,
    structure: str | Structure = "full",
    *,
    n_components_prior: Any = None,
    weight_concentration_prior: float = 1.0,
    mean_prior: Any = None,
    mean_precision_prior: float | None = None,
    degrees_of_freedom_prior: float | None = None,
    covariance_prior: Any = None,
    n_sweeps: int = 1000,
    n_burn_in: int | None = None,
    n_chains: int = 2,
    random_state: Seed = 0,
    sample_weight: Any = None,
) -> ClusteringPosterior:
    """The posterior of the number of components, and of which rows are together, by sampling.

    A mixture of finite mixtures: how many components there are is not known, and has a prior.

        K ~ p,   π | K ~ Dir(γ, …, γ),   μ_k | Λ_k ~ N(m₀, (β₀ Λ_k)⁻¹),   Λ_k ~ Wishart(ν₀, S₀⁻¹)

    K, weights, means and precisions are integrated out exactly; what is drawn is which rows are
    together, by Gibbs over the rows and by moves that split a cluster or merge two.

    Parameters
    ----------
    X : (N, D) rows in memory, as `mixtura.fit` takes them; none missing.
    structure : VVV (full), EEE (tied), VVI (diag), EEI, VII (spherical) or EII; E or V for one
        feature. The others have no conjugate prior.
    n_components_prior : what K = 1, 2, … are in proportion to, such as ``[1, 1, 1]``; a whole
        number is exactly so many; None is K − 1 ~ Poisson(1).
    weight_concentration_prior : γ > 0, of each component.
    mean_prior : m₀, (D,), feature units; None is the rows' mean.
    mean_precision_prior : β₀, in rows; None is 0.1: means vary as the rows do.
    degrees_of_freedom_prior : ν₀, in rows, above D − 1; None is D, or of Gammas one for each
        feature that one is for.
    covariance_prior : S₀, sum of squares of ν₀ rows, squared feature units: (D, D), (D,) or a
        number; None is ν₀ tenths of the rows' covariance.
    n_sweeps : of each chain, those that are kept.
    n_burn_in : sweeps of each chain before; None is half as many.
    n_chains : how many are begun, in turn with one cluster and with many.
    random_state : seed.
    sample_weight : (N,) whole numbers from 1: how many rows each stands for; or None.

    Returns
    -------
    `ClusteringPosterior`.

    Raises
    ------
    ParameterError : a parameter is none, or the structure has no conjugate prior.
    DataError : the rows cannot be used.

    Notes
    -----
    A sweep takes O(N t D²) with t clusters, some 20 ms for 10,000 rows of 2 features. All draws are
    held, 2 bytes a row. As N grows chains may stay where they are: see
    `ClusteringPosterior.scale_reduction`.

    References
    ----------
    Richardson & Green 1997, "On Bayesian analysis of mixtures with an unknown number of
    components"; Nobile 2005, "Bayesian finite mixtures: a note on prior specification and posterior
    computation", for the prior of K; Miller & Harrison 2018, "Mixture models with a prior on the
    number of components"; Jain & Neal 2004 and Dahl 2005 for splits and merges.

    Examples
    --------
    >>> import mixtura
    >>> rows = np.random.default_rng(0).normal(size=(90, 2))
    >>> rows[:30] += 8.0
    >>> found = mixtura.sample_clusterings(rows, n_sweeps=200)
    >>> found.n_components, bool(found.coclustering[0, 1] > 0.9 > 0.1 > found.coclustering[0, 89])
    (2, True)
    """
    law = FiniteMixture.of(n_components_prior, weight_concentration_prior)
    kind = structure_called(structure)
    n_sweeps, n_chains = _whole("n_sweeps", n_sweeps, 1), _whole("n_chains", n_chains, 1)
    burn_in = n_sweeps // 2 if n_burn_in is None else _whole("n_burn_in", n_burn_in, 0)
    held = open_rows(X, sample_weight)
    if not isinstance(held, Held):
        raise ParameterError(
            "the rows are not in memory, where clusterings are drawn: give an array, or a sample"
        )
    data = read(held, 1, 0, scatter=True)
    data.check(1)
    kind.check(data.source.n_features)
    wishes = Wishes(
        1,
        kind,
        family_of(kind),
        Dirichlet(law.gamma),
        mean=mean_prior,
        mean_precision=mean_precision_prior,
        degrees=degrees_of_freedom_prior,
        scale=covariance_prior,
    )
    rows, prior = doubles(held.rows), wishes.prior(data)
    times = _times(held.fields.get("weights"), len(rows))
    problem = problem_of(rows.repeat(times, axis=0), prior, law)
    random = random_state_of(random_state)
    seeds = random.randint(2**31 - 1, size=n_chains)
    chains = [
        _chain(problem, _begun(problem, law, chain % 2, random), int(seed), burn_in, n_sweeps)
        for chain, seed in enumerate(seeds)
    ]
    draws, heights, accepted = (np.stack(parts) for parts in zip(*chains, strict=True))
    first = np.cumsum(times) - times
    for array in (draws, heights, accepted, first):
        array.setflags(write=False)
    return ClusteringPosterior(
        draws, first, heights, accepted, law, prior, kind, rows, burn_in, held.names
    )


def _whole(name: str, value: Any, least: int) -> int:
    if not is_whole(value) or value < least:
        raise ParameterError(f"{name} is {value!r}, expected a whole number, at least {least}")
    return int(value)


def problem_of(rows: Floats, prior: ConjugatePrior, law: FiniteMixture) -> ClusteringProblem:
    """What the kernel is told of rows (N, D) and priors: log p(X, C) in tables over counts."""
    (n, d), family, centre = rows.shape, prior.family, rows.mean(axis=0)
    counts, beta = np.arange(n + 1.0), prior.mean_precision
    sizes = law.log_rising(np.full(n + 1, law.gamma), counts)
    sizes = sizes + 0.5 * d * (np.log(beta / (beta + counts)) - counts * math.log(2.0 * math.pi))
    degrees = prior.degrees + family.copies(d) * counts
    normalisers = family.log_normaliser(degrees, np.zeros(n + 1), d) - prior.log_normaliser
    form = family.form.name if family.form.diagonal else "full"
    scale = np.atleast_1d(prior.scale) if family.form.diagonal else prior.root
    return ClusteringProblem(
        rows - centre,
        prior.mean - centre,
        beta,
        prior.degrees,
        scale,
        form,
        family.pooled,
        sizes,
        normalisers,
        law.log_counts(n),
    )


def _times(weights: Floats | None, n: int) -> Integers:
    """How many rows each stands for, (N,)."""
    if weights is None:
        return np.ones(n, np.int64)
    whole = weights.astype(np.int64)
    if (whole != weights).any() or (whole < 1).any():
        raise DataError(
            "sample_weight has numbers that are not 1, 2, …: a weight is how many rows one stands "
            "for, each with a cluster of its own; leave out rows of weight 0"
        )
    return whole


def _begun(
    problem: ClusteringProblem, law: FiniteMixture, many: int, random: np.random.RandomState
) -> Integers:
    """Labels (N,) of one cluster, or of those nearest to some rows that are drawn."""
    rows = problem.rows
    if not many:
        return np.zeros(len(rows), np.int64)
    spread = rows.std(axis=0)
    units = rows / np.where(spread > 0.0, spread, 1.0)
    seeds = units[random.permutation(len(rows))[: min(_MANY, law.most)]]
    apart = ((units[:, None, :] - seeds) ** 2).sum(axis=2)
    return apart.argmin(axis=1).astype(np.int64)


def _chain(
    problem: ClusteringProblem, labels: Integers, state: int, n_burn_in: int, n_sweeps: int
) -> tuple[Integers, Floats, Integers]:
    """Labels (M, N) and heights (M,) of the sweeps that are kept, and what moves were accepted."""
    n, done = len(labels), 0
    draws, heights = np.empty((n_sweeps, n), np.int16), np.empty(n_sweeps)
    accepted = np.zeros(2, np.int64)
    while done < n_burn_in + n_sweeps:
        left = (n_burn_in if done < n_burn_in else n_burn_in + n_sweeps) - done
        rule = ClusteringRule(min(left, max(1, _AT_ONCE // n)), _MOVES, _SCANS)
        some = kernel.sample_clusterings(problem, labels, state, rule)
        labels, state, accepted = some.labels[-1], some.state, accepted + some.accepted
        if done >= n_burn_in:
            kept = slice(done - n_burn_in, done - n_burn_in + len(some.labels))
            draws[kept], heights[kept] = some.labels, some.heights
        done += len(some.labels)
    return draws, heights, accepted
