"""Validator: from a mixture and rows to verdicts, by the oracle's word."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mixtura.arguments import is_whole
from mixtura.engine.arrays import Floats, Integers, Rows, doubles
from mixtura.errors import ParameterError
from mixtura.model.mixture import Mixture
from mixtura.model.random import Seed, random_state_of
from mixtura.testing.oracle import Allowance, Answer, oracle
from mixtura.testing.peers import PEERS, Fault, Peer
from mixtura.testing.validation import Comparison, FarAnswer, Probe, Validation

AGREES = "agrees"
OURS = "mixtura"
ORACLE = "mpmath at 50 digits"
#: standard deviations at which exp(−d²/2) is 0 in double precision
FAR = 60.0

#: how many of the rows where a peer differs most are put to the oracle
_SUSPECTS = 3


def validate(
    mixture: Mixture, X: Any, *, n_oracle_rows: int = 20, random_state: Seed = 0
) -> Validation:
    """Hold a mixture's log densities to three independent answers.

    scikit-learn and the textbook's formulas answer for every row. mpmath answers to 50 digits for
    a sample of rows and for those where the others differ most, and decides: an answer is right
    where its error is at most 4·ε·κ(Σ)·(D + d²) + 1e-13·|log p|, the work of rounding. One more
    row, 60 standard deviations from the nearest component, is put to all of them.

    Parameters
    ----------
    mixture : the density.
    X : (N, D) array-like, or a table with the mixture's columns; scored in float64.
    n_oracle_rows : how many rows the sample has, at least 1; all where there are fewer.
    random_state : seed of the sample.

    Raises
    ------
    DataError : wrong shape, missing columns, NaN or infinity, no rows.
    ParameterError : `n_oracle_rows` is not a whole number of at least 1.
    ModelError : a covariance is positive definite by rounding only.
    MissingExtraError : mpmath or scikit-learn is not installed.

    Notes
    -----
    For the oracle K·D³ microseconds and K·D² more for each of its rows; for the others N·K·D²
    operations and a few copies of the data.

    Examples
    --------
    >>> from mixtura import Mixture
    >>> m = Mixture([0.5, 0.5], [[0.0], [4.0]], [[[1.0]], [[1.0]]])
    >>> proof = validate(m, [[0.1], [3.0], [5.0]])
    >>> proof.ours_right, [comparison.verdict for comparison in proof.comparisons]
    (True, ['agrees', 'agrees', 'agrees'])
    >>> proof.probe.distance, [answer.right for answer in proof.probe.answers]
    (60.0, [True, True, False])
    """
    if not is_whole(n_oracle_rows) or n_oracle_rows < 1:
        raise ParameterError(
            f"n_oracle_rows is {n_oracle_rows!r}, expected a whole number of at least 1"
        )
    rows = doubles(mixture.rows(X))
    sample = random_state_of(random_state).permutation(len(rows))[:n_oracle_rows]
    return _validated(mixture, rows, sample)


def _validated(mixture: Mixture, rows: Floats, sample: Integers) -> Validation:
    """The proof for rows (N, D), of which a sample is put to the oracle, among others."""
    ours = mixture.score_samples(rows)
    allowance = Allowance.of(mixture)
    margin = allowance.at(rows)
    theirs = [_asked(peer, mixture, rows) for peer in PEERS]
    suspects = [_suspects(values, ours, margin) for values, _ in theirs]
    chosen = np.unique(np.concatenate([sample, *suspects]))
    trial = Trial.of(allowance, rows, chosen, tuple(f"row {i}" for i in chosen))
    on_ours = trial.verdict_on_ours(ours)
    probe = _probe(mixture, allowance)
    return Validation(
        n_rows=len(rows),
        n_oracle_rows=len(chosen),
        comparisons=(
            _comparison(ORACLE, trial.truths, ours[chosen], margin[chosen], on_ours),
            *(
                _comparison(
                    peer.name, values, ours, margin, trial.verdict(peer.name, values, ours, fault)
                )
                for peer, (values, fault) in zip(PEERS, theirs, strict=True)
            ),
        ),
        probe=probe,
        ours_right=on_ours.agrees and probe.answers[0].right,
    )


def _asked(peer: Peer, mixture: Mixture, rows: Rows) -> tuple[Floats, Fault]:
    """A peer's answers, (N,), and what to say of a wrong one; NaN where it gives up."""
    try:
        return peer.log_likelihood(mixture, rows), peer.fault
    except (ValueError, np.linalg.LinAlgError) as error:
        reason = str(error)
        return np.full(len(rows), np.nan), lambda value: (f"{peer.name} gives up", reason)


