"""Oracle: the log density to 50 digits, and how far from it rounding may take an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Rows
from mixtura.errors import MissingExtraError, ModelError
from mixtura.model.mixture import Mixture

_EPS = float(np.finfo(np.float64).eps)

#: decimal digits that count
DIGITS = 50

#: as many again, so that neither a condition of 1e20 nor a row a million standard deviations out
#: reaches those that count
_WORKING_DIGITS = 2 * DIGITS


@dataclass(frozen=True, eq=False)
class Answer:
    """What the oracle says of one row; the numbers are mpmath's.

    Parameters
    ----------
    log_likelihood : log p(x), nats.
    log_joint : K of log w_k + log N(x | μ_k, Σ_k), nats, and after them log w_0 − log V of noise.
    squared_distances : K squared Mahalanobis distances.
    """

    log_likelihood: Any
    log_joint: tuple[Any, ...]
    squared_distances: tuple[Any, ...]

    @property
    def distance(self) -> float:
        """How many standard deviations away the nearest component is."""
        return float(min(self.squared_distances) ** 0.5)

    def error(self, value: float) -> float:
        """|value − log p(x)|, nats; NaN for NaN.

        Beyond −1e308 nats a double holds no finite answer and −infinity is right.
        """
        with _mpmath().workdps(_WORKING_DIGITS):
            if value == -float("inf") and self.log_likelihood < -(2.0**1021):
                return 0.0
            return float(abs(value - self.log_likelihood))


@dataclass(frozen=True, eq=False)
class _Gaussian:
    """A component in mpmath's numbers: constant, mean (D,), rows of its Cholesky factor."""

    constant: Any
    mean: list[Any]
    lower: list[list[Any]]


def oracle(mixture: Mixture, rows: Rows) -> list[Answer]:
    """Log densities to 50 digits, one answer a row.

    log p(x) = log Σ_k w_k N(x | μ_k, Σ_k), with every parameter and every row taken as the exact
    value of its double, and mpmath's own Cholesky factorisation.

    Parameters
    ----------
    mixture : of K components and D features.
    rows : (m, D), finite.

    Raises
    ------
    ModelError : a covariance is positive definite in double precision but not in truth.
    MissingExtraError : mpmath is not installed.

    Notes
    -----
    About K·D³ microseconds, and K·D² microseconds a row; K·D for diagonal covariances.

    References
    ----------
    mpmath: a Python library for arbitrary-precision floating-point arithmetic, mpmath.org.

    Examples
    --------
    >>> from mixtura import Mixture
    >>> import numpy as np
    >>> answer, = oracle(Mixture([1.0], [[0.0]], [[[1.0]]]), np.array([[60.0]]))
    >>> from mpmath import nstr
    >>> nstr(answer.log_likelihood, 44), answer.distance
    ('-1800.9189385332046727417803297364056176398614', 60.0)
    """
    mp = _mpmath()
    with mp.workdps(_WORKING_DIGITS):
        diagonal = mixture.structure.form.diagonal
        factor = _square_roots if diagonal else _triangle
        half_log_2pi = mp.log(2 * mp.pi) / 2
        gaussians = []
        factors: dict[bytes, list[list[Any]]] = {}  # a shared covariance is factorised once
        for k, matrix in enumerate(mixture.covariance_matrices()):
            key = matrix.tobytes()
            if key not in factors:
                factors[key] = factor(mp, matrix, k)
            lower = factors[key]
            gaussians.append(
                _Gaussian(
                    mp.log(_exact(mp, mixture.weights[k : k + 1])[0])
                    - mp.fsum(mp.log(entries[-1]) for entries in lower)
                    - mixture.n_features * half_log_2pi,
                    _exact(mp, mixture.means[k]),
                    lower,
                )
            )
        flat = _of_noise(mp, mixture)
        return [_answer(mp, _exact(mp, row), gaussians, flat, diagonal=diagonal) for row in rows]


def _of_noise(mp: Any, mixture: Mixture) -> tuple[Any, ...]:
    """The log joint density of noise, the same for every row; nothing where there is none."""
    if mixture.noise is None:
        return ()
    sides = _exact(mp, mixture.noise.box.extent)
    return (mp.log(mp.mpf(mixture.noise.weight)) - mp.fsum(map(mp.log, sides)),)


def _answer(
    mp: Any,
    x: list[Any],
    gaussians: Sequence[_Gaussian],
    flat: tuple[Any, ...],
    *,
    diagonal: bool,
) -> Answer:
    distance = _scaled_distance if diagonal else _whitened_distance
    squared = tuple(distance(mp, x, gaussian) for gaussian in gaussians)
    joint = tuple(g.constant - d / 2 for g, d in zip(gaussians, squared, strict=True)) + flat
    top = max(joint)
    total = top + mp.log(mp.fsum(mp.exp(part - top) for part in joint))
    return Answer(total, joint, squared)


