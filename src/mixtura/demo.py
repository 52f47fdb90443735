"""Demo: the whole way from rows to proven densities, on made-up data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

from mixtura.datasets import blobs
from mixtura.engine.arrays import Floats
from mixtura.errors import MissingExtraError
from mixtura.fitting import Fit, fit
from mixtura.fitting.settings import SCIKIT_LEARNS
from mixtura.tables import Table
from mixtura.testing import Validation, textbook_log_likelihood, validate
from mixtura.testing.validation import validation_text
from mixtura.textual import columns, underlined

#: name of each data set -> how many features it has
NAMES = {"two-features": 2, "one-feature": 1}

SEED = 42
N_ROWS = 400
N_COMPONENTS = 4

#: rows whose scores are shown
_SHOWN = 5


@dataclass(frozen=True, eq=False)
class Chapter:
    """One data set of the demo, fitted, scored and proven.

    Parameters
    ----------
    name : what its files are called.
    table : the rows, (N, D).
    fit : of a full mixture.
    scores : whose -> log-likelihoods of the first rows (5,), nats: mixtura's, those of
        scikit-learn after a fit of its own, and the textbook's.
    proof : every row's log-likelihood, validated.
    """

    name: str
    table: Table
    fit: Fit
    scores: Mapping[str, Floats]
    proof: Validation

    def to_dict(self) -> dict[str, Any]:
        """A plain record, ready for JSON."""
        mixture, rows = self.fit.mixture, self.table.rows
        return {
            "n_rows": len(rows),
            "features": list(mixture.feature_labels),
            "weights": mixture.weights.tolist(),
            "means": mixture.means.tolist(),
            "covariances": mixture.covariances.tolist(),
            "iterations": self.fit.n_iter,
            "outcome": self.fit.outcome.value,
            "mean_log_likelihood": self.fit.mean_log_likelihood,
            "first_rows": rows[:_SHOWN].tolist(),
            "scores": {name: values.tolist() for name, values in self.scores.items()},
            "validation": self.proof.to_dict(),
        }


def chapters() -> tuple[Chapter, ...]:
    """The demo: four blobs in two features and in one, each fitted with four components.

    Raises
    ------
    MissingExtraError : scikit-learn or mpmath is not installed.

    Notes
    -----
    A second or two, most of it spent on loading scikit-learn; the same numbers every time.
    """
    return tuple(_chapter(name, n_features) for name, n_features in NAMES.items())


def demo_text(record: Mapping[str, Mapping[str, Any]], width: int | None = None) -> str:
    """The text of the chapters' records by name: parameters, first scores, and the proof.

    Parameters
    ----------
    record : the chapters'.
    width : letters that a line of a table may have; None is no bound.
    """
    return "\n\n\n".join(_chapter_text(name, chapter, width) for name, chapter in record.items())


def _chapter(name: str, n_features: int) -> Chapter:
    table, _ = blobs(N_ROWS, n_features, N_COMPONENTS, 1.0, random_state=SEED)
    fitted = fit(table, N_COMPONENTS, structure="full", random_state=SEED, **SCIKIT_LEARNS)
    mixture, first = fitted.mixture, table.rows[:_SHOWN]
    scores = {
        "mixtura": mixture.score_samples(first),
        "scikit-learn": _scikit_learn_s(table.rows)[:_SHOWN],
        "textbook": textbook_log_likelihood(
            first, mixture.weights, mixture.means, mixture.covariance_matrices()
        ),
    }
    return Chapter(name, table, fitted, scores, validate(mixture, table))


def _scikit_learn_s(rows: Floats) -> Floats:
    """Log-likelihoods (N,) by scikit-learn alone, fit and all."""
    try:
        from sklearn.mixture import GaussianMixture
    except ImportError:
        raise MissingExtraError("scikit-learn", "all", "the demo") from None
    estimator = GaussianMixture(N_COMPONENTS, covariance_type="full", random_state=SEED)
    return estimator.fit(rows).score_samples(rows)


def _chapter_text(name: str, chapter: Mapping[str, Any], width: int | None) -> str:
    features = chapter["features"]
    title = (
        f"{name.replace('-', ' ')}: {chapter['n_rows']} rows of "
        f"{N_COMPONENTS} blobs, {N_COMPONENTS} components with full covariances, seed {SEED}"
    )
    ending = (
        f"EM {chapter['outcome']} after {chapter['iterations']} iterations, at "
        f"{chapter['mean_log_likelihood']:.8f} nats a row"
    )
    return "\n\n".join(
        [
            f"{underlined(title, '=', width)}\n{ending}",
            "\n".join(columns(_parameters(chapter, features), width=width)),
            "log-likelihoods of the first rows, scikit-learn's after a fit of its own\n"
            + "\n".join(columns(_scores(chapter, features), width=width)),
            validation_text(chapter["validation"], width),
        ]
    )


def _parameters(chapter: Mapping[str, Any], features: Sequence[str]) -> list[list[str]]:
    """A line for each component: its weight, means and covariances."""
    pairs = list(combinations_with_replacement(range(len(features)), 2))
    head = ["component", "weight", *(f"mean {name}" for name in features)]
    head += [
        f"variance {features[i]}" if i == j else f"cov. {features[i]} {features[j]}"
        for i, j in pairs
    ]
    return [head] + [
        [str(k), *map(_number, [weight, *mean, *(covariance[i][j] for i, j in pairs)])]
        for k, (weight, mean, covariance) in enumerate(
            zip(chapter["weights"], chapter["means"], chapter["covariances"], strict=True)
        )
    ]


def _scores(chapter: Mapping[str, Any], features: Sequence[str]) -> list[list[str]]:
    """A line for each of the first rows: the row, then everybody's score."""
    scores = chapter["scores"]
    return [["row", *features, *scores]] + [
        [str(i), *map(_number, [*row, *(values[i] for values in scores.values())])]
        for i, row in enumerate(chapter["first_rows"])
    ]


def _number(value: float) -> str:
    return f"{value:.8f}"
