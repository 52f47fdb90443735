"""scikit-learn's fits of random problems and ours are the same; benchmarks/parity.py has more."""

from __future__ import annotations

from parity_problems import ALIKE, compared, problems


def test_thirty_random_problems_end_as_in_scikit_learn() -> None:
    # Every problem meets three of the ten pairs of covariance type and start, all of them in turn.
    verdicts = [
        compared(problem, *ALIKE[(3 * problem.number + number) % len(ALIKE)], seed=problem.number)
        for problem in problems(30)
        for number in range(3)
    ]
    tried = {(verdict.covariance_type, verdict.start) for verdict in verdicts}
    assert tried == set(ALIKE)
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