def _whitened_distance(mp: Any, x: list[Any], gaussian: _Gaussian) -> Any:
    """‖L⁻¹(x − μ)‖² by forward substitution."""
    solution: list[Any] = []
    for value, mean, entries in zip(x, gaussian.mean, gaussian.lower, strict=True):
        known = mp.fdot(zip(entries[:-1], solution, strict=True))
        solution.append((value - mean - known) / entries[-1])
    return mp.fsum(solution, squared=True)


def _scaled_distance(mp: Any, x: list[Any], gaussian: _Gaussian) -> Any:
    """Σ_j ((x − μ)_j / σ_j)²."""
    terms = zip(x, gaussian.mean, gaussian.lower, strict=True)
    return mp.fsum(((value - mean) / entries[-1] for value, mean, entries in terms), squared=True)


def _triangle(mp: Any, matrix: Floats, k: int) -> list[list[Any]]:
    """The rows of the Cholesky factor of component k's covariance (D, D), up to the diagonal."""
    exact = [_exact(mp, row) for row in matrix]
    try:
        # mpmath's own tolerance is absolute, which would turn tiny variances away.
        lower = mp.cholesky(mp.matrix(exact), tol=mp.mpf(2) ** -10000)
    except ValueError:
        raise ModelError(_indefinite(k)) from None
    entries = [[lower[i, j] for j in range(i + 1)] for i in range(len(exact))]
    for i, row in enumerate(entries):
        if row[-1] ** 2 < exact[i][i] * mp.mpf(10) ** -DIGITS:  # the rounding of zero
            raise ModelError(_indefinite(k))
    return entries


def _square_roots(mp: Any, matrix: Floats, k: int) -> list[list[Any]]:
    """The standard deviations, each a row of one entry."""
    return [[mp.sqrt(variance)] for variance in _exact(mp, matrix.diagonal())]


def _exact(mp: Any, values: Floats) -> list[Any]:
    """Doubles (or singles) as mpmath numbers of the same value."""
    return [mp.mpf(float(value)) for value in values]


def _indefinite(k: int) -> str:
    return (
        f"the covariance of component {k} is positive definite by rounding only: in exact "
        "arithmetic it has no Cholesky factor, so no density; add to its diagonal, or fit with a "
        "larger reg_covar"
    )


def _mpmath() -> Any:
    try:
        import mpmath
    except ImportError:
        raise MissingExtraError("mpmath", "validate", "the 50-digit oracle") from None
    return mpmath.mp


@dataclass(frozen=True, eq=False)
class Allowance:
    """The error that double precision explains, for each row, nats.

    A component's log density may be off by b_k = 4·ε·κ(Σ_k)·(D + d²_k): the parameters' own last
    bits, magnified by the condition of its covariance. The sum over components then by
    log Σ_k r_k exp(b_k), and by 1e-13·|log p| for the sums and the logarithms.

    Parameters
    ----------
    mixture : of K components and D features.
    conditions : (K,), the condition numbers κ(Σ_k), and 1 for noise, whose distance is 0.

    References
    ----------
    Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., theorem 10.4 and section 10.1.
    """

    mixture: Mixture
    conditions: Floats

    @classmethod
    def of(cls, mixture: Mixture) -> Allowance:
        """The allowance for a mixture's rows; K·D³ operations."""
        conditions = np.asarray(np.linalg.cond(mixture.covariance_matrices()))
        conditions = np.append(conditions, [1.0] * (mixture.noise is not None))
        return cls(mixture, np.where(np.isnan(conditions), np.inf, conditions))

    def at(self, rows: Rows) -> Floats:
        """(m,) for rows (m, D), by mixtura's own distances: good enough to see where to look."""
        components = self.mixture.components
        return self._from(
            kernel.log_joint(rows, components), kernel.squared_distances(rows, components)
        )

    def of_answers(self, answers: Sequence[Answer]) -> Floats:
        """(m,) for m answers of the oracle."""
        joint = np.array([[float(part) for part in answer.log_joint] for answer in answers])
        squared = np.array([[float(d) for d in answer.squared_distances] for answer in answers])
        beyond = joint.shape[1] - squared.shape[1]
        return self._from(joint, np.pad(squared, ((0, 0), (0, beyond))))

    def _from(self, log_joint: Floats, squared_distances: Floats) -> Floats:
        """(m,) from the log joint densities and squared distances, both (m, K)."""
        bounds = 4.0 * _EPS * self.conditions * (self.mixture.n_features + squared_distances)
        with np.errstate(invalid="ignore"):
            log_likelihood = np.logaddexp.reduce(log_joint, axis=1)
            log_shares = log_joint - log_likelihood[:, None]
            # Both are the same to first order; the plain mean keeps the digits of small bounds.
            mean = (np.exp(log_shares) * bounds).sum(axis=1)
            spread = np.maximum(mean, np.logaddexp.reduce(log_shares + bounds, axis=1))
            allowed = spread + 1e-13 * np.abs(log_likelihood)
        # Where the squares overflow, nothing but −∞ is left to hold an answer to.
        return np.where(np.isnan(allowed), np.inf, allowed)