def _differences(theirs: Floats, ours: Floats) -> Floats:
    """|theirs − ours|, (N,), nats; infinite where one of them is no number."""
    with np.errstate(invalid="ignore"):
        apart = np.where(theirs == ours, 0.0, np.abs(theirs - ours))
    return np.where(np.isnan(apart), np.inf, apart)


def _suspects(theirs: Floats, ours: Floats, margin: Floats) -> Integers:
    """The rows where rounding explains the difference least."""
    with np.errstate(invalid="ignore"):
        excess = np.nan_to_num(_differences(theirs, ours) / margin, nan=np.inf)
    return np.argsort(-excess, kind="stable")[:_SUSPECTS]


def _comparison(
    peer: str, theirs: Floats, ours: Floats, margin: Floats, verdict: Judgement
) -> Comparison:
    apart = _differences(theirs, ours)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(apart == 0.0, 0.0, apart / np.abs(ours))
    return Comparison(
        peer=peer,
        n_rows=len(ours),
        n_apart=int(np.count_nonzero(apart > margin)),
        largest_absolute=float(apart.max()),
        largest_relative=float(relative.max()),
        **asdict(verdict),
    )


def _probe(mixture: Mixture, allowance: Allowance) -> Probe:
    row = far_row(mixture)
    trial = Trial.of(allowance, row, np.array([0]), ("it",))
    ours = mixture.score_samples(row)
    given = [(OURS, ours, trial.verdict_on_ours(ours))]
    for peer in PEERS:
        values, fault = _asked(peer, mixture, row)
        given.append((peer.name, values, trial.verdict(peer.name, values, ours, fault)))
    return Probe(
        row=dict(zip(mixture.feature_labels, row[0].tolist(), strict=True)),
        distance=trial.answers[0].distance,
        truth=float(trial.truths[0]),
        answers=tuple(
            FarAnswer(
                name=name,
                value=float(values[0]),
                error=float(trial.errors(values)[0]),
                right=not trial.wrong(values).any(),
                verdict=verdict.verdict,
                reason=verdict.reason,
            )
            for name, values, verdict in given
        ),
    )


def far_row(mixture: Mixture, distance: float = FAR) -> Floats:
    """A row `distance` standard deviations from the nearest component.

    It lies on the ray x(t) = μ + t·v from the heaviest component's mean along its longest axis.
    The squared distance to component k is a parabola in t::

        ‖L_k⁻¹(x(t) − μ_k)‖² = a t² + 2 b t + c,  a = p·p, b = p·q, c = q·q,
        p = L_k⁻¹v, q = L_k⁻¹(μ − μ_k)

    which last comes down to distance² at t_k = (√(b² − a(c − distance²)) − b) / a, if at all. At
    the largest t_k one component is that far away and no other one is nearer.

    Parameters
    ----------
    mixture : of D features.
    distance : standard deviations, at least 0.

    Returns
    -------
    (1, D), feature units.

    Examples
    --------
    >>> from mixtura import Mixture
    >>> far_row(Mixture([0.6, 0.4], [[0.0], [10.0]], [[[4.0]], [[1.0]]])).tolist()
    [[120.0]]
    """
    k = int(mixture.weights.argmax())
    origin = mixture.means[k]
    axis = np.linalg.eigh(mixture.covariance_matrices()[k])[1][:, -1]
    axis = axis * np.sign(axis[np.abs(axis).argmax()])  # an eigenvector's sign is nobody's choice
    whiten = mixture.gaussians.factor.whiten
    latest = 0.0
    for j, mean in enumerate(mixture.means):
        p = whiten(j, axis[:, None])[:, 0]
        q = whiten(j, (origin - mean)[:, None])[:, 0]
        a, b, c = p @ p, p @ q, q @ q
        discriminant = b * b - a * (c - distance**2)
        if discriminant >= 0.0:
            latest = max(latest, float((np.sqrt(discriminant) - b) / a))
    return (origin + latest * axis)[None, :]


