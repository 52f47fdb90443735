"""scikit-learn's fits of random problems and ours are the same; benchmarks/parity.py has more."""

from __future__ import annotations

from itertools import product

from parity_problems import COVARIANCE_TYPES, STARTS, compared, problems


def test_thirty_random_problems_end_as_in_scikit_learn() -> None:
    # Every problem meets each covariance type and each start once, and all pairs of them in turn.
    verdicts = [
        compared(problem, kind, STARTS[(number + problem.number) % 4], seed=problem.number)
        for problem in problems(30)
        for number, kind in enumerate(COVARIANCE_TYPES)
    ]
    tried = {(verdict.covariance_type, verdict.start) for verdict in verdicts}
    assert tried == set(product(COVARIANCE_TYPES, STARTS))
    assert [str(verdict) for verdict in verdicts if not verdict.same] == []


def test_the_verdict_tells_fits_apart() -> None:
    problem = next(problems(1))
    verdict = compared(problem, "full", "kmeans", seed=0)
    others = (
        {"difference": 1e-5},
        {"iterations": (3, 4)},
        {"relabelled": 1},
    )
    assert verdict.same
    assert not any(type(verdict)(**{**vars(verdict), **other}).same for other in others)
