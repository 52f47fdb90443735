"""Scores held to the 50-digit answer, within what rounding the parameters can do."""

from __future__ import annotations

import mpmath
import numpy as np
from mpmath import mp

from mixtura import Mixture
from mixtura.testing import Answer, oracle

EPS = float(np.finfo(np.float64).eps)


def bound(mixture: Mixture, answer: Answer) -> mpmath.mpf:
    """4·eps·κ(Σ)·(D + maha²) + 1e-13·|log p|, for one component as it stands.

    Where several components are within b_k of their own log densities, the log of their sum is
    within log Σ_k r_k exp(b_k): with one component that is b.
    """
    raised = []
    for matrix, joint, squared in zip(
        mixture.covariance_matrices(), answer.log_joint, answer.squared_distances, strict=True
    ):
        condition = float(np.linalg.cond(matrix))
        error = 4 * EPS * condition * (mixture.n_features + squared)
        raised.append(mp.exp(joint - answer.log_likelihood + error))
    return mp.log(mp.fsum(raised)) + mpmath.mpf("1e-13") * abs(answer.log_likelihood)


def assert_right(mixture: Mixture, rows: np.ndarray) -> None:
    """Every row's score is within the bound of the 50-digit answer."""
    scores = mixture.score_samples(rows)
    for number, (score, answer) in enumerate(zip(scores, oracle(mixture, rows), strict=True)):
        with mp.workdps(100):
            error = abs(mpmath.mpf(float(score)) - answer.log_likelihood)
            allowed = bound(mixture, answer)
            assert error <= allowed, (
                f"row {number}: {score} is off by {mp.nstr(error, 3)}, allowed "
                f"{mp.nstr(allowed, 3)}, {answer.distance:.3g} standard deviations out"
            )
