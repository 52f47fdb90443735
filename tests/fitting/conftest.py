"""Every test here is run on each kernel; of those that search for long, one is left to the slow."""

from __future__ import annotations

import pytest

#: the reference kernel searches step by step, which takes these ten times as long
LONG = {
    *("test_auto_start.py", "test_bootstrap_test.py", "test_core_run.py", "test_hostile.py"),
    *("test_factor_fits.py", "test_intervals.py", "test_kmeans.py"),
    "test_missing_and_errors.py",
    *("test_regularisation.py", "test_selection.py", "test_standard_errors.py"),
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        callspec = getattr(item, "callspec", None)
        kernel = callspec.params.get("each_kernel") if callspec else None
        if item.path.name in LONG and kernel == "reference":
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True, scope="module")
def on_each_kernel(each_kernel: str) -> str:
    return each_kernel
