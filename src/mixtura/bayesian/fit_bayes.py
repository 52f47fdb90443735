"""Fit: a Bayesian mixture to rows, in one call."""

from __future__ import annotations

from typing import Any

from mixtura.arguments import is_number, is_whole, whether
from mixtura.bayesian import concentration, family, fitted, runs, wishes
from mixtura.errors import ParameterError
from mixtura.fitting.starts.start import StartLike
from mixtura.model.random import Seed, random_state_of
from mixtura.model.structures import Structure, structure as structure_called
from mixtura.rows.opening import open_rows


def fit_bayes(
    X: Any,
    n_components: int = 20,
    structure: str | Structure = "full",
    *,
    weight_concentration_prior_type: str = "dirichlet_process",
    weight_concentration_prior: float | str = "auto",
    mean_prior: Any = None,
    mean_precision_prior: float | None = None,
    degrees_of_freedom_prior: float | None = None,
    covariance_prior: Any = None,
    moves: bool = True,
    start: StartLike = "kmeans",
    tol: float = 1e-7,
    max_iter: int = 5000,
    n_init: int = 1,
    random_state: Seed = 0,
    sample_weight: Any = None,
    client: Any = None,
    observer: Any = None,
) -> fitted.BayesianFit:
    """A Bayesian Gaussian mixture of rows, by variational EM.

    With π the weights, μ_k | Λ_k ~ N(m₀, (β₀ Λ_k)⁻¹), Λ_k ~ Wishart(ν₀, S₀⁻¹), or Gammas where
    covariances are diagonal or spherical, one law where all components share them. The laws
    q(π) Π_k q(μ_k, Λ_k) Π_i q(z_i) that are nearest to the posterior are found by ascending

        elbo = E log p(X, Z, π, μ, Λ) − E log q  ≤  log p(X).

    Parameters
    ----------
    X : rows as `mixtura.fit` takes them, in memory, in files or on a cluster; none missing.
    n_components : K, the most components that rows can be of; cut to the number of rows.
    structure : VVV (full), EEE (tied), VVI (diag), EEI, VII (spherical) or EII; E or V for one
        feature. The others have no conjugate prior. ``"auto"`` fits each of these, and keeps the
        one of largest bound.
    weight_concentration_prior_type : ``"dirichlet_process"``, or ``"dirichlet_distribution"`` of
        exactly K components.
    weight_concentration_prior : α > 0; ``"auto"`` learns that of a process, α ~ Gamma(1, 1), and is
        1/K for a distribution.
    mean_prior : m₀, (D,), feature units; None is the rows' mean.
    mean_precision_prior : β₀, in rows; None is 0.1: means vary as the rows do.
    degrees_of_freedom_prior : ν₀, in rows, above D − 1; None is D, or of Gammas one for each
        feature that one is for.
    covariance_prior : S₀, sum of squares of ν₀ rows, squared feature units: (D, D), (D,) or a
        number; None is ν₀ tenths of the rows' covariance.
    moves : whether components are merged, emptied and halved where that raises the bound.
    start : as for `mixtura.fit`.
    tol : the gain of the bound below which an ascent ends, nats a row.
    max_iter : passes over the rows at most, those of moves included.
    n_init : how many starts; the end of largest bound is kept.
    random_state : seed of the start.
    sample_weight : (N,) how often each row counts, or None.
    client : as for `mixtura.fit`.
    observer : has ``begun``, ``iterated`` and ``ended``, as for `mixtura.fit`: is told of runs, and
        of every pass, with the bounds so far, nats; or None.

    Returns
    -------
    `BayesianFit`. Its components come in the order of their rows.

    Raises
    ------
    ParameterError : a parameter is none, or the structure has no conjugate prior.
    DataError : the rows cannot be used.

    Notes
    -----
    A pass costs what one of EM does: the kernel is the same, its factors and constants are those
    of expected log densities.

    References
    ----------
    Attias 2000, "A variational Bayesian framework for graphical models"; Blei & Jordan 2006,
    "Variational inference for Dirichlet process mixtures"; Kurihara, Welling & Vlassis 2007,
    "Accelerated variational Dirichlet process mixtures"; Hughes & Sudderth 2013 for the moves.

    Examples
    --------
    >>> import mixtura
    >>> from mixtura.datasets import faithful
    >>> fit = mixtura.fit_bayes(faithful())
    >>> fit.n_occupied, fit.outcome.value
    (2, 'converged')
    """
    _check_effort(n_components, n_init, max_iter, tol)
    _check_told(moves, observer)
    weights = concentration.named(
        weight_concentration_prior_type, weight_concentration_prior, n_components
    )
    rows = open_rows(X, sample_weight, client)
    d, held = rows.n_features, getattr(rows, "rows", None)
    most = n_components if held is None else min(n_components, len(held))
    best: fitted.BayesianFit | None = None
    for kind in _asked(structure, d):
        asked = wishes.Wishes(
            most,
            kind,
            family.family_of(kind),
            weights,
            start,
            float(tol),
            int(max_iter),
            n_init,
            moves,
            mean=mean_prior,
            mean_precision=mean_precision_prior,
            degrees=degrees_of_freedom_prior,
            scale=covariance_prior,
        )
        random = random_state_of(random_state)
        found = runs.fit_opened(rows, asked, random, observer=observer, client=client)
        best = found if best is None or found.elbo > best.elbo else best
    assert best is not None
    return best


def _check_effort(n_components: Any, n_init: Any, max_iter: Any, tol: Any) -> None:
    """Refuse numbers that are none."""
    for name, value, least in (
        ("n_components", n_components, 1),
        ("n_init", n_init, 1),
        ("max_iter", max_iter, 0),
    ):
        if not is_whole(value) or value < least:
            raise ParameterError(
                f"{name} is {value!r}, expected a whole number of at least {least}"
            )
    if not is_number(tol) or tol < 0:
        raise ParameterError(f"tol is {tol!r}, expected a number of at least 0")


def _check_told(moves: Any, observer: Any) -> None:
    """Refuse what is no wish for moves, and what cannot be told."""
    whether(moves, "moves")
    asked = ("begun", "iterated", "ended")
    lacking = [name for name in asked if not callable(getattr(observer, name, None))]
    if observer is not None and lacking:
        raise ParameterError(
            f"observer is {observer!r}, which has no {lacking[0]}(), expected an object with "
            "begun, iterated and ended, or None"
        )


def _asked(structure: str | Structure, n_features: int) -> list[Structure]:
    """The structures to fit: one, or all that have priors."""
    if isinstance(structure, str) and structure == "auto":
        names = ["E", "V"] if n_features == 1 else list(family.FAMILIES)
        return [structure_called(name) for name in names]
    return [structure_called(structure)]
