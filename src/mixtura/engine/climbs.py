"""Climbs: EM from a start on, over rows in memory, all of it in the kernel."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from mixtura.engine.arrays import Floats
from mixtura.engine.sources import Block

__all__ = ["Climb", "Climbed"]


class Climbed(NamedTuple):
    """Where a climb has come to.

    Parameters
    ----------
    weight : (K,), effective numbers of rows.
    noise_weight : that of the noise, 0 without.
    means : (K, D), feature units.
    covariances : (K, D, D), whatever the structure, squared feature units.
    log_likelihood : the mean log-likelihood of the parameters one step before, nats a row.
    gain : what the last step gained, nats a row.
    n_steps : how many were done.
    sound : whether more could be. No more can from where a row is out of reach of every component,
        or where the next covariances would not be positive definite.
    """

    weight: Floats
    noise_weight: float
    means: Floats
    covariances: Floats
    log_likelihood: float
    gain: float
    n_steps: int
    sound: bool


class Climb(Protocol):
    """What a kernel that can climb does."""

    def __call__(
        self,
        block: Block,
        structure: str,
        weight: Floats,
        means: Floats,
        covariances: Floats,
        *,
        ridge: float | Floats,
        n_steps: int,
        gain: float = 0.0,
        log_likelihood: float = ...,
        noise_weight: float = 0.0,
        noise_log_density: float = ...,
        equal_weights: bool = False,
    ) -> Climbed:
        """At most `n_steps` steps of EM over the rows of a block, from parameters on."""
