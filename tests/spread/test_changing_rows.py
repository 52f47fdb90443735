"""Rows that are others at each pass are noticed, and none that stay the same are taken for them."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest

import mixtura
from mixtura import GaussianMixture, Outcome
from mixtura.cli.main import main
from mixtura.errors import Interrupted
from mixtura.tables.selection import Selection
from mixtura.tables.streams.batches import scan_batches

N = 4_000
START = mixtura.Mixture([0.5, 0.5], [[0.0, 0.0], [3.0, 3.0]], [np.eye(2)] * 2)
WORDS = r"fell by .* nats a row in iteration \d+, .*the rows must be the same at each pass"


@pytest.fixture(autouse=True)
def threads():
    """Dask's own threads, where a test has no cluster."""
    with dask.config.set(scheduler="threads", num_workers=1):
        yield


def drawn(random: np.random.Generator) -> np.ndarray:
    rows = random.normal(size=(N, 2))
    rows[::2] += 2.0
    return rows


def streams() -> dict[str, Any]:
    """Rows that are drawn anew at each pass, by generators that go on."""
    random = np.random.default_rng(0)
    parts = [dask.delayed(drawn, pure=False)(random) for _ in range(2)]
    return {
        "a function": lambda: iter([drawn(random)]),
        "float32": lambda: iter([drawn(random).astype(np.float32)]),
        "an impure delayed": da.concatenate([da.from_delayed(p, (N, 2), float) for p in parts]),
    }


@pytest.mark.parametrize("name", streams())
@pytest.mark.parametrize(
    "options",
    [{}, {"noise": True}, {"prior": "conjugate"}, {"reg_covar": 1e-6}, {"accelerate": False}],
    ids=str,
)
def test_rows_that_change_are_told_of_once_and_are_the_outcome(name, options):
    with pytest.warns(UserWarning, match=WORDS) as told:
        fit = mixtura.fit(streams()[name], 2, start=START, max_iter=30, tol=0.0, **options)
    assert sum("same at each pass" in str(each.message) for each in told) == 1
    assert fit.outcome is Outcome.CHANGED
    assert not fit.outcome.converged
    assert "the rows must be the same at each pass: give what makes them a seed" in fit.remedy
    assert json.loads(json.dumps(fit.summary()))["outcome"] == "the rows changed"


def test_an_estimator_and_a_checkpoint_tell_of_them_too(tmp_path):
    rows = streams()["a function"]
    model = GaussianMixture(2, init_params=START, tol=0.0, max_iter=20)
    with pytest.warns(UserWarning, match="the rows must be the same at each pass"):
        model.fit(rows)
    assert not model.converged_

    class Stopping:
        def begun(self, run: int) -> None:
            pass

        def iterated(self, iteration: int, *_: Any) -> None:
            if iteration == 12:
                raise KeyboardInterrupt

        def ended(self, fit: mixtura.Fit) -> None:
            pass

    # What was seen before an interruption is known after it.
    part = tmp_path / "rows.npy"
    np.save(part, drawn(np.random.default_rng(0)))
    options: dict[str, Any] = {"start": START, "max_iter": 14, "tol": 0.0, "accelerate": False}
    options |= {"checkpoint": tmp_path / "run", "resume": True}
    once = [np.load(part), 2.0 * np.load(part)]
    passes = iter([0] * 11 + [1] * 1000)
    with pytest.warns(UserWarning, match=WORDS), pytest.raises(Interrupted):
        mixtura.fit(lambda: iter([once[next(passes)]]), 2, observer=Stopping(), **options)
    again = mixtura.fit(lambda: iter([once[0]]), 2, **options)
    assert again.outcome is Outcome.CHANGED


SAME = drawn(np.random.default_rng(1))
THIN = np.column_stack([SAME, SAME @ [1.0, 1e-7]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("structure", ["full", "tied", "VII", "EEV", "VVE", "EVE"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"reg_covar": 0.1, "tol": 0.0, "max_iter": 60},
        {"reg_covar": 1e-6, "n_init": 2, "start": "random", "max_iter": 60},
        {"noise": True, "prior": "conjugate", "max_iter": 60},
        {"weights": "equal", "accelerate": True, "max_iter": 60},
    ],
    ids=str,
)
def test_rows_that_stay_the_same_never_are_taken_for_others(structure, dtype, options):
    for rows in (SAME + np.array([0.0, 1e5]), THIN):
        k = 5 if rows is THIN else 3
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            fit = mixtura.fit([rows.astype(dtype)], k, structure=structure, **options)
        assert fit.outcome is not Outcome.CHANGED


def test_the_command_line_ends_with_a_warning_and_strictly_with_a_failure(
    tmp_path: Path, monkeypatch, capsys
):
    """Rows of a file, in whose place there are others at each pass."""
    path, random = tmp_path / "rows.csv.gz", np.random.default_rng(0)
    np.savetxt(path, SAME, delimiter=",")
    changing = scan_batches(
        lambda: iter([drawn(random)]), Selection(None, (), None), on_bad_row="error"
    )
    monkeypatch.setattr("mixtura.cli.inputs.Input.scan", lambda *a, **k: changing)
    words = ["fit", str(path), "-k", "2", "--max-iter", "30", "--tol", "0", "--strict"]
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert main(words) == 5
    told = capsys.readouterr().err
    assert told.count("in iteration") == 1
    assert "not converged (the rows changed)" in told
