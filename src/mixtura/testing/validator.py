"""Validator: from a mixture and rows to verdicts."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from mixtura.arguments import is_whole
from mixtura.engine.arrays import Floats, Integers, Rows, doubles
from mixtura.errors import ParameterError
from mixtura.model.random import Seed, random_state_of
from mixtura.testing.allowance import Allowance
from mixtura.testing.peers import PEERS, Peer
from mixtura.testing.probe import far_row
from mixtura.testing.trial import OURS, Fault, Trial, Verdict
from mixtura.testing.validation import Comparison, FarAnswer, Probe, Validation

if TYPE_CHECKING:
    from mixtura.model.mixture import Mixture

__all__ = ["validate"]

ORACLE = "mpmath at 50 digits"

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
    whole = is_whole(n_oracle_rows)
    if not whole or n_oracle_rows < 1:
        raise ParameterError(
            f"n_oracle_rows is {n_oracle_rows!r}, expected a whole number of at least 1"
        )
    rows = doubles(mixture.rows(X))
    ours = mixture.score_samples(rows)
    allowance = Allowance.of(mixture)
    margin = allowance.at(rows)
    theirs = [_asked(peer, mixture, rows) for peer in PEERS]
    sample = random_state_of(random_state).permutation(len(rows))[:n_oracle_rows]
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
    peer: str, theirs: Floats, ours: Floats, margin: Floats, verdict: Verdict
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