@dataclass(frozen=True)
class Judgement:
    """A judgement on who is right.

    Parameters
    ----------
    agrees : whether everybody is.
    verdict : in a few words.
    reason : what shows it; empty where everybody is right.
    """

    agrees: bool
    verdict: str
    reason: str


@dataclass(frozen=True, eq=False)
class Trial:
    """The truth about some rows, and how far from it a right answer may be.

    Parameters
    ----------
    labels : m names of the rows, for the verdicts.
    indices : (m,), where the rows are in the answers that are judged.
    answers : m, the oracle's.
    allowed : (m,), the errors that double precision explains, nats.
    """

    labels: tuple[str, ...]
    indices: Integers
    answers: tuple[Answer, ...]
    allowed: Floats

    @classmethod
    def of(
        cls, allowance: Allowance, rows: Rows, indices: Integers, labels: tuple[str, ...]
    ) -> Trial:
        """Put rows[indices] of `rows` (N, D) to the oracle."""
        answers = tuple(oracle(allowance.mixture, rows[indices]))
        return cls(labels, indices, answers, allowance.of_answers(answers))

    @property
    def truths(self) -> Floats:
        """The oracle's answers, (m,), nats."""
        return np.array([float(answer.log_likelihood) for answer in self.answers])

    def errors(self, values: Floats) -> Floats:
        """|values − truth| at the trial's rows, (m,) of (N,); NaN for no number."""
        pairs = zip(self.answers, values[self.indices].tolist(), strict=True)
        return np.array([answer.error(value) for answer, value in pairs])

    def wrong(self, values: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Whether rounding fails to explain the error, (m,) of (N,)."""
        return ~(self.errors(values) <= self.allowed)

    def verdict_on_ours(self, ours: Floats) -> Judgement:
        """Whether mixtura's values (N,) are right."""
        if not self.wrong(ours).any():
            return Judgement(True, AGREES, "")
        return Judgement(False, f"{OURS} is wrong here", self._worst(ours)[1])

    def verdict(self, name: str, theirs: Floats, ours: Floats, fault: Fault) -> Judgement:
        """Who is right, where a peer has `theirs` (N,) and mixtura has `ours` (N,)."""
        if not self.wrong(theirs).any():
            return self.verdict_on_ours(ours)
        value, where = self._worst(theirs)
        if self.wrong(ours).any():
            return Judgement(False, f"{OURS} and {name} are both wrong here", where)
        words, reason = fault(value)
        return Judgement(False, words, f"{reason}; {where}" if reason else where)

    def _worst(self, values: Floats) -> tuple[float, str]:
        """The value that is furthest beyond its allowance, and its row and error in words."""
        errors = self.errors(values)
        excess = np.where(np.isnan(errors), np.inf, errors / self.allowed)
        worst = int(excess.argmax())
        value = float(values[self.indices[worst]])
        if not np.isfinite(errors[worst]):
            return value, f"{self.labels[worst]} comes out as {value}"
        return value, (
            f"{self.labels[worst]} is off by {errors[worst]:.2g} nats, rounding explains "
            f"{self.allowed[worst]:.2g}"
        )
