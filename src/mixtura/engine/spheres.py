"""Spheres: centres as the kernel sees them."""

from __future__ import annotations

import math

import numpy as np

from mixtura.engine.arrays import Rows, frozen
from mixtura.engine.components import Components
from mixtura.engine.factors import Spherical

__all__ = ["spheres"]


def spheres(centres: Rows) -> Components:
    """Components of log p_k(x) = −½‖x − c_k‖², for centres (K, D).

    The log weights cancel the normalisation to the last bit: beside a constant that is not zero,
    the distances of rows close together would be lost, and with them which centre is nearest.
    """
    k, d = centres.shape
    log_weights = np.full(k, 0.5 * d * math.log(2.0 * math.pi))
    return Components(log_weights, frozen(centres), Spherical(np.ones(k)))
