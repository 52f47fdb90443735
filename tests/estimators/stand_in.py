"""A plugin for pytest: scikit-learn's tests of its mixtures meet ours instead.

It puts our classes in the place of theirs before their test modules are imported, and writes what
came of each test to the file that `OUTCOMES` names.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

outcomes: dict[str, list[str]] = {}


def pytest_configure() -> None:
    # Not at import: a run that only looks into this file must keep scikit-learn's classes.
    import sklearn.mixture

    from mixtura import BayesianGaussianMixture, GaussianMixture

    sklearn.mixture.GaussianMixture = GaussianMixture
    sklearn.mixture.BayesianGaussianMixture = BayesianGaussianMixture


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" or report.outcome != "passed":
        reason = str(report.longrepr[2]) if report.skipped else ""
        outcomes[report.nodeid.split("::")[-1]] = [report.outcome, reason]


def pytest_sessionfinish() -> None:
    Path(os.environ["OUTCOMES"]).write_text(json.dumps(outcomes))
