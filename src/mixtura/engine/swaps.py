"""Swaps: components taken from where they are and set elsewhere, all of it in the kernel."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from mixtura.engine.arrays import Floats
from mixtura.engine.sources import Block

__all__ = ["Effort", "Swap", "SwapRule", "Swapped"]


class SwapRule(NamedTuple):
    """How components are swapped, and what is better.

    Parameters
    ----------
    close : how often what is taken is one of two that are nearly one, and not any.
    n_pairs : so many pairs that lose least by becoming one are nearly one.
    local : how often rows about the new place tell the covariance there, and not the component
        they are of.
    soft : the share of a neighbour's covariance that a component set on few rows has besides.
    n_short : EM steps that tell candidates apart.
    n_settled : EM steps after which one should have settled.
    gain : what is none, nats a row.
    same : candidates nearer than this to each other, nats a row, are the same.
    least_rows : a component of fewer is spurious.
    few_rows : so is one of fewer that is thin.
    thin : the least eigenvalue of a covariance, in units of the features' variances, below which
        it is.
    """

    close: float
    n_pairs: int
    local: float
    soft: float
    n_short: int
    n_settled: int
    gain: float
    same: float
    least_rows: float
    few_rows: float
    thin: float


class Effort(NamedTuple):
    """How long swaps go on: for as long as none of this is over.

    Parameters
    ----------
    known : the log-likelihood at which there is nothing new, nats a row; infinity for none.
    patience : how many swaps in a row may fail.
    n_failed : how many have.
    left : what may still be spent.
    call : what a climb costs besides its steps.
    step : what a step costs.
    """

    known: float
    patience: int
    n_failed: int
    left: float
    call: float
    step: float


class Swapped(NamedTuple):
    """What swaps came to.

    Parameters
    ----------
    weight : (K,), effective numbers of rows.
    noise_weight : that of the noise, 0 without.
    means : (K, D), feature units.
    covariances : (K, D, D), whatever the structure, squared feature units.
    log_likelihood : the mean log-likelihood of the parameters one step before, nats a row.
    n_draws : how many swaps were tried.
    n_failed : how many have failed since the last that was better.
    left : what may still be spent.
    """

    weight: Floats
    noise_weight: float
    means: Floats
    covariances: Floats
    log_likelihood: float
    n_draws: int
    n_failed: int
    left: float


class Swap(Protocol):
    """What a kernel that can swap does."""

    def __call__(
        self,
        block: Block,
        structure: str,
        weight: Floats,
        means: Floats,
        covariances: Floats,
        *,
        ridge: Floats,
        rule: SwapRule,
        units: Floats,
        effort: Effort,
        draws: Floats,
        log_likelihood: float,
        noise_weight: float = 0.0,
        noise_log_density: float = ...,
    ) -> Swapped:
        """Swaps over the rows of a block, from parameters on, until the effort is spent."""
